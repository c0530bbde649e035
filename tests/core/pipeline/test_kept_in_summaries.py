"""What a page says is not to be translated, in the summary's pairs, the full translation and the title."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import replace

from khulasa.server.core.pipeline.encoding import EncodingQueue
from khulasa.server.core.pipeline.reading import read_article
from khulasa.server.core.pipeline.summarize import SummaryPipeline
from khulasa.server.core.pipeline.types import ArticleInput, BilingualSummary, SummarySettings
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.types import (
    DecodingOptions,
    Glossary,
    LanguagePair,
    ModelReference,
    RequestContext,
    SegmentTranslation,
    TextFormat,
    WordLink,
)
from marking_translator import MarkingTranslator

PAGE = (
    "<html><body><h1>اتفاق جديد مع <span translate='no'>Acme Corp</span> في العاصمة</h1>\n"
    "<p>وقعت الوزارة أمس اتفاقا مع شركة <b translate='no'>Acme &amp; Co</b> لبناء مدرسة في المدينة. "
    "وقال الوزير إن العمل يبدأ بالأمر <code>x=1</code> في الأسبوع المقبل.</p>"
    "<p>وحضر مئات السكان حفل التوقيع في وسط العاصمة أمس.</p></body></html>"
)


class _Mangling(MarkingTranslator):
    """Gives each segment back with `~` before it and every Latin word turned round, linked word by word."""

    def __init__(self) -> None:
        super().__init__()
        self.linked: list[bool] = []

    async def translate_segments(
        self,
        segments: Sequence[str],
        pair: LanguagePair,
        options: DecodingOptions,
        glossary: Glossary,
        context: RequestContext,
    ) -> list[SegmentTranslation]:
        self.linked.append(options.word_alignments)
        done = await super().translate_segments(segments, pair, options, glossary, context)
        found = []
        for one in done:
            target = re.sub(r"[A-Za-z]+", lambda match: match[0][::-1].lower(), one.target_text)
            spans = [Span(*match.span()) for match in re.finditer(r"\w+|[=&]", one.source_text)]
            links = tuple(WordLink(span, span.shifted(1)) for span in spans) if options.word_alignments else ()
            found.append(replace(one, target_text=target, word_links=links))
        return found


async def summarized(
    text: str, chosen: SummarySettings, kind: TextFormat, title: str = ""
) -> tuple[BilingualSummary, list[bool]]:
    translator = _Mangling()
    pipeline = SummaryPipeline(
        translator, EncodingQueue(SentenceEncoder(1)), summary_model=ModelReference("extractive", "1", "x" * 64)
    )
    article = ArticleInput(text, title=title, language="ar", format=kind)
    return (await pipeline.summarize(article, chosen, RequestContext())).summary, translator.linked


async def test_pairs_and_the_title_keep_what_is_not_to_be_translated() -> None:
    chosen = SummarySettings(full_translation=True, decoding=DecodingOptions(word_alignments=True), max_key_terms=5)
    got, _ = await summarized(PAGE, chosen, TextFormat.HTML)
    assert got.title.target_text == "~اتفاق جديد مع Acme Corp في العاصمة"
    first, second, third = got.full_translation
    assert "شركة Acme & Co لبناء" in first.target_text
    assert "بالأمر x=1 في" in second.target_text
    assert third.target_text == f"~{third.source_text}"
    targets = {one.sentence_index: one.target_text for one in got.full_translation}
    assert got.sentences
    assert all(targets[one.sentence_index] == one.target_text for one in got.sentences)
    for one in got.full_translation:
        assert one.source_span.of(PAGE) == one.source_text
        # Each word, and so each kept one, is linked to itself; in the source an entity stands for its sign.
        for link in one.word_links:
            assert link.source_span.of(one.source_text).replace("&amp;", "&") == link.target_span.of(one.target_text)
    assert {"Acme", "Co"} <= {link.target_span.of(first.target_text) for link in first.word_links}
    named = [(term.source_text, term.target_text) for term in got.key_terms if "Acme" in term.source_text]
    assert named
    assert all(html.unescape(re.sub(r"<[^>]*>", "", source)) == target for source, target in named)


async def test_links_are_made_only_where_something_is_kept_and_given_only_to_who_asked() -> None:
    got, linked = await summarized(PAGE, SummarySettings(), TextFormat.HTML)
    assert linked == [True]
    assert not any(one.word_links for one in got.sentences)
    plain = PAGE.replace("<span translate='no'>", "<span>").replace("<b translate='no'>", "<b>")
    plain = plain.replace("<code>", "<b>").replace("</code>", "</b>")
    got, linked = await summarized(plain, SummarySettings(), TextFormat.HTML)
    assert linked == [False]
    assert "emca proc" in got.title.target_text


async def test_a_headline_that_came_with_the_request_is_plain_text() -> None:
    got, _ = await summarized(PAGE, SummarySettings(), TextFormat.HTML, title="اتفاق مع Acme Corp اليوم")
    assert "emca proc" in got.title.target_text
    assert any("Acme & Co" in one.target_text for one in got.sentences)


def test_a_stretch_over_two_sentences_counts_in_each() -> None:
    page = "<p>قال المتحدث <span translate=no>إن العمل مستمر في المشروع. وإن النهاية قريبة</span> جدا هذا العام.</p>"
    read = read_article(ArticleInput(page, format=TextFormat.HTML), "ar")
    first, second = (sentence.span for sentence in read.document.sentences)
    for sentence, wanted in ((first, "إن العمل مستمر في المشروع."), (second, "وإن النهاية قريبة")):
        assert [s.of(sentence.of(read.document.text)) for s in read.kept_in(sentence)] == [wanted]
    assert read.kept_in(None) == ()
