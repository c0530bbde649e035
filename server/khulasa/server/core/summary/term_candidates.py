"""Which runs of words of a text can be a key term, by their form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex
from khulasa.server.core.summary.arabic_nouns import ArabicForms
from khulasa.server.core.summary.arabic_terms import arabic_candidates
from khulasa.server.core.summary.candidates import MAX_WORDS, Candidate, is_counted, may_stand
from khulasa.server.core.summary.lexicon import Lexicon, Word
from khulasa.server.core.text.types import Span

__all__ = ["Candidate", "EnglishNames", "candidates_of", "names_within"]

_HYPHENS = ("-", "‐", "‑")
_COMMAS = ("،", ",")
# Nouns in -ed are short: bed, shed.
_SHORT_NOUN = 4
# What may stand between two words of one term.
_INSIDE = regex.compile(r"[ \t\u00a0]{1,3}|[-‐‑–]|[ \t]?&[ \t]?")
_SMALL_ENGLISH = frozenset({"of", "de", "al", "el", "bin", "ibn", "van", "von", "der", "la"})
# What joins two names into the name of a body (Centre for Defence Studies) or stands between two (an award for Closer).
_LOOSE = (("for",), ("of", "the"), ("of",))
# Names are not longer.
_LONGEST_NAME = 6
# they're, I'll, don't
_CONTRACTED = regex.compile(r"\w['’](?:re|ve|ll|d|m|t)$")
# Stop words that begin names all the same.
_NAME_WORDS = frozenset("new first great down last one two three four five six seven eight nine ten hundred".split())  # noqa: SIM905
# With these a demonym names nothing either: South African, U.S.-Japanese.
_PARTS_OF_WORLD = frozenset({"north", "south", "east", "west", "central", "latin", "western", "u.s", "u.k", "us", "uk"})
_LONGEST_DEMONYM, _SHORT_ADVERB = 2, 7
_NO_ADVERBS = frozenset(["assembly", "monopoly", "butterfly", "dragonfly"])
# Buttons for sharing a page, which are copied along with what stands beside them.
_NETWORKS = frozenset("facebook twitter pinterest linkedin whatsapp instagram telegram reddit google".split())  # noqa: SIM905
# A name whose possessive is part of it: King's College, Women's Institute, Lloyd's.
_OWNERS = frozenset("king's queen's women's men's children's people's workers' girls' boys' st saint".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class EnglishNames:
    """Words of a document that are names, all folded and without a possessive.

    Attributes:
        words: Capitalised inside of sentences and nowhere small: they are names at the head of a sentence too.
        alone: Rare ones of them that stand without `of` and `the` elsewhere: they begin no name with it.
        small: Words that stand without a capital, folded too.
    """

    words: frozenset[str]
    alone: frozenset[str]
    small: frozenset[str]


def candidates_of(
    text: str,
    words: Sequence[Word],
    rules: Lexicon,
    known: ArabicForms | EnglishNames,
    *,
    opens_sentence: bool = True,
) -> Iterator[Candidate]:
    """Every candidate of one sentence.

    Args:
        text: The document.
        words: Of the sentence, with places in the document.
        rules: Of its language.
        known: Words of the document, by which Arabic ones are taken apart; `names_within` of other languages.
        opens_sentence: The first word is capitalised for its place rather than for being a name.
    """
    runs = list(_runs(text, words))
    for at, run in enumerate(runs):
        if isinstance(known, ArabicForms):
            before, behind = (runs[at - 1] if at else []), (runs[at + 1] if at + 1 < len(runs) else [])
            if not before or text[before[-1].span.end : run[0].span.start].strip() not in _COMMAS:
                before = []
            if not behind or text[run[-1].span.end : behind[0].span.start].strip() not in _COMMAS:
                behind = []
            yield from arabic_candidates(text, run, rules, known, before, behind)
        else:
            first = opens_sentence and bool(words) and run[0] is words[0]
            yield from _candidates_en(text, run, rules, known, first)


def names_within(text: str, sentences: Sequence[Sequence[Word]], rules: Lexicon) -> EnglishNames:
    """What the capitals inside of sentences tell of the words of a document."""
    capital: set[str] = set()
    small: set[str] = set()
    alone: set[str] = set()
    for words in sentences:
        for at, word in enumerate(words):
            form = _bare(word.form)
            if not word.span.of(text)[:1].isupper():
                small.add(form)
            elif at:
                capital.add(form)
            # `The Bureau` is short for the Bureau of something.
            if (at + 1 == len(words) or words[at + 1].form != "of") and not (at and words[at - 1].form == "the"):
                alone.add(form)
    names = frozenset(capital - small)
    rare = frozenset(name for name in names & alone if rules.rarity(rules.stem(name)) == 1.0)
    return EnglishNames(names, rare, frozenset(small))


def _runs(text: str, words: Sequence[Word]) -> Iterator[list[Word]]:
    """Stretches of words with nothing but space or a hyphen between them."""
    run: list[Word] = []
    for word in words:
        between = text[run[-1].span.end : word.span.start] if run else ""
        if run and ("." in run[-1].form or len(run[-1].form) == 1):
            between = between.removeprefix(".")  # J.P. Morgan
        if run and between != " " and not _INSIDE.fullmatch(between):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


# --- English ---


def _candidates_en(
    text: str, run: Sequence[Word], rules: Lexicon, known: EnglishNames, opens: bool
) -> Iterator[Candidate]:
    capital = [word.span.of(text)[:1].isupper() for word in run]
    if opens:
        # Capitalised for its place: a name only if the next word is one and it says something, or it is elsewhere.
        content = rules.is_content(run[0].form)
        follows = content and len(run) > 1 and capital[1] and not _is_possessive(run[0])
        capital[0] = follows or run[0].span.of(text)[1:2].isupper() or (content and _bare(run[0].form) in known.words)
    at = 0
    while at < len(run):
        if not capital[at]:
            at += 1
            continue
        end = at + 1
        while end < len(run):
            if capital[end] and _may_name(run[end], rules) and not _owns(run[end - 1], run[end], rules):
                end += 1
            elif run[end].form in _SMALL_ENGLISH and end + 1 < len(run) and capital[end + 1]:
                if run[end].form == "of" and _bare(run[end - 1].form) in known.alone:
                    break  # Takahashi | of Mitsubishi
                end += 2
            elif (loose := _loose(run, end, capital)) and not rules.organisation_heads.isdisjoint(
                word.form for word in run[at:end]
            ):
                end += loose + 1
            else:
                break
        yield from _names_en(text, run[at:end], rules)
        # Titles of works and the like: what stands between two names is part of one where they come together again.
        if (loose := _loose(run, end, capital)) and end - at + loose < _LONGEST_NAME:
            after = end + loose + 1
            while after < len(run) and capital[after] and _may_name(run[after], rules):
                after += 1
            if after - at <= _LONGEST_NAME:
                yield _candidate_en(run[at:after], rules, text, is_name=False)
        at = end
    for first in range(len(run)):
        for size in range(1, min(MAX_WORDS, len(run) - first) + 1):
            some = run[first : first + size]
            if any(not _may_stand_en(word, rules) for word in some) or any(capital[first : first + size]):
                break
            if not (_cuts_compound(text, some) or _is_participle(some[-1].form, known) or _is_adverb(some[-1].form)):
                yield _candidate_en(some, rules, text, is_name=False)


def _cuts_compound(text: str, some: Sequence[Word]) -> bool:
    """Whether words begin in a compound and go on, or are what follows its letter: a 14-year-|old girl, e-|mails."""
    start = some[0].span.start
    if text[start - 1 : start] not in _HYPHENS:
        return False
    return len(some) > 1 or not text[max(0, start - 3) : start - 2].isalnum()


def _is_participle(form: str, known: EnglishNames) -> bool:
    """Whether a word is what was done or how a thing is (fired, gas | produced) and has no plural in the article."""
    return len(form) > _SHORT_NOUN and form.endswith("ed") and form[-3] != "e" and form + "s" not in known.small


def _is_adverb(form: str) -> bool:
    """Whether a longer word ends as those do that say how: respectively."""
    return len(form) > _SHORT_ADVERB and form.endswith("ly") and form not in _NO_ADVERBS


def _loose(run: Sequence[Word], end: int, capital: Sequence[bool]) -> int:
    """How many small words stand between the name that ends at `end` and another one; 0 for none."""
    for words in _LOOSE:
        after = end + len(words)
        if after < len(run) and capital[after] and tuple(word.form for word in run[end:after]) == words:
            return len(words)
    return 0


def _owns(word: Word, following: Word, rules: Lexicon) -> bool:
    """Whether a name ends in a possessive and another begins: London's | Leicester Square, but King's College."""
    return (
        _is_possessive(word)
        and word.form.replace("’", "'") not in _OWNERS
        and following.form not in rules.organisation_heads
    )


def _names_en(text: str, name: Sequence[Word], rules: Lexicon) -> Iterator[Candidate]:
    """A run of capitalised words: whole, and without the title before it."""
    some = list(name)
    shared = next((at for at, word in enumerate(some) if word.form not in _NETWORKS), len(some))
    if shared > 1:
        some = some[shared:]
    while some and (not _may_name(some[0], rules) or some[0].form in _SMALL_ENGLISH):
        some = some[1:]
    while some and some[-1].form in _SMALL_ENGLISH:
        some = some[:-1]
    # A stock exchange's sign stands behind the company.
    company = next((at for at, word in enumerate(some) if word.form in rules.company_forms and at), len(some))
    some = some[: company + 1]
    bare = list(some)
    while len(bare) > 1 and bare[0].form in rules.person_titles:
        bare = bare[1:]
    if len(bare) == 1 and bare[0].form in rules.company_forms:
        return
    if bare and len(bare) <= _LONGEST_NAME and (len(bare) > 1 or _may_stand_en(bare[0], rules)):
        yield _candidate_en(bare, rules, text, is_name=True)


def _may_name(word: Word, rules: Lexicon) -> bool:
    return (word.form not in rules.stop_words or word.form in _NAME_WORDS) and not _CONTRACTED.search(word.form)


def _may_stand_en(word: Word, rules: Lexicon) -> bool:
    return may_stand(word.form, rules, 2) and not _CONTRACTED.search(word.form)


def _candidate_en(some: Sequence[Word], rules: Lexicon, text: str, *, is_name: bool) -> Candidate:
    # The company is the same with and without its form: Honeywell, Honeywell Inc.
    named = some[:-1] if len(some) > 1 and some[-1].form in rules.company_forms else some
    key = tuple(rules.stem(word.form) for word in named)
    start, end = some[0].span.start, some[-1].span.end
    # A possessive is not part of the name.
    if _is_possessive(some[-1]):
        end -= 2
    qualifies = (len(some) <= _LONGEST_DEMONYM or not is_name) and _qualifies(text, some, rules)
    return Candidate(key, Span(start, end), is_name, len(some), qualifies)


def _qualifies(text: str, some: Sequence[Word], rules: Lexicon) -> bool:
    """Whether it says of what country a thing is, or what is counted: British, 55 pct."""
    of_country = some[-1].form in rules.demonyms and all(word.form in _PARTS_OF_WORLD for word in some[:-1])
    counted = len(some) == 1 or not some[0].span.of(text)[:1].isupper()
    return of_country or (counted and is_counted(text, some[0].span.start))


def _is_possessive(word: Word) -> bool:
    return word.form.endswith("'s")


def _bare(form: str) -> str:
    return form.removesuffix("'s")
