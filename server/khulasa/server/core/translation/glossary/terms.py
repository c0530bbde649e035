"""Required translations: found in the source, enforced in the target.

The model translates the text as it is. A term that is not in the target already is put there in place of the words
that are aligned to it; with no such words, beside the translation of what stands before it.
"""

from __future__ import annotations

import bisect
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import regex
from khulasa.server.core.errors import FieldViolation, GlossaryConflictError, InvalidInputError
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.links import align_words
from khulasa.server.core.translation.alignment.units import fold_arabic
from khulasa.server.core.translation.glossary.matching import FoldedText, needle_of, term_pattern
from khulasa.server.core.translation.glossary.placement import Claims, LinkedWords, edited, with_capitals, written_term
from khulasa.server.core.translation.protect import protected_items
from khulasa.server.core.translation.types import Glossary, GlossaryTerm, LanguagePair, WordLink

__all__ = [
    "MOST_TERMS",
    "MOST_TERM_CHARS",
    "CompiledGlossary",
    "ProtectedText",
    "TermMatch",
    "compile_glossary",
    "conflicts_of",
    "term_faults",
]

MOST_TERMS = 1_000
MOST_TERM_CHARS = 200
# A word without a sure link is looked for among links of at least this posterior.
_GUESS = 0.15
_BREAKS = frozenset("\n\r\x00")
_FINAL_TA = regex.compile(r"ة(?!\w)")
# A target may be two hundred times as long as its term, and one segment the whole of a long text: what terms put into
# it is bounded, for the answer would be larger than memory. Far more than the longest names ask for.
_LEAST_GROWTH_CHARS, _GROWTH = 2_000, 4


@dataclass(frozen=True, slots=True)
class TermMatch:
    """A term at a place of the source."""

    index: int
    term: GlossaryTerm
    span: Span


@dataclass(frozen=True, slots=True)
class ProtectedText:
    """A source text and the terms in it, in order, not overlapping."""

    text: str
    matches: tuple[TermMatch, ...] = ()


class _Items:
    """Links, hashtags and the like of a text, which pass through whole: a term may be one, but no part of one."""

    def __init__(self, text: str) -> None:
        self._spans = [item.span for item in protected_items(text)]

    def divided_by(self, span: Span) -> bool:
        """Whether a part of one lies in `span`, and another outside."""
        first = bisect.bisect_right(self._spans, span.start, key=lambda item: item.end)
        last = bisect.bisect_left(self._spans, span.end, key=lambda item: item.start)
        # Those between lie inside; only the outermost can stick out.
        return first < last and (self._spans[first].start < span.start or span.end < self._spans[last - 1].end)


@dataclass(frozen=True)
class CompiledGlossary:
    """A glossary ready for one direction; made by `compile_glossary`."""

    glossary: Glossary
    pair: LanguagePair
    _order: tuple[int, ...] = field(repr=False)
    _needles: tuple[str, ...] = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self.glossary.terms)

    @functools.cached_property
    def digest(self) -> bytes:
        """Stands for the terms in the key of a cache: the same bytes for the same terms in the same order."""
        told = hashlib.sha256()
        for term in self.glossary.terms:
            for text in (term.source, term.target):
                content = text.encode("utf-8", "surrogatepass")
                told.update(len(content).to_bytes(4, "big") + content)
            told.update(bytes([term.case_sensitive]))
        return told.digest()

    def protect(self, text: str) -> ProtectedText:
        """The terms in `text`: at any place the longest, and no place twice."""
        matches: list[TermMatch] = []
        if not self._order:
            return ProtectedText(text)
        folded = FoldedText.of(text, self.pair.source)
        taken = bytearray(len(text))  # a text may hold a term a hundred thousand times
        items = _Items(text)
        lowered = folded.text.lower()
        for index in self._order:
            if self._needles[index] not in lowered:
                continue
            for match in self._source(index).finditer(folded.text):
                span = folded.span(*match.span("term"))
                if not any(taken[span.start : span.end]) and not items.divided_by(span):
                    taken[span.start : span.end] = b"\1" * (span.end - span.start)
                    matches.append(TermMatch(index, self.glossary.terms[index], span))
        return ProtectedText(text, tuple(sorted(matches, key=lambda m: m.span)))

    def targets(self, protected: ProtectedText) -> tuple[str, ...]:
        """What the terms of the source are to be in the target."""
        return tuple({match.term.target: None for match in protected.matches})

    def missed(self, protected: ProtectedText, target: str) -> tuple[TermMatch, ...]:
        """The terms of the source that the target does not hold as often as the source."""
        return tuple(match for match, place in self._places(protected, target) if place is None)

    def restore(
        self, protected: ProtectedText, target: str, links: Sequence[WordLink]
    ) -> tuple[str, tuple[TermMatch, ...]]:
        """The target with every term in it, and the terms that are not to be found in it all the same.

        Terms that would together make it longer by 2,000 code points and four times the source are left out.

        Args:
            protected: From `protect`.
            target: The translation of `protected.text`.
            links: Word links between the two.
        """
        places = self._places(protected, target)
        claims = Claims(len(target))
        edits: list[tuple[Span, str]] = []
        for match, place in places:
            if place is not None:
                claims.claim(place)
                if (written := with_capitals(match.term, place.of(target))) != place.of(target):
                    edits.append((place, written))
        missed = [match for match, place in places if place is None]
        if not missed:
            return edited(target, edits), ()
        linked = LinkedWords(target, self.pair.target, links)
        guessed: LinkedWords | None = None
        left = _LEAST_GROWTH_CHARS + _GROWTH * len(protected.text)
        for match in missed:
            left -= len(match.term.target)
            if left < 0:
                break
            opening = match.term.target.lower().split()[0]
            span = linked.over(match.span, opening, claims)
            if span is None:
                if guessed is None:
                    guesses = align_words(protected.text, target, self.pair, threshold=_GUESS)
                    guessed = LinkedWords(target, self.pair.target, guesses)
                span = guessed.over(match.span, opening, claims)
            if span is None:
                span = linked.beside(match.span, claims)
            claims.claim(span)
            edits.append((span, written_term(match.term, self.pair.target, target, span)))
        made = edited(target, edits)
        return made, self.missed(protected, made)

    def _places(self, protected: ProtectedText, target: str) -> list[tuple[TermMatch, Span | None]]:
        folded = FoldedText.of(target, self.pair.target)
        claims, items = Claims(len(target)), _Items(target)
        places: dict[int, Span] = {}
        order = sorted(range(len(protected.matches)), key=lambda i: -len(protected.matches[i].term.target))
        # A place that was passed over stays taken: each term goes through the target once, however often it is wanted.
        found = {match.index: self._target(match.index).finditer(folded.text) for match in protected.matches}
        for number in order:
            for one in found[protected.matches[number].index]:
                span = folded.span(*one.span("term"))
                if claims.free(span) and not items.divided_by(span):
                    claims.claim(span)
                    places[number] = span
                    break
        return [(match, places.get(number)) for number, match in enumerate(protected.matches)]

    # Patterns are made when a text may hold the term: those of a full glossary take 50 MiB and seconds, few are asked.
    def _source(self, index: int) -> regex.Pattern[str]:
        term = self.glossary.terms[index]
        return term_pattern(term.source, self.pair.source, case_sensitive=term.case_sensitive, inflected=True)

    def _target(self, index: int) -> regex.Pattern[str]:
        term = self.glossary.terms[index]
        kept = term.target == term.source
        language = self.pair.source if kept else self.pair.target
        return term_pattern(term.target, language, case_sensitive=term.case_sensitive or kept)


