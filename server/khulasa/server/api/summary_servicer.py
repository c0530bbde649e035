# ruff: noqa: N802, ARG002 - gRPC fixes names and arguments of these methods
"""SummaryService."""

from __future__ import annotations

from typing import Any

import grpc
from khulasa.server.api.admission import Admission
from khulasa.server.api.archive import ArticleStream
from khulasa.server.api.calls import Call, CallObserver, current_call
from khulasa.server.api.convert_summary import SummarizeInput, summarize_request, summarize_response
from khulasa.server.api.lifecycle import Lifecycle
from khulasa.server.api.limits import RequestLimits
from khulasa.server.api.messages import UnreadableRequest
from khulasa.server.api.ports import CoreSource
from khulasa.server.api.status import REQUEST_ID_KEY
from khulasa.server.core.errors import InvalidInputError
from khulasa.server.core.pipeline.estimate import likely_decoded
from khulasa.server.core.translation.types import Priority, StageTimings
from khulasa.v1 import summary_pb2

__all__ = ["SummaryServicer"]

_Context = grpc.aio.ServicerContext[Any, Any]


class SummaryServicer:
    """Converts, hands over, converts back.

    Args:
        stream_articles: Articles of one SummarizeStream worked on or waiting to be read by the caller, at most.
    """

    def __init__(
        self,
        core: CoreSource,
        limits: RequestLimits,
        admission: Admission,
        observer: CallObserver,
        lifecycle: Lifecycle,
        *,
        stream_articles: int = 8,
    ) -> None:
        self._core, self._limits = core, limits
        self._admission, self._observer, self._lifecycle = admission, observer, lifecycle
        self._stream_articles = stream_articles

    async def Summarize(
        self, request: summary_pb2.SummarizeRequest, context: _Context
    ) -> summary_pb2.SummarizeResponse:
        """One article in, its aligned bilingual summary out."""
        call = current_call()
        wanted = summarize_request(request, self._limits)
        self._admission.charge(call.caller, len(wanted.article.text))
        return await self._summarize(wanted, call)

    async def SummarizeStream(self, request_iterator: Any, context: _Context) -> None:
        """An archive in, results out as each is ready."""
        call = current_call()
        await context.send_initial_metadata(((REQUEST_ID_KEY, call.request_id),))
        stream = ArticleStream(
            call,
            self._answer_article,
            width=self._stream_articles,
            observer=self._observer,
            draining=self._lifecycle.wait_draining,
        )
        await stream.run(context)

    async def _answer_article(
        self, request: summary_pb2.SummarizeStreamRequest | UnreadableRequest, call: Call
    ) -> summary_pb2.SummarizeResponse:
        """One article of an archive; `call` is the stream's, under the article's own request id."""
        if isinstance(request, UnreadableRequest):
            raise InvalidInputError(request.violations)
        wanted = summarize_request(request.request, self._limits, Priority.BULK)
        # Once, however often a busy server is asked again.
        if not call.charged:
            self._admission.charge(call.caller, len(wanted.article.text))
            call.charged = True
        return await self._summarize(wanted, call)

    async def _summarize(self, wanted: SummarizeInput, call: Call) -> summary_pb2.SummarizeResponse:
        # Timings of this attempt only: an article of a stream may be tried again after an overload.
        call.timings = StageTimings()
        context = call.context(wanted.priority)
        # Reading and selecting is a quarter of all that a summary takes: not for one that would be refused after it.
        with (
            self._core.lend() as core,
            core.translator.estimated(
                [wanted.article.text], context, [likely_decoded(wanted.article, wanted.settings)]
            ),
        ):
            result = await core.summarizer.summarize(wanted.article, wanted.settings, context)
        call.timings.total_ms = call.elapsed_ms()
        summary = result.summary
        flags = [flag for one in (summary.full_translation or summary.sentences) for flag in one.flags]
        self._observer.answered(call.method, call.timings, flags, result.translation_model.name)
        return summarize_response(result, call.timings)
