"""Requests that the load benchmarks send, over one asyncio channel."""

from __future__ import annotations

from types import TracebackType

import grpc
from khulasa.v1 import common_pb2, summary_pb2, summary_pb2_grpc, translation_pb2, translation_pb2_grpc

from benchmarks.texts.articles import article, sentence

__all__ = ["Stubs", "translate_message"]

_TIMEOUT_S = 600.0
# Ten thousand articles take a quarter of an hour on two free cores, and more than half an hour on busy ones.
_ARCHIVE_S = 3 * 3_600.0


def translate_message(number: int) -> bytes:
    """The request for one news sentence, as it goes over the wire."""
    return translation_pb2.TranslateRequest(
        texts=[sentence(number)], source_language_code="ar", target_language_code="en"
    ).SerializeToString()


class Stubs:
    """Sends numbered requests; no two numbers share a sentence."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        self.summaries = summary_pb2_grpc.SummaryServiceStub(self._channel)
        self._translate = self._channel.unary_unary("/khulasa.v1.TranslationService/Translate")
        self.translations = translation_pb2_grpc.TranslationServiceStub(self._channel)

    async def __aenter__(self) -> Stubs:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._channel.close()

    async def translate(self, message: bytes, limit_s: float = _TIMEOUT_S) -> None:
        """A message made before; its answer is not read, for the server needs the processors that this takes."""
        await self._translate(message, timeout=limit_s)

    async def summarize(self, number: int, words: int = 150, limit_s: float = _TIMEOUT_S) -> None:
        """The summary of an article in three pairs."""
        request = summary_pb2.SummarizeRequest(
            article={"text": article(number, words), "language_code": "ar"}, options={"max_sentences": 3}
        )
        answer = await self.summaries.Summarize(request, timeout=limit_s)
        if not answer.summary.sentences:
            raise AssertionError("an empty summary")

    async def archive(self, numbers: range, words: int = 150, pairs: int = 3) -> int:
        """Summaries of so many pairs by SummarizeStream, as fast as they are taken; how many were answered well."""

        async def articles() -> object:
            for number in numbers:
                yield summary_pb2.SummarizeStreamRequest(
                    request={
                        "article": {"article_id": str(number), "text": article(number, words), "language_code": "ar"},
                        "options": {"max_sentences": pairs, "translation": {"priority": common_pb2.PRIORITY_BULK}},
                    }
                )

        good = 0
        async for answer in self.summaries.SummarizeStream(articles(), timeout=_ARCHIVE_S):
            good += answer.HasField("response")
        return good
