"""What a place where a key term may stand is, in either language."""

from __future__ import annotations

from dataclasses import dataclass

import regex
from khulasa.server.core.summary.lexicon import Lexicon
from khulasa.server.core.text.types import Span

__all__ = ["MAX_WORDS", "Candidate", "is_counted", "may_stand"]

MAX_WORDS = 4

_DIGITS = regex.compile(r"[\d.,٫٬]+")
# Looked at before a word: `62 ب`, `55 `.
_COUNTED = regex.compile(r"\d[ \u00a0-]?ب?$")


@dataclass(slots=True)
class Candidate:
    """One place where a term may stand.

    Attributes:
        key: Stems, by which places of one term are counted together.
        span: In the document; without prefixes that belong to the sentence rather than the term.
        is_name: The form says that it is a name.
        words: How many words it has.
        attributive: It says something about another word: an adjective rather than a noun, or what is counted.
        half: One word of which the other stands beside it: وحدات | الحرس, وزارة | المالية.
    """

    key: tuple[str, ...]
    span: Span
    is_name: bool
    words: int
    attributive: bool = False
    half: bool = False


def may_stand(form: str, rules: Lexicon, least: int) -> bool:
    """Whether a folded word of at least so many letters says something about a topic."""
    return len(form) >= least and rules.is_content(form) and not _DIGITS.fullmatch(form)


def is_counted(text: str, start: int) -> bool:
    """Whether what begins at `start` stands behind a number: 62 بالمائة, 55 pct."""
    return _COUNTED.search(text[max(0, start - 4) : start]) is not None
