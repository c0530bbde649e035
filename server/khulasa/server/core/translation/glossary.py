"""Required translations: found in the source, enforced in the target.

The model translates the text as it is. A term that is not in the target already is put there in place of the words
that are aligned to it; with no such words, beside the translation of what stands before it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

import regex
from khulasa.server.core.errors import FieldViolation, GlossaryConflictError, InvalidInputError
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment import align_words
from khulasa.server.core.translation.alignment_units import fold_arabic, words_of
from khulasa.server.core.translation.glossary_matching import FoldedText, needle_of, term_pattern
from khulasa.server.core.translation.types import Glossary, GlossaryTerm, LanguagePair, WordLink

__all__ = [
    "MOST_TERMS",
    "MOST_TERM_CHARS",
    "CompiledGlossary",
    "ProtectedText",
    "TermMatch",
    "compile_glossary",
]

MOST_TERMS = 1_000
MOST_TERM_CHARS = 200
_GAP_WORDS = 2
# A word without a sure link is looked for among links of at least this posterior.
_GUESS = 0.15
_LEADING = {
    "en": frozenset(["the", "a", "an", "and", "of", "in", "to", "for", "by", "from", "at", "on", "with", "as"]),
    "ar": frozenset(["و", "في", "من", "إلى", "على", "عن", "مع"]),
}
_POSSESSIVE = regex.compile(r"['’]s$")


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


@dataclass(frozen=True)
class CompiledGlossary:
    """A glossary ready for one direction; made by `compile_glossary`."""

    glossary: Glossary
    pair: LanguagePair
    _sources: tuple[regex.Pattern[str], ...] = field(repr=False)
    _targets: tuple[regex.Pattern[str], ...] = field(repr=False)
    _order: tuple[int, ...] = field(repr=False)
    _needles: tuple[str, ...] = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self.glossary.terms)

    def protect(self, text: str) -> ProtectedText:
        """The terms in `text`: at any place the longest, and no place twice."""
        folded = FoldedText.of(text, self.pair.source)
        matches: list[TermMatch] = []
        taken = bytearray(len(text))  # a text may hold a term a hundred thousand times
        lowered = folded.text.lower()
        for index in self._order:
            if self._needles[index] not in lowered:
                continue
            for match in self._sources[index].finditer(folded.text):
                span = folded.span(*match.span("term"))
                if not any(taken[span.start : span.end]):
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
        """The target with every term in it, and the terms that could not be placed.

        Args:
            protected: From `protect`.
            target: The translation of `protected.text`.
            links: Word links between the two.
        """
        places = self._places(protected, target)
        claimed = [place for _, place in places if place is not None]
        edits: list[tuple[Span, str]] = []
        missed: list[TermMatch] = []
        for match, place in places:
            if place is not None:
                continue
            span = self._aligned(match, target, links, claimed)
            if span is None:
                guesses = align_words(protected.text, target, self.pair, threshold=_GUESS)
                span = self._aligned(match, target, guesses, claimed)
            if span is None:
                span = _beside(match, target, links, claimed)
            if span is None:
                missed.append(match)
                continue
            claimed.append(span)
            edits.append((span, self._written(match, target, span)))
        for span, written in sorted(edits, reverse=True):
            target = target[: span.start] + written + target[span.end :]
        return target, tuple(missed)

    def _places(self, protected: ProtectedText, target: str) -> list[tuple[TermMatch, Span | None]]:
        folded = FoldedText.of(target, self.pair.target)
        taken: list[Span] = []
        places: dict[int, Span] = {}
        order = sorted(range(len(protected.matches)), key=lambda i: -len(protected.matches[i].term.target))
        for number in order:
            for found in self._targets[protected.matches[number].index].finditer(folded.text):
                span = folded.span(*found.span("term"))
                if not any(span.start < t.end and t.start < span.end for t in taken):
                    taken.append(span)
                    places[number] = span
                    break
        return [(match, places.get(number)) for number, match in enumerate(protected.matches)]

    def _aligned(
        self, match: TermMatch, target: str, links: Sequence[WordLink], claimed: Sequence[Span]
    ) -> Span | None:
        """The run of target words linked to the term's words, gaps of two words allowed."""
        words = words_of(target)
        place = {span: number for number, span in enumerate(words)}
        linked = sorted(
            {
                place[link.target_span]
                for link in links
                if link.source_span.start < match.span.end
                and match.span.start < link.source_span.end
                and link.target_span in place
                and any(letter.isalnum() for letter in link.target_span.of(target))
            }
        )
        linked = [n for n in linked if not any(words[n].start < c.end and c.start < words[n].end for c in claimed)]
        # A word that translates something else is never part of the term's place.
        others = {
            place[link.target_span]
            for link in links
            if link.target_span in place
            and (link.source_span.end <= match.span.start or match.span.end <= link.source_span.start)
        } - set(linked)
        runs: list[list[int]] = []
        for number in linked:
            between = set(range(runs[-1][-1] + 1, number)) if runs else set()
            if runs and len(between) <= _GAP_WORDS and not between & others:
                runs[-1].append(number)
            else:
                runs.append([number])
        if not runs:
            return None
        run = max(runs, key=lambda r: sum(words[n].end - words[n].start for n in r))
        first, last = run[0], run[-1]
        leading = _LEADING.get(self.pair.target, frozenset())
        opening = match.term.target.lower().split()[0]
        while first < last and words[first].of(target).lower() in leading - {opening}:
            first += 1
        while last > first and words[last].of(target).lower() in leading:
            last -= 1
        span = Span(words[first].start, words[last].end)
        return None if any(span.start < c.end and c.start < span.end for c in claimed) else span

    def _written(self, match: TermMatch, target: str, span: Span) -> str:
        """The term as it stands in the text: possessive kept, capital at the start, spaces round an insertion."""
        term, replaced = match.term, span.of(target)
        written = term.target
        if self.pair.target == "en":
            possessive = _POSSESSIVE.search(replaced)
            if possessive and not _POSSESSIVE.search(written):
                written += possessive[0]
            if span.start == 0 and not term.case_sensitive and target[:1].isupper() and term.target != term.source:
                written = written[:1].upper() + written[1:]
        if span.start == span.end:
            before = target[: span.start]
            after = target[span.end :]
            if before and not before[-1].isspace():
                written = " " + written
            if after and after[0].isalnum():
                written += " "
        return written


