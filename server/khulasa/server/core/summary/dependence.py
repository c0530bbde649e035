"""Which sentences cannot stand alone, and what they lean on."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import regex
from khulasa.server.core.summary.lexicon import Lexicon, Word, lexicon, words_of
from khulasa.server.core.text.types import Document

__all__ = ["Lean", "leanings"]


class Lean(Enum):
    """What a sentence needs beside it to be understood.

    NONE: nothing.
    ANCHOR: the nearest sentence before it that stands alone; it names the speaker (`He added that ...`, the inner
        sentences of a quotation).
    PREVIOUS: the sentence just before it (`However, ...`, `This means ...`).
    """

    NONE = "none"
    ANCHOR = "anchor"
    PREVIOUS = "previous"


_OPENING = regex.compile(r"[«“„]|(?<![\p{L}\p{N}])\"(?=[\p{L}\p{N}])")
_CLOSING = regex.compile(r"[»”]|(?<=[\p{L}\p{N}\p{P}])\"(?![\p{L}\p{N}])")
_QUOTE_MARKS = regex.compile(r"[«»“”„\"]")
# Words of an opening that are looked at: longer rules do not exist.
_OPENING_WORDS = 6
# A quotation that is still open after this many sentences lost its closing mark.
_MAX_QUOTED_SENTENCES = 6


def leanings(document: Document) -> list[Lean]:
    """What each sentence leans on; the first of a document leans on nothing.

    Args:
        document: Read article.

    Returns:
        One entry for each of `document.sentences`.
    """
    rules = lexicon(document.language)
    out: list[Lean] = []
    quoted = 0  # sentences since a quotation was opened and not closed; 0 outside of one
    paragraph = -1
    for index, sentence in enumerate(document.sentences):
        text = sentence.span.of(document.text)
        if sentence.paragraph_index != paragraph and quoted > 1 and not _QUOTE_MARKS.search(text):
            quoted = 0
        paragraph = sentence.paragraph_index
        inside = quoted > 0
        if index == 0:
            out.append(Lean.NONE)
        elif inside:
            out.append(Lean.ANCHOR)
        else:
            out.append(_opening(text, rules))
        still_open = _open_after(text, inside)
        quoted = quoted + 1 if still_open and quoted < _MAX_QUOTED_SENTENCES else 0
    return out


def _open_after(text: str, inside: bool) -> bool:
    """Whether a quotation is open at the end of a sentence, given whether one was at its beginning."""
    depth = inside
    for match in _QUOTE_MARKS.finditer(text):
        mark = match.group()
        if mark in "«“„":
            depth = True
        elif mark in "»”":
            depth = False
        else:
            depth = not depth
    return depth


def _opening(text: str, rules: Lexicon) -> Lean:
    words = words_of(text[:160])[: _OPENING_WORDS + 1]
    if not words:
        return Lean.NONE
    return _opening_ar(text, words, rules) if rules.language == "ar" else _opening_en(words, rules)


def _opening_ar(text: str, words: Sequence[Word], rules: Lexicon) -> Lean:
    forms = [word.form for word in words]
    bare = _without_conjunction(forms[0])
    for first in dict.fromkeys((forms[0], bare)):
        opening = (first, *forms[1:])
        if any(phrase[0] == first and opening[: len(phrase)] == phrase for phrase in rules.adjacent_always):
            return Lean.PREVIOUS
        for phrase in rules.adjacent_bare:
            if opening[: len(phrase)] == phrase:
                following = opening[len(phrase)] if len(opening) > len(phrase) else ""
                return Lean.NONE if following.startswith("ال") and not following.startswith("الذ") else Lean.PREVIOUS
    at = 1 if bare in ("كما", "قد", "لقد") and len(forms) > 1 else 0
    if _without_conjunction(forms[at]) in rules.speech_verbs and _goes_straight_on(text, words[at:], rules):
        return Lean.ANCHOR
    return Lean.NONE


def _goes_straight_on(text: str, words: Sequence[Word], rules: Lexicon) -> bool:
    """Whether what follows the speech verb `words[0]` is what was said rather than who said it."""
    if len(words) < 2:
        return True
    between = text[words[0].span.end : words[1].span.start]
    if any(mark in between for mark in ':،"«“,'):
        return True
    following = words[1].form
    # Verb and pronoun in one word: `أضاف أنه`, `وأضاف بأن`, `قال للصحفيين`.
    return following in rules.after_speech or following.startswith("لل")


def _without_conjunction(form: str) -> str:
    """A word without the و or ف that opens Arabic sentences."""
    if len(form) > 2 and form[0] in "وف":
        return form[1:]
    return form


def _opening_en(words: Sequence[Word], rules: Lexicon) -> Lean:
    forms = tuple(word.form for word in words)
    for phrase in rules.adjacent_always:
        if forms[: len(phrase)] == phrase:
            return Lean.PREVIOUS
    # `He added`, `she also said`: one of the next two words is a speech verb.
    if forms[0] in rules.pronouns and any(form in rules.speech_verbs for form in forms[1:3]):
        return Lean.ANCHOR
    if forms[:3] in (("according", "to", "him"), ("according", "to", "her"), ("according", "to", "them")):
        return Lean.ANCHOR
    for phrase in rules.adjacent_bare:
        if forms[: len(phrase)] == phrase:
            return Lean.PREVIOUS
    return Lean.NONE
