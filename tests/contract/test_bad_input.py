"""Bad input through a real channel: the documented code, a violation for each fault, and the next request is served."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import grpc
import pytest
from api_rig import ARABIC, Failure, Rig, failure_of, refused
from fake_core import FakeCore
from khulasa.server.api.limits import RequestLimits
from khulasa.server.core.errors import FieldViolation, GlossaryConflictError, NothingToSummarizeError
from khulasa.v1 import common_pb2, summary_pb2, summary_pb2_grpc, translation_pb2

SUMMARIZE = "/khulasa.v1.SummaryService/Summarize"
TRANSLATE = "/khulasa.v1.TranslationService/Translate"


def article(text: str = ARABIC, **fields: object) -> summary_pb2.SummarizeRequest:
    return summary_pb2.SummarizeRequest(article=summary_pb2.Article(text=text, **fields))


def options(**fields: object) -> summary_pb2.SummarizeRequest:
    request = article()
    request.options.CopyFrom(summary_pb2.SummaryOptions(**fields))
    return request


def decoding(**fields: object) -> summary_pb2.SummarizeRequest:
    return options(translation=common_pb2.TranslationOptions(**fields))


def invalid(failure: Failure, *fields: str) -> None:
    """`failure` is INVALID_ARGUMENT with exactly these violations, each explained."""
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert sorted(failure.fields) == sorted(fields)
    assert all(failure.fields.values())
    assert (failure.reason, failure.domain) == ("INVALID_FIELD", "khulasa")


async def test_metadata_below_the_limit_is_never_refused_and_above_it_always(rig: Rig) -> None:
    for _ in range(20):
        await rig.summary.Summarize(article(), metadata=(("authorization", "Bearer " + "x" * 15_000),))
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await rig.summary.Summarize(article(), metadata=(("authorization", "Bearer " + "x" * 16_400),))
        assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (summary_pb2.SummarizeRequest(), ["article.text"]),
        (article(""), ["article.text"]),
        (article(" \n\t\u00a0\u2003\r\n"), ["article.text"]),
        (article("ا" * 500_001), ["article.text"]),
        (article(article_id="x" * 257), ["article.article_id"]),
        (article(title="x" * 1001), ["article.title"]),
        (article(url="x" * 2049), ["article.url"]),
        (article(language_code="Arabic"), ["article.language_code"]),
        (article(language_code="ar-EG"), ["article.language_code"]),
        (article(format=99), ["article.format"]),
        (options(max_sentences=-1), ["options.max_sentences"]),
        (options(max_sentences=101), ["options.max_sentences"]),
        (options(max_words=-5), ["options.max_words"]),
        (options(max_words=10_001), ["options.max_words"]),
        (options(ratio=-0.1), ["options.ratio"]),
        (options(ratio=1.5), ["options.ratio"]),
        (options(ratio=float("nan")), ["options.ratio"]),
        (options(ratio=float("inf")), ["options.ratio"]),
        (options(max_sentences=3, ratio=0.2), ["options.ratio"]),
        (options(max_sentences=3, max_words=50), ["options.max_words"]),
        (options(focus="x" * 501), ["options.focus"]),
        (options(max_key_terms=-1), ["options.max_key_terms"]),
        (options(max_key_terms=51), ["options.max_key_terms"]),
        (options(target_language_code="english!"), ["options.target_language_code"]),
        (decoding(beam_size=-1), ["options.translation.beam_size"]),
        (decoding(beam_size=9), ["options.translation.beam_size"]),
        (decoding(beam_size=2, num_hypotheses=3), ["options.translation.num_hypotheses"]),
        (decoding(num_hypotheses=5), ["options.translation.num_hypotheses"]),
        (decoding(num_hypotheses=-2), ["options.translation.num_hypotheses"]),
        (decoding(priority=7), ["options.translation.priority"]),
        (decoding(digit_shape=-3), ["options.translation.digit_shape"]),
        (summary_pb2.SummarizeRequest(article={"text": ARABIC}, request_id="نص"), ["request_id"]),
        (summary_pb2.SummarizeRequest(article={"text": ARABIC}, request_id="a\nb"), ["request_id"]),
        (
            summary_pb2.SummarizeRequest(
                article={"text": " ", "language_code": "1"},
                options={"max_sentences": -1, "max_words": 3, "ratio": 2.0, "translation": {"beam_size": 50}},
                glossary={
                    "terms": [
                        {"source": "حلف", "target": "pact"},
                        {"source": " ", "target": ""},
                        {"source": "حلف", "target": "alliance"},
                    ]
                },
            ),
            [
                "article.text",
                "article.language_code",
                "options.max_sentences",
                "options.max_words",
                "options.ratio",
                "options.translation.beam_size",
                "glossary.terms[1].source",
                "glossary.terms[1].target",
                "glossary.terms[2].target",
            ],
        ),
    ],
)
async def test_every_fault_of_an_article_is_named(
    rig: Rig, request_: summary_pb2.SummarizeRequest, fields: list[str]
) -> None:
    invalid(await refused(rig.summary.Summarize(request_)), *fields)
    assert rig.core.articles == []
    await rig.summary.Summarize(article())


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (translation_pb2.TranslateRequest(), ["texts"]),
        (translation_pb2.TranslateRequest(texts=["x"] * 10_000), ["texts"]),
        (translation_pb2.TranslateRequest(texts=["a", "b" * 500_001, "c"]), ["texts[1]"]),
        (translation_pb2.TranslateRequest(texts=["a" * 400_000] * 3), ["texts"]),
        (translation_pb2.TranslateRequest(texts=["a"], source_language_code="x"), ["source_language_code"]),
        (translation_pb2.TranslateRequest(texts=["a"], target_language_code="EN"), ["target_language_code"]),
        (translation_pb2.TranslateRequest(texts=["a"], format=42), ["format"]),
        (translation_pb2.TranslateRequest(texts=["a"], options={"beam_size": 99}), ["options.beam_size"]),
        (translation_pb2.TranslateRequest(texts=["a"], glossary={"terms": [{}] * 1001}), ["glossary.terms"]),
        (
            translation_pb2.TranslateRequest(texts=["a"], glossary={"terms": [{"source": "a", "target": "b" * 201}]}),
            ["glossary.terms[0].target"],
        ),
        (
            translation_pb2.TranslateRequest(
                texts=["a"],
                glossary={"terms": [{"source": "--", "target": "b\nc"}, {"source": "ـ" * 201, "target": "d"}]},
            ),
            ["glossary.terms[0].source", "glossary.terms[0].target", "glossary.terms[1].source"],
        ),
        (
            # Contradictions are named with whatever else is wrong, each term's own faults apart.
            translation_pb2.TranslateRequest(
                texts=["a"],
                source_language_code="ar",
                options={"beam_size": 9},
                glossary={
                    "terms": [
                        {"source": "أزمة", "target": "crisis"},
                        {"source": "ازمه", "target": "emergency"},
                        {"source": "", "target": "x"},
                        {"source": "", "target": "y"},
                    ]
                },
            ),
            [
                "options.beam_size",
                "glossary.terms[1].target",
                "glossary.terms[2].source",
                "glossary.terms[3].source",
            ],
        ),
    ],
)
async def test_every_fault_of_a_translation_is_named(
    rig: Rig, request_: translation_pb2.TranslateRequest, fields: list[str]
) -> None:
    invalid(await refused(rig.translation.Translate(request_)), *fields)
    stream = rig.translation.TranslateStream(translation_pb2.TranslateStreamRequest(request=request_))
    invalid(await refused(stream.read()), *fields)
    await rig.translation.Translate(translation_pb2.TranslateRequest(texts=["next"]))


async def test_every_fault_of_an_assessment_is_named(rig: Rig) -> None:
    request = translation_pb2.AssessRequest(source_language_code="ara b")
    request.pairs.add(source_text="", target_text="text")
    request.pairs.add(source_text="نص", target_text="")
    failure = await refused(rig.translation.Assess(request))
    invalid(failure, "pairs[0].source_text", "source_language_code")
    invalid(await refused(rig.translation.Assess(translation_pb2.AssessRequest())), "pairs")


async def test_ten_megabytes_are_refused_by_name_not_by_the_transport(rig: Rig) -> None:
    for text in ("a" * 10_000_000, "كلمة " * 2_000_000):
        invalid(await refused(rig.summary.Summarize(article(text))), "article.text")
    await rig.summary.Summarize(article())


async def test_what_is_larger_than_a_message_may_be_is_refused_even_when_it_is_packed(rig: Rig) -> None:
    zeros = grpc.aio.insecure_channel(
        rig.address, options=[("grpc.max_send_message_length", -1)], compression=grpc.Compression.Gzip
    )
    huge = article("a" * (33 * 2**20))
    assert len(gzip.compress(huge.SerializeToString())) < 100_000
    async with zeros:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await summary_pb2_grpc.SummaryServiceStub(zeros).Summarize(huge)
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    await rig.summary.Summarize(article())


@pytest.mark.parametrize(
    "text",
    [
        "كلمة " * 80_000,
        ARABIC + "\0\x01\x07\x7f",
        "\u202e" + ARABIC + "\u202c\u2066\u2069",
        "<html><body><p>" + ARABIC + "</p></body></html>",
        "a" * 400_000,
    ],
    ids=["line without a full stop", "NUL and control characters", "overrides", "HTML as plain text", "one word"],
)
async def test_odd_text_reaches_the_core_unchanged(rig: Rig, text: str) -> None:
    await rig.summary.Summarize(article(text))
    assert rig.core.articles[0].text == text


async def test_a_share_that_is_a_hair_too_large_is_told_in_full(rig: Rig) -> None:
    failure = await refused(rig.summary.Summarize(options(ratio=1.0000001)))
    assert "got 1.00000012" in failure.message


async def test_an_article_with_nothing_to_summarize_is_the_callers_fault(rig: Rig) -> None:
    rig.core.error = NothingToSummarizeError([FieldViolation("article.text", "holds no sentence of running text")])
    failure = await refused(rig.summary.Summarize(article("Share\nTweet")))
    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "NOTHING_TO_SUMMARIZE")
    assert list(failure.fields) == ["article.text"]


async def test_a_million_dots_are_refused(rig: Rig) -> None:
    invalid(await refused(rig.summary.Summarize(article("." * 1_000_000))), "article.text")


async def test_a_glossary_that_contradicts_itself_is_refused(rig: Rig) -> None:
    rig.core.error = GlossaryConflictError([FieldViolation("glossary.terms[1].target", "contradicts terms[0]")])
    failure = await refused(rig.summary.Summarize(article()))
    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "GLOSSARY_CONFLICT")


@pytest.mark.parametrize("code", ["", "ru", "fr"])
async def test_a_third_language_is_told_what_there_is(rig: Rig, code: str) -> None:
    failure = await refused(rig.summary.Summarize(article("Совет объявил о решении.", language_code=code)))
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "UNSUPPORTED_LANGUAGE_PAIR")
    assert failure.metadata["available_pairs"] == "ar-en,en-ar"
    assert failure.metadata["source_language_code"] == (code or "ru")
    request = translation_pb2.TranslateRequest(texts=["text"], target_language_code="de")
    failure = await refused(rig.translation.Translate(request))
    assert failure.metadata["target_language_code"] == "de"
    assert failure.code is grpc.StatusCode.FAILED_PRECONDITION


async def test_words_of_a_language_that_cannot_be_told_are_refused(rig: Rig) -> None:
    unknown = "ⵜⴰⵎⴰⵣⵉⵖⵜ"
    request = translation_pb2.TranslateRequest(texts=["12", unknown])
    assess = translation_pb2.AssessRequest(pairs=[{"source_text": unknown, "target_text": "text"}])
    for call in (
        rig.translation.Translate(request),
        drained(rig.translation.TranslateStream(translation_pb2.TranslateStreamRequest(request=request))),
        rig.translation.Assess(assess),
    ):
        failure = await refused(call)
        assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "UNSUPPORTED_LANGUAGE_PAIR")


async def test_no_direction_is_guessed_to_score_what_has_no_word(rig: Rig) -> None:
    request = translation_pb2.AssessRequest(pairs=[{"source_text": "2024", "target_text": "2024"}])
    failure = await refused(rig.translation.Assess(request))
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "UNSUPPORTED_LANGUAGE_PAIR")
    request.source_language_code = "ar"
    assert len((await rig.translation.Assess(request)).assessments) == 1


async def test_a_target_that_is_not_served_is_refused_for_texts_without_a_word_too(rig: Rig) -> None:
    request = translation_pb2.TranslateRequest(texts=["2024"], target_language_code="de")
    failure = await refused(rig.translation.Translate(request))
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "UNSUPPORTED_LANGUAGE_PAIR")


async def drained(call: AsyncIterator[object]) -> None:
    async for _ in call:
        pass


@pytest.mark.parametrize(
    ("bytes_", "why"),
    [
        (b"\xed\xa0\x80", "a lone surrogate, as CESU-8 writes it"),
        (b"\xff\xfe\xfd", "bytes that no UTF-8 has"),
        (b"\xc0\xaf\xc0", "overlong"),
        (b"\xd8\xa7\xd8", "cut in the middle of a letter"),
    ],
)
async def test_text_that_is_no_utf8_is_named(rig: Rig, bytes_: bytes, why: str) -> None:
    call = rig.channel.unary_unary(SUMMARIZE)
    raw = article("QQQ", article_id="a").SerializeToString().replace(b"QQQ", bytes_)
    invalid(await _raw(call(raw)), "article.text")
    await rig.summary.Summarize(article())


async def test_each_string_that_is_no_utf8_is_named(rig: Rig) -> None:
    request = translation_pb2.TranslateRequest(texts=["fine", "QQQ", "نص", "QQQ"], request_id="id-7")
    request.glossary.terms.add(source="fine", target="QQQ")
    raw = request.SerializeToString().replace(b"QQQ", b"\xed\xbf\xbf")
    failure = await _raw(rig.channel.unary_unary(TRANSLATE)(raw))
    invalid(failure, "texts[1]", "texts[3]", "glossary.terms[0].target")
    assert failure.request_id == "id-7"


@pytest.mark.parametrize("raw", [b"\x0a\xff", b"\xff" * 50, b"\x0a\x05abc", b"\x07"])
async def test_bytes_that_are_no_message_are_the_callers_fault(rig: Rig, raw: bytes) -> None:
    invalid(await _raw(rig.channel.unary_unary(SUMMARIZE)(raw)), "khulasa.v1.SummarizeRequest")
    await rig.summary.Summarize(article())


@pytest.mark.parametrize("method", [SUMMARIZE, TRANSLATE, "/khulasa.v1.TranslationService/TranslateStream"])
async def test_a_call_without_a_message_gets_the_code_of_grpc_for_it(rig: Rig, method: str) -> None:
    call = rig.channel.stream_stream(method)(iter([]))
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call.read()
    failure = failure_of(error.value)
    assert (failure.code, failure.reason) == (grpc.StatusCode.UNIMPLEMENTED, "INVALID_FIELD")


async def test_of_two_messages_where_one_is_wanted_the_first_is_answered(rig: Rig) -> None:
    texts = [translation_pb2.TranslateRequest(texts=[text]).SerializeToString() for text in ("one", "two")]
    call = rig.channel.stream_unary(TRANSLATE, response_deserializer=translation_pb2.TranslateResponse.FromString)
    assert [one.text for one in (await call(iter(texts))).translations] == ["ONE"]


async def test_many_violations_still_fit_in_the_trailers(rig: Rig) -> None:
    request = translation_pb2.TranslateRequest(texts=["a"], glossary={"terms": [{}] * 1000})
    failure = await refused(rig.translation.Translate(request))
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert 20 < len(failure.fields) <= 100
    assert "glossary.terms[0].source" in failure.fields


async def test_limits_are_the_operators(make_rig: object) -> None:
    limits = RequestLimits(max_article_chars=10, max_texts=2, max_request_chars=15, default_beam_size=2)
    rig: Rig = await make_rig(FakeCore(), limits=limits)  # type: ignore[operator]
    invalid(await refused(rig.summary.Summarize(article("a" * 11))), "article.text")
    await rig.summary.Summarize(article("a" * 10))
    invalid(await refused(rig.translation.Translate(translation_pb2.TranslateRequest(texts=["a"] * 3))), "texts")
    invalid(await refused(rig.translation.Translate(translation_pb2.TranslateRequest(texts=["a" * 9] * 2))), "texts")
    invalid(await refused(rig.summary.Summarize(decoding_of("a", 3))), "options.translation.num_hypotheses")


def decoding_of(text: str, num_hypotheses: int) -> summary_pb2.SummarizeRequest:
    request = article(text)
    request.options.translation.num_hypotheses = num_hypotheses
    return request


async def test_both_sides_of_pairs_count_towards_the_size_of_a_request(make_rig: object) -> None:
    """Each side is within its own limit, a pair is over it: all the same the request is too large."""
    limits = RequestLimits(max_article_chars=10, max_request_chars=30)
    rig: Rig = await make_rig(FakeCore(), limits=limits)  # type: ignore[operator]
    pair = translation_pb2.TextPair(source_text="a" * 10, target_text="b" * 10)
    invalid(await refused(rig.translation.Assess(translation_pb2.AssessRequest(pairs=[pair] * 2))), "pairs")
    pair.target_text = "b" * 5
    assert len((await rig.translation.Assess(translation_pb2.AssessRequest(pairs=[pair] * 2))).assessments) == 2
    pair.target_text = "b" * 11
    failure = await refused(rig.translation.Assess(translation_pb2.AssessRequest(pairs=[pair] * 2)))
    invalid(failure, "pairs[0].target_text", "pairs[1].target_text")


async def test_good_requests_are_served_while_bad_ones_arrive(rig: Rig) -> None:
    bad = [refused(rig.summary.Summarize(article(" "))) for _ in range(50)]
    good = [rig.summary.Summarize(article(f"{ARABIC}\n{i}")) for i in range(50)]
    failures, answers = await asyncio.gather(asyncio.gather(*bad), asyncio.gather(*good))
    assert {failure.code for failure in failures} == {grpc.StatusCode.INVALID_ARGUMENT}
    assert len({answer.summary.statistics.chars for answer in answers}) == 2


async def _raw(call: object) -> Failure:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call  # type: ignore[misc]
    return failure_of(error.value)
