"""Conversion is exact both ways and takes every request that the protos allow."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from khulasa.server.api.convert_model import model_to_proto
from khulasa.server.api.convert_options import FLAGS, ORIGINS, is_request_id
from khulasa.server.api.convert_summary import PART_KINDS, summarize_request, summarize_response
from khulasa.server.api.convert_translation import (
    assess_request,
    segment_to_proto,
    translate_request,
    translate_response,
)
from khulasa.server.api.limits import RequestLimits
from khulasa.server.api.ports import ModelDescription, ModelKind
from khulasa.server.core.errors import InvalidInputError
from khulasa.server.core.pipeline.types import (
    AlignedKeyTerm,
    AlignedSentence,
    AlignedText,
    ArticleStatistics,
    BilingualSummary,
    SummaryResult,
)
from khulasa.server.core.text.types import Part, PartKind, Span
from khulasa.server.core.translation.types import (
    DigitShape,
    Glossary,
    GlossaryTerm,
    Hypothesis,
    ModelReference,
    Origin,
    Priority,
    QualityFlag,
    SegmentTranslation,
    StageTimings,
    TextFormat,
    TextTranslation,
    WordLink,
)
from khulasa.v1 import common_pb2, summary_pb2, translation_pb2

LIMITS = RequestLimits()
# Any code point but surrogates, with a good share of Arabic.
TEXT = st.text(alphabet=st.one_of(st.characters(exclude_categories=("Cs",)), st.sampled_from("ابتثجحخ ،.٠١٢ً\u202e")))
SPANS = st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1)).map(lambda ends: Span(*sorted(ends)))
# What a float32 of the wire holds exactly.
FLOATS = st.floats(-100, 100, width=32)
LINKS = st.builds(WordLink, SPANS, SPANS)
FLAG_LISTS = st.lists(st.sampled_from(QualityFlag), unique=True).map(tuple)
SEGMENTS = st.builds(
    SegmentTranslation,
    SPANS,
    SPANS,
    TEXT,
    TEXT,
    FLOATS,
    FLOATS,
    FLAG_LISTS,
    st.lists(LINKS, max_size=3).map(tuple),
    st.lists(st.builds(Hypothesis, TEXT, FLOATS), max_size=2).map(tuple),
    st.sampled_from(Origin),
)
SENTENCES = st.builds(
    AlignedSentence,
    TEXT,
    TEXT,
    SPANS,
    st.integers(0, 1000),
    st.integers(0, 1000),
    FLOATS,
    FLOATS,
    FLOATS,
    FLAG_LISTS,
    st.lists(LINKS, max_size=2).map(tuple),
    st.sampled_from(Origin),
    st.lists(SPANS, max_size=2).map(tuple),
)
REFERENCES = st.builds(ModelReference, TEXT, TEXT, TEXT, vocabulary_map=TEXT)


def flags_of(numbers: Iterable[int]) -> tuple[QualityFlag, ...]:
    return tuple(QualityFlag[common_pb2.QualityFlag.Name(n).removeprefix("QUALITY_FLAG_")] for n in numbers)


def span_of(message: common_pb2.Span) -> Span:
    return Span(message.start, message.end)


def segment_of(message: translation_pb2.SegmentTranslation) -> SegmentTranslation:
    """The core's segment, read back by numbers alone."""
    return SegmentTranslation(
        span_of(message.source_span),
        span_of(message.target_span),
        message.source_text,
        message.target_text,
        message.score,
        message.similarity,
        flags_of(message.flags),
        tuple(WordLink(span_of(a.source_span), span_of(a.target_span)) for a in message.word_alignments),
        tuple(Hypothesis(h.target_text, h.score) for h in message.hypotheses),
        Origin[common_pb2.TranslationOrigin.Name(message.origin).removeprefix("TRANSLATION_ORIGIN_")],
    )


