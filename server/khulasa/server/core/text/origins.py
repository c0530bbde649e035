"""Where an article comes from: dates, places, agencies and people, in lines that name nothing else."""

from __future__ import annotations

from functools import lru_cache

import regex
from khulasa.server.core.text.rules import PartRules, plain

__all__ = [
    "begins_with_place",
    "is_date",
    "is_dateline",
    "is_name",
    "is_place_and_date",
    "is_source",
    "is_staff",
    "known_names",
    "may_be_name",
    "names_agency",
    "starts_with_any",
]

_CLOCK = regex.compile(
    r"\b\d{1,2} ?[:.] ?\d{2}\b|\b\d{1,4} ?[-/.] ?\d{1,2} ?[-/.] ?\d{2,4}\b|\b\d{4}[-/.]\d{1,2}[-/.]\d\b"
)


_JOINED = regex.compile(r" (?:و|and|via|for|#) | و(?=\p{L})")
_BEHIND_PLACE, _BETWEEN_PIECES = regex.compile(r"[-–:/،,|(]"), regex.compile(r"[-–:/|,،()«»\"]")
_NOT_IN_NAME = regex.compile(r"[\d:؟?!،,\"«»()]|\p{L}{3}\.")
# What stands behind the name of a paper: its own, exclusive, follow-ups.
_OWN_REPORT = ("خاص", "متابعات", "exclusive")
# Words of a date at most; `Updated ... | Published ...` is two.
_DATE, _TWO_DATES = 16, 32
# Pieces of a dateline between marks at most; words of one that names a person, of one that nobody knows, and of the
# whole line with such a one.
_MOST_PIECES, _LONGEST_PERSON, _LONGEST_UNKNOWN, _MOST_WORDS_WITH_UNKNOWN = 7, 5, 4, 8
_ALONE = ("yesterday", "today", "امس", "اليوم")


def starts_with_any(words: list[str], phrases: frozenset[str], longest: int = 4) -> int:
    """How many words of the longest phrase a line begins with, 0 for none."""
    most = min(longest, len(words), _longest_of(phrases).get(words[0], 0)) if words else 0
    for length in range(most, 0, -1):
        if " ".join(words[:length]) in phrases:
            return length
    return 0


@lru_cache(maxsize=32)
def _longest_of(phrases: frozenset[str]) -> dict[str, int]:
    """By their first words, how many words the longest of some phrases have: most lines begin with no such word."""
    found: dict[str, int] = {}
    for phrase in phrases:
        first, *rest = phrase.split(" ")
        found[first] = max(found.get(first, 0), 1 + len(rest))
    return found


def is_date(seen: str, words: list[str], rules: PartRules) -> bool:
    """Whether a line is a date or time and nothing else."""
    if seen.endswith(("%", "%)")) or len(words) > (_TWO_DATES if starts_with_any(words, rules.date_openers) else _DATE):
        return False
    clock = bool(_CLOCK.search(seen))
    # `18:24 by the clock of Abu Dhabi`
    zone = next((at for at, word in enumerate(words) if word.endswith("توقيت")), len(words)) + 1
    if zone < len(words) and starts_with_any(words[zone:], rules.places) == len(words) - zone:
        words = words[:zone]
    strong = clock
    other = 0
    for word in words:
        if word in rules.months or word in rules.weekdays or word in rules.date_strong:
            strong = strong or word not in ("الاول", "الثاني", "الاخر", "من", "in")
        elif word != "#" and word not in rules.date_weak and word.removeprefix("ال") not in rules.date_weak:
            other += 1
    if starts_with_any(words, rules.date_openers) and "#" in words and other <= 2:
        return True
    return strong and other == 0 and (clock or len(words) > 1 or words[0] in _ALONE)


def names_agency(text: str, rules: PartRules) -> bool:
    """Whether words name agencies, with the words that stand beside them in credits."""
    if text in rules.agencies:
        return True
    pieces = [piece.strip() for piece in _JOINED.split(text)]
    return bool(pieces) and all(piece in rules.agencies or piece in rules.credit_words for piece in pieces)


def is_source(words: list[str], rules: PartRules) -> bool:
    """Whether a line credits what the article was taken from."""
    opener = starts_with_any(words, rules.source_openers)
    return bool(opener) and 0 < len(words) - opener <= 7


def is_staff(seen: str, rules: PartRules) -> bool:
    """Whether a line names those who made the article between brackets, as agencies do at the foot."""
    return (
        seen[0] in "(["
        and seen.rstrip(".")[-1:] in ")]"
        and len(seen) <= 140
        and bool(starts_with_any(plain(seen[:60]).split(), rules.byline_openers))
    )


def begins_with_place(seen: str, rules: PartRules) -> bool:
    """Whether what stands before the first mark of a line is a place, and nothing else."""
    pieces = [plain(piece) for piece in _BEHIND_PLACE.split(seen)]
    return bool(pieces) and pieces[0] in rules.places


