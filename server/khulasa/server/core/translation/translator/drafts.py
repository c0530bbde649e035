"""From a segment to tokens and from decoded tokens back to a draft: text, score, hypotheses, links. No waiting here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import regex
from khulasa.server.core.text.language import detect_language
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.links import align_words, word_links
from khulasa.server.core.translation.engine import DecodedSegment, SegmentTokens
from khulasa.server.core.translation.glossary.terms import CompiledGlossary, ProtectedText
from khulasa.server.core.translation.numbers.plain import PlainNumber, closed_gaps, put_figures_back
from khulasa.server.core.translation.protect import (
    is_only_protected,
    loses_protected,
    protected_items,
    repair_protected,
)
from khulasa.server.core.translation.spelling import respelt
from khulasa.server.core.translation.splitting import fitting_spans
from khulasa.server.core.translation.stand_ins import StandIn, StoodInText, put_back, stand_ins_of
from khulasa.server.core.translation.translator.parts import LanguageRules, LoadedPackage, Normalized
from khulasa.server.core.translation.types import DigitShape, Hypothesis, LanguagePair, WordLink
from khulasa.server.core.translation.typography import typeset

__all__ = [
    "Draft",
    "Prepared",
    "are_translated",
    "compose",
    "is_translatable",
    "is_translated",
    "prepare",
    "shaped_digits",
]

_WESTERN, _ARABIC_INDIC = "0123456789", "٠١٢٣٤٥٦٧٨٩"
_SHAPES = {
    DigitShape.WESTERN: str.maketrans(_ARABIC_INDIC, _WESTERN),
    DigitShape.ARABIC_INDIC: str.maketrans(_WESTERN, _ARABIC_INDIC),
}
# Pieces of the target times those of the source: attention between more, 16 MB, is not put together. A caller's text
# may be one segment of 100,000 pieces.
_MOST_WEIGHTS = 4_000_000


_LETTERS, _ARABIC_LETTERS = regex.compile(r"\p{L}++"), regex.compile(r"[\p{Arabic}&&\p{L}]++", regex.V1)
# Letters of the source's script in a segment of the target's, at most; and how likely its language must be.
_OWN_SHARE, _CERTAIN = 0.2, 0.9
# So much of a request in the target language, and its source language was declared wrongly.
_NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True)
class Prepared:
    """A segment ready for the engine.

    Attributes:
        text: As the caller wrote it.
        normalized: As the model reads it.
        spans: Its parts in the normalised text, one for each of `works`; one part unless it is too long.
        works: What the engine gets.
        protected: Glossary terms in `text`.
        stand_ins: Items of `text` in whose place the model reads names.
        numbers: Figures of `text` in whose place it reads short ones.
    """

    text: str
    normalized: Normalized
    spans: tuple[Span, ...]
    works: tuple[SegmentTokens, ...]
    protected: ProtectedText
    stand_ins: tuple[StandIn, ...] = ()
    numbers: tuple[PlainNumber, ...] = ()


@dataclass(frozen=True, slots=True)
class _Respelt:
    """A normalised text with other letters in some of its places."""

    text: str
    normalized: Normalized

    def source_span(self, start: int, end: int) -> Span:
        return self.normalized.source_span(start, end)


@dataclass(frozen=True, slots=True)
class _Through:
    """A normalised text that was changed before: offsets lead back to what it was at first."""

    normalized: Normalized
    before: StoodInText

    @property
    def text(self) -> str:
        return self.normalized.text

    def source_span(self, start: int, end: int) -> Span:
        span = self.normalized.source_span(start, end)
        return self.before.source_span(span.start, span.end)


@dataclass(frozen=True, slots=True)
class Draft:
    """A translation before it is judged; `kept` are the glossary targets of its terms.

    `missed_terms` says that a term is not honoured, or that a link, an @name or the like is not there.
    """

    target_text: str
    score: float
    truncated: bool
    missed_terms: bool
    kept: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]
    word_links: tuple[WordLink, ...]


def is_translatable(text: str) -> bool:
    """Whether there is a letter in it, outside links, @names and the like; anything else is copied."""
    return not is_only_protected(text)


def is_translated(text: str, pair: LanguagePair) -> bool:
    """Whether a segment is in the target language already, and stays as it is: a model would say it in other words.

    Told of Arabic and languages of other scripts alone; a name of the source's script may stand in it.
    """
    if (pair.source == "ar") == (pair.target == "ar"):
        return False
    letters, arabic = len("".join(_LETTERS.findall(text))), len("".join(_ARABIC_LETTERS.findall(text)))
    in_source = arabic if pair.source == "ar" else letters - arabic
    if not letters or in_source > _OWN_SHARE * letters:
        return False
    detected = detect_language(text, [pair.source, pair.target])
    return detected.code == pair.target and detected.probability >= _CERTAIN


def are_translated(texts: Sequence[str], pair: LanguagePair) -> bool:
    """Whether nearly all of what is translatable is in the target language already, by length.

    Never where the longest is not.
    """
    said = sorted(filter(is_translatable, texts), key=len, reverse=True)
    left = (1 - _NEARLY_ALL) * sum(map(len, said))
    for text in said:
        if not is_translated(text, pair):
            left -= len(text)
            if text is said[0] or left < 0:
                return False
    return bool(said)


def prepare(
    text: str,
    pair: LanguagePair,
    package: LoadedPackage,
    rules: LanguageRules,
    glossary: CompiledGlossary,
    *,
    stand_ins: Sequence[StandIn] | None = None,
    numbers: Sequence[PlainNumber] = (),
) -> Prepared:
    """Puts names in place of items, normalises, spells Arabic out, divides what is too long, and tokenises.

    Args:
        text: A segment.
        pair: The direction.
        package: Whose tokenizer.
        rules: How to normalise.
        glossary: Whose terms are looked for.
        stand_ins: Names to use, in order; None makes them.
        numbers: Short numbers to use, in order, none in the place of a name.
    """
    tokenizer = package.tokenizer
    protected = glossary.protect(text)
    if stand_ins is None:
        stand_ins = stand_ins_of(text, [match.span for match in protected.matches])
    if stand_ins or numbers:
        changed = StoodInText(text, sorted([*stand_ins, *numbers], key=lambda one: one.span))
        normalized: Normalized = _Through(rules.normalize(changed.text), changed)
    else:
        normalized = rules.normalize(text)
    if pair.source == "ar":
        normalized = _Respelt(respelt(normalized.text, tokenizer.cost_of), normalized)
    special = tokenizer.spec.tokens_of(pair)
    overhead = len(special.source_prefix) + len(special.source_suffix) + tokenizer.spec.engine_tokens
    room = max(1, package.max_input_tokens - overhead)
    pieces = tokenizer.encode(normalized.text, pair)
    if len(pieces) + tokenizer.spec.engine_tokens <= package.max_input_tokens:
        spans, encoded = [Span(0, len(normalized.text))], [pieces]
    else:
        spans = fitting_spans(normalized.text, tokenizer.count_tokens, room)
        encoded = [tokenizer.encode(span.of(normalized.text), pair) for span in spans]
    works = tuple(
        SegmentTokens(tuple(tokens), special.target_prefix, len(special.source_prefix), len(special.source_suffix))
        for tokens in encoded
    )
    return Prepared(text, normalized, tuple(spans), works, protected, tuple(stand_ins), tuple(numbers))


def compose(
    prepared: Prepared,
    decoded: Sequence[DecodedSegment],
    pair: LanguagePair,
    package: LoadedPackage,
    glossary: CompiledGlossary,
    *,
    num_hypotheses: int,
    links_wanted: bool,
    digit_shape: DigitShape,
) -> Draft:
    """Joins the parts' translations and puts terms, links and digits right."""
    tokenizer = package.tokenizer
    links: tuple[WordLink, ...] = ()
    if links_wanted or prepared.protected.matches:
        texts, spans = [], []
        for part in decoded:
            text, places = tokenizer.decode_with_offsets(part.hypotheses[0].tokens)
            texts.append(text)
            spans.append(places)
        raw = _joined(texts)
        links = _links(prepared, raw, texts, spans, decoded, pair, package)
    else:
        raw = _joined([tokenizer.decode(part.hypotheses[0].tokens) for part in decoded])
    kept = glossary.targets(prepared.protected)

    def finished(text: str, linked: Sequence[WordLink]) -> tuple[str, bool]:
        """A decoded text as the caller gets it, and whether a term is missing in it."""
        matches = prepared.protected.matches
        made, missed = glossary.restore(prepared.protected, text, linked) if matches else (text, ())
        made = put_figures_back(prepared.numbers, put_back(prepared.stand_ins, made))
        made, _ = repair_protected(prepared.text, made)
        made = closed_gaps(prepared.text, typeset(made, pair.target, kept))
        return (shaped_digits(made, digit_shape) if pair.target == "ar" else made), bool(missed)

    target, missed = finished(raw, links)
    if target != raw and links_wanted:
        # The offsets moved: attention no longer tells where; the lexicon does.
        links = align_words(prepared.text, target, pair)
    lost = loses_protected(prepared.text, target, [match.span for match in prepared.protected.matches])
    hypotheses: list[Hypothesis] = []
    for text, score in _ranked_texts(decoded, num_hypotheses, package):
        # The best is the translation itself; the others have no attention, so that the lexicon links their terms.
        made = target
        if hypotheses:
            made, _ = finished(text, align_words(prepared.text, text, pair) if prepared.protected.matches else ())
        hypotheses.append(Hypothesis(made, score))
    return Draft(
        target_text=target,
        score=_mean([(part.hypotheses[0].score, len(part.hypotheses[0].tokens)) for part in decoded]),
        truncated=any(part.truncated for part in decoded),
        missed_terms=missed or lost,
        kept=kept,
        hypotheses=tuple(hypotheses),
        word_links=links if links_wanted else (),
    )


