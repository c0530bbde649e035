"""What stands for a term in a translation, told by word links."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from khulasa.server.core.summary.lexicon import Lexicon, Word, lexicon, words_of
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.cues import name_similarity
from khulasa.server.core.translation.types import WordLink
from khulasa.server.core.word_cache import word_cache

__all__ = ["Rendering", "Sides", "rendering"]

# A counterpart may hold this many code points that no link covers, such as an article or a preposition inside a name.
_MAX_GAP_CHARS = 12
# What a term does not go on behind.
_ENDS = frozenset(",;:!?()،؛؟")
# English words that Arabic writes as the first letter of the next word, and letters of names that begin so anyway.
_JOINED = {
    "و": (frozenset({"and"}), "wvou"),
    "ل": (frozenset({"to", "for", "of"}), "l"),
    "ب": (frozenset({"by", "in", "with", "at", "of", "to", "on"}), "bp"),
}
# Words before the term that are looked at for these: `to the robbery`.
_BEFORE = 2
_LEAST_LETTERS = 3
# English words that inside of a name (Isle of Wight) are linked to whatever stands there.
_SMALL = frozenset("of the and for in on at to a an by with from".split())  # noqa: SIM905
# Words on either side of a counterpart that may be part of it.
_BESIDE = 3
# Two spellings of a name sound alike from here; with a letter that is not its own in front they may be so far apart.
_ALIKE, _ALIKE_JOINED = 0.6, 0.5


class Rendering(NamedTuple):
    """A stretch of a translation for a term, empty for none.

    Attributes:
        quality: Words of the term that are rendered, less words of the stretch that render none, 1 at least; 0 where
            it says nothing by itself (two).
    """

    text: str
    quality: int


_NONE = Rendering("", 0)


@dataclass(frozen=True, slots=True)
class Sides:
    """A segment with its translation.

    Attributes:
        near, far: Rules of their languages.
        given, words: Their words.
        links: Of both.
    """

    source: str
    target: str
    near: Lexicon
    far: Lexicon
    given: list[Word]
    words: list[Word]
    links: Sequence[WordLink]

    @classmethod
    def of(cls, source: str, target: str, links: Sequence[WordLink], pair: tuple[str, str]) -> Sides:
        """Both texts read once, for all the terms that stand in them."""
        return cls(source, target, lexicon(pair[0]), lexicon(pair[1]), words_of(source), words_of(target), links)

    def is_linked(self, word: Word) -> bool:
        """Whether a word of the translation has a link."""
        return any(_overlap(word.span, link.target_span) for link in self.links)

    def between(self, one: int, other: int) -> str:
        """What stands between two words of the translation."""
        first, last = self.words[min(one, other)], self.words[max(one, other)]
        return self.target[first.span.end : last.span.start]


def rendering(term: Span, sides: Sides) -> Rendering:
    """The stretch of the translation that the words of `term` are linked to; none when it is scattered.

    Words that say nothing by themselves are cut off at both ends of it.

    Args:
        term: Place of the term in the segment.
        sides: The segment.
    """
    source, target, words, far = sides.source, sides.target, sides.words, sides.far
    # The article and prepositions are linked loosely: what stands between them and the term would come along.
    mine: defaultdict[Span, set[Span]] = defaultdict(set)
    small: set[Span] = set()
    for ln in sides.links:
        if not _overlap(ln.source_span, term):
            continue
        if ln.source_span.of(source).lower() in _SMALL or not _renders(ln.target_span.of(target), far.language):
            small.add(ln.target_span)
        else:
            mine[ln.target_span].add(ln.source_span)
    best = _longest_run(sorted(mine), small, target)
    # A link astray can stretch the run over half the sentence: better no counterpart than a wrong one.
    if best.end - best.start > 4 * (term.end - term.start) + 16:
        return _NONE
    some = [at for at, word in enumerate(words) if _overlap(word.span, best)]
    if not some:
        return _NONE
    reach = Span(words[max(0, some[0] - _BESIDE)].span.start, words[min(len(words) - 1, some[-1] + _BESIDE)].span.end)
    around = [
        ln.target_span
        for ln in sides.links
        if _overlap(ln.target_span, reach)
        and not _overlap(ln.source_span, term)
        and _says_something(ln.source_span.of(source), sides.near.language)
    ]
    # A word at either end that renders a neighbour of the term too is the neighbour's (Chelsea's | expected complaint),
    # unless it is all that a word of the term has and is not the neighbour itself, untranslated.
    others = {word.form for word in sides.given if not _overlap(word.span, term)}
    only = _only(mine)
    own = [
        at for at in some if not _is_in(words[at], around) or (_is_in(words[at], only) and words[at].form not in others)
    ] or some
    some = [
        at
        for at in range(own[0], own[-1] + 1)
        if far.is_content(words[at].form) or (words[at].form in far.light and _is_in(words[at], mine))
    ]
    if not some:
        return _NONE
    covered = {word for linked in mine.values() for word in linked}
    left = [
        word
        for word in sides.given
        if _overlap(word.span, term)
        and _renders(word.span.of(source), sides.near.language)
        and not _is_in(word, covered)
    ]
    first, last, more = _with_unlinked(term, some[0], some[-1], left, around, sides)
    foreign = sum(far.is_content(word.form) and not _is_in(word, mine) for word in words[first : last + 1])
    end = words[last].span.end
    text = target[words[first].span.start : end]
    if text.count('"') % 2 and target.startswith('"', end):
        text += '"'
    # Neither a possessive nor what Arabic joins to a word is part of the term.
    if text.endswith(("'s", "’s")):
        text = text[:-2]
    elif far.language == "ar":
        text = _without_joined(text, source[: term.start], term.of(source))
    if not any(far.is_content(word.form) for word in words[first : last + 1]):
        return Rendering(text, 0)
    return Rendering(text, max(1, len(covered) + 2 * more - foreign))


def _longest_run(spans: Sequence[Span], small: Collection[Span], target: str) -> Span:
    """The longest of the stretches that linked words make together."""
    best = Span(0, 0)
    at = 0
    while at < len(spans):
        start, end = spans[at]
        while (
            at + 1 < len(spans)
            and _uncovered(Span(end, spans[at + 1].start), small) <= _MAX_GAP_CHARS
            and not _ENDS.intersection(target[end : spans[at + 1].start])
        ):
            at += 1
            end = max(end, spans[at].end)
        if end - start > best.end - best.start:
            best = Span(start, end)
        at += 1
    return best


def _uncovered(gap: Span, small: Collection[Span]) -> int:
    """Code points of a gap without the small words in it that the term is linked to."""
    return gap.end - gap.start - sum(span.end - span.start for span in small if _overlap(span, gap))


def _only(mine: dict[Span, set[Span]]) -> list[Span]:
    """Places in the translation that are all that some word of the term is linked to."""
    places: defaultdict[Span, list[Span]] = defaultdict(list)
    for place, words in mine.items():
        for word in words:
            places[word].append(place)
    return [some[0] for some in places.values() if len(some) == 1]


def _with_unlinked(
    term: Span, first: int, last: int, left: list[Word], around: Sequence[Span], sides: Sides
) -> tuple[int, int, int]:
    """A run of words with those beside it that are of the term too though no link says so.

    Returns:
        The first and last of them, and how many words of the term without a link were found so.
    """
    apart = not _stands_by_unlinked(term, sides)
    if apart and sides.far.language != "ar":
        while first > 0 and _goes_on(first - 1, first, sides):
            first -= 1
        while last + 1 < len(sides.words) and _goes_on(last + 1, last, sides):
            last += 1
    # Barbara in سانتا | باربا.
    more = 0
    while more < min(_BESIDE, len(left)):
        found = [
            at for at in (first - 1, last + 1) if _is_same_name(at, first if at < first else last, left, around, sides)
        ]
        if not found:
            break
        first, last, more = min(first, found[0]), max(last, found[0]), more + 1
    # With no word beside the term that it may render instead, a name without a link is the one left: London's | port.
    if apart and not more and len(left) == 1 and sides.far.language != "ar":
        names = [at for at in (first - 1, last + 1) if _is_name(at, first if at < first else last, sides)]
        if len(names) == 1:
            first, last, more = min(first, names[0]), max(last, names[0]), 1
    return first, last, more


def _stands_by_unlinked(term: Span, sides: Sides) -> bool:
    """Whether the word before or behind the term has no link: what no link covers may render that one."""
    before = [word for word in sides.given if word.span.end <= term.start][-1:]
    behind = [word for word in sides.given if word.span.start >= term.end][:1]
    return any(
        # A comma parts them: `فون دير لاين، الولايات المتحدة`.
        not _ENDS.intersection(sides.source[word.span.end : term.start] + sides.source[term.end : word.span.start])
        and sides.near.is_content(word.form)
        and not any(_overlap(word.span, link.source_span) for link in sides.links)
        for word in before + behind
    )


def _goes_on(at: int, beside: int, sides: Sides) -> bool:
    """Whether a word that no link covers is of the same name as the word beside it: United | States."""
    word, far = sides.words[at], sides.far
    one, other = word.span.of(sides.target), sides.words[beside].span.of(sides.target)
    return (
        sides.between(at, beside) == " "
        and one[0].isupper()
        and other[0].isupper()
        and not one.endswith(("'s", "’s"))
        and (at > 0 or far.rarity(far.stem(word.form)) == 1.0)
        and far.is_content(word.form)
        and not sides.is_linked(word)
    )


def _is_same_name(at: int, beside: int, left: Sequence[Word], around: Sequence[Span], sides: Sides) -> bool:
    """Whether a word of the translation is a word of the term without a link, by its letters or by its sound."""
    if not 0 <= at < len(sides.words) or sides.between(at, beside) not in (" ", "-"):
        return False
    other = sides.words[at]
    if not sides.far.is_content(other.form) or _is_in(other, around):
        return False
    for word in left:
        one, two = word.span.of(sides.source), other.span.of(sides.target)
        arabic, english = (word, two) if sides.near.language == "ar" else (other, one)
        if one == two:
            return True
        if english.isascii() and english[0].isupper():
            heard = english.lower().removesuffix("'s")
            if any(name_similarity(form, heard) >= _ALIKE for form in (arabic.form, arabic.form.removeprefix("ال"))):
                return True
    return False


def _is_name(at: int, beside: int, sides: Sides) -> bool:
    """Whether a word inside of a sentence that no link covers is a name by its capital and by being rare."""
    if not 0 < at < len(sides.words) or sides.between(at, beside) != " ":
        return False
    word, far = sides.words[at], sides.far
    rare = far.is_content(word.form) and far.rarity(far.stem(word.form)) == 1.0
    return rare and word.span.of(sides.target)[0].isupper() and not sides.is_linked(word)


def _without_joined(text: str, before: str, term: str) -> str:
    """An Arabic counterpart without the first letter that renders an English word before the term: `to the robbery`.

    A name is without ل where that sounds more like it: `headquartered in Toronto`, `التابعة لتورنتو`.
    """
    first, letter = words_of(text)[0].form, term[0]
    for joined, (english, own) in _JOINED.items():
        rest = text.removeprefix(joined)
        if (
            rest == text
            or rest.startswith("ل" if joined == "ل" else " ")
            or len(words_of(rest)[0].form) < _LEAST_LETTERS
        ):
            continue
        # Arabic joins with `and` what English parts by commas.
        listed = joined == "و" and before.rstrip().endswith(",")
        # With the article on both: an adjective's noun has it behind what is joined, بالحكم المعطل.
        noun, _, adjective = rest.partition(" ")
        agrees = noun.startswith("ال") and adjective.startswith("ال")
        said = listed or agrees or not english.isdisjoint(word.form for word in words_of(before[-24:])[-_BEFORE:])
        if joined == "ل" and letter.isupper():
            name = term.split()[0].lower()
            without = name_similarity(first.removeprefix(joined), name)
            said = said or (without > name_similarity(first, name) and without >= _ALIKE_JOINED)
        if said and (rest.startswith(("ال", joined)) or letter.lower() not in own):
            return rest
    return text


@word_cache(1_000)
def _says_something(text: str, language: str) -> bool:
    rules = lexicon(language)
    return any(rules.is_content(word.form) for word in words_of(text))


@word_cache(1_000)
def _renders(text: str, language: str) -> bool:
    """Whether a word can render one of a term: it says something, be it with others alone (new, people, march)."""
    rules = lexicon(language)
    return any(rules.is_content(word.form) or word.form in rules.light for word in words_of(text))


def _is_in(word: Word, spans: Collection[Span]) -> bool:
    return any(_overlap(word.span, span) for span in spans)


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
