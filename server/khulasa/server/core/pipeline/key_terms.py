"""Key terms with their counterparts, each the rendering that the translations have most often."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Sequence

from khulasa.server.core.pipeline.counterparts import Rendering, Sides, rendering
from khulasa.server.core.pipeline.types import AlignedKeyTerm
from khulasa.server.core.summary.types import KeyTerm
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.types import SegmentTranslation

__all__ = ["align_key_terms"]


def align_key_terms(
    terms: Sequence[KeyTerm],
    sentences: Sequence[Span],
    translations: Sequence[SegmentTranslation | None],
    pair: tuple[str, str],
    headline: Span | None = None,
) -> tuple[AlignedKeyTerm, ...]:
    """Key terms with their counterparts, same order.

    Args:
        terms: With spans in the document.
        sentences: Sentence spans in the document, in order; the headline's may be among them.
        translations: One for each sentence, with word links; None where a sentence was not translated.
        pair: Languages of the document and of the translations.
        headline: The one of `sentences` that is no sentence: of renderings as good those in sentences are taken.
    """
    starts = [span.start for span in sentences]
    sides: dict[int, Sides] = {}
    out = []
    for term in terms:
        found: defaultdict[str, list[Rendering]] = defaultdict(list)
        for span in sorted(term.source_spans, key=lambda span: headline is not None and span.start in range(*headline)):
            index = bisect_right(starts, span.start) - 1
            if index < 0 or span.end > sentences[index].end or (translation := translations[index]) is None:
                continue
            if index not in sides:
                sides[index] = Sides.of(translation.source_text, translation.target_text, translation.word_links, pair)
            one = rendering(span.shifted(-sentences[index].start), sides[index])
            if one.text:
                found[one.text.lower()].append(one)
        out.append(AlignedKeyTerm(term.source_text, _commonest(found.values()), term.salience, term.source_spans))
    return tuple(out)


def _commonest(found: Collection[list[Rendering]]) -> str:
    """The most frequent rendering; of equals that of most words of the term, and of these the first.

    At the head of a sentence it has a capital for its place: what is not there is shown as it stands elsewhere.
    """
    if not found:
        return ""
    qualities = {id(some): max(one.quality for one in some) for some in found}
    best = max(found, key=lambda some: (qualities[id(some)] > 0, len(some), qualities[id(some)]))
    same = [one.text for one in best]
    return max(same, key=lambda text: (same.count(text), text[:1].islower()))
