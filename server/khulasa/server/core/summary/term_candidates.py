"""Which runs of words of a text can be a key term, by their form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex
from khulasa.server.core.summary.arabic_nouns import ArabicForms
from khulasa.server.core.summary.arabic_terms import arabic_candidates
from khulasa.server.core.summary.candidates import MAX_WORDS, Candidate, may_stand
from khulasa.server.core.summary.lexicon import Lexicon, Word
from khulasa.server.core.text.types import Span

__all__ = ["Candidate", "candidates_of"]

# What may stand between two words of one term.
_INSIDE = regex.compile(r"[ \t\u00a0]{1,3}|[-‐‑–]|[ \t]?&[ \t]?")
_SMALL_ENGLISH = frozenset({"of", "de", "al", "el", "bin", "ibn", "van", "von", "der", "la", "for"})
# they're, I'll, don't
_CONTRACTED = regex.compile(r"\w['’](?:re|ve|ll|d|m|t)$")
# Stop words that begin names all the same.
_NAME_WORDS = frozenset({"new", "first", "great", "down", "last", "one"})


def candidates_of(
    text: str, words: Sequence[Word], rules: Lexicon, known: ArabicForms, *, opens_sentence: bool = True
) -> Iterator[Candidate]:
    """Every candidate of one sentence.

    Args:
        text: The document.
        words: Of the sentence, with places in the document.
        rules: Of its language.
        known: Words of the document, by which Arabic ones are taken apart.
        opens_sentence: The first word is capitalised for its place rather than for being a name.
    """
    for run in _runs(text, words):
        if rules.language == "ar":
            yield from arabic_candidates(text, run, rules, known)
        else:
            first = opens_sentence and bool(words) and run[0] is words[0]
            yield from _candidates_en(text, run, rules, first)


def _runs(text: str, words: Sequence[Word]) -> Iterator[list[Word]]:
    """Stretches of words with nothing but space or a hyphen between them."""
    run: list[Word] = []
    for word in words:
        if run and not _INSIDE.fullmatch(text[run[-1].span.end : word.span.start]):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


# --- English ---


def _candidates_en(text: str, run: Sequence[Word], rules: Lexicon, opens: bool) -> Iterator[Candidate]:
    capital = [word.span.of(text)[:1].isupper() for word in run]
    if opens:
        # Capitalised for its place: a name only if the next word is one too and it is no stop word.
        follows = len(run) > 1 and capital[1] and rules.is_content(run[0].form)
        capital[0] = follows or run[0].span.of(text)[1:2].isupper()
    at = 0
    while at < len(run):
        if not capital[at]:
            at += 1
            continue
        end = at + 1
        while end < len(run) and (
            (capital[end] and _may_name(run[end], rules))
            or (run[end].form in _SMALL_ENGLISH and end + 1 < len(run) and capital[end + 1])
        ):
            end += 1
        yield from _names_en(text, run[at:end], rules)
        at = end
    for first in range(len(run)):
        for size in range(1, min(MAX_WORDS, len(run) - first) + 1):
            some = run[first : first + size]
            if any(not _may_stand_en(word, rules) for word in some) or any(capital[first : first + size]):
                break
            yield _candidate_en(some, rules, text, is_name=False)


def _names_en(text: str, name: Sequence[Word], rules: Lexicon) -> Iterator[Candidate]:
    """A run of capitalised words: whole, and without the title before it."""
    some = list(name)
    while some and (not _may_name(some[0], rules) or some[0].form in _SMALL_ENGLISH):
        some = some[1:]
    while some and some[-1].form in _SMALL_ENGLISH:
        some = some[:-1]
    bare = list(some)
    while len(bare) > 1 and bare[0].form in rules.person_titles:
        bare = bare[1:]
    if bare and len(bare) <= 6 and (len(bare) > 1 or _may_stand_en(bare[0], rules)):
        yield _candidate_en(bare, rules, text, is_name=True)


def _may_name(word: Word, rules: Lexicon) -> bool:
    return (word.form not in rules.stop_words or word.form in _NAME_WORDS) and not _CONTRACTED.search(word.form)


def _may_stand_en(word: Word, rules: Lexicon) -> bool:
    return may_stand(word.form, rules, 2) and not _CONTRACTED.search(word.form)


def _candidate_en(some: Sequence[Word], rules: Lexicon, text: str, *, is_name: bool) -> Candidate:
    key = tuple(rules.stem(word.form) for word in some)
    end = some[-1].span.end
    # A possessive is not part of the name.
    if text[end - 2 : end] in ("'s", "’s"):
        end -= 2
    return Candidate(key, Span(some[0].span.start, end), is_name, len(some))
