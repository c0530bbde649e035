"""Stretches of a segment that a page says are not to be translated: in its translation they stand as in the source.

The model sees them as text. Afterwards each is looked for in the translation; a mangled copy, or the words that
translate it, give way to it; what the model left out is put beside the translation of its neighbours and flagged, for
its place is then a guess.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.units import words_of
from khulasa.server.core.translation.glossary.placement import Claims, LinkedWords, written_term
from khulasa.server.core.translation.glossary.terms import compile_glossary
from khulasa.server.core.translation.protect import MangledSearch, ProtectedItem, ProtectedKind, loses_protected
from khulasa.server.core.translation.quality.flags import quality_flags
from khulasa.server.core.translation.types import (
    Glossary,
    GlossaryTerm,
    LanguagePair,
    Origin,
    QualityFlag,
    SegmentTranslation,
    WordLink,
)

__all__ = ["keep_spans", "whole_copies"]

_WESTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")
# A segment with more of them (a list of names, say) is searched for exact copies only: work stays in proportion.
_MOST_SEARCHED = 64
# What the two texts alone decide, so that it is told anew when words were put in.
_TOLD_ANEW = frozenset(
    [
        QualityFlag.UNTRANSLATED,
        QualityFlag.NUMBER_MISMATCH,
        QualityFlag.GLOSSARY_MISSED,
        QualityFlag.NEGATION_MISMATCH,
        QualityFlag.NAME_MISMATCH,
    ]
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a kept stretch goes: `target` is what gives way to it, empty for an insertion."""

    source: Span
    target: Span


@dataclass(frozen=True, slots=True)
class _Copy:
    """A kept stretch as it stands in the new target: `span` is its text, `end` that of all that was put there."""

    place: _Place
    span: Span
    end: int


def keep_spans(
    translation: SegmentTranslation, spans: Sequence[Span], pair: LanguagePair, glossary: Glossary
) -> SegmentTranslation:
    """The translation with the texts of `spans` in it as they stand in the source; an approved one stays as it is.

    Args:
        translation: Of one segment, with word links; its spans count in its own texts.
        spans: Not empty, in order, not overlapping, in the source text.
        pair: The direction.
        glossary: The caller's; where it says otherwise of the same words the page is followed and the flag is set.

    Returns:
        The same with its text, its links and the flags that the texts decide put right. `GLOSSARY_MISSED` says, here
        too, that something was lost: it was put where its neighbours are.
    """
    source, target = translation.source_text, translation.target_text
    if not spans or translation.origin is Origin.MEMORY:
        return translation
    if _covers(source, spans):
        words = words_of(source)
        links = tuple(WordLink(word, word) for word in words)
        return _with(translation, source, links, ())
    if not target.strip():
        return _with(translation, target, (), {*translation.flags, QualityFlag.GLOSSARY_MISSED})
    places, guessed = _places(translation, spans, pair)
    made, copies = _written(source, target, places, pair)
    compiled = compile_glossary(glossary, pair)
    terms = compiled.protect(source)
    missed = (
        guessed
        or bool(compiled.missed(terms, made))
        or loses_protected(source, made, [*spans, *(match.span for match in terms.matches)])
    )
    kept = (*compiled.targets(terms), *(span.of(source) for span in spans))
    told = quality_flags(source, made, pair, similarity=None, missed_terms=missed, kept=kept)
    flags = (set(translation.flags) - _TOLD_ANEW) | (set(told) & _TOLD_ANEW)
    return _with(translation, made, _moved(translation, copies, made), flags)


def _with(
    translation: SegmentTranslation,
    target: str,
    links: tuple[WordLink, ...],
    flags: set[QualityFlag] | tuple[QualityFlag, ...],
) -> SegmentTranslation:
    start = translation.target_span.start
    return replace(
        translation,
        target_text=target,
        target_span=Span(start, start + len(target)),
        word_links=links,
        flags=tuple(flag for flag in QualityFlag if flag in flags),
    )


def _covers(text: str, spans: Sequence[Span]) -> bool:
    """Whether no letter or digit stands outside the spans."""
    at = 0
    for span in spans:
        if any(map(str.isalnum, text[at : span.start])):
            return False
        at = span.end
    return not any(map(str.isalnum, text[at:]))


