"""Arabic has no capitals: a name is told by the lexicon, whose English for it sounds like the word itself.

`حفتر` is translated as `haftar`, `يهدد` as `threaten`. A word that the lexicon does not know is taken for a name unless
it looks like a verb.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.cues import name_similarity
from khulasa.server.core.translation.alignment.lexicon import load_lexicon
from khulasa.server.core.translation.alignment.units import units_of
from khulasa.server.core.word_cache import word_cache

__all__ = ["is_arabic_name"]

# How alike two spellings sound from which the English is the same name rather than a translation.
_ALIKE = 0.75
# A translation below this share says little.
_LEAST_SHARE = 0.08
_VERB = regex.compile(r"^س?[يتن]\p{L}{2,4}(?:ون|ين|ان|وا|ه|ها|هم)?$|^\p{L}{3,4}(?:ت|وا|تا)$")


@word_cache(1_000)
def is_arabic_name(word: str) -> bool:
    """Whether an Arabic word is likelier a name than a word of the language."""
    lexicon = load_lexicon()
    units = [unit.text for unit in units_of(word, [Span(0, len(word))], "ar", lexicon.frequency)]
    stems = [unit for unit in units if not unit.endswith("+") and not unit.startswith("+")]
    if not stems or not any(letter.isalpha() for letter in word):
        return False
    stem = max(stems, key=len)
    english = _translations().get(stem)
    if not english:
        return _VERB.match(stem) is None
    return any(name_similarity(stem, one) >= _ALIKE for one in english)


@cache
def _translations() -> Mapping[str, tuple[str, ...]]:
    """English units that each Arabic unit stands for often enough, likeliest first."""
    lexicon = load_lexicon()
    arabic = {number: unit for unit, number in lexicon.arabic.items()}
    english = {number: unit for unit, number in lexicon.english.items()}
    found: dict[str, list[tuple[float, str]]] = {}
    for (one, other), share in lexicon.english_given_arabic.items():
        if share >= _LEAST_SHARE and one in arabic and other in english:
            found.setdefault(arabic[one], []).append((share, english[other]))
    return {unit: tuple(word for _, word in sorted(some, reverse=True)) for unit, some in found.items()}
