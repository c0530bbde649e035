"""The client for ordinary programs: carries out the steps that `calls` decides, on a synchronous channel."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextvars import copy_context
from queue import SimpleQueue
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar, Unpack

import grpc
from khulasa.client.archive import ArchivePlan, named_article, several
from khulasa.client.calls import HEALTH_CHECK, Attempt, Call, Pause, closed_error, ended, late_error, readiness
from khulasa.client.connection import MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, ConnectionSettings, TlsOptions, unpicklable
from khulasa.client.core import ClientCore, SummarizeArguments, TranslateArguments, checked, keywords
from khulasa.client.deadlines import LONGEST_S
from khulasa.client.errors import CallCancelledError, ErrorFacts, KhulasaError
from khulasa.client.requests import Article, GlossaryLike
from khulasa.client.results import Assessment, ModelInfo, Outcome, StreamedSegment, Summary, Translation
from khulasa.client.retry import RetryPolicy
from khulasa.client.streams import StreamReader

__all__ = ["Client"]

R = TypeVar("R")
# A thread waits for one thing at a time: whether another has come is looked up this often.
_LOOK_S = 0.1
# gRPC keeps the deadline, but in a process that was forked while other threads were in it, it may stand still.
_GRACE_S = 5.0


class Client:
    """A connection to a Khulasa server. Safe to share between threads; close it, or use it as a context manager.

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
        self._closed = threading.Event()
        self._making = threading.Lock()
        self._inherited: list[grpc.Channel] = []
        self._own = (os.getpid(), self._new_channel())

    @keywords(SummarizeArguments)
    def summarize(self, article: str | Article, **arguments: Unpack[SummarizeArguments]) -> Summary:
        """The aligned bilingual summary of one article.

        Args:
            article: The text, or an Article.
            **arguments: `options`, and what stands before its fields; `timeout` in seconds for all tries together.

        Raises:
            KhulasaError: see `khulasa.client.errors`.
        """
        return self._run(self._core.summarize(article, **checked(arguments, "Client.summarize", SummarizeArguments)))

    @keywords(TranslateArguments)
    def translate(self, texts: Sequence[str], **arguments: Unpack[TranslateArguments]) -> list[Translation]:
        """Translations, same order and count as the texts.

        Args:
            texts: Texts of one language.
            **arguments: See TranslateArguments.

        Raises:
            KhulasaError: see `khulasa.client.errors`.
        """
        return self._run(self._core.translate(texts, **checked(arguments, "Client.translate", TranslateArguments)))

    @keywords(TranslateArguments)
    def translate_stream(
        self, texts: Sequence[str], **arguments: Unpack[TranslateArguments]
    ) -> Generator[StreamedSegment]:
        """Segments in order, each as soon as it is done. Closing the generator cancels the call.

        Tried again only while nothing has come: a segment is never given twice.

        Args:
            texts: Texts of one language.
            **arguments: See TranslateArguments; `timeout` is for the whole stream.

        Raises:
            KhulasaError: see `khulasa.client.errors`.
        """
        return self._segments(
            self._core.translate_stream(texts, **checked(arguments, "Client.translate_stream", TranslateArguments))
        )

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
    ) -> list[Assessment]:
        """What the server thinks of given translations, one for each (source, target) pair, same order.

        Raises:
            KhulasaError: see `khulasa.client.errors`.
        """
        return self._run(
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

    def models(self, *, timeout: float | None = None) -> list[ModelInfo]:
        """Every model that the server runs.

        Raises:
            KhulasaError: see `khulasa.client.errors`.
        """
        return self._run(self._core.models(timeout))

    def model(self, name: str, *, timeout: float | None = None) -> ModelInfo:
        """One model by name.

        Raises:
            ModelNotFoundError: there is none of that name.
            KhulasaError: see `khulasa.client.errors`.
        """
        return self._run(self._core.model(name, timeout))

    @keywords(SummarizeArguments)
    def summarize_many(
        self,
        articles: Iterable[str | Article],
        *,
        concurrency: int = 8,
        ordered: bool = True,
        **arguments: Unpack[SummarizeArguments],
    ) -> Generator[Outcome]:
        """An archive in, results out as they come; one bad article never stops the rest.

        Articles are read in the caller's thread, one at a time, never further ahead than `2 * concurrency`: memory
        stays the same however long the archive. Closing the generator cancels what is on its way.

        Args:
            articles: Any iterable; what it raises is raised here, after the outcomes of the articles read before.
            concurrency: Articles on their way at a time.
            ordered: In the order of the articles; else as each is ready.
            **arguments: As for `summarize`; `timeout` is for each article. The priority is bulk unless given.

        Raises:
            TypeError: `articles` is one text or Article, or an argument is unknown.
            InvalidRequestError: an option that no article can be sent with.
        """
        plan = ArchivePlan(concurrency, ordered=ordered)
        return self._archive(
            iter(several(articles)),
            plan,
            self._core.archive_arguments(checked(arguments, "Client.summarize_many", SummarizeArguments)),
        )

    def wait_until_ready(self, timeout: float = 30.0) -> None:
        """Wait until the server's health service says SERVING; in 0 seconds, look once.

        Raises:
            UnavailableError: not within `timeout` seconds; NotServingError when a server answers but does not serve.
        """
        call = Call(HEALTH_CHECK, b"", bytes, timeout)
        self._carry_out(readiness(timeout, self._core.pacing), call, self._closed)

    def close(self) -> None:
        """Close the connection; calls on their way end with CallCancelledError."""
        self._closed.set()
        process, channel = self._own
        if process == os.getpid():
            channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(unpicklable(self))

    def __repr__(self) -> str:
        return f"Client({self._core.settings.target!r}, tls={bool(self._core.settings.tls)})"

    def _new_channel(self) -> grpc.Channel:
        settings = self._core.settings
        if self._credentials is None:
            return grpc.insecure_channel(settings.target, settings.options())
        return grpc.secure_channel(settings.target, self._credentials, settings.options())

    def _channel(self, call: Call[Any]) -> grpc.Channel:
        """This process's own: a fork leaves the threads of its parent's behind, and a call on it may wait for ever."""
        if self._closed.is_set():
            raise closed_error(call)
        if self._own[0] != os.getpid():
            with self._making:
                if self._own[0] != os.getpid():
                    # Kept: to close or to free it would wait for those threads as well.
                    self._inherited.append(self._own[1])
                    self._own = (os.getpid(), self._new_channel())
        return self._own[1]

    def _run(self, call: Call[R], stop: threading.Event | None = None) -> R:
        return self._carry_out(self._core.attempts(call), call, stop or self._closed)

    def _carry_out(self, steps: Generator[Attempt | Pause, Any, R], call: Call[Any], stop: threading.Event) -> R:
        answer: Any = None
        try:
            while True:
                step = steps.send(answer)
                if isinstance(step, Pause):
                    self._pause(step.seconds, call, stop)
                    answer = None
                elif call.method.streams:
                    answer = self._open(call, step)
                else:
                    answer = self._send(call, step, stop)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        finally:
            del answer  # an error, and its traceback leads back here

    def _pause(self, seconds: float, call: Call[Any], stop: threading.Event) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._closed.wait(min(left, _LOOK_S)) or stop.is_set():
                raise CallCancelledError("cancelled while waiting to try again", ErrorFacts(request_id=call.request_id))

    def _send(self, call: Call[Any], attempt: Attempt, stop: threading.Event) -> Any:
        """One try of a unary call: its answer, or the error it ended in."""
        try:
            sender = self._channel(call).unary_unary(call.method.path, call.method.serialize, call.method.deserialize)
            metadata = self._core.settings.metadata(call.request_id)
            rpc = sender.future(call.request, timeout=attempt.timeout_s, metadata=metadata)
        except ValueError as error:  # grpc's word for a closed channel
            raise closed_error(call) from error
        finished = threading.Event()
        rpc.add_done_callback(lambda _: finished.set())
        late = time.monotonic() + (attempt.timeout_s or LONGEST_S) + _GRACE_S
        try:
            if stop is not self._closed:
                while not finished.wait(_LOOK_S) and time.monotonic() < late:
                    if stop.is_set():
                        raise CallCancelledError("cancelled", ErrorFacts(request_id=call.request_id))
            return rpc.result(max(0.0, late - time.monotonic()))
        except grpc.FutureTimeoutError:
            return late_error(call)
        except grpc.FutureCancelledError as error:
            raise closed_error(call) from error
        except grpc.RpcError as error:
            return ended(error, call, closed=self._closed.is_set())
        finally:
            rpc.cancel()  # of a call that has ended this does nothing

    def _open(self, call: Call[Any], attempt: Attempt) -> Any:
        """One try of a stream until its first message: (rpc, first message or None), or the error it ended in."""
        try:
            rpc = self._channel(call).unary_stream(call.method.path, call.method.serialize, call.method.deserialize)(
                call.request, timeout=attempt.timeout_s, metadata=self._core.settings.metadata(call.request_id)
            )
        except ValueError as error:
            raise closed_error(call) from error
        try:
            return rpc, next(rpc, None)
        except grpc.RpcError as error:
            return ended(error, call, closed=self._closed.is_set())
        except BaseException:
            rpc.cancel()
            raise

    def _segments(self, call: Call[Any]) -> Generator[StreamedSegment]:
        rpc, message = self._run(call)
        reader = StreamReader(call)
        try:
            while message is not None:
                yield reader.read(message)
                message = next(rpc, None)
            reader.end()
        except grpc.RpcError as error:
            raise ended(error, call, closed=self._closed.is_set()) from error
        finally:
            rpc.cancel()

    def _archive(
        self, items: Iterator[str | Article], plan: ArchivePlan, arguments: SummarizeArguments
    ) -> Generator[Outcome]:
        stop = threading.Event()
        running: dict[int, threading.Thread] = {}
        ended: SimpleQueue[tuple[int, str, Summary | Exception]] = SimpleQueue()

        def work(item: str | Article, index: int) -> None:
            article_id = ""
            result: Summary | Exception
            try:
                article = named_article(item, index)
                article_id = article.article_id
                result = self._run(self._core.summarize(article, **arguments), stop)
            except Exception as error:
                result = error
            ended.put((index, article_id, result))

        def collect() -> None:
            index, article_id, result = ended.get()
            del running[index]
            if not isinstance(result, Summary | KhulasaError):
                raise result
            plan.finish(index, article_id, result)

        try:
            while True:
                while (outcome := plan.next_ready()) is not None:
                    yield outcome
                if plan.may_start:
                    try:
                        item = next(items)
                    except Exception as error:
                        plan.end_reading(None if isinstance(error, StopIteration) else error)
                        continue
                    index = plan.start()
                    # The caller's trace goes along. A daemon: a program that ends with this generator in its hand would
                    # wait for articles that nobody will see.
                    thread = threading.Thread(
                        target=copy_context().run, args=(work, item, index), name="khulasa-archive", daemon=True
                    )
                    thread.start()  # before it is kept: one that the system has no room for cannot be waited for
                    running[index] = thread
                    while not ended.empty():
                        collect()
                elif running:
                    collect()
                else:
                    plan.end()
                    return
        finally:
            stop.set()
            # When the interpreter ends, daemons do not run any more, and never end.
            for thread in () if sys.is_finalizing() else running.values():
                thread.join()
