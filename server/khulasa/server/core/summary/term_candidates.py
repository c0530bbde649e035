"""Which runs of words of a text can be a key term, by their form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex
from khulasa.server.core.summary.lexicon import Lexicon, Word
from khulasa.server.core.text.types import Span

__all__ = ["Candidate", "candidates_of", "known_forms"]

MAX_WORDS = 4

# What may stand between two words of one term.
_INSIDE = regex.compile(r"[ \t\u00a0]{1,3}|[-‐‑–]|[ \t]?&[ \t]?")
_DIGITS = regex.compile(r"[\d.,٫٬]+")
# Prefixes of one letter; لل is ل with the article.
_CLITICS = "وفبلك"
_SMALL_ENGLISH = frozenset({"of", "de", "al", "el", "bin", "ibn", "van", "von", "der", "la", "for"})
# Stop words that begin names all the same.
_NAME_WORDS = frozenset({"new", "first", "great", "down", "last", "one"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """One place where a term may stand.

    Attributes:
        key: Stems, by which places of one term are counted together.
        span: In the document; without prefixes that belong to the sentence rather than the term.
        is_name: The form says that it is a name.
        words: How many words it has.
        attributive: It agrees with the word before it: an Arabic adjective rather than a noun.
    """

    key: tuple[str, ...]
    span: Span
    is_name: bool
    words: int
    attributive: bool = False


def known_forms(words: Sequence[Word]) -> frozenset[str]:
    """Folded words of a document, against which a prefix is told from a first letter."""
    return frozenset(word.form for word in words)


def candidates_of(
    text: str, words: Sequence[Word], rules: Lexicon, known: frozenset[str], *, opens_sentence: bool = True
) -> Iterator[Candidate]:
    """Every candidate of one sentence.

    Args:
        text: The document.
        words: Of the sentence, with places in the document.
        rules: Of its language.
        known: `known_forms` of the document.
        opens_sentence: The first word is capitalised for its place rather than for being a name.
    """
    for run in _runs(text, words):
        if rules.language == "ar":
            yield from _candidates_ar(text, run, rules, known)
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


# --- Arabic ---


@dataclass(frozen=True, slots=True)
class _Noun:
    """A word taken apart: the place and form without prefixes, and what the form shows."""

    span: Span
    form: str
    definite: bool
    prefixed: bool


def _noun(word: Word, text: str, known: frozenset[str], rules: Lexicon) -> _Noun:
    """A word without its prefixes: letters before the article, or before what stands elsewhere alone."""
    form, start = word.form, word.span.start
    surface = word.span.of(text)
    # Marks and tatweel make the surface longer than the form: such words keep their prefixes rather than lose a place.
    plain = len(surface) == len(form)
    if plain and form.startswith("لل") and len(form) > 4:
        return _Noun(Span(start + 2, word.span.end), "ال" + form[2:], True, True)
    if plain and form[0] in "وف" and form[1:3] == "لل" and len(form) > 5:
        return _Noun(Span(start + 3, word.span.end), "ال" + form[3:], True, True)
    cut = 0
    while plain and cut < 2 and len(form) - cut > 3 and form[cut] in _CLITICS:
        rest = form[cut + 1 :]
        if (rest.startswith("ال") and len(rest) > 4) or (rest in known and rest not in rules.stop_words):
            cut += 1
            continue
        if form[cut] in "وف" and cut == 0 and len(rest) > 3 and rest[0] in "بلك":
            # Two prefixes: وبالمدينة, ولموسكو.
            inner = rest[1:]
            if inner.startswith("ال") or (inner in known and inner not in rules.stop_words):
                cut += 1
                continue
        break
    form = form[cut:]
    return _Noun(Span(start + cut, word.span.end), form, form.startswith("ال") and len(form) > 4, cut > 0)


def _candidates_ar(text: str, run: Sequence[Word], rules: Lexicon, known: frozenset[str]) -> Iterator[Candidate]:
    nouns = [_noun(word, text, known, rules) for word in run]
    for at, first in enumerate(nouns):
        if not _may_stand(first.form, rules):
            continue
        for size in range(1, min(MAX_WORDS, len(nouns) - at) + 1):
            some = nouns[at : at + size]
            last = some[-1]
            if size > 1 and (last.prefixed or not _may_stand(last.form, rules)):
                break
            if _has_possessive(last.span.of(text)):
                continue
            name = _is_name_ar(run, at, size, some, rules)
            if name or _is_phrase_ar(some, known):
                key = tuple(rules.stem(noun.form) for noun in some)
                attributive = at > 0 and _agrees(nouns[at - 1], first, rules, alone=size == 1)
                yield Candidate(key, Span(first.span.start, last.span.end), name, size, attributive)


def _may_stand(form: str, rules: Lexicon) -> bool:
    return len(form) > 2 and rules.is_content(form) and not _DIGITS.fullmatch(form)


def _agrees(before: _Noun, noun: _Noun, rules: Lexicon, *, alone: bool) -> bool:
    """Whether a noun reads as the adjective of the one before it: both with the article, or a nisba after a noun."""
    if not rules.is_content(before.form) or noun.prefixed:
        return False
    return (noun.definite and before.definite) or (alone and noun.form.endswith(("يه", "ي")))


def _has_possessive(surface: str) -> bool:
    """Whether a word ends in a possessive pronoun (استخدامه, بلادها): it points elsewhere and names nothing."""
    return len(surface) > 4 and surface.endswith(("ه", "ها", "هم")) and surface not in _NO_POSSESSIVE


_NO_POSSESSIVE = frozenset(
    "الله مياه المياه اتجاه الاتجاه الفقه التنبيه الوجه طه إله الإله شبه نزيه النزيه فقيه الفقيه".split()  # noqa: SIM905
)


def _is_name_ar(run: Sequence[Word], at: int, size: int, some: Sequence[_Noun], rules: Lexicon) -> bool:
    """Names show by what stands before them (a title) or by their head (حزب, وزارة, مدينة)."""
    heads = rules.organisation_heads | rules.place_heads
    if some[0].definite and some[0].form.endswith(("ي", "يه")):
        return False  # an adjective of country after the title
    if size > 1 and some[0].form in heads:
        inner = [noun.form for noun in some[1:]]
        if any(form in rules.person_titles or _is_verb(form) for form in inner):
            return False
        return some[-1].definite or (size == 2 and not inner[0].endswith("يه"))
    if size > 3 or any(noun.form in rules.person_titles or _is_verb(noun.form) for noun in some):
        return False
    if at > 0 and _is_title(run[at - 1].form, rules):
        return not (size == 1 and some[0].definite) and not some[-1].definite
    # A title with its office and country between: الرئيس الأوكراني ..., وزير الخارجية الأميركي ...
    if some[0].definite:
        return False
    for back in range(at - 1, max(-1, at - 4), -1):
        if _is_title(run[back].form, rules):
            return True
        if not run[back].form.startswith("ال"):
            return False
    return False


def _is_title(form: str, rules: Lexicon) -> bool:
    return form in rules.person_titles or form.removeprefix("و") in rules.person_titles


def _is_phrase_ar(some: Sequence[_Noun], known: frozenset[str]) -> bool:
    """A noun with the article, such nouns in a row, or a head noun before them."""
    if len(some) == 1:
        return some[0].definite or ("ال" + some[0].form) in known or not _is_verb(some[0].form)
    if any(_is_verb(noun.form) and ("ال" + noun.form) not in known for noun in some):
        return False
    if not some[-1].definite:
        # Indefinite pairs agree in ending (ضمانات أمنية) or are names; frequency will tell which are terms.
        return not any(noun.definite for noun in some)
    # The article, once there, stays: `الضمانات الأمنية`, `حلف شمال الأطلسي`, but not `الرئيس حلف`.
    seen = False
    for noun in some:
        if seen and not noun.definite:
            return False
        seen = seen or noun.definite
    return True


_NOT_VERBS = frozenset(
    "يمن يمين يسار يورو ياسر يوسف يحيي يونس ياسين يهود تل تونس تركيا تجاره تنظيم تحالف تعاون".split()  # noqa: SIM905
)


def _is_verb(form: str) -> bool:
    """Whether a word without the article looks like a verb: ي/ت/ن/سي before a stem, or ت after one."""
    if form.startswith("ال") or form in _NOT_VERBS:
        return False
    if form.startswith(("سي", "ست")) and len(form) > 4:
        return True
    if form[0] == "ي" and len(form) > 3 and not form.endswith(("ا", "ه", "يه", "ات")):
        return True
    return form.endswith("ت") and not form.endswith("ات") and len(form) > 3 and form[0] in "اعوسكقشطرنحد"


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
    return word.form not in rules.stop_words or word.form in _NAME_WORDS


def _may_stand_en(word: Word, rules: Lexicon) -> bool:
    return len(word.form) > 1 and rules.is_content(word.form) and not _DIGITS.fullmatch(word.form)


def _candidate_en(some: Sequence[Word], rules: Lexicon, text: str, *, is_name: bool) -> Candidate:
    key = tuple(rules.stem(word.form) for word in some)
    end = some[-1].span.end
    # A possessive is not part of the name.
    if text[end - 2 : end] in ("'s", "’s"):
        end -= 2
    return Candidate(key, Span(some[0].span.start, end), is_name, len(some))
