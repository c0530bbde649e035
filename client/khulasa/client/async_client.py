"""The client for asyncio: carries out the steps that `calls` decides, on an asynchronous channel."""

# A timeout here is the deadline that travels to the server, which asyncio.timeout cannot set.
# ruff: noqa: ASYNC109

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Sequence
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar, Unpack

import grpc
import grpc.aio
from khulasa.client.archive import ArchivePlan, named_article, several
from khulasa.client.calls import HEALTH_CHECK, Attempt, Call, Pause, closed_error, ended, legible, readiness
from khulasa.client.connection import MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, ConnectionSettings, TlsOptions, unpicklable
from khulasa.client.core import ClientCore, SummarizeArguments, TranslateArguments, checked, keywords
from khulasa.client.errors import CallCancelledError, ErrorFacts, KhulasaError
from khulasa.client.requests import Article, GlossaryLike
from khulasa.client.results import Assessment, ModelInfo, Outcome, StreamedSegment, Summary, Translation
from khulasa.client.retry import RetryPolicy
from khulasa.client.streams import StreamReader

__all__ = ["AsyncClient"]

R = TypeVar("R")
# StopAsyncIteration cannot be the result of a task.
_END: Any = object()


class AsyncClient:
    """A connection to a Khulasa server for one event loop; close it, or use it as an asynchronous context manager.

    The channel is made at the first call, on the loop that runs then; in another loop calls are a RuntimeError.

    Args:
        target: gRPC target: `host:port`, or several addresses that share the calls, see `health_checks`.
        tls: True for TLS with public authorities, TlsOptions for certificates of one's own.
        token: Sent as `authorization: Bearer`; without TLS only to this machine, unless `allow_insecure_token`.
        timeout: Seconds for each call with all its retries. None: 60 s and 2 s for each 1,000 code points sent;
            `math.inf`: no deadline.
        retry: When a failed call is tried again; `NO_RETRIES` for never.
        max_request_bytes: Larger requests are refused before they are sent.
        max_response_bytes: Larger answers are refused.
        user_agent: Put before gRPC's own.
        channel_options: gRPC channel options, in place of the client's of the same names.
        allow_insecure_token: Send the token without TLS to other machines too.
        health_checks: Ask each address for its health all the time and call only those that serve. None: where the
            target lists several (`ipv4:10.0.0.5:50051,10.0.0.6:50051`); True for a name that stands for several
            servers; not through a proxy.

    Raises:
        TypeError: a setting is of another type.
        ValueError: the settings contradict each other.
        OSError: a certificate file cannot be read.
    """

    def __init__(
        self,
        target: str = "localhost:50051",
        *,
        tls: bool | TlsOptions = False,
        token: str | None = None,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        max_request_bytes: int = MAX_REQUEST_BYTES,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        user_agent: str = "",
        channel_options: Sequence[tuple[str, Any]] = (),
        allow_insecure_token: bool = False,
        health_checks: bool | None = None,
    ) -> None:
        settings = ConnectionSettings(
            target=target,
            tls=tls,
            token=token,
            timeout=timeout,
            retry=RetryPolicy() if retry is None else retry,
            max_request_bytes=max_request_bytes,
            max_response_bytes=max_response_bytes,
            user_agent=user_agent,
            channel_options=tuple(channel_options),
            allow_insecure_token=allow_insecure_token,
            health_checks=health_checks,
        )
        self._core = ClientCore(settings)
        self._credentials = settings.credentials()
        self._channel_made: grpc.aio.Channel | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = asyncio.Event()

    @keywords(SummarizeArguments)
    async def summarize(self, article: str | Article, **arguments: Unpack[SummarizeArguments]) -> Summary:
        """The aligned bilingual summary of one article.

        Args:
            article: The text, or an Article.
            **arguments: `options`, and what stands before its fields; `timeout` in seconds for all tries together.

        Raises:
            KhulasaError: see `khulasa.client.errors`.
        """
        return await self._run(
            self._core.summarize(article, **checked(arguments, "AsyncClient.summarize", SummarizeArguments))
        )

    @keywords(TranslateArguments)
    async def translate(self, texts: Sequence[str], **arguments: Unpack[TranslateArguments]) -> list[Translation]:
        """Translations, same order and count as the texts.

        Args:
            texts: Texts of one language.
            **arguments: See TranslateArguments.

        Raises:
            KhulasaError: see `khulasa.client.errors`.
        """
        return await self._run(
            self._core.translate(texts, **checked(arguments, "AsyncClient.translate", TranslateArguments))
        )

    @keywords(TranslateArguments)
    def translate_stream(
        self, texts: Sequence[str], **arguments: Unpack[TranslateArguments]
    ) -> AsyncGenerator[StreamedSegment]:
        """Segments in order, each as soon as it is done. Closing the generator cancels the call.

        Tried again only while nothing has come: a segment is never given twice.

        Args:
            texts: Texts of one language.
            **arguments: See TranslateArguments; `timeout` is for the whole stream.

        Raises:
            KhulasaError: see `khulasa.client.errors`.
        """
        return self._segments(
            self._core.translate_stream(texts, **checked(arguments, "AsyncClient.translate_stream", TranslateArguments))
        )

    async def assess(
        self,
        pairs: Iterable[tuple[str, str]],
        *,
        target_language: str = "",
        source_language: str = "",
        glossary: GlossaryLike | None = None,
        word_alignments: bool = False,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> list[Assessment]:
        """What the server thinks of given translations, one for each (source, target) pair, same order.

        Raises:
            KhulasaError: see `khulasa.client.errors`.
        """
        return await self._run(
            self._core.assess(
                pairs,
                target_language=target_language,
                source_language=source_language,
                glossary=glossary,
                word_alignments=word_alignments,
                timeout=timeout,
                request_id=request_id,
            )
        )

    async def models(self, *, timeout: float | None = None) -> list[ModelInfo]:
        """Every model that the server runs.

        Raises:
            KhulasaError: see `khulasa.client.errors`.
        """
        return await self._run(self._core.models(timeout))

    async def model(self, name: str, *, timeout: float | None = None) -> ModelInfo:
        """One model by name.

        Raises:
            ModelNotFoundError: there is none of that name.
            KhulasaError: see `khulasa.client.errors`.
        """
        return await self._run(self._core.model(name, timeout))

    @keywords(SummarizeArguments)
    def summarize_many(
        self,
        articles: Iterable[str | Article] | AsyncIterable[str | Article],
        *,
        concurrency: int = 8,
        ordered: bool = True,
        **arguments: Unpack[SummarizeArguments],
    ) -> AsyncGenerator[Outcome]:
        """An archive in, results out as they come; one bad article never stops the rest.

        Articles are read one at a time, never further ahead than `2 * concurrency`: memory stays the same however long
        the archive. Results come while an asynchronous iterable is waited for. Closing the generator cancels what is
        on its way.

        Args:
            articles: Any iterable, asynchronous or not; what it raises is raised here, after the outcomes of
                the articles read before.
            concurrency: Articles on their way at a time.
            ordered: In the order of the articles; else as each is ready.
            **arguments: As for `summarize`; `timeout` is for each article. The priority is bulk unless given.

        Raises:
            TypeError: `articles` is one text or Article, or an argument is unknown.
            InvalidRequestError: an option that no article can be sent with.
        """
        plan = ArchivePlan(concurrency, ordered=ordered)
        return self._archive(
            _items(several(articles)),
            plan,
            self._core.archive_arguments(checked(arguments, "AsyncClient.summarize_many", SummarizeArguments)),
        )

    async def wait_until_ready(self, timeout: float = 30.0) -> None:
        """Wait until the server's health service says SERVING; in 0 seconds, look once.

        Raises:
            UnavailableError: not within `timeout` seconds; NotServingError when a server answers but does not serve.
        """
        call = Call(HEALTH_CHECK, b"", bytes, timeout)
        await self._carry_out(readiness(timeout, self._core.pacing), call)

    async def close(self) -> None:
        """Close the connection; calls on their way end with CallCancelledError."""
        self._closing.set()
        if self._channel_made is not None:
            await self._channel_made.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(unpicklable(self))

    def __repr__(self) -> str:
        return f"AsyncClient({self._core.settings.target!r}, tls={bool(self._core.settings.tls)})"

    def _channel(self, call: Call[Any]) -> grpc.aio.Channel:
        if self._closing.is_set():
            raise closed_error(call)
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop is not loop:
            raise RuntimeError("this AsyncClient was first used in another event loop: make one for each loop")
        self._loop = loop
        if self._channel_made is None:
            target, options = self._core.settings.target, self._core.settings.options()
            if self._credentials is None:
                self._channel_made = grpc.aio.insecure_channel(target, options)
            else:
                self._channel_made = grpc.aio.secure_channel(target, self._credentials, options)
        return self._channel_made

    async def _run(self, call: Call[R]) -> R:
        return await self._carry_out(self._core.attempts(call), call)

    async def _carry_out(self, steps: Generator[Attempt | Pause, Any, R], call: Call[Any]) -> R:
        answer: Any = None
        try:
            while True:
                step = steps.send(answer)
                if isinstance(step, Pause):
                    await self._pause(step.seconds, call)
                    answer = None
                else:
                    answer = await self._attempt(call, step)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        finally:
            del answer  # an error, and its traceback leads back here

    async def _pause(self, seconds: float, call: Call[Any]) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return
        raise CallCancelledError("closed while waiting to try again", ErrorFacts(request_id=call.request_id))

    async def _attempt(self, call: Call[Any], attempt: Attempt) -> Any:
        """One try: its answer (of a stream: the rpc and its first message or EOF), or the error it ended in."""
        channel, method = self._channel(call), call.method
        metadata = self._core.settings.metadata(call.request_id)
        try:
            if not method.streams:
                answer = await channel.unary_unary(method.path, method.serialize, method.deserialize)(
                    call.request, timeout=attempt.timeout_s, metadata=metadata
                )
                return legible(answer, call)
            rpc = channel.unary_stream(method.path, method.serialize, method.deserialize)(
                call.request, timeout=attempt.timeout_s, metadata=metadata
            )
            return rpc, legible(await rpc.read(), call)
        except grpc.RpcError as error:
            return ended(error, call, closed=self._closing.is_set())
        except grpc.aio.UsageError as error:
            raise closed_error(call) from error
        except asyncio.CancelledError as error:
            if not self._closing.is_set() or _is_being_cancelled():
                raise
            raise closed_error(call) from error

    async def _segments(self, call: Call[Any]) -> AsyncGenerator[StreamedSegment]:
        rpc, message = await self._run(call)
        reader = StreamReader(call)
        try:
            while message is not grpc.aio.EOF:
                yield reader.read(message)
                message = legible(await rpc.read(), call)
            reader.end()
        except grpc.RpcError as error:
            raise ended(error, call, closed=self._closing.is_set()) from error
        except asyncio.CancelledError as error:
            if not self._closing.is_set() or _is_being_cancelled():
                raise
            raise closed_error(call) from error
        finally:
            rpc.cancel()

    async def _summary_or_error(
        self, item: str | Article, index: int, arguments: SummarizeArguments
    ) -> tuple[str, Summary | KhulasaError]:
        article_id = ""
        try:
            article = named_article(item, index)
            article_id = article.article_id
            return article_id, await self._run(self._core.summarize(article, **arguments))
        except KhulasaError as error:
            return article_id, error

    async def _archive(
        self, items: AsyncIterator[str | Article], plan: ArchivePlan, arguments: SummarizeArguments
    ) -> AsyncGenerator[Outcome]:
        running: dict[asyncio.Task[tuple[str, Summary | KhulasaError]], int] = {}
        reader: asyncio.Task[str | Article] | None = None
        try:
            while True:
                while (outcome := plan.next_ready()) is not None:
                    yield outcome
                if reader is None and plan.may_start:
                    reader = asyncio.create_task(_next_of(items))
                waited: set[asyncio.Task[Any]] = {*running, *([reader] if reader else [])}
                if not waited:
                    plan.end()
                    return
                done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                if reader is not None and reader in done:
                    done.discard(reader)
                    read, reader = reader, None
                    if isinstance(error := read.exception(), Exception):
                        plan.end_reading(error)
                    elif (item := read.result()) is _END:
                        plan.end_reading()
                    else:
                        index = plan.start()
                        running[asyncio.create_task(self._summary_or_error(item, index, arguments))] = index
                for task in done:
                    plan.finish(running.pop(task), *task.result())
        finally:
            left: list[asyncio.Task[Any]] = [*running, *([reader] if reader else [])]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)


async def _next_of(items: AsyncIterator[str | Article]) -> str | Article:
    return await anext(items, _END)


async def _items(articles: Iterable[str | Article] | AsyncIterable[str | Article]) -> AsyncIterator[str | Article]:
    if isinstance(articles, AsyncIterable):
        async for article in articles:
            yield article
    else:
        for article in articles:
            yield article


def _is_being_cancelled() -> bool:
    """Whether it is the caller's task that was cancelled, and not the channel under it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