def _key(term: GlossaryTerm, language: str) -> str:
    """What two sources have in common that are found at the same places.

    A final ة is found where ه is written, so both are one: of such a place nobody could tell which term is meant.
    """
    folded = FoldedText.of(term.source, language).text
    folded = " ".join((_FINAL_TA.sub("ه", folded) if language == "ar" else folded).split())
    return folded if term.case_sensitive else folded.lower()


def term_faults(index: int, term: GlossaryTerm) -> list[FieldViolation]:
    """What is wrong with the term at `index` of a glossary, whatever the others are."""
    faults = []
    for name, value in (("source", term.source), ("target", term.target)):
        path = f"glossary.terms[{index}].{name}"
        # Folded: of tatweel alone nothing is left to look for.
        if not any(fold_arabic(letter).isalnum() for letter in value):
            faults.append(FieldViolation(path, "must hold a letter or digit"))
        if len(value) > MOST_TERM_CHARS:
            limit = f"must have at most {MOST_TERM_CHARS} characters (code points)"
            faults.append(FieldViolation(path, f"{limit}; has {len(value):,}"))
        if not _BREAKS.isdisjoint(value):
            faults.append(FieldViolation(path, "must be one line"))
    return faults


def conflicts_of(glossary: Glossary, language: str) -> list[FieldViolation]:
    """The terms with the source of an earlier one, hamza carriers, final ya and ta marbuta aside, and another target.

    Args:
        glossary: The terms.
        language: Of the sources; empty where it is not known yet: then only the same letters are the same source.
    """
    found = []
    seen: dict[str, tuple[int, GlossaryTerm]] = {}
    for index, term in enumerate(glossary.terms):
        key = _key(term, language)
        earlier = seen.setdefault(key, (index, term))
        # A source that is empty is wrong by itself.
        if key and earlier[1].target != term.target:
            found.append(
                FieldViolation(
                    f"glossary.terms[{index}].target",
                    f"the same source as glossary.terms[{earlier[0]}] with another target; keep one of them",
                )
            )
    return found


# One of the largest has 1.5 MiB.
@functools.lru_cache(maxsize=32)
def compile_glossary(glossary: Glossary, pair: LanguagePair) -> CompiledGlossary:
    """Checks a glossary and puts its terms in order.

    Raises:
        GlossaryConflictError: See `conflicts_of`.
        InvalidInputError: Too many terms, or see `term_faults`.
    """
    if len(glossary.terms) > MOST_TERMS:
        raise InvalidInputError.of("glossary.terms", f"{len(glossary.terms)} terms, at most {MOST_TERMS} are allowed")
    faults = [fault for index, term in enumerate(glossary.terms) for fault in term_faults(index, term)]
    conflicts = conflicts_of(glossary, pair.source)
    if faults:
        raise InvalidInputError(faults + conflicts)
    if conflicts:
        raise GlossaryConflictError(conflicts)
    return CompiledGlossary(
        glossary,
        pair,
        tuple(sorted(range(len(glossary.terms)), key=lambda i: (-len(glossary.terms[i].source), i))),
        tuple(needle_of(term.source, pair.source) for term in glossary.terms),
    )
