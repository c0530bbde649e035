"""Words of the source that were left as they are inside a translation.

A model that does not know a word may copy it: `will be تحقق`. In 997 lines of each of six systems and of the references
no English line has an Arabic word; so one is a fault, unless it is quoted, asked for or protected. In Arabic, Latin
words are often right (names, brands, units); there only a common word of the source counts: in small letters on both
sides, and known to the word lexicon, which holds few names in small letters.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex
from khulasa.server.core.translation.alignment.lexicon import load_lexicon
from khulasa.server.core.translation.alignment.units import fold_english
from khulasa.server.core.translation.markup.references import unescape
from khulasa.server.core.translation.protect import protected_items
from khulasa.server.core.translation.types import LanguagePair

__all__ = ["leftover_words"]

_ARABIC_WORD = regex.compile(r"[\p{Arabic}&&[\p{L}\p{M}]]{2,}", regex.V1)
# An Arabic prefix or ending may be joined to it.
_SMALL_WORD = regex.compile(r"(?<![A-Za-z0-9_.@/#&’'-])[a-z]{3,}(?![A-Za-z0-9_@/’'-])")
# A word named as a word: between quotation marks or in brackets, the innermost ones, so that a text of nothing but
# opening brackets is read once.
_QUOTED = regex.compile(r"\"[^\"]*\"|“[^“”]*”|«[^«»]*»|‘[^‘’]*’|\([^()]*\)|\[[^\[\]]*\]")


def leftover_words(source: str, target: str, pair: LanguagePair, kept: Sequence[str] = ()) -> tuple[str, ...]:
    """The words of `target` that should have been translated, in order.

    Args:
        source: A segment.
        target: Its translation.
        pair: Arabic to English or English to Arabic; nothing is looked for in other pairs.
        kept: Texts that may stand in the target as they are, such as glossary targets.
    """
    if (pair.source, pair.target) == ("ar", "en"):
        if not _ARABIC_WORD.search(target):
            return ()
        return tuple(_ARABIC_WORD.findall(_own_words(target, kept)))
    if (pair.source, pair.target) == ("en", "ar"):
        if not _SMALL_WORD.search(target):
            return ()
        found = _SMALL_WORD.findall(_own_words(target, kept))
        there, known = set(_SMALL_WORD.findall(source)), load_lexicon().english
        return tuple(word for word in found if word in there and fold_english(word) in known)
    return ()


def _own_words(target: str, kept: Sequence[str]) -> str:
    """The target without what is protected, quoted or kept."""
    target = unescape(target)
    pieces, at = [], 0
    for item in protected_items(target):
        pieces.append(target[at : item.span.start])
        at = item.span.end
    target = " ".join([*pieces, target[at:]])
    for text in kept:
        target = regex.sub(regex.escape(text), " ", target, flags=regex.IGNORECASE)
    return _QUOTED.sub(" ", target)