def shaped_digits(text: str, shape: DigitShape) -> str:
    """`text` with its digits in `shape`, except in addresses, names and code."""
    table = _SHAPES.get(shape)
    if table is None:
        return text
    result, at = [], 0
    for item in protected_items(text):
        result += [text[at : item.span.start].translate(table), item.text]
        at = item.span.end
    return "".join([*result, text[at:].translate(table)])


def _joined(texts: Sequence[str]) -> str:
    return " ".join(text for text in texts if text)


def _mean(scores: Sequence[tuple[float, int]]) -> float:
    """Mean over tokens of all parts, each part's end token counted as its score counts it."""
    total = sum(tokens + 1 for _, tokens in scores)
    return min(0.0, sum(score * (tokens + 1) for score, tokens in scores) / total) if total else 0.0


def _ranked_texts(decoded: Sequence[DecodedSegment], wanted: int, package: LoadedPackage) -> list[tuple[str, float]]:
    """The best texts and their scores; the n-th best of a divided segment is made of its parts' n-th best."""
    found = []
    # A part weighs as in the translation: with its own length, one that is shorter where the decoder was unsure of
    # all would come before the translation, whose every part is better.
    weights = [len(part.hypotheses[0].tokens) for part in decoded]
    for rank in range(min([wanted, *(len(part.hypotheses) for part in decoded)])):
        parts = [part.hypotheses[rank] for part in decoded]
        text = _joined([package.tokenizer.decode(part.tokens) for part in parts])
        found.append((text, _mean([(part.score, weight) for part, weight in zip(parts, weights, strict=True)])))
    # The first stays: it is the translation itself.
    return [*found[:1], *sorted(found[1:], key=lambda one: -one[1])]


