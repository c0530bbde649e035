"""What the client refuses before it sends, and what it sends."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from khulasa.client import (
    Article,
    AsyncClient,
    Client,
    DigitShape,
    Glossary,
    GlossaryTerm,
    InvalidArticleError,
    InvalidRequestError,
    MessageTooLargeError,
    Priority,
    SummaryOptions,
    TextFormat,
    TlsOptions,
    TranslationOptions,
)
from khulasa.client.connection import ConnectionSettings, is_loopback
from khulasa.client.core import ClientCore

CORE = ClientCore(ConnectionSettings("localhost:1"))


def test_every_option_reaches_its_field() -> None:
    options = SummaryOptions(
        target_language="en",
        max_sentences=4,
        focus="what",
        full_translation=True,
        max_key_terms=7,
        translation=TranslationOptions(
            beam_size=2, num_hypotheses=2, word_alignments=True, priority=Priority.BULK, digit_shape=DigitShape.WESTERN
        ),
    )
    article = Article("نص.", "id-1", "عنوان", "ar", TextFormat.HTML, "https://example.org")
    sent = CORE.summarize(article, options=options, glossary={"حلف": "alliance"}, request_id="r").request
    assert sent.article.article_id == "id-1"
    assert sent.article.title == "عنوان"
    assert sent.article.language_code == "ar"
    assert sent.article.format == 2
    assert sent.article.url == "https://example.org"
    assert sent.options.target_language_code == "en"
    assert sent.options.max_sentences == 4
    assert sent.options.focus == "what"
    assert sent.options.full_translation
    assert sent.options.max_key_terms == 7
    assert sent.options.translation.beam_size == 2
    assert sent.options.translation.num_hypotheses == 2
    assert sent.options.translation.word_alignments
    assert sent.options.translation.priority == 2
    assert sent.options.translation.digit_shape == 1
    assert sent.glossary.terms[0].target == "alliance"
    assert sent.request_id == "r"


def test_arguments_stand_before_options_and_leave_the_rest() -> None:
    options = SummaryOptions(max_sentences=9, focus="kept")
    sent = CORE.summarize("a.", options=options, max_sentences=2, deterministic=True).request
    assert (sent.options.max_sentences, sent.options.focus, sent.options.translation.deterministic) == (2, "kept", True)


@pytest.mark.parametrize(
    ("article", "field"),
    [
        ("x\ud800y", "article.text"),
        (Article("x", title="\udfff"), "article.title"),
        (Article("x", article_id="\ud800"), "article.article_id"),
        (Article(b"x"), "article.text"),
        (7, "article"),
    ],
)
def test_bad_articles_never_leave_the_client(article: object, field: str) -> None:
    with pytest.raises(InvalidArticleError) as caught:
        CORE.summarize(article)  # type: ignore[arg-type]
    assert caught.value.violations[0].field == field
    assert caught.value.code == "INVALID_ARGUMENT"


@pytest.mark.parametrize("bound", [0, -1, True, 1.5, 2**31])
def test_a_bound_that_would_mean_the_default_is_refused(bound: object) -> None:
    with pytest.raises(InvalidRequestError, match=r"options\.max_sentences"):
        CORE.summarize("a.", max_sentences=bound)  # type: ignore[arg-type]


@pytest.mark.parametrize("priority", ["bulk", 1.0, True, 2**31, -(2**31) - 1])
def test_a_choice_that_is_none_is_refused(priority: object) -> None:
    with pytest.raises(InvalidRequestError, match=r"options\.translation\.priority"):
        CORE.summarize("a.", priority=priority)  # type: ignore[arg-type]


# The least of these is none of a float of 32 bits, and would be the default.
@pytest.mark.parametrize("ratio", [0, -0.1, 1.5, float("nan"), "half", 1e-50])
def test_impossible_ratios(ratio: object) -> None:
    with pytest.raises(InvalidRequestError, match=r"options\.ratio"):
        CORE.summarize("a.", ratio=ratio)  # type: ignore[arg-type]


def test_one_text_is_not_a_list_of_letters() -> None:
    with pytest.raises(InvalidRequestError, match="write"):
        CORE.translate("abc")


def test_a_surrogate_in_a_glossary_names_its_term() -> None:
    glossary = Glossary((GlossaryTerm("a", "b"), GlossaryTerm("c", "\ud800")))
    with pytest.raises(InvalidRequestError) as caught:
        CORE.translate(["a"], glossary=glossary)
    assert caught.value.violations[0].field == "glossary.terms[1].target"


def test_too_large_is_found_before_it_is_sent() -> None:
    size = CORE.summarize("ن" * 100, request_id="r").request.ByteSize()
    exact = ClientCore(ConnectionSettings("localhost:1", max_request_bytes=size))
    assert exact.summarize("ن" * 100, request_id="r").request.ByteSize() == size
    short = ClientCore(ConnectionSettings("localhost:1", max_request_bytes=size - 1))
    with pytest.raises(MessageTooLargeError, match=f"has {size:,} bytes, the limit is {size - 1:,}") as caught:
        short.summarize("ن" * 100, request_id="r")
    assert caught.value.request_id == "r"


def test_the_default_deadline_grows_with_the_text() -> None:
    assert CORE.models().timeout_s == 60.0
    assert CORE.translate(["x" * 30_000, "y" * 20_000]).timeout_s == pytest.approx(160.0)
    assert CORE.summarize("x" * 50_000, timeout=3.0).timeout_s == 3.0
    assert ClientCore(ConnectionSettings("localhost:1", timeout=9.0)).summarize("x").timeout_s == 9.0
    with pytest.raises(ValueError):
        CORE.summarize("x", timeout=0)


@pytest.mark.parametrize("request_id", ["ع", "line\nbreak", " padded", "x" * 129])
def test_request_ids_that_metadata_cannot_carry(request_id: str) -> None:
    for call in (CORE.summarize, CORE.translate):
        with pytest.raises(InvalidRequestError) as caught:
            call(["a"] if call == CORE.translate else "a", request_id=request_id)  # type: ignore[operator]
        assert caught.value.violations[0].field == "request_id"
    with pytest.raises(ValueError, match="user_agent"):
        Client("localhost:1", user_agent="خلاصة")


def test_request_ids_differ() -> None:
    first, second = CORE.summarize("a"), CORE.summarize("a")
    assert first.request_id == first.request.request_id != second.request_id


@pytest.mark.parametrize(
    ("target", "stays"),
    [
        ("localhost:1", True),
        ("127.8.0.1:50051", True),
        ("[::1]:50051", True),
        ("unix:/run/khulasa", True),
        ("dns:///localhost:1", True),
        ("dns:localhost:1", True),
        ("ipv4:127.0.0.1:1,127.0.0.1:2", True),
        ("ipv4:127.0.0.1:1,10.0.0.1:2", False),
        ("10.0.0.1:50051", False),
        ("localhost.example.org:1", False),
        ("dns:///news.example.org:1", False),
        ("[2001:db8::1]:1", False),
    ],
)
def test_what_stays_on_this_machine(target: str, stays: bool) -> None:
    assert is_loopback(target) is stays


@pytest.mark.parametrize(
    "target",
    [
        "localhost:99999",
        "localhost:0",
        "[::1]:65536",
        "dns:///news.example.org:500510",
        "ipv4:10.0.0.1:1,10.0.0.2:70000",
    ],
)
def test_a_port_that_no_server_has_is_refused(target: str) -> None:
    """Of 99999 gRPC takes the lower sixteen bits, and connects to whoever listens on port 34463."""
    with pytest.raises(ValueError, match="the port must be 1 to 65535"):
        Client(target)
    with pytest.raises(ValueError, match="the port must be 1 to 65535"):
        AsyncClient(target)


def test_a_target_without_a_host_is_refused() -> None:
    with pytest.raises(ValueError, match="names no host"):
        Client(":50051")


@pytest.mark.parametrize(
    "target",
    [
        "localhost",
        "localhost:65535",
        "::1",
        "[2001:db8::1]",
        "ipv6:[::1]:50051",
        "dns://127.0.0.1:99/news:1",
        "unix:a:99999",
    ],
)
def test_other_targets_are_left_to_grpc(target: str) -> None:
    ConnectionSettings(target)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("send", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_client_sent_to_another_process_says_what_to_do(kind: Any, send: Any) -> None:
    with pytest.raises(TypeError, match=f"a {kind.__name__} holds a connection .* one in each process"):
        send(kind("localhost:1"))


def test_a_token_is_not_sent_in_the_clear() -> None:
    with pytest.raises(ValueError, match="can be read on the way"):
        Client("news.example.org:50051", token="secret")
    with Client("news.example.org:50051", token="secret", allow_insecure_token=True) as client:
        assert "secret" not in repr(client._core.settings)
    with Client("news.example.org:50051", token="secret", tls=True):
        pass


@pytest.mark.parametrize("token", ["", "with space", "line\nbreak", "عربي"])
def test_tokens_that_metadata_cannot_carry(token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        Client("localhost:1", token=token)


@pytest.mark.parametrize(
    "target", ["", " ", "localhost:1\n", "local host:1", "\u200flocalhost:1", "http://localhost:1", "grpc://x"]
)
def test_targets_that_are_none(target: str) -> None:
    with pytest.raises(ValueError, match="target"):
        Client(target)


@pytest.mark.parametrize("target", ["localhost:1", "dns:///localhost:1", "dns://192.0.2.1/localhost:1", "unix:/a b/x"])
def test_targets_as_grpc_writes_them(target: str) -> None:
    assert ConnectionSettings(target, user_agent="news reader/1.0 ~").target == target


@pytest.mark.parametrize(
    ("target", "given", "on"),
    [
        ("localhost:1", None, False),
        ("ipv4:10.0.0.1:1,10.0.0.2:1", None, True),
        ("localhost:1", True, True),
        ("ipv4:10.0.0.1:1,10.0.0.2:1", False, False),
    ],
)
def test_servers_are_asked_for_their_health_where_the_addresses_are_theirs(
    target: str, given: bool | None, on: bool
) -> None:
    options = dict(ConnectionSettings(target, health_checks=given).options())
    assert ("healthCheckConfig" in json.loads(options["grpc.service_config"])) is on


def test_half_a_certificate() -> None:
    with pytest.raises(ValueError, match="together"):
        TlsOptions(cert=b"x")