def _beside(match: TermMatch, target: str, links: Sequence[WordLink], claimed: Sequence[Span]) -> Span | None:
    """An empty place after the translation of the nearest linked word before the term, or before that of the next."""
    before = [link for link in links if link.source_span.end <= match.span.start]
    after = [link for link in links if link.source_span.start >= match.span.end]
    if before:
        nearest = max(link.source_span for link in before)
        at = max(link.target_span.end for link in before if link.source_span == nearest)
    elif after:
        nearest = min(link.source_span for link in after)
        at = min(link.target_span.start for link in after if link.source_span == nearest)
    else:
        at = len(target.rstrip().rstrip(".!?؟…"))
    for span in claimed:
        if span.start < at < span.end:
            at = span.end
    return Span(at, at)


def _key(term: GlossaryTerm, language: str) -> str:
    folded = fold_arabic(term.source) if language == "ar" else term.source
    folded = " ".join(folded.split())
    return folded if term.case_sensitive else folded.lower()


@functools.lru_cache(maxsize=64)
def compile_glossary(glossary: Glossary, pair: LanguagePair) -> CompiledGlossary:
    """Checks a glossary and makes its patterns.

    Raises:
        GlossaryConflictError: Two terms have one source and different targets; the later one is named.
        InvalidInputError: An empty or overlong term, or too many of them.
    """
    if len(glossary.terms) > MOST_TERMS:
        raise InvalidInputError.of("glossary.terms", f"{len(glossary.terms)} terms, at most {MOST_TERMS} are allowed")
    faults: list[FieldViolation] = []
    conflicts: list[FieldViolation] = []
    seen: dict[str, tuple[int, GlossaryTerm]] = {}
    for index, term in enumerate(glossary.terms):
        for name, value in (("source", term.source), ("target", term.target)):
            path = f"glossary.terms[{index}].{name}"
            if not any(letter.isalnum() for letter in value):
                faults.append(FieldViolation(path, "must hold a letter or digit"))
            elif len(value) > MOST_TERM_CHARS:
                faults.append(FieldViolation(path, f"{len(value)} code points, at most {MOST_TERM_CHARS}"))
            elif any(letter in "\n\r\x00" for letter in value):
                faults.append(FieldViolation(path, "must be one line"))
        key = _key(term, pair.source)
        earlier = seen.setdefault(key, (index, term))
        if earlier[1].target != term.target:
            conflicts.append(
                FieldViolation(
                    f"glossary.terms[{index}].target",
                    f"the same source as glossary.terms[{earlier[0]}] with another target; keep one of them",
                )
            )
    if faults:
        raise InvalidInputError(faults + conflicts)
    if conflicts:
        raise GlossaryConflictError(conflicts)
    return CompiledGlossary(
        glossary,
        pair,
        tuple(term_pattern(term.source, pair.source, case_sensitive=term.case_sensitive) for term in glossary.terms),
        tuple(
            term_pattern(
                term.target,
                pair.target if term.target != term.source else pair.source,
                case_sensitive=term.case_sensitive or term.target == term.source,
            )
            for term in glossary.terms
        ),
        tuple(sorted(range(len(glossary.terms)), key=lambda i: (-len(glossary.terms[i].source), i))),
        tuple(needle_of(term.source, pair.source) for term in glossary.terms),
    )