def sentence_of(message: summary_pb2.AlignedSentence) -> AlignedSentence:
    return AlignedSentence(
        message.source_text,
        message.target_text,
        span_of(message.source_span),
        message.paragraph_index,
        message.sentence_index,
        message.salience,
        message.score,
        message.similarity,
        flags_of(message.flags),
        tuple(WordLink(span_of(a.source_span), span_of(a.target_span)) for a in message.word_alignments),
        Origin[common_pb2.TranslationOrigin.Name(message.origin).removeprefix("TRANSLATION_ORIGIN_")],
        tuple(span_of(s) for s in message.evidence_spans),
    )


@given(SEGMENTS)
def test_a_segment_survives_the_wire(segment: SegmentTranslation) -> None:
    wire = segment_to_proto(segment).SerializeToString()
    assert segment_of(translation_pb2.SegmentTranslation.FromString(wire)) == segment


@given(
    st.lists(st.builds(TextTranslation, TEXT, st.lists(SEGMENTS, max_size=2).map(tuple)), max_size=3), TEXT, REFERENCES
)
def test_translations_keep_count_and_order(
    translations: list[TextTranslation], language: str, model: ModelReference
) -> None:
    wire = translate_response(translations, language, model, StageTimings(1, 2, 3, 4)).SerializeToString()
    read = translation_pb2.TranslateResponse.FromString(wire)
    assert [
        TextTranslation(one.text, tuple(map(segment_of, one.segments))) for one in read.translations
    ] == translations
    assert ModelReference(read.model.name, read.model.version, read.model.revision) == model
    assert read.model.vocabulary_map_revision == model.vocabulary_map
    assert (read.timings.queue_ms, read.timings.translate_ms, read.timings.summarize_ms, read.timings.total_ms) == (
        1,
        2,
        3,
        4,
    )


@given(
    st.builds(
        BilingualSummary,
        TEXT,
        st.builds(AlignedText, TEXT, TEXT, FLAG_LISTS),
        st.lists(SENTENCES, max_size=3).map(tuple),
        st.lists(st.builds(AlignedKeyTerm, TEXT, TEXT, FLOATS, st.lists(SPANS, max_size=3).map(tuple)), max_size=2).map(
            tuple
        ),
        st.lists(SENTENCES, max_size=3).map(tuple),
        st.lists(st.builds(Part, st.sampled_from(PartKind), SPANS), max_size=4).map(tuple),
        st.builds(ArticleStatistics, *[st.integers(0, 2**31 - 1)] * 5),
    ),
    REFERENCES,
    REFERENCES,
)
def test_a_summary_survives_the_wire(
    summary: BilingualSummary, translation: ModelReference, selection: ModelReference
) -> None:
    result = SummaryResult(summary, "ar", translation, selection)
    wire = summarize_response(result, StageTimings()).SerializeToString()
    read = summary_pb2.SummarizeResponse.FromString(wire).summary
    counts = read.statistics
    assert (
        BilingualSummary(
            read.article_id,
            AlignedText(read.title.source_text, read.title.target_text, flags_of(read.title.flags)),
            tuple(map(sentence_of, read.sentences)),
            tuple(
                AlignedKeyTerm(t.source_text, t.target_text, t.salience, tuple(map(span_of, t.source_spans)))
                for t in read.key_terms
            ),
            tuple(map(sentence_of, read.full_translation)),
            tuple(
                Part(PartKind[summary_pb2.PartKind.Name(p.kind).removeprefix("PART_KIND_")], span_of(p.span))
                for p in read.parts
            ),
            ArticleStatistics(counts.chars, counts.words, counts.sentences, counts.paragraphs, counts.summary_words),
        )
        == summary
    )


def test_enums_of_core_and_proto_are_the_same_sets() -> None:
    pairs = (
        (FLAGS, common_pb2.QualityFlag, QualityFlag),
        (ORIGINS, common_pb2.TranslationOrigin, Origin),
        (PART_KINDS, summary_pb2.PartKind, PartKind),
    )
    for table, proto, core in pairs:
        assert set(table) == set(core)
        assert set(table.values()) == set(proto.values()) - {0}
    assert {kind.name for kind in ModelKind} | {"UNSPECIFIED"} == {
        name.removeprefix("MODEL_KIND_") for name, _ in common_pb2.ModelKind.items()
    }