def is_place_and_date(words: list[str], rules: PartRules) -> bool:
    """Whether words are a place, maybe a date, and an agency, without marks between: `الرياض 3 صفر 1437 هـ واس`."""
    place = starts_with_any(words, rules.places)
    # One that no list knows stands before a day and a month.
    unknown = words.index("#") if not place and "#" in words[1:3] else 0
    place = place or unknown
    agency = next((n for n in (3, 2, 1) if " ".join(words[-n:]) in rules.agencies), 0)
    between = words[place : len(words) - agency]
    if between[:1] == ["في"]:
        between = between[1:]
    if not place or not agency or (between and words[-1] in rules.agencies_weak):
        return False
    if unknown:
        return not rules.months.isdisjoint(between) and is_date("", between, rules)
    return not between or _is_when("", between, rules)


def is_dateline(seen: str, rules: PartRules) -> bool:
    """Whether all of a line is place, agency, person and date, with marks between them; one piece may be unknown."""
    if is_place_and_date(plain(seen).split(), rules):
        return True
    pieces = [piece for piece in (plain(piece) for piece in _BETWEEN_PIECES.split(seen)) if piece]
    if not 1 < len(pieces) <= _MOST_PIECES:
        return False
    unknown = [piece for piece in pieces if not _is_of_dateline(piece, rules)]
    if any(len(piece.split()) > _LONGEST_UNKNOWN for piece in unknown):
        return False
    first_words = pieces[0].split()
    if len(pieces) == 2 and pieces[1] in _OWN_REPORT and len(first_words) <= 3:
        return True
    # `Somebody Unknown (Damascus)`: a person who reports from there.
    if len(unknown) <= 1 and seen.endswith(")") and pieces[-1] in rules.places and 2 <= len(first_words) <= 4:
        return len(pieces) == 2
    agencies = [piece for piece in pieces if piece in rules.agencies]
    surely_agency = not rules.agencies_weak.issuperset(agencies)
    if unknown:
        few = len(unknown) == 1 and len(plain(seen).split()) <= _MOST_WORDS_WITH_UNKNOWN
        return few and (surely_agency or pieces[0] in rules.places)
    # Names of weak agencies are common words: a place must stand before them.
    from_place = bool(agencies) and bool(starts_with_any(first_words, rules.places))
    return surely_agency or from_place or not rules.places.isdisjoint(pieces)


def _is_of_dateline(piece: str, rules: PartRules) -> bool:
    """Whether a piece between marks is an agency, a place, a date, or a person."""
    words = piece.split()
    if piece in rules.agencies or piece in rules.places:
        return True
    if _is_when(piece, words, rules) or _is_place_and_when(words, rules):
        return True
    return len(words) <= _LONGEST_PERSON and (known_names(words, rules) > 0 or words[0] in rules.byline_openers)


def _is_place_and_when(words: list[str], rules: PartRules) -> bool:
    """Whether words are a place and a date, maybe with `in` between: `مسقط في 5 نوفمبر 2023`."""
    rest = words[starts_with_any(words, rules.places) :]
    return _is_when("", rest[rest[:1] == ["في"] :], rules)


def _is_when(piece: str, words: list[str], rules: PartRules) -> bool:
    """Whether a piece of a dateline is a date, or a number or word that stands in dates."""
    return is_date(piece, words, rules) or all(word in rules.date_weak or word == "#" for word in words)


def may_be_name(words: list[str], rules: PartRules) -> bool:
    """Whether a few words may be the name of somebody unknown, a place or an agency: only heads have such lines."""
    if not 1 < len(words) <= 4 or words[0].startswith("ال") or words[0] == "#":
        return " ".join(words) in rules.places or " ".join(words) in rules.agencies
    # `the joy of the players`: a noun and what is joined with it.
    if words[0].endswith("ه") and words[0] not in rules.names:
        return False
    return words[-1].startswith("ال") and words[-1].endswith("ي") and len(words[-1]) > 5


def known_names(words: list[str], rules: PartRules) -> int:
    """How many of the words are first or family names."""
    return sum(word in rules.names for word in words)


def is_name(seen: str, words: list[str], rules: PartRules) -> bool:
    """Whether a line is a person's name: a first name that is known, and no mark or number."""
    words = words[1:] if len(words[0]) == 1 or words[0] in rules.person_titles else words
    if len(words) < 2 or _NOT_IN_NAME.search(seen):
        return False
    latin = [word for word in seen.split() if word[:1].isascii()]
    if latin and not all(word[:1].isupper() for word in latin):
        return False
    # A noun with its adjectives (`the secrets of Arab coffee`) has the article twice, names have it once, at the end.
    # Behind `Abd` it is part of the name.
    second = words[2 if words[0] == "عبد" else 1 :]
    if sum(word.startswith("ال") and word not in rules.names for word in second) > 1:
        return False
    return words[0] in rules.names and (len(words) <= 4 or known_names(words, rules) >= 2)
