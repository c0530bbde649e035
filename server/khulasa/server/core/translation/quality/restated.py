"""Words of a translation whose counterpart the source says as often: what they repeat is no fault of the translation.

`جنيف وبجنيف وللجنيف` is `Geneva, Geneva and Geneva`. Which word answers which is told by the word links; those of a
glossary's target cannot be known, so it answers to a word of the source that nothing else does. A clause that was
decoded twice is linked to the same words of the source, which stand there once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import regex
from khulasa.server.core.translation.alignment.lexicon import load_lexicon
from khulasa.server.core.translation.alignment.links import align_words
from khulasa.server.core.translation.alignment.units import units_of, words_of
from khulasa.server.core.translation.quality.signals import DANGLING
from khulasa.server.core.translation.types import LanguagePair

__all__ = ["said_as_often"]

_WORD = regex.compile(r"[\p{L}\p{N}]++")
# Shorter units are particles and pronouns, which stand everywhere.
_LEAST_LETTERS = 3


def said_as_often(source: str, target: str, pair: LanguagePair, kept: Sequence[str] = ()) -> frozenset[str]:
    """Content words of `target`, in small letters, that stand there no oftener than their counterpart in `source`.

    Args:
        source: A segment.
        target: Its translation.
        pair: Arabic and English; other pairs have no links, and so no such words.
        kept: Glossary targets that the source asks for.
    """
    words = words_of(source)
    frequency = load_lexicon().frequency
    function_words = DANGLING.get(pair.source, frozenset())
    little = DANGLING.get(pair.target, frozenset())
    units: dict[int, list[str]] = {}
    for unit in units_of(source, words, pair.source, frequency):
        if len(unit.text) >= _LEAST_LETTERS and unit.text.isalnum() and unit.text not in function_words:
            units.setdefault(unit.word, []).append(unit.text)
    in_source = Counter(text for texts in units.values() for text in texts)
    if not in_source or max(in_source.values()) < 2:
        return frozenset()
    in_target = Counter(_WORD.findall(target.lower()))
    asked = {word for text in kept for word in _WORD.findall(text.lower())}
    number_of = {span: number for number, span in enumerate(words)}
    found, answered = set[str](), set[str]()
    for link in align_words(source, target, pair):
        texts = units.get(number_of[link.source_span], [])
        for word in _WORD.findall(link.target_span.of(target).lower()):
            if word not in asked and word not in little:
                answered.update(texts)
                if any(in_source[text] >= in_target[word] for text in texts):
                    found.add(word)
    most = max((count for text, count in in_source.items() if text not in answered), default=0)
    return frozenset(found | {word for word in asked - little if in_target[word] <= most})