@given(
    text=TEXT.filter(lambda t: t and not t.isspace()),
    title=TEXT,
    format_=st.sampled_from([0, 1, 2]),
    digits=st.sampled_from([0, 1, 2]),
    priority=st.sampled_from([0, 1, 2]),
    bound=st.sampled_from(["max_sentences", "max_words", "ratio", ""]),
    beam_size=st.integers(0, 8),
    key_terms=st.integers(0, 50),
)
def test_every_allowed_request_is_taken_as_it_is(
    text: str, title: str, format_: int, digits: int, priority: int, bound: str, beam_size: int, key_terms: int
) -> None:
    request = summary_pb2.SummarizeRequest(
        article={"text": text, "title": title, "format": format_},
        options={
            "max_key_terms": key_terms,
            "translation": {"beam_size": beam_size, "digit_shape": digits, "priority": priority},
        },
    )
    if bound:
        setattr(request.options, bound, 0.5 if bound == "ratio" else 7)
    read = summarize_request(summary_pb2.SummarizeRequest.FromString(request.SerializeToString()), LIMITS)
    assert (read.article.text, read.article.title) == (text, title)
    assert read.article.format is (TextFormat.HTML if format_ == 2 else TextFormat.PLAIN_TEXT)
    assert read.settings.decoding.digit_shape is list(DigitShape)[digits]
    assert read.priority is (Priority.BULK if priority == 2 else Priority.INTERACTIVE)
    bounds = {"max_sentences": None, "max_words": None, "ratio": None}
    if bound:
        bounds[bound] = 0.5 if bound == "ratio" else 7  # type: ignore[assignment]
    assert {name: getattr(read.settings.bounds, name) for name in bounds} == bounds
    assert (read.settings.decoding.beam_size, read.settings.max_key_terms) == (beam_size, key_terms)


@given(
    st.builds(
        dict,
        max_sentences=st.integers(-(2**31), 2**31 - 1),
        max_words=st.integers(-(2**31), 2**31 - 1),
        ratio=st.floats(width=32),
        max_key_terms=st.integers(-(2**31), 2**31 - 1),
    )
)
def test_options_are_taken_or_refused_by_name_and_never_anything_else(options: dict[str, float]) -> None:
    request = summary_pb2.SummarizeRequest(article={"text": "نص"}, options=options)
    try:
        read = summarize_request(request, LIMITS)
    except InvalidInputError as refusal:
        fields = {violation.field for violation in refusal.violations}
    else:
        fields = set()
        bounds = read.settings.bounds
        set_ones = [b for b in (bounds.max_sentences, bounds.max_words, bounds.ratio) if b is not None]
        assert len(set_ones) <= 1
        assert all(b > 0 and math.isfinite(b) for b in set_ones)
        assert 0 <= read.settings.max_key_terms <= 50
    assert fields <= {f"options.{name}" for name in options}


def test_an_unset_priority_is_the_methods_own() -> None:
    request = summary_pb2.SummarizeRequest(article={"text": "نص"})
    assert summarize_request(request, LIMITS).priority is Priority.INTERACTIVE
    assert summarize_request(request, LIMITS, Priority.BULK).priority is Priority.BULK
    request.options.translation.priority = common_pb2.PRIORITY_INTERACTIVE
    assert summarize_request(request, LIMITS, Priority.BULK).priority is Priority.INTERACTIVE


def test_a_text_may_be_empty_but_not_absent() -> None:
    assert translate_request(translation_pb2.TranslateRequest(texts=["", " "]), LIMITS).texts == ("", " ")
    with pytest.raises(InvalidInputError):
        translate_request(translation_pb2.TranslateRequest(), LIMITS)


SMALL = RequestLimits(max_article_chars=10, max_texts=3, max_request_chars=20, default_beam_size=4)
LARGEST_GLOSSARY = {"terms": [{"source": f"{n:0200}", "target": "ط" * 200} for n in range(1_000)]}


