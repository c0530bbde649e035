"""Each field of a request arrives in its own place of the core, each value of the core in its own field of the answer.

Every value below occurs once, so that two fields cannot be exchanged unseen.
"""

from __future__ import annotations

import pytest
from khulasa.server.api.convert_model import model_to_proto
from khulasa.server.api.convert_summary import SummarizeInput, summarize_request, summarize_response
from khulasa.server.api.convert_translation import TranslateInput, assess_response, translate_request
from khulasa.server.api.limits import RequestLimits
from khulasa.server.api.ports import ModelDescription, ModelKind, QualityFigure
from khulasa.server.core.pipeline.types import (
    AlignedText,
    ArticleInput,
    ArticleStatistics,
    BilingualSummary,
    SummaryResult,
    SummarySettings,
)
from khulasa.server.core.summary.types import SummaryBounds
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.types import (
    Assessment,
    DecodingOptions,
    DigitShape,
    Glossary,
    GlossaryTerm,
    LanguagePair,
    ModelReference,
    Priority,
    QualityFlag,
    StageTimings,
    TextFormat,
    WordLink,
)
from khulasa.v1 import common_pb2, summary_pb2, translation_pb2

LIMITS = RequestLimits()
DECODING = {"beam_size": 7, "num_hypotheses": 6, "digit_shape": common_pb2.DIGIT_SHAPE_ARABIC_INDIC}
TERMS = {"terms": [{"source": "حلف", "target": "pact", "case_sensitive": True}, {"source": "قمة", "target": "summit"}]}
GLOSSARY = Glossary((GlossaryTerm("حلف", "pact", True), GlossaryTerm("قمة", "summit", False)))


def wire(model: common_pb2.ModelInfo) -> tuple[str, str, str, str, int]:
    return model.name, model.version, model.revision, model.vocabulary_map_revision, model.kind


@pytest.mark.parametrize("said", ["word_alignments", "deterministic"])
def test_a_request_to_translate(said: str) -> None:
    request = translation_pb2.TranslateRequest(
        texts=["one", "", "two"],
        source_language_code="ar",
        target_language_code="en",
        format=common_pb2.TEXT_FORMAT_HTML,
        options={**DECODING, said: True, "priority": common_pb2.PRIORITY_BULK},
        glossary=TERMS,
        request_id="id-1",
    )
    decoding = DecodingOptions(7, num_hypotheses=6, digit_shape=DigitShape.ARABIC_INDIC, **{said: True})
    assert translate_request(request, LIMITS) == TranslateInput(
        ("one", "", "two"), "ar", "en", TextFormat.HTML, decoding, Priority.BULK, GLOSSARY, "id-1"
    )


@pytest.mark.parametrize("said", ["word_alignments", "deterministic"])
def test_a_request_to_summarize(said: str) -> None:
    request = summary_pb2.SummarizeRequest(
        article={
            "article_id": "a-1",
            "title": "عنوان",
            "text": "نص",
            "language_code": "ar",
            "format": common_pb2.TEXT_FORMAT_HTML,
            "url": "https://example.org/1",
        },
        options={
            "target_language_code": "en",
            "max_words": 40,
            "focus": "اقتصاد",
            "full_translation": True,
            "max_key_terms": 5,
            "translation": {**DECODING, said: True, "priority": common_pb2.PRIORITY_BULK},
        },
        glossary=TERMS,
        request_id="id-1",
    )
    decoding = DecodingOptions(7, num_hypotheses=6, digit_shape=DigitShape.ARABIC_INDIC, **{said: True})
    assert summarize_request(request, LIMITS) == SummarizeInput(
        ArticleInput("نص", "a-1", "عنوان", "ar", TextFormat.HTML, "https://example.org/1"),
        SummarySettings("en", SummaryBounds(max_words=40), "اقتصاد", True, 5, decoding, GLOSSARY),
        Priority.BULK,
        "id-1",
    )


def test_assessments() -> None:
    links = (WordLink(Span(1, 2), Span(3, 4)), WordLink(Span(5, 6), Span(7, 8)))
    flags = (QualityFlag.EMPTY, QualityFlag.NUMBER_MISMATCH)
    model = ModelReference("name", "version", "revision", vocabulary_map="map")
    answer = assess_response(
        [Assessment(-0.5, 0.25, flags, links), Assessment(-1.5, 0.75, ())], model, StageTimings(1, 2, 3, 4)
    )
    first, second = answer.assessments
    assert [(one.score, one.similarity) for one in (first, second)] == [(-0.5, 0.25), (-1.5, 0.75)]
    assert first.flags == [common_pb2.QUALITY_FLAG_EMPTY, common_pb2.QUALITY_FLAG_NUMBER_MISMATCH]
    assert [
        (a.source_span.start, a.source_span.end, a.target_span.start, a.target_span.end) for a in first.word_alignments
    ] == [(1, 2, 3, 4), (5, 6, 7, 8)]
    assert (second.flags, second.word_alignments) == ([], [])
    assert wire(answer.model) == ("name", "version", "revision", "map", common_pb2.MODEL_KIND_TRANSLATION)
    assert answer.timings == common_pb2.Timings(queue_ms=1, translate_ms=2, summarize_ms=3, total_ms=4)


def test_what_made_a_summary() -> None:
    empty = BilingualSummary("a-1", AlignedText(), (), (), (), (), ArticleStatistics(1, 2, 3, 4, 5))
    translation = ModelReference("t", "t1", "t2", vocabulary_map="t3")
    selection = ModelReference("s", "s1", "s2", vocabulary_map="s3")
    answer = summarize_response(SummaryResult(empty, "ar", translation, selection), StageTimings(1, 2, 3, 4))
    assert wire(answer.translation_model) == ("t", "t1", "t2", "t3", common_pb2.MODEL_KIND_TRANSLATION)
    assert wire(answer.summary_model) == ("s", "s1", "s2", "s3", common_pb2.MODEL_KIND_SUMMARIZATION)
    assert answer.detected_language_code == "ar"
    assert answer.timings == common_pb2.Timings(queue_ms=1, translate_ms=2, summarize_ms=3, total_ms=4)


def test_a_model() -> None:
    model = ModelDescription(
        "name",
        "version",
        "revision",
        ModelKind.TRANSLATION,
        pairs=(LanguagePair("ar", "en"), LanguagePair("en", "fr")),
        languages=("de", "es"),
        licence="licence",
        max_input_tokens=3,
        quality=(QualityFigure("dataset", LanguagePair("en", "ar"), "metric", 12.5, "signature"),),
        preview=True,
        description="description",
        vocabulary_map="map",
    )
    pair = common_pb2.LanguagePair
    assert model_to_proto(model, RequestLimits(max_article_chars=5, max_texts=6)) == common_pb2.ModelInfo(
        name="name",
        version="version",
        revision="revision",
        kind=common_pb2.MODEL_KIND_TRANSLATION,
        language_pairs=[
            pair(source_language_code="ar", target_language_code="en"),
            pair(source_language_code="en", target_language_code="fr"),
        ],
        language_codes=["de", "es"],
        licence="licence",
        limits={"max_input_tokens": 3, "max_article_chars": 5, "max_texts": 6},
        quality=[
            common_pb2.QualityMeasurement(
                dataset="dataset",
                language_pair=pair(source_language_code="en", target_language_code="ar"),
                metric="metric",
                value=12.5,
                signature="signature",
            )
        ],
        preview=True,
        description="description",
        vocabulary_map_revision="map",
    )
