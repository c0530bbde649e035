"""Bytes off the wire: a message or a named fault, never an exception."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from khulasa.server.api.messages import UnreadableRequest, reader_of
from khulasa.v1 import summary_pb2, translation_pb2

CLASSES = [
    summary_pb2.SummarizeRequest,
    summary_pb2.SummarizeStreamRequest,
    translation_pb2.TranslateRequest,
    translation_pb2.TranslateStreamRequest,
    translation_pb2.AssessRequest,
]
MARK = b"MARK"
BAD = [b"\xff\xff\xff\xff", b"a\xed\xa0\x80", b"\xed\xbf\xbfz", b"\xc0\x80ab", b"\xf5\x80\x80\x80", b"abc\xd8"]


@given(st.binary(max_size=200), st.sampled_from(CLASSES))
def test_any_bytes_are_a_message_or_a_named_fault(data: bytes, cls: type) -> None:
    read = reader_of(cls)(data)
    if isinstance(read, UnreadableRequest):
        assert read.violations
        assert all(violation.field and violation.description for violation in read.violations)
    else:
        assert isinstance(read, cls)


@given(st.text(max_size=50), st.text(max_size=50))
def test_a_readable_message_is_read_as_it_was_written(text: str, title: str) -> None:
    request = summary_pb2.SummarizeRequest(article={"text": text, "title": title})
    assert reader_of(summary_pb2.SummarizeRequest)(request.SerializeToString()) == request


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    ("request_", "paths"),
    [
        (summary_pb2.SummarizeRequest(article={"text": "MARK"}), ["article.text"]),
        (summary_pb2.SummarizeRequest(article={"title": "MARK", "url": "MARK"}), ["article.title", "article.url"]),
        (summary_pb2.SummarizeRequest(options={"focus": "MARK"}), ["options.focus"]),
        (summary_pb2.SummarizeRequest(request_id="MARK"), ["request_id"]),
        (summary_pb2.SummarizeStreamRequest(request={"article": {"text": "MARK"}}), ["article.text"]),
        (translation_pb2.TranslateRequest(texts=["a", "MARK", "b"]), ["texts[1]"]),
        (translation_pb2.TranslateStreamRequest(request={"texts": ["MARK"]}), ["texts[0]"]),
        (
            translation_pb2.AssessRequest(pairs=[{"source_text": "a"}, {"source_text": "b", "target_text": "MARK"}]),
            ["pairs[1].target_text"],
        ),
        (
            translation_pb2.TranslateRequest(glossary={"terms": [{"source": "a"}, {"target": "MARK"}]}),
            ["glossary.terms[1].target"],
        ),
    ],
)
def test_the_field_that_is_no_utf8_is_named(request_: object, paths: list[str], bad: bytes) -> None:
    raw = request_.SerializeToString().replace(MARK, bad)  # type: ignore[attr-defined]
    read = reader_of(type(request_))(raw)  # type: ignore[type-var]
    assert isinstance(read, UnreadableRequest)
    assert [violation.field for violation in read.violations] == paths


def test_who_it_was_about_is_kept_where_it_can_be_read() -> None:
    request = summary_pb2.SummarizeStreamRequest(
        request={"article": {"article_id": "a-1", "text": "MARK"}, "request_id": "r-1"}
    )
    read = reader_of(summary_pb2.SummarizeStreamRequest)(request.SerializeToString().replace(MARK, BAD[0]))
    assert isinstance(read, UnreadableRequest)
    assert (read.article_id, read.request_id) == ("a-1", "r-1")


def test_faults_are_bounded_in_number() -> None:
    request = translation_pb2.TranslateRequest(texts=["MARK"] * 50_000)
    read = reader_of(translation_pb2.TranslateRequest)(request.SerializeToString().replace(MARK, BAD[0]))
    assert isinstance(read, UnreadableRequest)
    assert len(read.violations) == 100
