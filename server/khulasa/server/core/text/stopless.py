"""Short sentences of a text whose paragraphs have no stops at their ends: by their words of grammar."""

from __future__ import annotations

from collections.abc import Sequence

import regex
from khulasa.server.core.text.clauses import is_said_of
from khulasa.server.core.text.looks import Line, Look, lacks_stops
from khulasa.server.core.text.rules import arabic_clauses, part_rules, plain

__all__ = ["unstopped"]

_PARAGRAPH = 12
# A line of so many words may be a sentence.
_SENTENCE_WORDS = 6
_ASKING = frozenset(["why", "how", "what", "when", "where", "who"])
# Letters of `and it follows`; words of an English line that a verb makes a sentence without an article.
_JOINED_VERB, _TELLS_SURELY, _IS_NOT = 5, 9, ("ليس", "ليست")
_WILL = regex.compile(r"\p{Ll} (?:will|would|were|was|has been|have been) \p{Ll}")
_PAST = regex.compile(r"\p{Ll}{3}ed (?:for|to|that|the|an?|his|her|their|its|at|in|on|by) ")
_TAKES_NOUN = regex.compile(r"\b(?:[Tt]he|[Aa]n?|[Hh]is|[Hh]er|[Tt]heir|[Ii]ts) \p{Ll}")


def unstopped(lines: Sequence[Line]) -> list[int]:
    """Places of short lines that tell as sentences do, in a text without stops and right below it."""
    long = [at for at, line in enumerate(lines) if line.look is Look.BODY and line.words >= _PARAGRAPH]
    if not lacks_stops(lines[at] for at in long):
        return []
    out: list[int] = []
    for at in range(long[0] + 1, min(long[-1] + 2, len(lines))):
        line = lines[at]
        words, rules = plain(line.seen).split(), part_rules()
        short = line.look is Look.SHORT and line.words >= _SENTENCE_WORDS and not line.seen.endswith(":")
        if not short or line.seen[0].islower() or not _ASKING.isdisjoint(words[:1]):
            continue
        tells = not rules.english_verbs.isdisjoint(words) or (at > long[-1] and _PAST.search(line.seen) is not None)
        english = tells and _TAKES_NOUN.search(line.seen) is not None
        english = english or (line.words >= _TELLS_SURELY and _WILL.search(line.seen) is not None)
        if english or not rules.connectives.isdisjoint(words[:1]) or _opens_arabic(words):
            out.append(at)
    return out


def _opens_arabic(words: Sequence[str]) -> bool:
    """Whether words open as no heading does: `and follows`, or a definite noun and what is said of it."""
    first, second = words[:2]
    joined = first[0] == "و" and first[1:2] in ("ت", "ي") and len(first) >= _JOINED_VERB
    return joined or (first.startswith("ال") and (second in _IS_NOT or is_said_of(first, second, arabic_clauses())))
