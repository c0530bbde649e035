"""transformers checkpoints of OPUS-MT, NLLB-200, M2M-100, mT5 and mBART, converted by CTranslate2's own converter."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from khulasa.server.models.convert.drafts import (
    Draft,
    Pair,
    TokenFamily,
    Wishes,
    cannot_be_converted,
    pairs_by_name,
    short_code,
)
from khulasa.server.models.convert.languages import family_of
from khulasa.server.models.convert.sources import SourceKind, find_sentencepiece, read_json
from khulasa.server.models.convert.vocabulary import (
    CheckpointTokens,
    checkpoint_tokens,
    is_mbart50,
    tokenizer_settings,
)
from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import CONFIG, Decoding, Limits

__all__ = ["convert_checkpoint"]

_DESCRIPTIONS = {
    SourceKind.OPUS_MT: "OPUS-MT",
    SourceKind.NLLB: "NLLB-200",
    SourceKind.M2M100: "M2M-100",
    SourceKind.MT5: "mT5",
    SourceKind.MBART: "mBART",
}
_BOTH = (Pair("ar", "en"), Pair("en", "ar"))
# What the families were trained with; some have positions beyond it, which they never saw.
_MOST_INPUT_TOKENS = 512
_MOST_SUMMARY_INPUT_TOKENS = 1024
_SUMMARY_TOKENS = 256


def convert_checkpoint(folder: Path, target: Path, kind: SourceKind, wishes: Wishes) -> Draft:
    """Writes the CTranslate2 model of the checkpoint in `folder` into the empty folder `target`.

    Raises:
        PackageError: torch or transformers is missing, the files do not fit together, or the languages are unknown.
    """
    missing = [name for name in ("torch", "transformers") if find_spec(name) is None]
    if missing:
        raise PackageError(
            f"{kind.value} checkpoints need {' and '.join(missing)} to convert: pip install 'khulasa-server[convert]'"
        )
    config, settings = read_json(folder / CONFIG), tokenizer_settings(folder)
    if settings.get("separate_vocabs"):
        raise PackageError(
            f"{folder.name}: each side has a vocabulary of its own, which CTranslate2 converts from Marian's files"
            " (decoder.yml with *.npz) only"
        )
    pairs = _pairs(folder, kind, config, settings, wishes)
    models = find_sentencepiece(folder)
    tokens = checkpoint_tokens(folder, kind, config, models[0])
    _write_model(folder, target, config, tokens, wishes.quantization)
    if kind is SourceKind.MBART:
        _set_decoder_start(target / CONFIG, _decoder_start(config, tokens))
    generation = {**config, **(read_json(path) if (path := folder / "generation_config.json").is_file() else {})}
    summarizes = pairs[0].summarizes
    return Draft(
        pairs=pairs,
        source_model=models[0],
        target_model=models[1],
        description=f"{_DESCRIPTIONS[kind]}, converted from its transformers checkpoint to {wishes.quantization}.",
        family=family_of(tokens.tokens) if kind is not SourceKind.MT5 else TokenFamily.NONE,
        expects_end=True,
        legacy_codes=_codes_stand_last(kind, settings),
        limits=_limits(config, settings, generation, summarizes),
        decoding=_decoding(generation),
    )


def _pairs(
    folder: Path, kind: SourceKind, config: Mapping[str, Any], settings: Mapping[str, Any], wishes: Wishes
) -> tuple[Pair, ...]:
    if wishes.pairs:
        if wishes.pairs[0].summarizes and kind not in (SourceKind.MT5, SourceKind.MBART):
            raise PackageError(f"{kind.value} translates; pairs like ar-en are wanted")
        if kind is SourceKind.MT5 and not wishes.pairs[0].summarizes:
            raise PackageError("mt5 is converted as a summarizer; give its languages, as in --pair ar --pair en")
        return wishes.pairs
    if kind in (SourceKind.NLLB, SourceKind.M2M100):
        return _BOTH
    if kind is SourceKind.OPUS_MT:
        named = settings.get("source_lang"), settings.get("target_lang")
        codes = [short_code(str(one)) for one in named if one]
        if len(codes) == 2 and all(re.fullmatch("[a-z]{2,3}", code) for code in codes):
            return (Pair(*codes),)
        if found := pairs_by_name(wishes.name, folder.name, str(config.get("_name_or_path", ""))):
            return found
        raise PackageError(f"{folder.name} does not tell its languages: give them as in --pair ar-en")
    raise PackageError(
        f"{folder.name} does not tell what it is for: give --pair ar-en where it translates, or the languages that it"
        " summarizes in, as in --pair ar --pair en"
    )


def _write_model(
    folder: Path, target: Path, config: Mapping[str, Any], tokens: CheckpointTokens, quantization: str
) -> None:
    from ctranslate2.converters import TransformersConverter

    # Up to transformers 4 tied embeddings meant scaled outputs; no published mT5 has them.
    older = str(config.get("transformers_version", "")).startswith(("3.", "4."))
    outputs_are_scaled = older and config.get("tie_word_embeddings") is True

    class LocalConverter(TransformersConverter):  # type: ignore[misc]
        """Reads the folder alone: no hub is asked, no code of the checkpoint is run."""

        def load_model(self, model_class: Any, path: str, **arguments: Any) -> Any:
            model = model_class.from_pretrained(path, local_files_only=True, **arguments)
            # mBART is built like this; newer configurations do not say so any more, and the converter asks.
            for name in ("normalize_before", "normalize_embedding"):
                if getattr(model.config, "model_type", "") == "mbart" and not hasattr(model.config, name):
                    setattr(model.config, name, True)
            if getattr(model.config, "model_type", "") == "mt5":
                # transformers 5 says True of every mT5, which the converter takes for "outputs are scaled down".
                model.config.tie_word_embeddings = outputs_are_scaled
            return model

        def load_tokenizer(self, *_: Any, **__: Any) -> CheckpointTokens:
            return tokens

    try:
        LocalConverter(str(folder)).convert(str(target), quantization=quantization, force=True)
    except Exception as error:
        raise cannot_be_converted(folder, error) from error


def _decoder_start(config: Mapping[str, Any], tokens: CheckpointTokens) -> str | None:
    index = config.get("decoder_start_token_id")
    return tokens.convert_ids_to_tokens(index) if isinstance(index, int) and index < len(tokens.tokens) else None


def _set_decoder_start(path: Path, start: str | None) -> None:
    """CTranslate2 goes by the name of the tokenizer's class; the checkpoint's own number is what was trained."""
    config = {**read_json(path), "decoder_start_token": start}
    path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _codes_stand_last(kind: SourceKind, settings: Mapping[str, Any]) -> bool:
    if kind is SourceKind.NLLB:
        return bool(settings.get("legacy_behaviour"))
    return kind is SourceKind.MBART and not is_mbart50(settings)


def _limits(
    config: Mapping[str, Any], settings: Mapping[str, Any], generation: Mapping[str, Any], summarizes: bool
) -> Limits:
    bounds = [_MOST_SUMMARY_INPUT_TOKENS if summarizes else _MOST_INPUT_TOKENS]
    positions = config.get("max_position_embeddings")
    longest = settings.get("model_max_length")
    bounds += [value for value in (positions, longest) if isinstance(value, int) and value >= 8]
    if positions is None and not isinstance(longest, int):
        bounds.append(_MOST_INPUT_TOKENS)
    most = generation.get("max_length")
    # 20 is what transformers writes where nobody chose.
    chosen = most if isinstance(most, int) and most > 20 else _SUMMARY_TOKENS if summarizes else _MOST_INPUT_TOKENS
    if isinstance(positions, int):
        chosen = min(chosen, positions)
    return Limits(max_input_tokens=min(bounds), max_decoding_tokens=max(8, chosen))


def _decoding(generation: Mapping[str, Any]) -> Decoding:
    beams, penalty = generation.get("num_beams"), generation.get("length_penalty")
    return Decoding(
        beam_size=min(8, beams) if isinstance(beams, int) and beams > 1 else 4,
        length_penalty=float(penalty) if isinstance(penalty, int | float) and 0 <= penalty <= 5 else 1.0,
    )
