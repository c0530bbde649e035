"""What the flags are decided on: length, script, repetition and ending of a segment and its translation."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Container, Iterable
from dataclasses import dataclass

import regex
from khulasa.server.core.translation.markup.references import unescape
from khulasa.server.core.translation.types import LanguagePair

__all__ = ["DANGLING", "SegmentSignals", "measure_segment", "repeats_beyond", "stammers"]

_MARKS = regex.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_ARABIC = regex.compile(r"\p{Arabic}")
# Runs of them: a text has a fifth as many as letters, and is read four times as fast.
_ARABIC_RUN = regex.compile(r"\p{Arabic}++")
_LETTER_RUN = regex.compile(r"\p{L}++")
_WORD = regex.compile(r"[\p{L}\p{N}]++")
_LINK = regex.compile(r"https?://\S+|www\.\S+|(?<!\S)\S[^\s@]*+@\S+\.\w+")
_FINAL = regex.compile(r"[.!?؟…۔:;؛,،]['\"”’»›)\]\s]*$")
_EMOJI = r"\p{Extended_Pictographic}\p{Emoji_Modifier}\U0001f1e6-\U0001f1ff\ufe0f"
# An emoji stands behind the last stop, or takes its place.
_STOPS = ".!?؟…۔:;؛"
_STOP = regex.compile(rf"[{_STOPS}]['\"”’»›)\]\s{_EMOJI}]*$")
_PICTURE = regex.compile(f"[{_EMOJI}]")
_QUOTE = regex.compile("[\"“”„«»]|''")
# A quotation within another, or of the British kind; the apostrophe of a word is none.
_SINGLE_QUOTE = regex.compile(r"(?<!\w)['‘‹]")
# A shorter text in quotation marks may be a name or a title, whose marks English leaves out.
_QUOTED_WORDS = 6
# A stop after a word of three letters or more, before another sentence: initials and abbreviations are shorter.
_INNER_STOP = regex.compile(r"(?<=\w{3})[.!?؟…]['\"”’»)\]]*\s+(?=\P{Ll})")
# Roughly, the log of letters in English over letters in Arabic; the limits, set from data, take up what it is off by.
_EXPECTED_LOG_RATIO = {("ar", "en"): 0.22, ("en", "ar"): -0.22}
# Words that end no sentence: what follows them was lost.
DANGLING = {
    "en": frozenset(
        [
            "the",
            "a",
            "an",
            "of",
            "to",
            "in",
            "on",
            "at",
            "by",
            "for",
            "from",
            "with",
            "and",
            "or",
            "but",
            "that",
            "which",
            "who",
            "whose",
            "as",
            "than",
            "into",
            "its",
            "their",
            "his",
            "her",
            "is",
            "are",
            "was",
            "were",
            "be",
            "been",
            "has",
            "have",
            "had",
            "will",
            "would",
            "can",
            "could",
            "this",
            "these",
            "not",
        ]
    ),
    "ar": frozenset(
        [
            "من",
            "في",
            "على",
            "إلى",
            "عن",
            "مع",
            "أو",
            "و",
            "أن",
            "إن",
            "التي",
            "الذي",
            "الذين",
            "لم",
            "لن",
            "قد",
            "كان",
            "كانت",
            "هذا",
            "هذه",
            "ذلك",
            "تلك",
            "بين",
            "حتى",
            "ثم",
            "بعد",
            "قبل",
        ]
    ),
}


# What may stand before an Arabic word, so that وزير الداخلية and لوزير الداخلية are the same.
_CLITICS = regex.compile(r"^[وفبلك]?(?:ال|لل?)?(?=\p{Arabic}{3})")
# Words of the shortest text whose last one may not be said twice: shorter ones are cries and names.
_LEAST_TO_END = 6
# Words of the longest run that is looked for right after itself.
_WIDEST = 24


@dataclass(frozen=True, slots=True)
class SegmentSignals:
    """Measures of one pair.

    Attributes:
        source_letters: Letters of the source, marks and links left out.
        source_digits: Digits of the source.
        target_letters: Letters of the target.
        log_ratio: ln(target letters / source letters) less what is usual, shrunk for short texts.
        script_share: Share of the target's letters in the target's script, 1 when it has none.
        echo: The target is the source, case, spaces and punctuation aside, or nearly all of it.
        is_prose: At least three words of the source's own script: a name or a code is left as it is.
        is_foreign: At least three words, none of the source's script: no model of the pair can read it.
        turned: The source is prose in the target's script, and the target is not.
        repeated: Share of the target's words in repeated runs beyond those of the source.
        stammers: The target has a word three times in a row, the source none; or it ends with one said twice, and the
            source says none twice.
        open_end: The source ends with a stop, the target with neither a stop nor an emoji.
        more_sentences: Sentence ends inside the target less those inside the source.
        dangling: The target's last word cannot end a sentence.
        misquotes: The target does not close a quotation, or has no mark of a long one; the source has both.
    """

    source_letters: int
    source_digits: int
    target_letters: int
    log_ratio: float
    script_share: float
    echo: bool
    is_prose: bool
    is_foreign: bool
    turned: bool
    repeated: float
    stammers: bool
    open_end: bool
    more_sentences: int
    dangling: bool
    misquotes: bool


def _plain(text: str) -> str:
    if "&" in text:
        text = unescape(text)
    if "/" in text or "@" in text:
        text = _LINK.sub(" ", text)
    return text if text.isascii() else _MARKS.sub("", text)


def _words(text: str) -> list[str]:
    found: list[str] = _WORD.findall(text.lower())
    return found


def _is_ended(text: str) -> bool:
    """Whether a text ends with a stop, what may stand behind one aside."""
    return text.endswith(tuple(_STOPS)) or _STOP.search(text) is not None


def _held(runs: regex.Pattern[str], text: str) -> int:
    """Code points of `text` in such runs."""
    return len("".join(runs.findall(text)))


def repeated_share(words: list[str], *, far: bool = True) -> float:
    """Share of the words that repeat a run just before them or, if `far`, a run of four met before; 0 to 1."""
    return sum(_repeated(words, far=far)) / (len(words) or 1)


def _repeated(words: list[str], *, far: bool) -> list[bool]:
    """Whether each word is one of those; empty if none is."""
    count = len(words)
    # The usual case: no two neighbouring words come again, so neither does any longer run.
    if count < 2 or len(set(itertools.pairwise(words))) == count - 1:
        return []
    places: dict[tuple[str, str], list[int]] = {}
    for place, two in enumerate(itertools.pairwise(words)):
        places.setdefault(two, []).append(place)
    again = [False] * count
    for width in sorted(_widths(places.values(), min(count // 2, _WIDEST))):
        # Two equal words can be rhetoric; a run of two or more words said twice in a row is not.
        run, least = 0, max(width, 2)
        for place in range(width, count):
            run = run + 1 if words[place] == words[place - width] else 0
            # What is marked already is not marked again: a text of one word over and over stays linear.
            if run == least:
                again[place - run + 1 : place + 1] = [True] * run
            elif run > least:
                again[place] = True
    seen: dict[tuple[str, ...], int] = {}
    for place in range(count - 3 if far else 0):
        gram = tuple(words[place : place + 4])
        if gram in seen:
            for offset in range(4):
                again[place + offset] = True
        else:
            seen[gram] = place
    return again


def repeats_beyond(
    source: str, target: str, said_as_often: Container[str] = (), little: Container[str] = ()
) -> tuple[float, bool]:
    """The `repeated` and `stammers` of two texts, without what the source says as often.

    Args:
        source: A segment.
        target: Its translation.
        said_as_often: Words of the target, in small letters, whose counterpart the source says as often.
        little: Words that may stand between those.
    """
    source_words, target_words = _words(_plain(source)), _words(_plain(target))
    return (
        _beyond_source(source_words, target_words, said_as_often, little),
        _stammers_beyond(source_words, target_words, said_as_often),
    )


def _beyond_source(
    source: list[str], target: list[str], said_as_often: Container[str] = (), little: Container[str] = ()
) -> float:
    """Share of the target's words that are repeated beyond what the source repeats.

    Two words of an Arabic name are four of its English, and parallel clauses are so in both: a target may come back to
    twice as many words as its source does. In English two words, `of the`, come again by chance.
    """
    if not _repeated(target, far=True):
        return 0.0
    arabic = any(_ARABIC.search(word) for word in source)
    again = _returned([_CLITICS.sub("", word) for word in source] if arabic else source, 2 if arabic else 3)
    far = _returned(target, 4) > 2 * again
    marked = _repeated(target, far=far)
    repeated = 0
    for is_repeated, run in itertools.groupby(zip(marked, target, strict=False), operator.itemgetter(0)):
        if is_repeated:
            words = [word for _, word in run]
            told = [word for word in words if word not in little]
            # A run is excused as a whole: a clause that comes again has words of its own.
            repeated += 0 if told and all(word in said_as_often for word in told) else len(words)
    return max(0.0, repeated / len(target) - repeated_share(source, far=far))


def _returned(words: list[str], width: int) -> int:
    """How many words stand in runs of at least so many that stood before."""
    seen: set[tuple[str, ...]] = set()
    count = end = 0
    for place in range(len(words) - width + 1):
        gram = tuple(words[place : place + width])
        if gram in seen:
            count += place + width - max(end, place)
            end = place + width
        seen.add(gram)
    return count


def _widths(places: Iterable[list[int]], most: int) -> set[int]:
    """How far apart, at most `most` words, two neighbouring words come again."""
    return {
        second - first
        for found in places
        for number, first in enumerate(found[:-1], start=1)
        for second in found[number : number + most]
        if second - first <= most
    }


def stammers(words: list[str], said_as_often: Container[str] = ()) -> bool:
    """Whether a word, no number and none of these, stands three times in a row."""
    if not any(map(operator.eq, words, words[1:])):
        return False
    return any(
        a == b == c and not a.isdigit() and a not in said_as_often
        for a, b, c in zip(words, words[1:], words[2:], strict=False)
    )


def _stammers_beyond(source: list[str], target: list[str], said_as_often: Container[str] = ()) -> bool:
    if stammers(target, said_as_often) and not stammers(source):
        return True
    # Two equal words can be rhetoric; at the end they are a decoder's, but for `chapter by chapter` (فصلا فصلا).
    if len(target) < _LEAST_TO_END or target[-1] != (word := target[-2]) or word in said_as_often:
        return False
    return len(word) > 2 and word.isalpha() and word[-1] != "ا" and not _doubles(source)


def _doubles(words: list[str]) -> bool:
    """Whether a word is said twice in a row, or within one: Bora Bora, بورابورا."""
    return any(map(operator.eq, words, words[1:])) or any(
        len(word) > 3 and word[: len(word) // 2] == word[len(word) // 2 :] for word in words
    )


def _misquotes(source: str, target: str) -> bool:
    marks = len(_QUOTE.findall(source))
    # A source that opens or closes a quotation alone is part of a longer one.
    if not marks or marks % 2:
        return False
    if found := len(_QUOTE.findall(target)):
        return found % 2 == 1
    # Marks come in pairs: what stands behind every second one is quoted.
    long = any(len(quoted.split()) >= _QUOTED_WORDS for quoted in _QUOTE.split(source)[1::2])
    return long and not _SINGLE_QUOTE.search(target)


def measure_segment(source: str, target: str, pair: LanguagePair) -> SegmentSignals:
    """Measures `source` and `target` once."""
    source_plain, target_plain = _plain(source), _plain(target)
    source_words, target_words = _words(source_plain), _words(target_plain)
    source_letters, target_letters = _held(_LETTER_RUN, source_plain), _held(_LETTER_RUN, target_plain)
    source_arabic, target_arabic = (
        0 if text.isascii() else _held(_ARABIC_RUN, text) for text in (source_plain, target_plain)
    )
    in_target = target_arabic if pair.target == "ar" else target_letters - target_arabic
    in_source = source_arabic if pair.source == "ar" else source_letters - source_arabic
    own = {w for w in source_words if bool(_ARABIC.search(w)) == (pair.source == "ar") and not w.isdigit()}
    is_prose = len(own) >= 3 and in_source * 2 > source_letters
    like_target = source_arabic if pair.target == "ar" else source_letters - source_arabic
    shared = own.intersection(target_words)
    expected = _EXPECTED_LOG_RATIO.get((pair.source, pair.target), 0.0)
    # Ten letters of each side are taken as given, so that a short text may vary more.
    ratio = math.log((target_letters + 10) / (source_letters + 10)) - expected * source_letters / (source_letters + 10)
    return SegmentSignals(
        source_letters=source_letters,
        source_digits=sum(map(str.isdigit, source_plain)),
        target_letters=target_letters,
        log_ratio=ratio,
        script_share=in_target / target_letters if target_letters else 1.0,
        echo=is_prose and len(shared) > 0.7 * len(own),
        is_prose=is_prose,
        is_foreign=not in_source and sum(not word.isdigit() for word in source_words) >= 3,
        turned=len(source_words) >= 3 and like_target * 2 > source_letters and in_target * 2 < target_letters,
        repeated=_beyond_source(source_words, target_words),
        stammers=_stammers_beyond(source_words, target_words),
        open_end=_is_ended(source_plain)
        and not (_is_ended(target_plain) or _PICTURE.match(target_plain.rstrip()[-1:])),
        more_sentences=len(_INNER_STOP.findall(target_plain)) - len(_INNER_STOP.findall(source_plain)),
        dangling=bool(target_words) and target_words[-1] in DANGLING.get(pair.target, frozenset()),
        misquotes=_misquotes(source_plain, target_plain),
    )
