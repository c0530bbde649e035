"""Evidence for a link that no lexicon holds: the same spelling, the same number, a name in the other script, a stem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import regex
from khulasa.server.core.word_cache import word_cache

__all__ = [
    "cue_matrix",
    "name_similarities",
    "name_similarity",
    "similarity_matrix",
    "skeleton_arabic",
    "skeleton_english",
]

# Consonants in one small alphabet; vowels and the letters that write them are dropped inside a word.
_ARABIC = {
    "ا": "", "و": "w", "ي": "y", "ء": "", "ة": "", "ع": "", "ب": "b", "ت": "t", "ث": "s", "ج": "j", "ح": "h",
    "خ": "k", "د": "d", "ذ": "z", "ر": "r", "ز": "z", "س": "s", "ش": "s", "ص": "s", "ض": "d", "ط": "t", "ظ": "z",
    "غ": "g", "ف": "f", "ق": "k", "ك": "k", "ل": "l", "م": "m", "ن": "n", "ه": "h", "پ": "b", "چ": "j", "گ": "g",
    "ڤ": "f",
}  # fmt: skip
_ENGLISH_GROUPS = (
    ("tch", "s"), ("sch", "s"), ("sh", "s"), ("ch", "s"), ("kh", "k"), ("gh", "g"), ("ph", "f"), ("th", "s"),
    ("dh", "z"), ("ck", "k"), ("qu", "k"), ("ce", "s"), ("ci", "s"), ("x", "ks"), ("c", "k"), ("q", "k"), ("p", "b"),
    ("v", "f"), ("a", ""), ("e", ""), ("i", ""), ("o", ""), ("u", ""), ("'", ""),
)  # fmt: skip
_LOOSE = str.maketrans({"w": "", "y": "", "h": "", "g": "j", "z": "s"})
_LOOSE_ARABIC = _LOOSE | {ord(letter): sound.translate(_LOOSE) for letter, sound in _ARABIC.items()}
_DOUBLED = regex.compile(r"(.)\1+")
# Of a number that holds the places of a word's letters, the one that a sum may set aside.
_MOST_BITS = 63


@word_cache(2_000)
def skeleton_arabic(word: str) -> str:
    """Consonants of a folded Arabic word in Latin letters."""
    return _DOUBLED.sub(r"\1", word.translate(_LOOSE_ARABIC))


@word_cache(2_000)
def skeleton_english(word: str) -> str:
    """Consonants of a lower-case English word, spelling groups as Arabic hears them."""
    for group, letter in _ENGLISH_GROUPS:
        word = word.replace(group, letter)
    return _DOUBLED.sub(r"\1", word.translate(_LOOSE))


@word_cache(500)
def name_similarity(arabic: str, english: str) -> float:
    """How well two spellings sound alike, 0 to 1: twice the common subsequence over the lengths of the skeletons."""
    return name_similarities([arabic], english)[0]


def name_similarities(arabic: Sequence[str], english: str) -> list[float]:
    """The same for several Arabic words, at less than half the cost of each."""
    two = skeleton_english(english)
    if len(two) < 2:
        return [0.0] * len(arabic)
    places, every = _places(two), (1 << len(two)) - 1
    scores = []
    for word in arabic:
        one = skeleton_arabic(word)
        if len(one) < 2:
            scores.append(0.0)
            continue
        # Longest common subsequence, a bit for each place of the second that no letter has been found for (Hyyrö 2004).
        unmatched = every
        for letter in one:
            if letter in places and (found := unmatched & places[letter]):
                unmatched = ((unmatched + found) | (unmatched - found)) & every
        common = len(two) - unmatched.bit_count()
        score = 2 * common / (len(one) + len(two))
        # Two consonants agree by chance too often to say much.
        scores.append(score if common > 2 else score * 0.8)
    return scores


def similarity_matrix(arabic: Sequence[str], english: Sequence[str]) -> npt.NDArray[np.float64]:
    """The same for each Arabic word with each English one, all at once: one and more of either."""
    ones, twos = skeleton_arabic.each(arabic), skeleton_english.each(english)
    longest = max(map(len, ones))
    if max(longest, *map(len, twos)) > _MOST_BITS:
        return np.array([name_similarities(arabic, word) for word in english]).T
    # The first letter is none at all, which fills up the shorter words.
    letters = {letter: number for number, letter in enumerate(sorted({*"".join(ones)}), 1)}
    spelled = np.zeros((len(ones), longest), dtype=np.intp)
    for row, one in zip(spelled, ones, strict=True):
        row[: len(one)] = [letters[letter] for letter in one]
    places = np.zeros((len(letters) + 1, len(twos)), dtype=np.uint64)
    for column, two in enumerate(twos):
        for letter, bits in _places(two).items():
            if letter in letters:
                places[letters[letter], column] = bits
    one_lengths, two_lengths = np.array([len(one) for one in ones])[:, None], np.array([len(two) for two in twos])
    every = (np.uint64(1) << two_lengths.astype(np.uint64)) - np.uint64(1)
    unmatched = np.broadcast_to(every, (len(ones), len(twos)))
    for place in range(longest):
        found = unmatched & places[spelled[:, place]]
        unmatched = ((unmatched + found) | (unmatched - found)) & every
    common = two_lengths - np.bitwise_count(unmatched)
    scores = 2 * common / np.maximum(one_lengths + two_lengths, 1)
    scores = np.where(common > 2, scores, scores * 0.8)
    short = (one_lengths < 2) | (two_lengths < 2)
    similar: npt.NDArray[np.float64] = np.where(short, 0.0, scores)
    return similar


@word_cache(1_000)
def _places(skeleton: str) -> Mapping[str, int]:
    """The places of each letter as bits."""
    found: dict[str, int] = {}
    for place, letter in enumerate(skeleton):
        found[letter] = found.get(letter, 0) | 1 << place
    return found


def cue_matrix(
    arabic: Sequence[str],
    english: Sequence[str],
    known_arabic: npt.NDArray[np.bool_],
    known_english: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64]:
    """Pseudo-probabilities, Arabic units x English units, 0 where there is no cue.

    Args:
        arabic: Folded units.
        english: Folded units.
        known_arabic: Whether the lexicon holds the unit; then a likeness of sound must be closer to count.
        known_english: The same for English.
    """
    cues = np.zeros((len(arabic), len(english)))
    words: list[int] = []
    places: dict[str, list[int]] = {}
    for e, two in enumerate(english):
        places.setdefault(two, []).append(e)
    for a, one in enumerate(arabic):
        if one.startswith("+") or one.endswith("+"):
            continue  # A clitic.
        is_word = one.isalpha()
        if is_word and not one.isascii():
            words.append(a)
        if one in places:
            cues[a, places[one]] = 0.7
        if not is_word and any(letter.isdigit() for letter in one):
            cues[a, [e for e, two in enumerate(english) if two != one and _same_digits(one, two)]] = 0.6
    columns = [e for e, two in enumerate(english) if two.isalpha() and two.isascii()]
    if words and columns:
        alike = similarity_matrix([arabic[a] for a in words], [english[e] for e in columns])
        one_known, two_known = known_arabic[words][:, None], known_english[columns]
        both = one_known & two_known
        least = np.where(both, 0.85, np.where(one_known | two_known, 0.7, 0.6))
        cues[np.ix_(words, columns)] = np.where(alike >= least, np.where(both, 0.05, 0.5) * alike, 0.0)
    # Two words that neither side's lexicon knows are likelier each other than anything else.
    rare = np.outer(~known_arabic, ~known_english)
    cues[rare & (cues == 0)] = 0.004
    return cues


def _same_digits(one: str, two: str) -> bool:
    digits_one = "".join(letter for letter in one if letter.isdigit())
    digits_two = "".join(letter for letter in two if letter.isdigit())
    return digits_one != "" and digits_one == digits_two
