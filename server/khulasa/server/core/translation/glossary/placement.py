"""Where in a translation a term is put that is not there yet: over the words linked to it, or beside its neighbours.

A text may hold a term ten thousand times, so words and links are looked up by their place, never gone through for each
term.
"""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Sequence

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.units import words_of
from khulasa.server.core.translation.types import GlossaryTerm, WordLink

__all__ = ["Claims", "LinkedWords", "edited", "with_capitals", "written_term"]

_GAP_WORDS = 2
_LEADING = {
    "en": frozenset(
        "the a an and of in to for by from at on with as my your his her its our their".split()  # noqa: SIM905 - words
    ),
    "ar": frozenset(["و", "في", "من", "إلى", "على", "عن", "مع"]),
}
_POSSESSIVE = regex.compile(r"['’]s$")


class Claims:
    """Which letters of a text belong to a term already.

    Args:
        length: Of the text, in code points.
    """

    def __init__(self, length: int) -> None:
        self._owners = array("I", bytes(4 * length))
        self._ends = [0]

    def free(self, span: Span) -> bool:
        """Whether no letter of `span` is claimed."""
        return not any(self._owners[span.start : span.end])

    def claim(self, span: Span) -> None:
        """Takes the letters of a free span; an empty one takes none."""
        owner = len(self._ends)
        self._ends.append(span.end)
        self._owners[span.start : span.end] = array("I", [owner]) * (span.end - span.start)

    def outside(self, at: int) -> int:
        """`at`, or the end of the claimed span that it lies in."""
        if 0 < at < len(self._owners) and self._owners[at - 1] == self._owners[at]:
            return self._ends[self._owners[at]] or at
        return at


class LinkedWords:
    """The words of a target and what they are linked to.

    Args:
        target: A translation.
        language: Its language.
        links: Links from source words, which do not overlap, to target words.
    """

    def __init__(self, target: str, language: str, links: Sequence[WordLink]) -> None:
        self._target, self._language = target, language
        self._words = words_of(target)
        place = {span: number for number, span in enumerate(self._words)}
        by_source: dict[Span, list[Span]] = {}
        self._sources_of: dict[int, list[Span]] = {}
        for link in links:
            by_source.setdefault(link.source_span, []).append(link.target_span)
            if link.target_span in place:
                self._sources_of.setdefault(place[link.target_span], []).append(link.source_span)
        self._sources = sorted(by_source)
        self._starts = [span.start for span in self._sources]
        self._ends = [span.end for span in self._sources]
        self._targets = [by_source[span] for span in self._sources]
        self._place = place

    def over(self, source: Span, opening: str, claims: Claims) -> Span | None:
        """The run of free target words linked to the source words at `source`, gaps of two words allowed.

        Args:
            source: A term of the source.
            opening: The first word of its target, in lower case: kept at the start of the run.
            claims: What other terms have taken.
        """
        first = bisect.bisect_right(self._ends, source.start)
        last = bisect.bisect_left(self._starts, source.end)
        linked = sorted(
            {
                self._place[span]
                for spans in self._targets[first:last]
                for span in spans
                if span in self._place and any(map(str.isalnum, span.of(self._target))) and claims.free(span)
            }
        )
        runs: list[list[int]] = []
        for number in linked:
            between = range(runs[-1][-1] + 1, number) if runs else range(0)
            if runs and len(between) <= _GAP_WORDS and not any(self._elsewhere(n, source) for n in between):
                runs[-1].append(number)
            else:
                runs.append([number])
        if not runs:
            return None
        run = max(runs, key=lambda r: sum(self._words[n].end - self._words[n].start for n in r))
        start, end = run[0], run[-1]
        leading = _LEADING.get(self._language, frozenset())
        while start < end and self._word(start) in leading - {opening}:
            start += 1
        while end > start and self._word(end) in leading:
            end -= 1
        span = Span(self._words[start].start, self._words[end].end)
        return span if claims.free(span) else None

    def beside(self, source: Span, claims: Claims) -> Span:
        """An empty place after the translation of the nearest linked word before the term, or before that of the next.

        Args:
            source: A term of the source.
            claims: What other terms have taken.
        """
        before = bisect.bisect_right(self._ends, source.start)
        after = bisect.bisect_left(self._starts, source.end)
        if before:
            at = max(span.end for span in self._targets[before - 1])
        elif after < len(self._sources):
            at = min(span.start for span in self._targets[after])
        else:
            at = len(self._target.rstrip().rstrip(".!?؟…"))
        at = claims.outside(at)
        return Span(at, at)

    def _word(self, number: int) -> str:
        return self._words[number].of(self._target).lower()

    def _elsewhere(self, number: int, source: Span) -> bool:
        """Whether a target word translates something outside `source`: it is never part of the term's place."""
        return any(s.end <= source.start or source.end <= s.start for s in self._sources_of.get(number, ()))


def written_term(term: GlossaryTerm, language: str, target: str, span: Span) -> str:
    """The term as it stands in the text: possessive kept, capital at the start, spaces round an insertion.

    Args:
        term: What is put there.
        language: That of the target.
        target: The translation.
        span: The place in it; what stands there is replaced.
    """
    replaced = span.of(target)
    # A list out of a spreadsheet has white space at the ends of its cells.
    written = term.target.strip()
    if language == "en":
        possessive = _POSSESSIVE.search(replaced)
        if possessive and not _POSSESSIVE.search(written):
            written += possessive[0]
        if span.start == 0 and not term.case_sensitive and target[:1].isupper() and term.target != term.source:
            written = written[:1].upper() + written[1:]
    if span.start == span.end:
        if span.start and not target[span.start - 1].isspace():
            written = " " + written
        if target[span.end : span.end + 1].isalnum():
            written += " "
    return written


def with_capitals(term: GlossaryTerm, found: str) -> str:
    """What was found of the term in a translation, with the term's capitals beside those that it has (a headline)."""
    written = term.target.strip()
    if not found.lower().startswith(written.lower()) or len(found.lower()) != len(found):
        return found
    merged = (own if said == own.lower() else said for said, own in zip(found, written, strict=False))
    return "".join(merged) + found[len(written) :]


def edited(target: str, edits: Sequence[tuple[Span, str]]) -> str:
    """The target with texts put over spans that do not overlap; those at one place keep their order."""
    pieces, at = [""], 0
    for span, written in sorted(edits, key=lambda edit: edit[0]):
        if span.start > at:
            pieces.append(target[at : span.start])
        if pieces[-1][-1:].isalnum() and written[0].isalnum() and span.start == span.end:
            pieces.append(" ")  # two terms at the start, where there was nothing to stand apart from
        pieces.append(written)
        at = span.end
    return "".join([*pieces, target[at:]])
