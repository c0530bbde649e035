"""What a caller's tests may rely on in the fake, as in the server."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from khulasa.client import Client, NothingToSummarizeError, TranslationOptions
from khulasa.client.testing import FakeKhulasa

TEXT = "عنوان الخبر\nأعلن المجلس قراره اليوم. وقال المجلس إنه نهائي.\nانتهى الخبر."


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("upper", [False, True])
def test_a_key_term_stands_in_the_translation(full: bool, upper: bool) -> None:
    fake = FakeKhulasa(translate=lambda text, _: text.upper()) if upper else FakeKhulasa()
    with fake as server, Client(server.target) as client:
        summary = client.summarize(
            "The council spoke. The minister left.", max_key_terms=5, max_sentences=1, full_translation=full
        )
    targets = [pair.target_text for pair in summary.full_translation or summary.sentences]
    found = {term.source_text: term.target_text for term in summary.key_terms}
    assert found["council"] == ("COUNCIL" if upper else "council")
    assert bool(found["minister"]) is full, "its sentence is translated only then"
    assert all(any(target in text for text in targets) for target in found.values() if target)


def test_segments_of_a_stream_count_in_what_was_sent(client: Client) -> None:
    segments = list(client.translate_stream([TEXT, "", TEXT]))
    for index in (0, 2):
        of_text = [one for one in segments if one.text_index == index]
        sent = "".join(one.target_text for one in of_text)
        assert [one.target_span.of(sent) for one in of_text] == [one.target_text for one in of_text]
        assert of_text[-1].target_span.end == len(sent)
    (whole,) = client.translate([TEXT])
    assert [one.target_span.of(whole.text) for one in whole.segments] == [one.target_text for one in whole.segments]


def test_hypotheses_come_when_asked_for(client: Client) -> None:
    (translation,) = client.translate([TEXT], options=TranslationOptions(num_hypotheses=3))
    for segment in translation.segments:
        texts = [one.target_text for one in segment.hypotheses]
        assert texts[0] == segment.target_text
        assert len(set(texts)) == 3
        assert segment.hypotheses[0].score > segment.hypotheses[1].score > segment.hypotheses[2].score
    assert client.translate([TEXT])[0].segments[0].hypotheses == ()


@pytest.mark.parametrize("text", ["123", "ا", "5 * 7 = 35.", "..."])
def test_digits_signs_or_a_letter_alone_are_no_article(client: Client, text: str) -> None:
    with pytest.raises(NothingToSummarizeError):
        client.summarize(text)


def test_of_texts_without_a_word_no_language_is_detected(client: Client) -> None:
    assert [one.detected_language for one in client.translate(["", " 12. "])] == ["", ""]
    assert [one.detected_language for one in client.translate(["", TEXT])] == ["ar", "ar"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "unavailable"},
        {"code": "OK"},
        {"code": "INTERNAL", "method": "Sumarize"},
        {"code": "INTERNAL", "times": 0},
    ],
)
def test_a_failure_that_never_comes_is_refused(server: FakeKhulasa, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="write"):
        server.fail_next(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"violations": {"article.text": "too long"}}, {"retry_after": "soon"}, {"metadata": 1}]
)
def test_a_failure_that_cannot_be_told_is_refused_when_it_is_asked_for(
    server: FakeKhulasa, wrong: dict[str, Any]
) -> None:
    with pytest.raises(TypeError, match="see the arguments"):
        server.fail_next("INVALID_ARGUMENT", reason="INVALID_FIELD", **wrong)


@pytest.mark.parametrize(
    "method", ["Summarize", "SummarizeStream", "Translate", "TranslateStream", "Assess", "GetModel"]
)
def test_every_method_can_fail(server: FakeKhulasa, method: str) -> None:
    server.fail_next("INTERNAL", method=method)


def test_a_server_is_entered_once(server: FakeKhulasa) -> None:
    with pytest.raises(RuntimeError, match="already"):
        server.__enter__()
    assert server.target


def test_who_watches_is_told_of_each_change_and_holds_no_call_up() -> None:
    server = FakeKhulasa(workers=1)
    with server, grpc.insecure_channel(server.target) as channel, Client(server.target) as client:
        watch = channel.unary_stream("/grpc.health.v1.Health/Watch")
        both = [watch(b"", timeout=30), watch(b"", timeout=30)]
        seen = [[next(one)] for one in both]
        for serving in (False, False, True):
            server.serving = serving
            assert client.models()
        for one, told in zip(both, seen, strict=True):
            told += [next(one), next(one)]
            assert told == [b"\x08\x01", b"\x08\x02", b"\x08\x01"]
        server.__exit__(None, None, None)
        assert list(both[0]) == []


def test_only_servers_that_serve_are_called() -> None:
    one, other = FakeKhulasa(), FakeKhulasa(serving=False)
    with one, other, Client(f"ipv4:{one.target},{other.target}") as client:
        for _ in range(6):
            client.models()
        assert (len(one.requests), other.requests) == (6, [])
        other.serving = True
        # It takes a moment until the client has heard of it.
        for _ in range(20_000):
            client.models()
            if other.requests:
                break
        assert other.requests
