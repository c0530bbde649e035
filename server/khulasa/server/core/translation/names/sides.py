"""The Arabic side of a pair as English names are looked for in it: by translation, by sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import regex
from khulasa.server.core.translation.names.exchange import ARABIC_PEOPLE
from khulasa.server.core.translation.names.sounds import likely_forms, may_sound, sound_score
from khulasa.server.core.translation.names.words import ArabicWord, EnglishWord, Rank, linked_ids, stems_for
from khulasa.server.core.word_cache import word_cache

__all__ = ["LEAST_SCORE", "LIKELY_SOUND", "ArabicSide", "best_sound", "name_score", "words_alone"]

# The limits are set on even lines of FLORES dev, see docs/quality-flags.md.
LEAST_SCORE = -2.0
# What is taken off where the Arabic word is one of the language, and what is granted to the first word of a sentence.
_ORDINARY, _FIRST = 0.7, 0.3
# A likeness below this says little where another word is the likelier counterpart of the same word.
LIKELY_SOUND = -1.5
# What makes the word of a people from a name: Assyrian, Sudanese; اشوري, اشوريون.
_PEOPLE = regex.compile(r"(?<=.{3})(?:i?ans?|ese|ish|ites?|is?)$")
# Within no word.
_BREAK = "\n"


def best_sound(forms: Mapping[str, float], latin: str, least: float, enough: float) -> float:
    """The best score of forms; exact from `least` to `enough`."""
    best = -10.0
    for _, form in sorted(likely_forms(forms, latin, least), reverse=True):
        added = forms[form]
        # What is not above the best of the others need not be exact either.
        best = max(best, sound_score(form, latin, max(least, best) - added) + added)
        if best >= enough:
            break
    return best


@word_cache(500)
def _people(latin: str) -> str:
    return _PEOPLE.sub("", latin)


class ArabicSide:
    """What every English name is looked for in.

    Args:
        words: The Arabic side.
    """

    def __init__(self, words: Sequence[ArabicWord]) -> None:
        self.words = words
        self.texts = frozenset(word.text.lower() for word in words)
        self.units = frozenset().union(*(word.units for word in words))
        names = [word for word in words if word.rank in (Rank.NAME, Rank.UNKNOWN)]
        self.others = {form for word in names for form in word.forms}
        self.ordinary = {form for word in words for form in word.forms} - self.others
        # Each at the beginning of a line.
        self._written = _BREAK.join(("", *self.others, *self.ordinary))
        self._scores: dict[str, float] = {}

    def score(self, english: EnglishWord) -> float:
        """As `name_score`, exact from the least to a likely sound; asked for several times, found once."""
        key = english.text if english.inside else f"{english.text}."
        if key not in self._scores:
            self._scores[key] = name_score(english, self, LEAST_SCORE, LIKELY_SOUND)
        return self._scores[key]

    def holds(self, english: EnglishWord) -> bool:
        """Whether a word stands there as it is or translated."""
        if english.text.lower() in self.texts or not self.units.isdisjoint(linked_ids(english.unit)):
            return True
        return any(_BREAK + stem in self._written for stem in stems_for(english.text))


def name_score(english: EnglishWord, arabic: ArabicSide, least: float, enough: float) -> float:
    """0 for a name that is translated or left as it is, or the best score of its sound; <= 0.

    Args:
        english: A name.
        arabic: The Arabic side.
        least: Scores below it need not be exact.
        enough: From this one on the search ends.
    """
    if arabic.holds(english):
        return 0.0
    granted = 0.0 if english.inside else _FIRST
    forms = dict.fromkeys(arabic.others, granted)
    best = best_sound(forms, english.latin, least, enough)
    if best < enough:
        # Few of the names are found among the many words of the language.
        ordinary = dict.fromkeys(arabic.ordinary, granted - _ORDINARY)
        best = max(best, best_sound(ordinary, english.latin, max(least, best), enough))
        forms |= ordinary
    people = _people(english.latin)
    if best < enough and people != english.latin:
        # Ordinary words come last, so that a stem of another counts as that.
        stems: dict[str, float] = {}
        for form, added in forms.items():
            if ARABIC_PEOPLE.search(form):
                stems.setdefault(ARABIC_PEOPLE.sub("", form), added)
        best = max(best, best_sound(stems, people, least, enough))
    return min(best, 0.0)


def words_alone(english: EnglishWord, words: Sequence[ArabicWord], least: float) -> list[ArabicWord]:
    """The words that alone give a name, which none of them translates, at least this score."""
    forms = {form for word in words for form in word.forms}
    # Nearly all words are ruled out together, by their letters and because they are of no people.
    hopeful = set(may_sound(dict.fromkeys(forms, _FIRST), english.latin, least))
    if _people(english.latin) != english.latin:
        hopeful.update(form for form in forms if ARABIC_PEOPLE.search(form))
    return [
        word
        for word in words
        if not hopeful.isdisjoint(word.forms)
        if name_score(english, ArabicSide([word]), least, least) >= least
    ]