def _places(translation: SegmentTranslation, spans: Sequence[Span], pair: LanguagePair) -> tuple[list[_Place], bool]:
    """A place for each span, in the order of the target, and whether one of them is a guess."""
    source, target = translation.source_text, translation.target_text
    if source.translate(_WESTERN) == target.translate(_WESTERN):
        return [_Place(span, span) for span in spans], False  # copied, at most with other digits
    claims, taken = Claims(len(target)), bytearray(len(target))
    places: list[_Place] = []

    def put(source_span: Span, target_span: Span) -> None:
        claims.claim(target_span)
        taken[target_span.start : target_span.end] = b"\1" * (target_span.end - target_span.start)
        places.append(_Place(source_span, target_span))

    few = len(spans) <= _MOST_SEARCHED
    copies_of = whole_copies({span.of(source) for span in spans}, target, each=few)
    missing: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start)):
        copies = copies_of[span.of(source)]
        while copies and not claims.free(copies[-1]):
            copies.pop()
        if not copies:
            missing.append(span)
            continue
        copy = copies[-1]
        if few:
            # The one that the links name: a short one may be a word of the language as well.
            named = (c for c in reversed(copies) if claims.free(c) and _linked(translation.word_links, span, c))
            copy = next(named, copy)
        put(span, copy)
    words = LinkedWords(target, pair.target, translation.word_links)
    search = MangledSearch(target, taken)
    guessed: list[Span] = []
    for span in sorted(missing):
        if not few:
            guessed.append(span)
            continue
        text = span.of(source)
        over = words.over(span, text.lower().split()[0], claims)
        mangled = search.find(ProtectedItem(span, text, ProtectedKind.CODE))
        if mangled is not None and _is_of_others(translation.word_links, span, mangled):
            mangled = None
        found = mangled or over
        if mangled is not None and over is not None and mangled.start < over.end and over.start < mangled.end:
            whole = Span(min(mangled.start, over.start), max(mangled.end, over.end))
            found = whole if claims.free(whole) else mangled
        if found is None:
            guessed.append(span)
        else:
            put(span, found)
    for span in guessed:
        put(span, words.beside(span, claims))
    return sorted(places, key=lambda place: (place.target, place.source)), bool(guessed)


def whole_copies(texts: set[str], target: str, *, each: bool) -> dict[str, list[Span]]:
    """Copies of each text in `target`, last one first, that are no part of a longer word.

    An Arabic clitic may be joined to a Latin word. Unless `each` is searched for by itself, all are in one go, and a
    copy inside that of another text is passed over.
    """
    found: dict[str, list[Span]] = {text: [] for text in texts}
    for some in [{text} for text in texts] if each else [texts]:
        for match in regex.finditer(r"\L<texts>", target, texts=some):
            before, after = target[max(0, match.start() - 1) : match.start()], target[match.end() : match.end() + 1]
            if not _goes_on(match[0][0], before) and not _goes_on(match[0][-1], after):
                found[match[0]].append(Span(*match.span()))
    return {text: spans[::-1] for text, spans in found.items()}


def _goes_on(edge: str, neighbour: str) -> bool:
    """Whether a word goes on from a letter at the edge of a copy to the letter beside it."""
    if not edge.isalnum() or not (neighbour.isalnum() or neighbour == "_"):
        return False
    return neighbour.isascii() or not edge.isascii()


def _meets(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _linked(links: Sequence[WordLink], source: Span, target: Span) -> bool:
    return any(_meets(link.source_span, source) and _meets(link.target_span, target) for link in links)


def _is_of_others(links: Sequence[WordLink], source: Span, target: Span) -> bool:
    """Whether the words at `target` are linked, and none of them to `source`."""
    linked = [link for link in links if _meets(link.target_span, target)]
    return bool(linked) and not any(_meets(link.source_span, source) for link in linked)


def _written(source: str, target: str, places: Sequence[_Place], pair: LanguagePair) -> tuple[str, list[_Copy]]:
    """The target with the kept texts in their places, and where they are now."""
    pieces, length, at = [""], 0, 0
    copies: list[_Copy] = []
    for place in places:
        text = place.source.of(source)
        before = target[at : place.target.start]
        written = written_term(GlossaryTerm(text, text, True), pair.target, target, place.target)
        if text == place.target.of(target):
            written = text
        elif not before and pieces[-1][-1:].strip() and written[0].strip():
            written = f" {written}"  # two in one place
        length += len(before)
        start = length + written.index(text)
        length += len(written)
        copies.append(_Copy(place, Span(start, start + len(text)), length))
        pieces += [before, written] if before else [written]
        at = place.target.end
    return "".join([*pieces, target[at:]]), copies


def _moved(translation: SegmentTranslation, copies: Sequence[_Copy], made: str) -> tuple[WordLink, ...]:
    """The links in the new target: those of kept words lead to their copies, those of words that gave way are gone."""
    source, old = translation.source_text, translation.target_text
    kept, gone = bytearray(len(source)), bytearray(len(old))
    for copy in copies:
        for mask, span in ((kept, copy.place.source), (gone, copy.place.target)):
            mask[span.start : span.end] = b"\1" * (span.end - span.start)
    ends = [copy.place.target.end for copy in copies]

    def moved(span: Span) -> Span:
        before = bisect.bisect_right(ends, span.start)
        return span.shifted(copies[before - 1].end - ends[before - 1]) if before else span

    links = [
        WordLink(link.source_span, moved(link.target_span))
        for link in translation.word_links
        if not any(kept[link.source_span.start : link.source_span.end])
        and not any(gone[link.target_span.start : link.target_span.end])
    ]
    # Words of a copy are those of the text, unless something is joined to one of them on one side only.
    sources, targets = set(words_of(source)), set(words_of(made))
    for copy in copies:
        for word in words_of(copy.span.of(made)):
            pair = WordLink(word.shifted(copy.place.source.start), word.shifted(copy.span.start))
            if pair.source_span in sources and pair.target_span in targets:
                links.append(pair)
    return tuple(sorted(links, key=lambda link: (link.source_span, link.target_span)))
