"""The real command with the bundled models: the seed article, bad input, many callers, the end."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from khulasa.v1 import (
    common_pb2,
    model_pb2,
    model_pb2_grpc,
    summary_pb2,
    summary_pb2_grpc,
    translation_pb2,
    translation_pb2_grpc,
)
from server_process import ROOT, ServerProcess, free_port, metric, until

SEED = (ROOT / "seeds/nato-guarantees.ar.txt").read_text(encoding="utf-8")
SHORT = "أعلن المجلس قراره اليوم في العاصمة. وقال المتحدث إن القرار نهائي ولا رجعة فيه."
TIMEOUT_S = 60.0


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess(threads=2) as process:
        seen = process.wait_until("SERVING")
        assert "NOT_SERVING" in seen, "the port is open before the models are loaded"
        yield process
        assert process.stop() == 0
        assert not [line for line in process.log if '"level": "error"' in line], process.written()


@pytest.fixture(scope="module")
def summary(server: ServerProcess) -> summary_pb2_grpc.SummaryServiceStub:
    return summary_pb2_grpc.SummaryServiceStub(server.channel)


@pytest.fixture(scope="module")
def translation(server: ServerProcess) -> translation_pb2_grpc.TranslationServiceStub:
    return translation_pb2_grpc.TranslationServiceStub(server.channel)


def request_for(text: str, **options: object) -> summary_pb2.SummarizeRequest:
    return summary_pb2.SummarizeRequest(article={"text": text}, options=options)


def checked(answer: summary_pb2.SummarizeResponse, text: str) -> summary_pb2.BilingualSummary:
    """The summary, after what every caller may rely on."""
    got = answer.summary
    assert got.sentences
    last = 0
    for pair in got.sentences:
        start, end = pair.source_span.start, pair.source_span.end
        assert text[start:end] == pair.source_text
        assert start >= last
        last = end
        assert pair.target_text.strip() or common_pb2.QUALITY_FLAG_EMPTY in pair.flags
        assert pair.score <= 0
        assert -1.001 <= pair.similarity <= 1.001
        kinds = {part.kind for part in got.parts if part.span.start < end and part.span.end > start}
        assert kinds == {summary_pb2.PART_KIND_BODY}
    assert "".join(text[part.span.start : part.span.end] for part in got.parts) == text
    assert got.statistics.chars == len(text)
    assert len(answer.translation_model.revision) == 64
    assert answer.timings.total_ms > 0
    return got


def test_the_seed_article_comes_back_in_pairs(summary: summary_pb2_grpc.SummaryServiceStub) -> None:
    answer = summary.Summarize(request_for(SEED, max_sentences=4, max_key_terms=5), timeout=TIMEOUT_S)
    got = checked(answer, SEED)
    assert len(got.sentences) == 4
    assert answer.detected_language_code == "ar"
    assert got.title.source_text.startswith("الناتو يبحث")
    assert got.title.target_text
    assert not any("Yesterday" in pair.source_text for pair in got.sentences)
    assert len(got.key_terms) <= 5
    for term in got.key_terms:
        assert all(SEED[span.start : span.end] for span in term.source_spans)


def test_a_full_translation_has_every_sentence(summary: summary_pb2_grpc.SummaryServiceStub) -> None:
    text = "\n".join(SEED.splitlines()[:4])
    answer = summary.Summarize(request_for(text, max_sentences=1, full_translation=True), timeout=TIMEOUT_S)
    got = checked(answer, text)
    assert len(got.sentences) == 1
    assert len(got.full_translation) == got.statistics.sentences > 1
    assert [pair.sentence_index for pair in got.full_translation] == list(range(got.statistics.sentences))


def test_the_same_request_gives_the_same_answer_whatever_else_runs(
    summary: summary_pb2_grpc.SummaryServiceStub,
) -> None:
    wanted = request_for(SHORT, max_sentences=2, translation={"deterministic": True})

    def ask(request: summary_pb2.SummarizeRequest) -> bytes:
        answer = summary.Summarize(request, timeout=TIMEOUT_S)
        answer.ClearField("timings")
        return bytes(answer.SerializeToString(deterministic=True))

    alone = ask(wanted)
    others = [request_for(f"{SHORT} وبلغ عدد الحاضرين {number} شخصا.", max_sentences=3) for number in range(6)]
    with ThreadPoolExecutor(4) as pool:
        noise = [pool.submit(ask, other) for other in others]
        again = pool.submit(ask, wanted).result()
        assert all(one.result() for one in noise)
    assert again == alone


def test_translations_keep_order_and_offsets(translation: translation_pb2_grpc.TranslationServiceStub) -> None:
    texts = [SHORT, "", "  ", "وصل الوزير إلى القاهرة.\n\nوعاد في اليوم التالي."]
    request = translation_pb2.TranslateRequest(texts=texts, target_language_code="en")
    answer = translation.Translate(request, timeout=TIMEOUT_S)
    assert len(answer.translations) == 4
    assert [one.text for one in answer.translations[1:3]] == texts[1:3]
    for text, one in zip(texts, answer.translations, strict=True):
        for segment in one.segments:
            source, target = segment.source_span, segment.target_span
            assert text[source.start : source.end] == segment.source_text
            assert one.text[target.start : target.end] == segment.target_text
    assert answer.translations[3].text.count("\n") == 2
    streamed = list(
        translation.TranslateStream(translation_pb2.TranslateStreamRequest(request=request), timeout=TIMEOUT_S)
    )
    assert [message.last for message in streamed] == [False] * (len(streamed) - 1) + [True]
    whole = [segment.source_text for one in answer.translations for segment in one.segments]
    assert [message.segment.source_text for message in streamed] == whole


def test_streams_give_the_answers_of_single_calls(
    summary: summary_pb2_grpc.SummaryServiceStub, translation: translation_pb2_grpc.TranslationServiceStub
) -> None:
    decoding = {"deterministic": True, "word_alignments": True}
    wanted = request_for(SHORT, max_sentences=1, full_translation=True, max_key_terms=3, translation=decoding)
    alone = summary.Summarize(wanted, timeout=TIMEOUT_S)
    (streamed,) = summary.SummarizeStream(iter([summary_pb2.SummarizeStreamRequest(request=wanted)]), timeout=TIMEOUT_S)
    for answer in (alone, streamed.response):
        answer.ClearField("timings")
    assert streamed.response == alone

    texts = translation_pb2.TranslateRequest(texts=[SHORT, "", "5"], options={**decoding, "num_hypotheses": 2})
    whole = translation.Translate(texts, timeout=TIMEOUT_S).translations
    parts = list(translation.TranslateStream(translation_pb2.TranslateStreamRequest(request=texts), timeout=TIMEOUT_S))
    assert [one.text_index for one in parts] == [0, 0, 2]
    segments = [segment for one in whole for segment in one.segments]
    for segment in (*segments, *(one.segment for one in parts)):
        # Of a stream it counts in what was sent.
        segment.ClearField("target_span")
    assert [one.segment for one in parts] == segments


def test_an_archive_is_answered_to_the_last_article(summary: summary_pb2_grpc.SummaryServiceStub) -> None:
    articles = [(f"a{number}", f"{SHORT} وحضر {number} من الأعضاء.") for number in range(6)] + [("bad", " ")]
    requests = [
        summary_pb2.SummarizeStreamRequest(
            request={"article": {"article_id": name, "text": text}, "options": {"max_sentences": 1}}
        )
        for name, text in articles
    ]
    answers = {one.article_id: one for one in summary.SummarizeStream(iter(requests), timeout=TIMEOUT_S)}
    assert set(answers) == {name for name, _ in articles}
    assert answers.pop("bad").error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    for name, text in articles[:-1]:
        checked(answers[name].response, text)


def test_models_say_what_they_are(server: ServerProcess) -> None:
    models = model_pb2_grpc.ModelServiceStub(server.channel).ListModels(model_pb2.ListModelsRequest()).models
    kinds = {model.kind for model in models}
    assert common_pb2.MODEL_KIND_TRANSLATION in kinds
    assert common_pb2.MODEL_KIND_EMBEDDING in kinds
    for model in models:
        assert len(model.revision) == 64
        assert model.licence
    pairs = {
        (pair.source_language_code, pair.target_language_code) for model in models for pair in model.language_pairs
    }
    assert ("ar", "en") in pairs


BAD_ARTICLES = {
    "empty": ("", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
    "white space": (" \n\t\u00a0\u2003", grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
    "zero width": ("\u200b\u200c\u200d\ufeff", grpc.StatusCode.INVALID_ARGUMENT, "NOTHING_TO_SUMMARIZE"),
    "boilerplate": ("اقرأ أيضا\nشارك\nتويتر\nفيسبوك", grpc.StatusCode.INVALID_ARGUMENT, "NOTHING_TO_SUMMARIZE"),
    "ten megabytes": ("كلمة " * 1_200_000, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
    "a million dots": ("." * 1_000_000, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
    "many dots": ("." * 400_000, grpc.StatusCode.INVALID_ARGUMENT, "NOTHING_TO_SUMMARIZE"),
    "digits": ("1 2 3 4 5 " * 100, grpc.StatusCode.INVALID_ARGUMENT, "NOTHING_TO_SUMMARIZE"),
    "NUL": ("\0" * 1000, grpc.StatusCode.INVALID_ARGUMENT, "NOTHING_TO_SUMMARIZE"),
    "Russian": (
        "Совет объявил о своём решении сегодня. Представитель сказал, что решение окончательное.",
        grpc.StatusCode.FAILED_PRECONDITION,
        "UNSUPPORTED_LANGUAGE_PAIR",
    ),
}


@pytest.mark.parametrize("name", BAD_ARTICLES)
def test_bad_articles_are_refused_and_the_next_is_served(
    summary: summary_pb2_grpc.SummaryServiceStub, name: str
) -> None:
    text, code, reason = BAD_ARTICLES[name]
    with pytest.raises(grpc.RpcError) as error:
        summary.Summarize(request_for(text), timeout=TIMEOUT_S)
    assert error.value.code() is code
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    trailers = dict(error.value.trailing_metadata())
    for detail in status_pb2.Status.FromString(trailers["grpc-status-details-bin"]).details:
        detail.Unpack(info)
        detail.Unpack(bad)
    assert info.reason == reason
    if code is grpc.StatusCode.INVALID_ARGUMENT:
        assert [violation.field for violation in bad.field_violations] == ["article.text"]
    else:
        assert "ar-en" in info.metadata["available_pairs"]
    checked(summary.Summarize(request_for(SHORT, max_sentences=1), timeout=TIMEOUT_S), SHORT)


ODD_ARTICLES = {
    "control characters": SHORT.replace(" ", "\0 ", 2) + "\x01\x07\x7f",
    "overrides": "\u202e" + SHORT + "\u202c \u2066وأضاف أن الاجتماع المقبل سيعقد في تونس.\u2069",
    "HTML as plain text": f"<html><body><h1>عنوان</h1><p>{SHORT}</p></body></html>",
    "one line": SHORT.replace(".", " ") * 12,
}


@pytest.mark.parametrize("name", ODD_ARTICLES)
def test_odd_articles_are_handled_and_the_next_is_served(
    summary: summary_pb2_grpc.SummaryServiceStub, name: str
) -> None:
    text = ODD_ARTICLES[name]
    checked(summary.Summarize(request_for(text, max_sentences=1), timeout=TIMEOUT_S), text)
    checked(summary.Summarize(request_for(SHORT, max_sentences=1), timeout=TIMEOUT_S), SHORT)


def test_text_that_is_no_utf8_is_refused_by_name(server: ServerProcess) -> None:
    raw = request_for("QQQ").SerializeToString().replace(b"QQQ", b"\xed\xa0\x80")
    with pytest.raises(grpc.RpcError) as error:
        server.channel.unary_unary("/khulasa.v1.SummaryService/Summarize")(raw, timeout=TIMEOUT_S)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "article.text" in error.value.details()


def test_too_many_texts_are_refused(translation: translation_pb2_grpc.TranslationServiceStub) -> None:
    with pytest.raises(grpc.RpcError) as error:
        translation.Translate(translation_pb2.TranslateRequest(texts=[SHORT] * 10_000), timeout=TIMEOUT_S)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_callers_that_give_up_leave_no_trace(
    server: ServerProcess, summary: summary_pb2_grpc.SummaryServiceStub
) -> None:
    # More than can be done at once, given up in three ways.
    for _ in range(3):
        with pytest.raises(grpc.RpcError) as error:
            summary.Summarize(request_for(SEED, full_translation=True), timeout=0.001)
        assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    calls = [summary.Summarize.future(request_for(SEED, full_translation=True)) for _ in range(3)]
    gone = grpc.insecure_channel(server.address, options=[("grpc.use_local_subchannel_pool", 1)])
    left = summary_pb2_grpc.SummaryServiceStub(gone).Summarize.future(request_for(SEED, full_translation=True))
    threading.Event().wait(0.3)
    gone.close()
    for call in calls:
        call.cancel()
    assert left.done() or left.cancelled()
    checked(summary.Summarize(request_for(SHORT, max_sentences=1), timeout=TIMEOUT_S), SHORT)


def test_sigterm_under_load_answers_every_accepted_call() -> None:
    with ServerProcess(threads=2, drain_grace_s=60, metrics_port=free_port()) as server:
        server.wait_until("SERVING")
        stub = summary_pb2_grpc.SummaryServiceStub(server.channel)
        requests = [request_for(f"{SHORT} وحضر {number} من الأعضاء.", max_sentences=2) for number in range(12)]
        calls = [stub.Summarize.future(request, timeout=TIMEOUT_S) for request in requests]
        calls[0].result()
        # One that comes later than the signal is refused, as it should be.
        until(lambda: metric(server, "khulasa_requests_in_flight") + metric(server, "khulasa_requests_total") >= 12)
        server.process.send_signal(signal.SIGTERM)
        assert server.wait(TIMEOUT_S) == 0
        for call, request in zip(calls, requests, strict=True):
            checked(call.result(), request.article.text)
        events = [json.loads(line) for line in server.log if line.startswith("{")]
        assert events[-1]["event"] == "stopped"
        assert events[-1]["every_call_answered"] is True


def test_a_settings_file_is_used_and_a_wrong_one_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "khulasa.toml"
    file.write_text("beam_size = 99\n")
    with ServerProcess(config=file) as server:
        assert server.wait() == 2
        assert "KHULASA_BEAM_SIZE" in server.written()
