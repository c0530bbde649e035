"""From e5 plus the trained parameters to a CTranslate2 package, int8 as a rule.

The output scale lives in the last layer norm already, so the output projection equals the embedding table and
CTranslate2 stores the three uses of it once.

The language tokens move to the front of the vocabulary, and a source begins with a token that names its language and
is `<s>` to the encoder. Both are for the vocabulary map: CTranslate2 (4.8) finds a forced token reliably only while its
place among the scored pieces never changes, as the places of a block that is always scored do.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import sentencepiece as spm
import torch
from ctranslate2.specs import common_spec, transformer_spec

from training import e5, state
from training.config import Config
from training.model import TranslationModel, from_e5
from training.tokenizer import BOS, LANGUAGE_TOKENS, SOURCE_STARTS, UNK

HEADS = 12
Weights = dict[str, np.ndarray]


def _linear(spec: object, weights: Weights, names: Sequence[str]) -> None:
    """One linear layer, or several of the same input stacked into one."""
    spec.weight = np.concatenate([weights[f"{n}.weight"] for n in names])
    spec.bias = np.concatenate([weights[f"{n}.bias"] for n in names])


def _norm(spec: object, weights: Weights, name: str) -> None:
    spec.gamma, spec.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]


def _layer(spec: object, weights: Weights, name: str, cross: bool) -> None:
    own = spec.self_attention
    _linear(own.linear[0], weights, [f"{name}.sa.{x}" for x in "qkv"])
    _linear(own.linear[1], weights, [f"{name}.sa.o"])
    _norm(own.layer_norm, weights, f"{name}.ln1")
    if cross:
        other = spec.attention
        _linear(other.linear[0], weights, [f"{name}.ca.q"])
        _linear(other.linear[1], weights, [f"{name}.ca.k", f"{name}.ca.v"])
        _linear(other.linear[2], weights, [f"{name}.ca.o"])
        _norm(other.layer_norm, weights, f"{name}.lnc")
    _linear(spec.ffn.linear_0, weights, [f"{name}.f1"])
    _linear(spec.ffn.linear_1, weights, [f"{name}.f2"])
    _norm(spec.ffn.layer_norm, weights, f"{name}.ln2")


def package_vocabulary(pieces: Sequence[str]) -> list[tuple[str, int]]:
    """Tokens of the package, each with the id of its embedding here.

    In this order: the four special pieces, the language tokens, the starts of sources (`<s>` by other names), the rest.
    """
    language = [(piece, i) for i, piece in enumerate(pieces) if piece in LANGUAGE_TOKENS.values()]
    starts = [(token, BOS) for token in SOURCE_STARTS.values()]
    rest = [(piece, i) for i, piece in enumerate(pieces) if i > UNK and piece not in LANGUAGE_TOKENS.values()]
    return [*zip(pieces, range(UNK + 1), strict=False), *language, *starts, *rest]


def to_spec(model: TranslationModel, vocabulary: list[str]) -> transformer_spec.TransformerSpec:
    """CTranslate2's description of `model`, float32.

    Attention returned by a translator is that of the guided head: head 0 of the alignment layer.
    """
    weights = {name: value.numpy() for name, value in model.merged_weights().items()}
    layout = {
        "num_heads": HEADS,
        "pre_norm": False,
        "activation": common_spec.Activation.GELU,
        "layernorm_embedding": True,
    }
    encoder = transformer_spec.TransformerEncoderSpec(len(model.enc), **layout)
    decoder = transformer_spec.TransformerDecoderSpec(
        len(model.dec), **layout, alignment_layer=model.config.alignment_layer, alignment_heads=1
    )
    spec = transformer_spec.TransformerSpec(encoder, decoder)
    tokens, order = zip(*package_vocabulary(vocabulary), strict=True)
    table = weights["E.weight"][list(order)]
    for side, positions, norm in ((spec.encoder, "pe", "lne"), (spec.decoder, "pd", "lnd")):
        embeddings = side.embeddings[0] if isinstance(side.embeddings, list) else side.embeddings
        embeddings.weight = table
        side.scale_embeddings = False
        side.position_encodings.encodings = weights[f"{positions}.weight"]
        _norm(side.layernorm_embedding, weights, norm)
    for number, layer in enumerate(spec.encoder.layer):
        _layer(layer, weights, f"enc.{number}", cross=False)
    for number, layer in enumerate(spec.decoder.layer):
        _layer(layer, weights, f"dec.{number}", cross=True)
    spec.decoder.projection.weight = table
    spec.decoder.projection.bias = weights["ob"][list(order)]
    spec.register_source_vocabulary(list(tokens))
    spec.register_target_vocabulary(list(tokens))
    config = spec.config
    config.bos_token, config.eos_token, config.unk_token = "<s>", "</s>", "<unk>"
    config.decoder_start_token = "</s>"
    config.add_source_bos, config.add_source_eos = False, True
    return spec


def _shorten(vocabulary: Path) -> None:
    """Letters as they are in place of JSON escapes: half the size of a file that is half Arabic."""
    pieces = json.loads(vocabulary.read_text(encoding="utf-8"))
    vocabulary.write_text(json.dumps(pieces, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def convert(work: Path, folder: Path, package: Path, config: Config, quantization: str | None = "int8") -> None:
    """Write the package: `model.bin`, `config.json`, `shared_vocabulary.json`, `spm.model`.

    Args:
        work: Has `spm.model` and `keep.npy`.
        folder: Has the trained parameters.
        package: Files in it of the same names are replaced; has what the state was shrunk by, if it was.
        config: The shape.
        quantization: `int8`, or None for float32.

    Raises:
        FileNotFoundError: There are no trained parameters yet.
        ValueError: The state was shrunk by another package.
    """
    found = state.load(folder, package)
    if found is None:
        raise FileNotFoundError(folder / state.WEIGHTS)
    model = from_e5(e5.load(e5.default_path()), np.load(work / "keep.npy"), config.model)
    with torch.no_grad():
        trained = model.trained_parameters()
        for name, value in found[0].items():  # corrections newer than the state stay as they start, at nothing
            state.restore(trained[name], value)
    sp = spm.SentencePieceProcessor(model_file=str(work / "spm.model"))
    spec = to_spec(model, [sp.id_to_piece(i) for i in range(sp.get_piece_size())])
    spec.validate()
    spec.optimize(quantization=quantization)
    package.mkdir(parents=True, exist_ok=True)
    spec.save(str(package))
    _shorten(package / "shared_vocabulary.json")
    shutil.copy(work / "spm.model", package / "spm.model")
