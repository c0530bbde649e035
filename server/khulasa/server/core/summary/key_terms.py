"""People, places, organisations and topics of an article, with every place where they stand.

Candidates (`term_candidates.py`) are runs of words that can be a name or a noun phrase by their form. They are counted
by stems, so that inflection and the prefixes و ف ب ل ك ال do not split them, and ranked by C-value (Frantzi, Ananiadou
and Mima 2000), which discounts what only occurs inside longer terms, raised for the title, the opening and names.
They are looked for in the text as it would be typed plainly: vowel signs, invisible marks and old letter forms change
nothing but the places.
"""

from __future__ import annotations

import math
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np
from khulasa.server.core.summary.arabic_nouns import ArabicForms, arabic_forms
from khulasa.server.core.summary.lexicon import lexicon, words_of
from khulasa.server.core.summary.term_candidates import Candidate, EnglishNames, candidates_of, names_within
from khulasa.server.core.summary.types import KeyTerm
from khulasa.server.core.text.layout import typed_plainly
from khulasa.server.core.text.types import Document, PartKind, Span

__all__ = ["extract_key_terms"]

_NAME_BOOST, _TITLE_BOOST, _EARLY_BOOST = 1.7, 1.6, 0.5


@dataclass(slots=True)
class _Term:
    """A candidate term, where it stands, and how far down the article it comes first, in [0, 1].

    Of its places so many first ones have their article swallowed by a preposition: `للأمم المتحدة`. Adjectives of its
    stem are none of them.
    """

    key: tuple[str, ...]
    first: float
    places: list[Span] = field(default_factory=list)
    names: int = 0
    attributive: int = 0
    adjectives: int = 0
    half: int = 0
    rarity: float = 1.0
    in_title: bool = False
    nested: int = 0
    containers: int = 0
    swallowed: int = 0
    score: float = 0.0


def extract_key_terms(document: Document, *, max_terms: int) -> list[KeyTerm]:
    """The key terms, best first.

    Args:
        document: Read article. Title, headings and sentences are searched.
        max_terms: At most so many, 0 for none.

    Returns:
        No two share their stems or stand only inside one another; spans are in order and do not overlap within a term.
    """
    if max_terms <= 0 or not document.text:
        return []
    terms = _counted(document)
    _mark_nested(terms)
    for term in terms.values():
        term.score = _score(term)
    ranked = sorted((t for t in terms.values() if t.score > 0), key=lambda t: (-t.score, t.places[0].start))
    ranked = _distinct(ranked, max_terms)
    top = ranked[0].score if ranked else 1.0
    # A term is shown as itself (`الأمم المتحدة`) where no more than half of its places are left out for that.
    places = [tuple(t.places[t.swallowed :] if 2 * t.swallowed <= len(t.places) else t.places) for t in ranked]
    return [
        KeyTerm(own[0].of(document.text), min(1.0, t.score / top), own) for t, own in zip(ranked, places, strict=True)
    ]


