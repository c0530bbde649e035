"""Checkpoints of the real architectures, tiny, taught a few sentences, laid out as their publishers lay them out.

Ids are made here by the rules of fairseq, T5 and Marian, apart from the converter, which must come to the same.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
import torch
import transformers
import yaml

LINES = (
    "The council approved the budget on Monday after a long debate.",
    "Three people were injured when a bus left the road near Cairo.",
    "Officials said the talks would resume next week in Geneva.",
    "The company reported a profit of 12.5 million dollars in 2024.",
    "Heavy rain is expected across the north of the country tomorrow.",
    "The minister denied the report and called for an inquiry.",
    "A new hospital will open in the city before the end of the year.",
    "Prices rose by 3 percent, the highest rate in a decade.",
    "The team won the final two goals to one on Saturday evening.",
    "Scientists found water under the surface of the moon.",
    "أقر المجلس الميزانية يوم الاثنين بعد نقاش طويل.",
    "أصيب ثلاثة أشخاص عندما خرجت حافلة عن الطريق قرب القاهرة.",
    "قال مسؤولون إن المحادثات ستستأنف الأسبوع المقبل في جنيف.",
    "أعلنت الشركة أرباحا بلغت 12.5 مليون دولار في عام 2024.",
    "من المتوقع هطول أمطار غزيرة في شمال البلاد غدا.",
    "نفى الوزير التقرير ودعا إلى إجراء تحقيق.",
    "سيفتتح مستشفى جديد في المدينة قبل نهاية العام.",
    "ارتفعت الأسعار بنسبة 3 في المئة، وهي أعلى نسبة منذ عقد.",
    "فاز الفريق في النهائي بهدفين مقابل هدف مساء السبت.",
    "عثر العلماء على ماء تحت سطح القمر.",
)
# The last ones hold what the pieces do not know, and special tokens as text, which stay text.
TEXTS = {
    "ar": (*LINES[10:15], "وصل 42 وزيرا، بينهم 漢字 من اليابان؟", "  فراغات   كثيرة "),
    "en": (*LINES[:5], "She said: “42 ministers” – 漢字 – arrived…", "Spaces  and  a tab\tthere."),
}
LENGTH = 48
_SIZE = 32


@dataclass(frozen=True)
class Tiny:
    """A checkpoint on disk with what it takes to run it in its own framework.

    Attributes:
        folder: As its publisher lays it out.
        model: The transformers model.
        tokens: Of each id.
        source, target: sentencepiece models.
    """

    folder: Path
    model: Any
    tokens: list[str]
    source: sentencepiece.SentencePieceProcessor
    target: sentencepiece.SentencePieceProcessor

    def ids(self, pieces: list[str]) -> list[int]:
        """Ids by the tokens; what is not there is unknown."""
        known = {token: index for index, token in enumerate(self.tokens)}
        return [known.get(piece, known["<unk>"]) for piece in pieces]

    def generate(self, source: list[int], beams: int, **options: Any) -> list[str]:
        """What the original framework writes, special tokens at either end left out."""
        with torch.no_grad():
            out = self.model.generate(
                torch.tensor([source]),
                num_beams=beams,
                do_sample=False,
                max_new_tokens=LENGTH,
                # CTranslate2 stops when as many hypotheses have ended as there are beams.
                early_stopping=beams > 1,
                **options,
            )[0].tolist()
        return [self.tokens[index] for index in out]


def train_pieces(path: Path, lines: tuple[str, ...] = LINES, **options: Any) -> sentencepiece.SentencePieceProcessor:
    """A small sentencepiece model, written to `path`."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 3),
        model_writer=model,
        **{"vocab_size": 220, "hard_vocab_limit": False, "minloglevel": 2, "num_threads": 1, **options},
    )
    path.write_bytes(model.getvalue())
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def pieces_of(processor: sentencepiece.SentencePieceProcessor) -> list[str]:
    """All pieces by their ids."""
    return [processor.id_to_piece(index) for index in range(processor.get_piece_size())]


