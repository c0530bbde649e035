"""Whether a side of a pair is in a third language of its script: French for English, Persian for Arabic.

No model of the pair can read or write it, and neither the letters nor the similarity tell, since the sentence encoder
knows many languages. The detector costs more than all other tests, so only a text that lacks the commonest words of its
language, or has letters that it does not use, is shown to it.
"""

from __future__ import annotations

import regex
from khulasa.server.core.text.language import detect_language

__all__ = ["is_in_another_language"]

# Shorter texts are names and titles, which the detector cannot tell.
_LEAST_WORDS = 5
# From this probability on the detector is believed.
_CERTAIN = 0.8
# English has one of these in every third or fourth word; other languages have them in names alone.
# fmt: off
_ENGLISH = frozenset([
    "the", "of", "and", "to", "that", "with", "were", "his", "they", "from", "by", "at", "this", "which", "are",
    "have", "has", "been", "not", "it", "would", "their", "more", "about", "who", "but", "than", "when", "into",
    "she", "you", "we", "had", "be", "can", "could", "said", "after", "its", "him", "our", "your", "my", "no", "up",
    "out", "one", "two", "new", "people", "over", "between", "during", "also", "other", "some", "many", "most", "all",
    "if", "how", "what", "where", "while", "through", "only", "being", "them", "these", "those", "there", "because",
    "before", "against", "should", "did", "does",
])
# fmt: on
_ENGLISH_WORDS_TO_ONE = 12
# Letters of Persian, Urdu, Kurdish and Pashto that Arabic has in names alone.
_NOT_ARABIC = regex.compile("[پچژگکیٹڈڑںھہےێۆەڵڕټډړښځڅۍ]")
_LEAST_LETTERS = 3
# Names say nothing of the language, so capitals are left out, and what is joined to them (al-Ajmi).
_WORD = regex.compile(r"(?<![\p{L}\p{M}'’-])[\p{Ll}\p{Lo}][\p{L}\p{M}]*+(?!-\p{Lu})")


def is_in_another_language(text: str, code: str) -> bool:
    """Whether a text of some length is surely in another language than `code`; False for others than `ar` and `en`."""
    if code == "en":
        written = text.split()
        # Most texts are told by this, in a tenth of the time.
        if len(written) <= _ENGLISH_WORDS_TO_ONE * sum(word in _ENGLISH for word in written):
            return False
        words = _WORD.findall(text)
        # Chinese has no spaces between its words, nor small letters.
        is_long = len(words) >= _LEAST_WORDS or any(len(word) >= _LEAST_WORDS and not word.islower() for word in words)
        suspected = is_long and len(words) > _ENGLISH_WORDS_TO_ONE * sum(word in _ENGLISH for word in words)
    elif code == "ar":
        words = _WORD.findall(text) if len(_NOT_ARABIC.findall(text)) >= _LEAST_LETTERS else []
        suspected = len(words) >= _LEAST_WORDS
    else:
        return False
    if not suspected:
        return False
    detected = detect_language(" ".join(words), [code])
    return detected.code not in ("", code) and detected.probability >= _CERTAIN