def _links(
    prepared: Prepared,
    target: str,
    texts: Sequence[str],
    spans: Sequence[Sequence[Span]],
    decoded: Sequence[DecodedSegment],
    pair: LanguagePair,
    package: LoadedPackage,
) -> tuple[WordLink, ...]:
    """Word links from attention; the matrix of a divided segment has one block for each part.

    Without attention, which for an Arabic and English pair may still find some, where the matrix would be too large.
    """
    sources: list[Span] = []
    targets: list[Span] = []
    blocks = []
    shift = 0
    for part, text, places, span in zip(decoded, texts, spans, prepared.spans, strict=True):
        if part.attention is None:
            return align_words(prepared.text, target, pair)
        pieces = package.tokenizer.encode_with_offsets(span.of(prepared.normalized.text))
        sources += [prepared.normalized.source_span(span.start + p.start, span.start + p.end) for p in pieces]
        targets += [place.shifted(shift) for place in places]
        block = np.zeros((len(places), len(pieces)), dtype=np.float32)
        rows, columns = min(block.shape[0], part.attention.shape[0]), min(block.shape[1], part.attention.shape[1])
        block[:rows, :columns] = part.attention[:rows, :columns]
        blocks.append(block)
        shift += len(text) + bool(text)
    if len(targets) * len(sources) > _MOST_WEIGHTS:
        return align_words(prepared.text, target, pair)
    matrix = np.zeros((len(targets), len(sources)), dtype=np.float32)
    row = column = 0
    for block in blocks:
        matrix[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return word_links(prepared.text, target, sources, targets, matrix, pair=pair)