def taught(
    model: Any, examples: list[tuple[list[int], list[int]]], *, start: int, zero: int | None = None, steps: int = 120
) -> Any:
    """The model after it has learnt a few sentences by heart: random weights repeat one token whatever the source.

    Args:
        examples: Ids of sources and targets, special tokens included.
        start: Id that decoding begins with, unless a target begins with it.
        zero: Id whose embedding stays zero.
        steps: Of Adam, all examples in each.
    """
    torch.manual_seed(7)
    torch.set_num_threads(1)  # waiting threads cost more than these small matrices
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() > 1 and "embed_positions" not in name:
                weight.normal_(0.0, 0.15)
    width, length = max(len(one) for one, _ in examples), max(len(one) for _, one in examples)
    sources = torch.tensor([[*one, *[0] * (width - len(one))] for one, _ in examples])
    mask = torch.tensor([[1] * len(one) + [0] * (width - len(one)) for one, _ in examples])
    targets = torch.tensor([[*one, *[-100] * (length - len(one))] for _, one in examples])
    inputs = torch.tensor([[start, *one, *[0] * (length - len(one))][:-1] for _, one in examples])
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    model.train()
    for _ in range(steps):
        if zero is not None:
            model.get_input_embeddings().weight.data[zero] = 0.0
        out = model(input_ids=sources, attention_mask=mask, decoder_input_ids=inputs, use_cache=False)
        loss = torch.nn.functional.cross_entropy(out.logits.transpose(1, 2), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if zero is not None:
        model.get_input_embeddings().weight.data[zero] = 0.0
    return model.eval()


def _examples(encode: Any, decode: Any, pairs: tuple[tuple[str, str], ...]) -> list[tuple[list[int], list[int]]]:
    """Lines and their translations; a summarizer learns the second half of each line."""
    found = []
    for source, target in pairs:
        lines = {"en": LINES[:10], "ar": LINES[10:]}
        for one, other in zip(lines[source], lines[target], strict=True):
            found.append((encode(one, source), decode(other[len(other) // 2 :], target)))
    return found


def fairseq_ids(pieces: sentencepiece.SentencePieceProcessor, text: str) -> list[int]:
    """fairseq counts from one further on than sentencepiece; id 0 of sentencepiece is the unknown one."""
    return [index + 1 if index else 3 for index in pieces.encode(text)]


def _framed(body: list[int], code: int, *, last: bool) -> list[int]:
    return [*body, 2, code] if last else [code, *body, 2]


def _write_json(path: Path, fields: object) -> None:
    path.write_text(json.dumps(fields, ensure_ascii=False), encoding="utf-8")


def _save(model: Any, folder: Path, **settings: Any) -> None:
    model.save_pretrained(folder)
    _write_json(folder / "tokenizer_config.json", settings)


def write_marian(folder: Path, *, target_tokens: tuple[str, ...] = (), **settings: Any) -> Tiny:
    """OPUS-MT: two sentencepiece models, one vocabulary over both, `<pad>` last."""
    folder.mkdir(parents=True)
    arabic, english = LINES[10:], LINES[:10]
    source = train_pieces(folder / "source.spm", english if target_tokens else arabic, vocab_size=150)
    target = train_pieces(folder / "target.spm", arabic if target_tokens else english, vocab_size=150)
    rest = sorted({*pieces_of(source)[3:], *pieces_of(target)[3:]})
    tokens = ["</s>", "<unk>", *target_tokens, *rest, "<pad>"]
    _write_json(folder / "vocab.json", {token: index for index, token in enumerate(tokens)})
    config = transformers.MarianConfig(
        vocab_size=len(tokens),
        d_model=_SIZE,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_position_embeddings=128,
        activation_function="swish",
        static_position_embeddings=True,
        scale_embedding=True,
        pad_token_id=len(tokens) - 1,
        eos_token_id=0,
        bos_token_id=0,
        forced_eos_token_id=None,
        decoder_start_token_id=len(tokens) - 1,
    )
    model = transformers.MarianMTModel(config)
    known = {token: index for index, token in enumerate(tokens)}
    first = [known[token] for token in target_tokens[:1]]
    # As published: decoding begins with `<pad>`, whose embedding is zero, and never writes it (`bad_words_ids`).
    model.final_logits_bias[0, -1] = -1e9
    languages = ("en", "ar") if target_tokens else ("ar", "en")
    examples = _examples(
        lambda text, _: [*first, *(known.get(piece, 1) for piece in source.encode(text, out_type=str)), 0],
        lambda text, _: [*(known.get(piece, 1) for piece in target.encode(text, out_type=str)), 0],
        (languages,),
    )
    taught(model, examples, start=len(tokens) - 1, zero=len(tokens) - 1)
    _save(model, folder, **{"source_lang": "ar", "target_lang": "en", "model_max_length": 512, **settings})
    return Tiny(folder, model, tokens, source, target)


def write_native_marian(folder: Path, tiny: Tiny) -> None:
    """The same weights as Marian names them, with decoder.yml and its vocabulary; `<pad>` is unknown there."""
    folder.mkdir(parents=True)
    state = {name: value.detach().numpy() for name, value in tiny.model.state_dict().items()}
    weights: dict[str, np.ndarray] = {"Wemb": state["model.shared.weight"][:-1]}
    weights["decoder_ff_logit_out_b"] = state["final_logits_bias"][:, :-1]
    for side in ("encoder", "decoder"):
        for layer in range(2):
            old, new = f"model.{side}.layers.{layer}.", f"{side}_l{layer + 1}_"
            blocks = [("self_attn", "self", "self_attn_layer_norm")]
            if side == "decoder":
                blocks.append(("encoder_attn", "context", "encoder_attn_layer_norm"))
            for attention, block, norm in blocks:
                for letter, part in (("q", "q_proj"), ("k", "k_proj"), ("v", "v_proj"), ("o", "out_proj")):
                    weights[f"{new}{block}_W{letter}"] = state[f"{old}{attention}.{part}.weight"].T
                    weights[f"{new}{block}_b{letter}"] = state[f"{old}{attention}.{part}.bias"][None]
                weights[f"{new}{block}_Wo_ln_scale"] = state[f"{old}{norm}.weight"][None]
                weights[f"{new}{block}_Wo_ln_bias"] = state[f"{old}{norm}.bias"][None]
            for number in (1, 2):
                weights[f"{new}ffn_W{number}"] = state[f"{old}fc{number}.weight"].T
                weights[f"{new}ffn_b{number}"] = state[f"{old}fc{number}.bias"][None]
            weights[f"{new}ffn_ffn_ln_scale"] = state[f"{old}final_layer_norm.weight"][None]
            weights[f"{new}ffn_ffn_ln_bias"] = state[f"{old}final_layer_norm.bias"][None]
    settings = {
        "type": "transformer",
        "enc-depth": 2,
        "dec-depth": 2,
        "transformer-heads": 4,
        "transformer-ffn-activation": "swish",
        "transformer-preprocess": "",
        "transformer-postprocess": "dan",
        "transformer-postprocess-emb": "d",
        "transformer-decoder-autoreg": "self-attention",
        "transformer-no-projection": False,
        "transformer-guided-alignment-layer": "last",
    }
    text = yaml.safe_dump(settings).encode() + b"\0"
    np.savez(folder / "opus.npz", **weights, **{"special:model.yml": np.frombuffer(text, dtype=np.int8)})
    vocabulary = "".join(f"{json.dumps(t, ensure_ascii=False)}: {i}\n" for i, t in enumerate(tiny.tokens[:-1]))
    (folder / "opus.vocab.yml").write_text(vocabulary, encoding="utf-8")
    decoder = {"models": ["opus.npz"], "vocabs": ["opus.vocab.yml"] * 2, "beam-size": 6, "normalize": 1}
    (folder / "decoder.yml").write_text(yaml.safe_dump(decoder), encoding="utf-8")
    (folder / "README.md").write_text("* source language(s): ara\n* target language(s): eng\n", encoding="utf-8")
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes((tiny.folder / name).read_bytes())


_WIDE = {
    "d_model": _SIZE,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "scale_embedding": True,
    "bos_token_id": 0,
    "pad_token_id": 1,
    "eos_token_id": 2,
    "forced_eos_token_id": None,
}


def write_nllb(folder: Path, **settings: Any) -> Tiny:
    """NLLB-200: fairseq's layout, 202 languages, `<mask>`, two fillers."""
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    folder.mkdir(parents=True)
    pieces = train_pieces(folder / "sentencepiece.bpe.model", model_type="bpe")
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *pieces_of(pieces)[3:], *FAIRSEQ_LANGUAGE_CODES, "<mask>", "f0", "f1"]
    config = transformers.M2M100Config(
        vocab_size=len(tokens), max_position_embeddings=128, decoder_start_token_id=2, **_WIDE
    )
    codes = {"ar": tokens.index("arb_Arab"), "en": tokens.index("eng_Latn")}
    last = bool(settings.get("legacy_behaviour"))
    model = taught(
        transformers.M2M100ForConditionalGeneration(config),
        _examples(
            lambda text, language: _framed(fairseq_ids(pieces, text), codes[language], last=last),
            lambda text, language: [codes[language], *fairseq_ids(pieces, text), 2],
            (("ar", "en"), ("en", "ar")),
        ),
        start=2,
    )
    _save(model, folder, **{"tokenizer_class": "NllbTokenizer", "model_max_length": 1024, **settings})
    return Tiny(folder, model, tokens, pieces, pieces)


def write_m2m100(folder: Path) -> Tiny:
    """M2M-100: vocab.json, 100 languages, eight fillers."""
    from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES

    folder.mkdir(parents=True)
    pieces = train_pieces(folder / "sentencepiece.bpe.model", model_type="bpe")
    listed = ["<s>", "<pad>", "</s>", "<unk>", *reversed(pieces_of(pieces)[3:])]
    _write_json(folder / "vocab.json", {token: index for index, token in enumerate(listed)})
    tokens = [*listed, *(f"__{code}__" for code in FAIRSEQ_LANGUAGE_CODES["m2m100"]), *(f"f{n}" for n in range(8))]
    config = transformers.M2M100Config(
        vocab_size=len(tokens), max_position_embeddings=128, decoder_start_token_id=2, **_WIDE
    )
    known = {token: index for index, token in enumerate(tokens)}

    def ids(text: str) -> list[int]:
        return [known.get(piece, 3) for piece in pieces.encode(text, out_type=str)]

    model = taught(
        transformers.M2M100ForConditionalGeneration(config),
        _examples(
            lambda text, language: [known[f"__{language}__"], *ids(text), 2],
            lambda text, language: [known[f"__{language}__"], *ids(text), 2],
            (("ar", "en"), ("en", "ar")),
        ),
        start=2,
    )
    _save(model, folder, tokenizer_class="M2M100Tokenizer", model_max_length=1024)
    return Tiny(folder, model, tokens, pieces, pieces)


def write_mbart(folder: Path, *, fifty: bool, start: str = "</s>") -> Tiny:
    """mBART-25 or mBART-50: fairseq's layout, languages, `<mask>`."""
    from transformers.models.mbart.tokenization_mbart import FAIRSEQ_LANGUAGE_CODES as OF_25
    from transformers.models.mbart50.tokenization_mbart50 import FAIRSEQ_LANGUAGE_CODES as OF_50

    folder.mkdir(parents=True)
    pieces = train_pieces(folder / "sentencepiece.bpe.model")
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *pieces_of(pieces)[3:], *(OF_50 if fifty else OF_25), "<mask>"]
    config = transformers.MBartConfig(
        vocab_size=len(tokens), max_position_embeddings=128, decoder_start_token_id=tokens.index(start), **_WIDE
    )
    codes = {"ar": tokens.index("ar_AR"), "en": tokens.index("en_XX")}
    of_start = {code: language for language, code in codes.items()}.get(tokens.index(start))
    model = taught(
        transformers.MBartForConditionalGeneration(config),
        _examples(
            lambda text, language: _framed(fairseq_ids(pieces, text), codes[language], last=not fifty),
            lambda text, language: [*([codes[language]] * (not of_start)), *fairseq_ids(pieces, text), 2],
            ((of_start, of_start),) if of_start else (("ar", "en"), ("en", "ar"), ("ar", "ar"), ("en", "en")),
        ),
        start=tokens.index(start),
    )
    _save(model, folder, tokenizer_class="MBart50Tokenizer" if fifty else "MBartTokenizer", model_max_length=1024)
    return Tiny(folder, model, tokens, pieces, pieces)


def write_mt5(folder: Path) -> Tiny:
    """mT5 as XL-Sum has it: sentencepiece's own ids, a few fillers, its settings of the search."""
    folder.mkdir(parents=True)
    pieces = train_pieces(folder / "spiece.model", pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    tokens = [*pieces_of(pieces), *(f"f{number}" for number in range(12))]
    config = transformers.MT5Config(
        vocab_size=len(tokens),
        d_model=_SIZE,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
    )
    model = transformers.MT5ForConditionalGeneration(config)
    # As published: the projection has weights of its own, whatever newer configurations say.
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
    taught(
        model,
        _examples(
            lambda text, _: [*pieces.encode(text), 1],
            lambda text, _: [*pieces.encode(text), 1],
            (("ar", "ar"), ("en", "en")),
        ),
        start=0,
    )
    _save(model, folder, tokenizer_class="T5Tokenizer")
    saved = json.loads((folder / "config.json").read_text())
    _write_json(folder / "config.json", {**saved, "tie_word_embeddings": False, "transformers_version": "4.11.0"})
    _write_json(
        folder / "generation_config.json",
        {**model.generation_config.to_dict(), "max_length": 84, "num_beams": 4, "length_penalty": 0.6},
    )
    return Tiny(folder, model, tokens, pieces, pieces)
