"""Which words of a line tell its topic, to ask whether it speaks of what the article speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import regex
from khulasa.server.core.text.rules import arabic_clauses, part_rules, plain, sentence_rules, talk_rules
from khulasa.server.core.word_cache import word_cache

__all__ = ["article_words", "is_label", "topic_words"]

_PREFIX = regex.compile(r"^[وف]?(?:ال|بال|كال|لل|ب(?=\p{L}{4})|ل(?=\p{L}{4}))?(?=\p{L}{3})")
# Words are cut to so many letters, so that most forms of one fall together.
_ARABIC_STEM, _LATIN_STEM = 4, 5
_SHORTEST = 4
_LONGEST_LABEL = 4
_LONGEST = 400
# Paragraphs of a very long text that are asked.
_FIRST, _LAST = 150, 50


@cache
def _ignored() -> frozenset[str]:
    """Words that stand in any text: of grammar, dates, publishing."""
    clauses, parts, sentences, talk = arabic_clauses(), part_rules(), sentence_rules(), talk_rules()
    return frozenset().union(
        clauses.frames,
        clauses.dependent,
        clauses.openers,
        clauses.subordinators,
        sentences.starters,
        sentences.english_dependent,
        sentences.attribution,
        parts.months,
        parts.weekdays,
        parts.date_strong,
        parts.date_weak,
        parts.english_verbs,
        parts.furniture_words,
        parts.furniture_weak,
        talk.weak,
        talk.reader,
        talk.own,
        talk.reported,
    )


def is_label(seen: str, article: frozenset[str]) -> bool:
    """Whether a short line is a label of the site: it holds a word that such labels have, and none of the article.

    A quotation is none.

    Args:
        seen: The line, through `view`.
        article: Topic words of the running text.
    """
    words = plain(seen).split()
    rules = part_rules()
    if len(words) > _LONGEST_LABEL or rules.label_words.isdisjoint(words) or seen[:1] in ('"', "«"):
        return False
    of_sites = rules.label_words | rules.furniture_words | rules.furniture_weak
    other = sum(word not in of_sites for word in words)
    return other <= (len(words) > 2) and topic_words(seen).isdisjoint(article)


def article_words(paragraphs: Sequence[str]) -> frozenset[str]:
    """Topic words of the running text; of a very long one its beginning and end are asked, in bounded time."""
    asked = paragraphs if len(paragraphs) <= _FIRST + _LAST else [*paragraphs[:_FIRST], *paragraphs[-_LAST:]]
    return frozenset[str]().union(*map(topic_words, asked))


def topic_words(seen: str) -> frozenset[str]:
    """Stems of the words of a line, seen through `view`, that tell what it is about; of its beginning only."""
    stems = {_stem(word) for word in plain(seen[:_LONGEST]).split()}
    return frozenset(stem for stem in stems if stem)


@word_cache(1_000)
def _stem(word: str) -> str:
    """The stem by which a word is compared, empty for one that stands in any text."""
    ignored = _ignored()
    if word in ignored or word == "#":
        return ""
    if word[0].isascii():
        return word[:_LATIN_STEM] if len(word) >= _SHORTEST else ""
    stem = _PREFIX.sub("", word)
    return stem[:_ARABIC_STEM] if len(stem) >= _SHORTEST - 1 and stem not in ignored else ""