@pytest.mark.parametrize("bound", [{"max_sentences": 100}, {"max_words": 10_000}, {"ratio": 1.0}])
def test_an_article_may_be_as_large_as_the_limits_say(bound: dict[str, float]) -> None:
    article = {"text": "ط" * 10, "article_id": "x" * 256, "title": "ط" * 1_000, "url": "x" * 2_048}
    options = {"focus": "ط" * 500, "max_key_terms": 50, "translation": {"beam_size": 8, "num_hypotheses": 8}, **bound}
    request = summary_pb2.SummarizeRequest(
        article=article, options=options, glossary=LARGEST_GLOSSARY, request_id="x" * 128
    )
    read = summarize_request(request, SMALL)
    assert (read.article.text, read.article.article_id) == (article["text"], article["article_id"])
    assert (read.article.title, read.article.url) == (article["title"], article["url"])
    assert (read.settings.focus, read.request_id) == (options["focus"], "x" * 128)
    assert (len(read.settings.glossary.terms), read.settings.decoding.num_hypotheses) == (1_000, 8)


def test_texts_may_be_as_many_and_as_long_together_as_the_limits_say() -> None:
    def faults(*texts: str, **options: int) -> list[str]:
        request = translation_pb2.TranslateRequest(texts=texts, options=options)
        try:
            assert translate_request(request, SMALL).texts == texts
        except InvalidInputError as refusal:
            return [violation.field for violation in refusal.violations]
        return []

    assert faults("ط" * 10, "ط" * 10) == faults("", "", "") == faults("a", num_hypotheses=4) == []
    assert faults("ط" * 7, "ط" * 7, "ط" * 7) == faults("", "", "", "") == ["texts"]
    # One that is too long by itself is not told twice.
    assert faults("ط" * 11, "ط" * 10) == ["texts[0]"]
    assert faults("a", num_hypotheses=5) == ["options.num_hypotheses"]


def test_pairs_to_assess_are_read_as_they_are() -> None:
    glossary = {"terms": [{"source": "ط", "target": "t", "case_sensitive": True}]}
    request = translation_pb2.AssessRequest(
        pairs=[{"source_text": "ط" * 9, "target_text": " "}, {"source_text": "ب", "target_text": "b"}],
        source_language_code="ar",
        target_language_code="en",
        glossary=glossary,
        word_alignments=True,
        request_id="r",
    )
    read = assess_request(request, SMALL)
    assert read.pairs == (("ط" * 9, " "), ("ب", "b"))
    assert (read.source, read.target, read.word_alignments, read.request_id) == ("ar", "en", True, "r")
    assert read.glossary == Glossary((GlossaryTerm("ط", "t", True),))
    request.pairs[1].target_text = "b" * 10
    with pytest.raises(InvalidInputError) as refusal:
        assess_request(request, SMALL)
    assert [violation.field for violation in refusal.value.violations] == ["pairs"]


@pytest.mark.parametrize(
    ("value", "fine"),
    [
        *(("a", True), ("A b~!", True), ("x" * 128, True), ("", False), ("x" * 129, False)),
        *(("é", False), ("a\r", False), (" a", False), ("a ", False), (" ", False)),
    ],
)
def test_request_ids(value: str, fine: bool) -> None:
    assert is_request_id(value) is fine


def test_a_model_says_its_limits() -> None:
    model = ModelDescription(
        "m", "1", "f" * 64, ModelKind.EMBEDDING, languages=("ar",), max_input_tokens=3, vocabulary_map="e" * 64
    )
    info = model_to_proto(model, RequestLimits(max_article_chars=5, max_texts=6))
    assert (info.limits.max_input_tokens, info.limits.max_article_chars, info.limits.max_texts) == (3, 5, 6)
    assert info.kind == common_pb2.MODEL_KIND_EMBEDDING
    assert info.vocabulary_map_revision == "e" * 64
