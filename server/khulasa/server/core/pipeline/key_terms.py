"""Counterparts of key terms: what stands for a term in the translations, told by word links."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

from khulasa.server.core.pipeline.types import AlignedKeyTerm
from khulasa.server.core.summary.lexicon import Lexicon, Word, lexicon, words_of
from khulasa.server.core.summary.types import KeyTerm
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.types import SegmentTranslation, WordLink

__all__ = ["align_key_terms", "counterpart"]

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


def counterpart(
    term: Span,
    links: Sequence[WordLink],
    source: str,
    target: str,
    pair: tuple[str, str],
    read: Callable[[str], list[Word]] = words_of,
) -> str:
    """The stretch of `target` that the words of `term` are linked to; empty when there is none or it is scattered.

    Args:
        term: Place of the term in the source segment.
        links: Word links of the segment.
        source: The source segment.
        target: The segment's translation.
        pair: Languages of both; words that say nothing by themselves are cut off at both ends of the counterpart.
        read: `words_of`, which may remember: both texts are asked for with each term that stands in them.
    """
    rules = lexicon(pair[1])
    # The article and prepositions are linked loosely: what stands between them and the term would come along.
    mine = {ln.target_span for ln in links if _overlap(ln.source_span, term)}
    spans = sorted(span for span in mine if _says_something(span.of(target), rules))
    small = sorted(mine.difference(spans))
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
    # A link astray can stretch the run over half the sentence: better no counterpart than a wrong one.
    if best.end - best.start > 4 * (term.end - term.start) + 16:
        return ""
    words = read(target)
    some = [at for at, word in enumerate(words) if _overlap(word.span, best)]
    if not some:
        return ""
    # Only what reaches into the run is asked what it says, which costs more than all else here.
    reach = Span(words[some[0]].span.start, words[some[-1]].span.end)
    around = [
        ln.target_span
        for ln in links
        if _overlap(ln.target_span, reach)
        and not _overlap(ln.source_span, term)
        and _says_something(ln.source_span.of(source), lexicon(pair[0]))
    ]
    # A word at either end that renders a neighbour of the term too is the neighbour's: Chelsea's | expected complaint.
    own = [at for at in some if not any(_overlap(words[at].span, span) for span in around)] or some
    some = [at for at in range(own[0], own[-1] + 1) if rules.is_content(words[at].form)]
    if not some:
        return ""
    first, last = some[0], some[-1]
    if pair[1] != "ar" and not _stands_by_unlinked(term, links, read(source), source, lexicon(pair[0])):
        linked = [ln.target_span for ln in links]
        while first > 0 and _goes_on(words[first - 1], words[first], target, linked, rules):
            first -= 1
        while last + 1 < len(words) and _goes_on(words[last + 1], words[last], target, linked, rules):
            last += 1
    text = target[words[first].span.start : words[last].span.end]
    # Neither a possessive nor what Arabic joins to a word is part of the term.
    if text.endswith(("'s", "’s")):
        return text[:-2]
    return _without_joined(text, source[: term.start], source[term.start]) if pair[1] == "ar" else text


def _uncovered(gap: Span, small: Sequence[Span]) -> int:
    """Code points of a gap without the small words in it that the term is linked to."""
    return gap.end - gap.start - sum(span.end - span.start for span in small if _overlap(span, gap))


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _says_something(text: str, rules: Lexicon) -> bool:
    return any(rules.is_content(word.form) for word in words_of(text))


def _stands_by_unlinked(
    term: Span, links: Sequence[WordLink], words: Sequence[Word], source: str, rules: Lexicon
) -> bool:
    """Whether the word before or behind the term has no link: what no link covers may render that one."""
    beside = [one for one in words if one.span.end <= term.start][-1:] + [
        one for one in words if one.span.start >= term.end
    ][:1]
    # A comma parts them: `فون دير لاين، الولايات المتحدة`.
    beside = [
        one
        for one in beside
        if not _ENDS.intersection(source[one.span.end : term.start] + source[term.end : one.span.start])
    ]
    return any(
        rules.is_content(word.form) and not any(_overlap(word.span, link.source_span) for link in links)
        for word in beside
    )


def _goes_on(word: Word, beside: Word, target: str, linked: Sequence[Span], rules: Lexicon) -> bool:
    """Whether a word that no link covers is of the same name as the word beside it: United | States."""
    one, other = word.span.of(target), beside.span.of(target)
    between = target[min(word.span.end, beside.span.end) : max(word.span.start, beside.span.start)]
    return (
        between == " "
        and one[0].isupper()
        and other[0].isupper()
        and not one.endswith(("'s", "’s"))
        and (word.span.start > 0 or rules.rarity(rules.stem(word.form)) == 1.0)
        and rules.is_content(word.form)
        and not any(_overlap(word.span, span) for span in linked)
    )


def _without_joined(text: str, before: str, letter: str) -> str:
    """An Arabic counterpart without the first letter that renders an English word before the term: `to the robbery`."""
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
        said = listed or not english.isdisjoint(word.form for word in words_of(before[-24:])[-_BEFORE:])
        if said and (rest.startswith(("ال", joined)) or letter.lower() not in own):
            return rest
    return text


def align_key_terms(
    terms: Sequence[KeyTerm],
    sentences: Sequence[Span],
    translations: Sequence[SegmentTranslation | None],
    pair: tuple[str, str],
) -> tuple[AlignedKeyTerm, ...]:
    """Key terms with their counterparts, same order.

    Args:
        terms: With spans in the document.
        sentences: Sentence spans in the document, in order.
        translations: One for each sentence, with word links; None where a sentence was not translated.
        pair: Languages of the document and of the translations.
    """
    starts = [span.start for span in sentences]
    out = []
    read = cache(words_of)
    for term in terms:
        found: Counter[str] = Counter()
        for span in term.source_spans:
            index = bisect_right(starts, span.start) - 1
            if index < 0 or span.end > sentences[index].end or (translation := translations[index]) is None:
                continue
            text = counterpart(
                span.shifted(-sentences[index].start),
                translation.word_links,
                translation.source_text,
                translation.target_text,
                pair,
                read,
            )
            if text:
                found[text] += 1
        # The most frequent rendering; of equals the first, which Counter keeps in order of insertion.
        target = found.most_common(1)[0][0] if found else ""
        out.append(AlignedKeyTerm(term.source_text, target, term.salience, term.source_spans))
    return tuple(out)
