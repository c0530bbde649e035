"""What a place where a key term may stand is, in either language."""

from __future__ import annotations

from dataclasses import dataclass

import regex
from khulasa.server.core.summary.lexicon import Lexicon
from khulasa.server.core.text.types import Span

__all__ = ["MAX_WORDS", "Candidate", "may_stand"]

MAX_WORDS = 4

_DIGITS = regex.compile(r"[\d.,٫٬]+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One place where a term may stand.

    Attributes:
        key: Stems, by which places of one term are counted together.
        span: In the document; without prefixes that belong to the sentence rather than the term.
        is_name: The form says that it is a name.
        words: How many words it has.
        attributive: It agrees with the word before it: an Arabic adjective rather than a noun.
    """

    key: tuple[str, ...]
    span: Span
    is_name: bool
    words: int
    attributive: bool = False


def may_stand(form: str, rules: Lexicon, least: int) -> bool:
    """Whether a folded word of at least so many letters says something about a topic."""
    return len(form) >= least and rules.is_content(form) and not _DIGITS.fullmatch(form)
