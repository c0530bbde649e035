"""What both clients share: arguments to calls, with deadlines, sizes and request ids decided once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import fields
from difflib import get_close_matches
from inspect import Parameter, signature
from typing import Any, TypedDict, TypeVar

from khulasa.client import requests, responses
from khulasa.client.calls import Attempt, Call, Method, Pacing, Pause, attempts, check_size
from khulasa.client.connection import ConnectionSettings
from khulasa.client.deadlines import timeout_value
from khulasa.client.errors import ErrorFacts, ServerError
from khulasa.client.places import check_place
from khulasa.client.requests import (
    Article,
    GlossaryLike,
    Priority,
    SummaryOptions,
    TextFormat,
    TranslationOptions,
)
from khulasa.client.results import Assessment, ModelInfo, Summary, Translation
from khulasa.v1 import model_pb2, summary_pb2, translation_pb2

__all__ = ["ClientCore", "SummarizeArguments", "TranslateArguments", "checked", "keywords"]

R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

# A deadline by default, growing with the input: a full translation of a long article honestly takes its time.
BASE_TIMEOUT_S = 60.0
TIMEOUT_S_PER_1000_CHARS = 2.0


class SummarizeArguments(TypedDict, total=False):
    """Keyword arguments of `summarize`; each stands before the same field of `options`."""

    options: SummaryOptions | None
    target_language: str | None
    max_sentences: int | None
    max_words: int | None
    ratio: float | None
    focus: str | None
    full_translation: bool | None
    max_key_terms: int | None
    word_alignments: bool | None
    deterministic: bool | None
    priority: Priority | None
    glossary: GlossaryLike | None
    timeout: float | None
    request_id: str | None


class TranslateArguments(TypedDict, total=False):
    """Keyword arguments of `translate` and `translate_stream`."""

    target_language: str
    source_language: str
    options: TranslationOptions | None
    format: TextFormat
    word_alignments: bool | None
    deterministic: bool | None
    priority: Priority | None
    glossary: GlossaryLike | None
    timeout: float | None
    request_id: str | None


_OF_ARTICLE = {one.name: one.name for one in fields(Article)} | {
    f"{said}language{code}": "language" for said in ("", "source_") for code in ("", "_code")
}
_Arguments = TypeVar("_Arguments", SummarizeArguments, TranslateArguments)


def keywords(known: type[Any]) -> Callable[[F], F]:
    """Gives a method the keywords of `known` for `help`, `inspect.signature` and the completion of notebooks."""

    taker = ClientCore.summarize if known is SummarizeArguments else ClientCore._translate_request
    defaults = {name: one.default for name, one in signature(taker).parameters.items()}

    def named(method: F) -> F:
        whole = signature(method)
        shown = [one for one in whole.parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
        for name, hint in known.__annotations__.items():
            default, kind = defaults.get(name), Parameter.KEYWORD_ONLY
            shown.append(Parameter(name, kind, default=default, annotation=hint.__forward_arg__))
        method.__signature__ = whole.replace(parameters=shown)  # type: ignore[attr-defined]
        return method

    return named


def checked(arguments: _Arguments, method: str, known: type[_Arguments]) -> _Arguments:
    """The arguments, if the method has them all: what is in here has names that no caller knows.

    Args:
        method: As the caller wrote it, `Client.summarize`.

    Raises:
        TypeError: a name is unknown.
    """
    names = list(known.__annotations__)
    for name in arguments:
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            if known is SummarizeArguments and name in _OF_ARTICLE:
                # Near to its name is `target_language`, the opposite.
                hint = f"; it is said with the article: Article(text, {_OF_ARTICLE[name]}=...)"
            raise TypeError(f"{method}() got an unexpected keyword argument {name!r}{hint}")
    return arguments


def _method(service: str, name: str, request: Any, response: Any, *, streams: bool = False) -> Method:
    return Method(f"/khulasa.v1.{service}/{name}", request.SerializeToString, response.FromString, streams)


SUMMARIZE = _method("SummaryService", "Summarize", summary_pb2.SummarizeRequest, summary_pb2.SummarizeResponse)
TRANSLATE = _method(
    "TranslationService", "Translate", translation_pb2.TranslateRequest, translation_pb2.TranslateResponse
)
TRANSLATE_STREAM = _method(
    "TranslationService",
    "TranslateStream",
    translation_pb2.TranslateStreamRequest,
    translation_pb2.TranslateStreamResponse,
    streams=True,
)
ASSESS = _method("TranslationService", "Assess", translation_pb2.AssessRequest, translation_pb2.AssessResponse)
LIST_MODELS = _method("ModelService", "ListModels", model_pb2.ListModelsRequest, model_pb2.ListModelsResponse)
GET_MODEL = _method("ModelService", "GetModel", model_pb2.GetModelRequest, model_pb2.GetModelResponse)


class ClientCore:
    """Turns arguments into calls.

    Args:
        settings: How to reach the server, and the limits.
        pacing: Time and chance, for tests.
    """

    def __init__(self, settings: ConnectionSettings, pacing: Pacing | None = None) -> None:
        self.settings = settings
        self.pacing = pacing or Pacing()

    def summarize(
        self,
        article: str | Article,
        *,
        options: SummaryOptions | None = None,
        target_language: str | None = None,
        max_sentences: int | None = None,
        max_words: int | None = None,
        ratio: float | None = None,
        focus: str | None = None,
        full_translation: bool | None = None,
        max_key_terms: int | None = None,
        word_alignments: bool | None = None,
        deterministic: bool | None = None,
        priority: Priority | None = None,
        glossary: GlossaryLike | None = None,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> Call[Summary]:
        """A call of Summarize.

        Raises:
            InvalidRequestError: it cannot be sent.
        """
        sent = requests.article_of(article)
        chosen = requests.options_of(options, SummaryOptions, "options")
        requests.options_of(chosen.translation, TranslationOptions, "options.translation")
        decoding = requests.options_with(
            chosen.translation, word_alignments=word_alignments, deterministic=deterministic, priority=priority
        )
        chosen = requests.options_with(
            chosen,
            target_language=target_language,
            max_sentences=max_sentences,
            max_words=max_words,
            ratio=ratio,
            focus=focus,
            full_translation=full_translation,
            max_key_terms=max_key_terms,
            translation=decoding,
        )
        name = request_id or uuid.uuid4().hex
        request = requests.summarize_request(sent, chosen, glossary, name)

        def read(answer: summary_pb2.SummarizeResponse) -> Summary:
            if not answer.HasField("summary"):
                # An article without a sentence is an error of its own; this would pass for one.
                raise ServerError("the server answered without a summary", ErrorFacts(request_id=name))
            if answer.summary.article_id != sent.article_id:
                # Offsets and sentences of another text would pass for this one's.
                said = f"the server answered about article {answer.summary.article_id!r}, not {sent.article_id!r}"
                raise ServerError(said, ErrorFacts(request_id=name))
            summary = responses.summary(answer, name)
            for pair in (*summary.sentences, *summary.full_translation):
                # What a model wrote stands nowhere in the article.
                if not pair.evidence_spans:
                    check_place(pair.source_text, pair.source_span, sent.text, name)
            return summary

        return self._call(SUMMARIZE, request, read, len(sent.text), timeout, name)

    def _translate_request(
        self,
        texts: Sequence[str],
        target_language: str = "",
        source_language: str = "",
        options: TranslationOptions | None = None,
        format: TextFormat = TextFormat.PLAIN_TEXT,
        word_alignments: bool | None = None,
        deterministic: bool | None = None,
        priority: Priority | None = None,
        glossary: GlossaryLike | None = None,
        request_id: str | None = None,
    ) -> translation_pb2.TranslateRequest:
        decoding = requests.options_with(
            requests.options_of(options, TranslationOptions, "options"),
            word_alignments=word_alignments,
            deterministic=deterministic,
            priority=priority,
        )
        name = request_id or uuid.uuid4().hex
        return requests.translate_request(texts, source_language, target_language, format, decoding, glossary, name)

    def translate(
        self, texts: Sequence[str], *, timeout: float | None = None, **arguments: Any
    ) -> Call[list[Translation]]:
        """A call of Translate.

        Raises:
            InvalidRequestError: it cannot be sent.
        """
        request = self._translate_request(texts, **arguments)
        expected, name = len(request.texts), request.request_id

        def read(answer: translation_pb2.TranslateResponse) -> list[Translation]:
            # Zipping a shorter answer with the texts would lose some in silence.
            _expect(len(answer.translations), expected, "translations", name)
            made = responses.translations(answer, name)
            for text, translation in zip(request.texts, made, strict=True):
                for segment in translation.segments:
                    check_place(segment.source_text, segment.source_span, text, name)
            return made

        return self._call(TRANSLATE, request, read, sum(map(len, request.texts)), timeout, name)

    def translate_stream(self, texts: Sequence[str], *, timeout: float | None = None, **arguments: Any) -> Call[Any]:
        """A call of TranslateStream; `streams.StreamReader` reads its messages.

        Raises:
            InvalidRequestError: it cannot be sent.
        """
        request = self._translate_request(texts, **arguments)
        wrapped = translation_pb2.TranslateStreamRequest(request=request)
        chars = sum(map(len, request.texts))
        return self._call(TRANSLATE_STREAM, wrapped, lambda opened: opened, chars, timeout, request.request_id)

    def assess(
        self,
        pairs: Iterable[tuple[str, str]],
        *,
        target_language: str = "",
        source_language: str = "",
        glossary: GlossaryLike | None = None,
        word_alignments: bool = False,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> Call[list[Assessment]]:
        """A call of Assess.

        Raises:
            InvalidRequestError: it cannot be sent.
        """
        name = request_id or uuid.uuid4().hex
        request = requests.assess_request(pairs, source_language, target_language, glossary, word_alignments, name)
        expected = len(request.pairs)

        def read(answer: translation_pb2.AssessResponse) -> list[Assessment]:
            _expect(len(answer.assessments), expected, "assessments", name)
            return responses.assessments(answer)

        chars = sum(len(pair.source_text) + len(pair.target_text) for pair in request.pairs)
        return self._call(ASSESS, request, read, chars, timeout, name)

    def models(self, timeout: float | None = None) -> Call[list[ModelInfo]]:
        """A call of ListModels."""
        return self._call(LIST_MODELS, model_pb2.ListModelsRequest(), responses.models, 0, timeout, uuid.uuid4().hex)

    def model(self, name: str, timeout: float | None = None) -> Call[ModelInfo]:
        """A call of GetModel.

        Raises:
            InvalidRequestError: the name cannot be sent.
        """
        request = model_pb2.GetModelRequest(name=requests.text_value(name, "name"))
        request_id = uuid.uuid4().hex

        def read(answer: model_pb2.GetModelResponse) -> ModelInfo:
            if answer.model.name != name:
                said = f"the server answered about model {answer.model.name!r}, not {name!r}"
                raise ServerError(said, ErrorFacts(request_id=request_id))
            return responses.model(answer.model)

        return self._call(GET_MODEL, request, read, 0, timeout, request_id)

    def archive_arguments(self, arguments: SummarizeArguments) -> SummarizeArguments:
        """The arguments for one article of an archive: bulk priority unless the caller says otherwise.

        Raises:
            InvalidRequestError, TypeError: no article could be sent with them.
            ValueError: they name one request id for all articles, or a timeout that is none.
        """
        if arguments.get("request_id"):
            raise ValueError("request_id names one request; leave it out, each article gets its own")
        options = requests.options_of(arguments.get("options"), SummaryOptions, "options")
        requests.options_of(options.translation, TranslationOptions, "options.translation")
        given = arguments.get("priority") or options.translation.priority
        glossary = arguments.get("glossary")
        if isinstance(glossary, Iterator):
            # The first article would use it up, and the others go without.
            glossary = tuple(glossary)
        # An archive waits for whoever sits in front of a screen.
        made: SummarizeArguments = {**arguments, "priority": given or Priority.BULK, "glossary": glossary}
        # Said once, and not by an outcome for each article.
        self.summarize(Article(""), **made)
        return made

    def attempts(self, call: Call[R]) -> Generator[Attempt | Pause, Any, R]:
        """The steps of a call on this connection."""
        return attempts(call, self.settings.retry, self.pacing, self.settings.several_servers)

    def _call(
        self,
        method: Method,
        request: Any,
        read: Callable[[Any], R],
        chars: int,
        timeout: float | None,
        request_id: str,
    ) -> Call[R]:
        check_size(request, self.settings.max_request_bytes, request_id)
        if timeout is None:
            timeout = self.settings.timeout
        if timeout is None:
            timeout = BASE_TIMEOUT_S + TIMEOUT_S_PER_1000_CHARS * chars / 1000
        return Call(method, request, read, timeout_value(timeout), request_id)


def _expect(count: int, expected: int, what: str, request_id: str) -> None:
    if count != expected:
        said = f"the server answered with {count} {what} to {expected} texts"
        raise ServerError(said, ErrorFacts(request_id=request_id))