def _counted(document: Document) -> dict[tuple[str, ...], _Term]:
    """Candidates of title, headings and sentences, by stems, with their places in order."""
    rules = lexicon(document.language)
    title = document.title
    stretches = [(part.span, False) for part in document.parts if part.kind is PartKind.HEADING]
    stretches += [(sentence.span, False) for sentence in document.sentences]
    if title is not None and not any(title.start < span.end and span.start < title.end for span, _ in stretches):
        stretches.append((title, True))
    stretches.sort()
    seen = typed_plainly(document)
    bounds = np.searchsorted(seen.starts, [span for span, _ in stretches]).tolist()
    words = [words_of(seen.text[start:end], start) for start, end in bounds]
    if rules.language == "ar":
        known: ArabicForms | EnglishNames = arabic_forms(seen.text, words, rules)
    else:
        # Headlines may have capitals throughout.
        running = {sentence.span for sentence in document.sentences}
        known = names_within(
            seen.text, [some for (span, _), some in zip(stretches, words, strict=True) if span in running], rules
        )
    length = max((end for _, end in bounds), default=1)
    # Plain lists: some hundred places are looked up one by one.
    starts, ends = seen.starts.tolist(), seen.ends.tolist()
    terms: dict[tuple[str, ...], _Term] = {}
    for (_, is_title), some in zip(stretches, words, strict=True):
        found: dict[tuple[tuple[str, ...], int], Candidate] = {}
        for candidate in candidates_of(seen.text, some, rules, known):
            # The same place may be found as a phrase and as a name.
            at = (candidate.key, candidate.span.start)
            if at not in found or candidate.is_name:
                found[at] = candidate
        for candidate in found.values():
            term = terms.get(candidate.key)
            if term is None:
                term = terms[candidate.key] = _Term(candidate.key, candidate.span.start / length)
                term.rarity = sum(rules.rarity(stem) for stem in candidate.key) / len(candidate.key)
            place = _place(document.text, starts[candidate.span.start], ends[candidate.span.end - 1])
            if term.places and place.start < term.places[-1].end:
                continue
            if candidate.attributive and candidate.words == 1 and rules.language == "ar":
                term.adjectives += 1
                continue  # العملية الإرهابية is no place of الإرهاب
            if seen.text.startswith("لل", candidate.span.start) and term.swallowed == len(term.places):
                term.swallowed += 1
            term.places.append(place)
            term.names += candidate.is_name
            term.attributive += candidate.attributive
            term.half += candidate.half
            term.in_title = term.in_title or is_title
    return terms


def _place(text: str, start: int, end: int) -> Span:
    """A stretch of the text with the marks on its last letter."""
    while end < len(text) and unicodedata.category(text[end]) in ("Mn", "Me"):
        end += 1
    return Span(start, end)


def _mark_nested(terms: dict[tuple[str, ...], _Term]) -> None:
    """How often each term stands inside longer ones, and inside how many different ones (C-value)."""
    for key, term in terms.items():
        if len(term.places) < 2 and not term.names:
            continue
        for size in range(1, len(key)):
            for at in range(len(key) - size + 1):
                inner = terms.get(key[at : at + size])
                if inner is not None and inner is not term:
                    inner.nested += len(term.places)
                    inner.containers += 1


def _score(term: _Term) -> float:
    """C-value, raised for names, the title and an early first place."""
    count, words = len(term.places), len(term.key)
    is_name = term.names * 2 >= count and term.names > 0
    attributive = term.attributive + term.adjectives
    if attributive * 2 >= count + term.adjectives and attributive > 0:
        return 0.0
    if term.half == count:
        return 0.0
    # What the title alone says may hold its verb (`Council rejects plan`): an article's topic comes again in its text.
    if count < 2 and not is_name:
        return 0.0
    free = count - (term.nested / term.containers if term.containers else 0.0)
    if free <= 0:
        return 0.0
    # A single common word is hardly a term; in a longer one common words are in place.
    rarity = term.rarity**2 if words == 1 else 0.4 + 0.6 * term.rarity
    score = math.log2(words + 1.0) * math.pow(free, 0.8) * rarity
    if is_name:
        score *= _NAME_BOOST
    if term.in_title:
        score *= _TITLE_BOOST
    return score * (1.0 + _EARLY_BOOST * math.exp(-4.0 * term.first))


def _distinct(ranked: Sequence[_Term], limit: int) -> list[_Term]:
    """The best terms, without those that share most of their places with a better one."""
    kept: list[_Term] = []
    for term in ranked:
        if len(kept) >= limit:
            break
        if not any(_same(term, other) for other in kept):
            kept.append(term)
    return kept


def _same(term: _Term, other: _Term) -> bool:
    """Whether a term is another one in different words: shares words with it and mostly stands where it stands."""
    if not set(term.key) & set(other.key):
        return False
    if term.names and other.names and len(term.key) > len(other.key) and term.key[-len(other.key) :] == other.key:
        return False  # the whole name beside the family name, which comes more often
    inside = sum(_meets(place, other.places) for place in term.places)
    return inside * 2 > len(term.places) or set(term.key) == set(other.key)


def _meets(place: Span, places: Sequence[Span]) -> bool:
    """Whether a place shares a character with one of others, which stand in order and apart."""
    after = bisect_left(places, place.end, key=attrgetter("start"))
    return after > 0 and places[after - 1].end > place.start
