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

__all__ = ["leftover_words", "loses_foreign_run"]

_ARABIC_WORD = regex.compile(r"[\p{Arabic}&&[\p{L}\p{M}]]{2,}", regex.V1)
# An Arabic prefix or ending may be joined to it.
_SMALL_WORD = regex.compile(r"(?<![A-Za-z0-9_.@/#&’'-])[a-z]{3,}(?![A-Za-z0-9_@/’'-])")
# A word named as a word: between quotation marks or in brackets, the innermost ones, so that a text of nothing but
# opening brackets is read once.
_QUOTED = regex.compile(r"\"[^\"]*\"|“[^“”]*”|«[^«»]*»|‘[^‘’]*’|\([^()]*\)|\[[^\[\]]*\]")

# Three words or more without a letter of the source's script, nothing but spaces, hyphens and apostrophes between.
_LATIN = r"[\p{L}--\p{Arabic}][\p{L}\p{M}--\p{Arabic}]*+"
_ARABIC = r"[\p{L}--\p{Latin}][\p{L}\p{M}--\p{Latin}]*+"
_FOREIGN_RUNS = {
    source: regex.compile(rf"(?<![\p{{L}}\p{{M}}]){word}(?:[ \u00a0'’\-]{{1,2}}{word}){{2,}}+", regex.V1)
    for source, word in (("ar", _LATIN), ("en", _ARABIC))
}
_LETTERS, _MARKS = regex.compile(r"\p{L}++"), regex.compile(r"[\p{M}\u0640]")


def loses_foreign_run(source: str, target: str, pair: LanguagePair) -> bool:
    """Whether three words or more of another script than the source's do not stand in the target as they are.

    A model of the pair cannot read them, and says what it likes: English quoted in an Arabic sentence, or a whole
    segment whose language is not the one that was named.

    Args:
        source: A segment.
        target: Its translation.
        pair: From Arabic or English; in other pairs nothing is looked for.
    """
    runs = _FOREIGN_RUNS.get(pair.source)
    if runs is None or (pair.source == "en" and source.isascii()) or not (found := runs.findall(source)):
        return False
    written = _letters(target)
    return any(_letters(run) not in written for run in found)


def _letters(text: str) -> str:
    """The words of a text in small letters, a space around each, marks left out."""
    return f" {' '.join(_LETTERS.findall(_MARKS.sub('', text).lower()))} "


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
