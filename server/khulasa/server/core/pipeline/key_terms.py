"""Counterparts of key terms: what stands for a term in the translations, told by word links."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from khulasa.server.core.pipeline.types import AlignedKeyTerm
from khulasa.server.core.summary.lexicon import lexicon, words_of
from khulasa.server.core.summary.types import KeyTerm
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.types import SegmentTranslation, WordLink

__all__ = ["align_key_terms", "counterpart"]

# A counterpart may hold this many code points that no link covers, such as an article or a preposition inside a name.
_MAX_GAP_CHARS = 12
# What a term does not go on behind.
_ENDS = frozenset(",;:!?()،؛؟")


def counterpart(term: Span, links: Sequence[WordLink], target: str, language: str) -> str:
    """The stretch of `target` that the words of `term` are linked to; empty when there is none or it is scattered.

    Args:
        term: Place of the term in the source segment.
        links: Word links of the segment.
        target: The segment's translation.
        language: Of the translation; words that say nothing by themselves are cut off at both ends.
    """
    spans = sorted(
        {ln.target_span for ln in links if ln.source_span.start < term.end and term.start < ln.source_span.end}
    )
    best = Span(0, 0)
    at = 0
    while at < len(spans):
        start, end = spans[at]
        while (
            at + 1 < len(spans)
            and spans[at + 1].start - end <= _MAX_GAP_CHARS
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
    return _without_small_words(best.of(target), language)


def _without_small_words(text: str, language: str) -> str:
    """The text from its first to its last word that says something; empty when none does."""
    rules = lexicon(language)
    words = words_of(text)
    content = [word.span for word in words if rules.is_content(word.form)]
    if not content:
        return ""
    end = content[-1].end
    # A possessive is not part of the term.
    return text[content[0].start : end - 2 if text[end - 2 : end] in ("'s", "’s") else end]


def align_key_terms(
    terms: Sequence[KeyTerm],
    sentences: Sequence[Span],
    translations: Sequence[SegmentTranslation | None],
    language: str,
) -> tuple[AlignedKeyTerm, ...]:
    """Key terms with their counterparts, same order.

    Args:
        terms: With spans in the document.
        sentences: Sentence spans in the document, in order.
        translations: One for each sentence, with word links; None where a sentence was not translated.
        language: Of the translations.
    """
    starts = [span.start for span in sentences]
    out = []
    for term in terms:
        found: Counter[str] = Counter()
        for span in term.source_spans:
            index = bisect_right(starts, span.start) - 1
            if index < 0 or span.end > sentences[index].end or (translation := translations[index]) is None:
                continue
            text = counterpart(
                span.shifted(-sentences[index].start), translation.word_links, translation.target_text, language
            )
            if text:
                found[text] += 1
        # The most frequent rendering; of equals the first, which Counter keeps in order of insertion.
        target = found.most_common(1)[0][0] if found else ""
        out.append(AlignedKeyTerm(term.source_text, target, term.salience, term.source_spans))
    return tuple(out)
