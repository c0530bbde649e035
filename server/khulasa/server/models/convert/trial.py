"""Runs a converted model before it is handed over, and looks whether it does what it is for.

A vocabulary whose ids are shifted, or one of another model with as many tokens, passes every comparison of files: the
model runs, and writes nonsense. What tells it is what the model was made for: a known translation must be likelier for
its own source than for other sources.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import Direction, Manifest, PackageKind

if TYPE_CHECKING:
    from ctranslate2 import Translator

__all__ = ["doubts_of", "run_once"]

_Encode = Callable[[str], list[str]]
# Plain sentences about different things, which whoever translates news translates much like this.
_SENTENCES = {
    "ar": (
        "فاز الفريق بالمباراة مساء أمس.",
        "ارتفعت أسعار النفط هذا الأسبوع.",
        "زار الرئيس مستشفى الأطفال في العاصمة.",
        "تتوقع الأرصاد أمطارا غزيرة وثلوجا غدا.",
        "أعلنت الشرطة اعتقال ثلاثة رجال.",
        "افتتحت الجامعة مكتبة جديدة للطلاب.",
    ),
    "en": (
        "The team won the match last night.",
        "Oil prices rose this week.",
        "The president visited the children's hospital in the capital.",
        "Forecasters expect heavy rain and snow tomorrow.",
        "Police announced the arrest of three men.",
        "The university opened a new library for students.",
    ),
}
# Natural logarithm for each token. The bundled model, a weak one, has 6.0 and 6.4; with shifted ids 0.2 at most.
_LEAST_MARGIN = 1.0


def run_once(translator: Translator, encode: _Encode, pair: Direction) -> None:
    """Translates a few pieces.

    Raises:
        PackageError: the model cannot be run.
    """
    try:
        source = [*pair.source_prefix, *encode("1 2"), *pair.source_suffix]
        prefix = [list(pair.target_prefix)] if pair.target_prefix else None
        translator.translate_batch([source], target_prefix=prefix, beam_size=1, max_decoding_length=8)
    except (RuntimeError, ValueError) as error:
        raise PackageError(f"the model does not run: {error}") from error


def doubts_of(package: Path, manifest: Manifest) -> Iterator[str]:
    """Runs every direction once, and says what shows that the model writes nonsense: a line for each such direction.

    Directions between other languages than Arabic and English, and summarizers, are only run.

    Raises:
        PackageError: the model cannot be run.
    """
    import ctranslate2
    from sentencepiece import SentencePieceProcessor

    paths = manifest.tokenization
    source = SentencePieceProcessor(model_file=str(package / paths.source))
    target = SentencePieceProcessor(model_file=str(package / paths.target))

    def encode_source(text: str) -> list[str]:
        return list(source.encode(text, out_type=str))

    def encode_target(text: str) -> list[str]:
        return list(target.encode(text, out_type=str))

    try:
        translator = ctranslate2.Translator(str(package), device="cpu")
    except (RuntimeError, ValueError) as error:
        raise PackageError(f"the model does not run: {error}") from error
    for pair in manifest.pairs:
        run_once(translator, encode_source, pair)
        if manifest.kind is PackageKind.TRANSLATION and {pair.source, pair.target} <= _SENTENCES.keys():
            found = margin(translator, encode_source, encode_target, pair)
            if not found >= _LEAST_MARGIN:
                yield (
                    f"{pair.source}-{pair.target}: the model does not tell translations of plain sentences from"
                    f" those of others (logarithm of a token's likelihood {found:+.2f}, {_LEAST_MARGIN:.2f} is wanted)"
                )


def margin(translator: Translator, encode_source: _Encode, encode_target: _Encode, pair: Direction) -> float:
    """By how much a known translation is likelier for its own source than for others: natural logarithm for each token,
    on average over the sentences.

    Raises:
        PackageError: the model cannot be run.
    """
    sources = [[*pair.source_prefix, *encode_source(text), *pair.source_suffix] for text in _SENTENCES[pair.source]]
    targets = [[*pair.target_prefix, *encode_target(text)] for text in _SENTENCES[pair.target]]
    count, forced = len(sources), len(pair.target_prefix)
    try:
        scored = translator.score_batch(
            [source for source in sources for _ in targets], [target for _ in sources for target in targets]
        )
    except (RuntimeError, ValueError) as error:
        raise PackageError(f"the model does not run: {error}") from error
    scores = [fmean(one.log_probs[forced:]) for one in scored]
    return fmean(
        scores[own * count + own] - fmean(scores[other * count + own] for other in range(count) if other != own)
        for own in range(count)
    )
