"""Where an article comes from: dates, places, agencies and people, in lines that name nothing else."""

from __future__ import annotations

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

_CLOCK = regex.compile(r"\b\d{1,2} ?[:.] ?\d{2}\b|\b\d{1,4} ?[-/.] ?\d{1,2} ?[-/.] ?\d{2,4}\b")


# What stands behind the name of a paper: its own, exclusive, follow-ups.
_OWN_REPORT = ("خاص", "متابعات", "exclusive")
# Words of a date at most; `Updated ... | Published ...` is two.
_DATE, _TWO_DATES = 16, 32
_ALONE = ("yesterday", "today", "امس", "اليوم")


def starts_with_any(words: list[str], phrases: frozenset[str], longest: int = 4) -> int:
    """How many words of the longest phrase a line begins with, 0 for none."""
    for length in range(min(longest, len(words)), 0, -1):
        if " ".join(words[:length]) in phrases:
            return length
    return 0


def is_date(seen: str, words: list[str], rules: PartRules) -> bool:
    """Whether a line is a date or time and nothing else."""
    if len(words) > (_TWO_DATES if starts_with_any(words, rules.date_openers) else _DATE):
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
    pieces = [piece.strip() for piece in regex.split(r" (?:و|and|via|for|#) | و(?=\p{L})", text)]
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
    pieces = [plain(piece) for piece in regex.split(r"[-–:/،,|(]", seen)]
    return bool(pieces) and pieces[0] in rules.places


def is_place_and_date(words: list[str], rules: PartRules) -> bool:
    """Whether words are a place, maybe a date, and an agency, without marks between: `الرياض 3 صفر 1437 هـ واس`."""
    place = starts_with_any(words, rules.places)
    agency = next((n for n in (3, 2, 1) if " ".join(words[-n:]) in rules.agencies), 0)
    between = words[place : len(words) - agency]
    if between[:1] == ["في"]:
        between = between[1:]
    if not place or not agency or (between and words[-1] in rules.agencies_weak):
        return False
    return not between or is_date(" ".join(between), between, rules)


def is_dateline(seen: str, rules: PartRules) -> bool:
    """Whether all of a line is place, agency, person and date, with marks between them."""
    if is_place_and_date(plain(seen).split(), rules):
        return True
    pieces = [piece for piece in (plain(piece) for piece in regex.split(r"[-–:/|,،()«»\"]", seen)) if piece]
    if not pieces or len(pieces) > 7 or len(pieces) == 1:
        return False
    known = sure = unknown = 0
    for at, piece in enumerate(pieces):
        words = piece.split()
        if piece in rules.agencies:
            known += 1
            sure += piece not in rules.agencies_weak or bool(starts_with_any(pieces[0].split(), rules.places))
        elif piece in rules.places:
            known += 1
            sure += at == 0 and len(pieces) > 1
        elif _is_when(piece, words, rules) or _is_place_and_when(words, rules):
            known += 1
        elif len(words) <= 5 and (known_names(words, rules) or (words[0] in rules.byline_openers)):
            known += 1
            sure += len(pieces) > 1 and pieces[0] in rules.places
        else:
            unknown += 1
            if len(words) > 4:
                return False
    if len(pieces) == 2 and pieces[1] in _OWN_REPORT and len(pieces[0].split()) <= 3:
        return True
    named = any(piece in rules.agencies and piece not in rules.agencies_weak for piece in pieces)
    if unknown <= 1 and seen.endswith(")") and pieces[-1] in rules.places and 2 <= len(pieces[0].split()) <= 4:
        return len(pieces) == 2
    if unknown == 0:
        from_there = any(piece in rules.places for piece in pieces) and len(pieces) > 1
        return sure > 0 or named or from_there
    if unknown > 1 or len(plain(seen).split()) > 8:
        return False
    return named or pieces[0] in rules.places


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
    return words[-1].startswith("ال") and words[-1].endswith("ي") and len(words[-1]) > 5


def known_names(words: list[str], rules: PartRules) -> int:
    return sum(word in rules.names for word in words)


def is_name(seen: str, words: list[str], rules: PartRules) -> bool:
    """Whether a line is a person's name: a first name that is known, and no mark or number."""
    words = words[1:] if len(words[0]) == 1 or words[0] in rules.person_titles else words
    if len(words) < 2 or regex.search(r"[\d:؟?!،,\"«»()]|\p{L}{3}\.", seen):
        return False
    latin = [word for word in seen.split() if word[:1].isascii()]
    if latin and not all(word[:1].isupper() for word in latin):
        return False
    # A noun with its adjectives (`the secrets of Arab coffee`) has the article twice, names have it once, at the end.
    if sum(word.startswith("ال") and word not in rules.names for word in words[1:]) > 1:
        return False
    return words[0] in rules.names and (len(words) <= 4 or known_names(words, rules) >= 2)
