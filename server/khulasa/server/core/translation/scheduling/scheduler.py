"""One scheduler in front of all engines: every segment of every request passes here.

Workers are threads, one for each batch that the engines decode at a time. A free worker takes the next batch at once,
nothing is ever delayed to fill a batch: batches fill by themselves while the workers are busy.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Sequence
from functools import partial

from khulasa.server.core.errors import DeadlineError, EngineError, NotServingError, WorkCancelledError
from khulasa.server.core.translation.engine import EngineOptions, SegmentTokens
from khulasa.server.core.translation.scheduling.admission import Admission, QueueLimits, Reservation, Throughput
from khulasa.server.core.translation.scheduling.queue import BatchPolicy, FairQueue, Job, JobState
from khulasa.server.core.translation.scheduling.types import (
    BatchReport,
    Completed,
    DecoderJob,
    Outcome,
    Runner,
    SchedulerStats,
    Unit,
    Waiter,
    engine_error,
    settle,
    since,
)
from khulasa.server.core.translation.types import Priority, RequestContext

__all__ = [
    "BatchPolicy",
    "BatchReport",
    "Completed",
    "QueueLimits",
    "Reservation",
    "Runner",
    "Scheduler",
    "SchedulerStats",
]


class Scheduler:
    """Queue, workers and admission. `start` before use; `close` ends the workers.

    Args:
        workers: Batches decoded at a time, the engines' `inter_threads`.
        policy: How batches are formed.
        limits: What may be accepted and not yet answered.
        clock: Seconds, the same clock as that of `RequestContext.deadline`.
        on_batch: Called by a worker after each batch; must be quick and must not raise.
    """

    def __init__(
        self,
        *,
        workers: int = 1,
        policy: BatchPolicy | None = None,
        limits: QueueLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        on_batch: Callable[[BatchReport], None] | None = None,
    ) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}")
        self._workers, self._clock, self._on_batch = workers, clock, on_batch
        self._throughput = Throughput(workers)
        self.admission = Admission(limits or QueueLimits(), self._throughput)
        self._queue: FairQueue[Unit, Waiter] = FairQueue(policy or BatchPolicy())
        # Jobs whose batch took its worker down: each is tried once more, alone.
        self._retries: deque[DecoderJob] = deque()
        self._in_flight: dict[Hashable, DecoderJob] = {}
        self._condition = threading.Condition()
        # Idle workers, running jobs, and workers with a batch of interactive work.
        self._idle = self._running = self._urgent = 0
        self._closed = False
        self._threads: set[threading.Thread] = set()
        self._counts: Counter[str] = Counter()
        self._padded_tokens = 0

    def start(self) -> None:
        """Starts the workers; harmless when they run."""
        with self._condition:
            while len(self._threads) < self._workers and not self._closed:
                self._spawn()

    def reserve(
        self, texts: Sequence[str], context: RequestContext, *, words_only: bool = False, seen: Sequence[str] = ()
    ) -> Reservation:
        """Room for a request's texts, before anything is tokenised; a context manager that gives it back.

        It takes the place of the context's `estimate`, and may be larger than that where room is short. `words_only`:
        texts without a word are not decoded. `seen`: what may be decoded of each, where that is less.

        Raises:
            OverloadedError: the queue is full; `retry_after_s` says when it should not be.
            DeadlineError: the deadline passed or the queue is too long to meet it.
            NotServingError: the scheduler is closed.
        """
        if self._closed:
            raise NotServingError("the translation engine is closed")
        let_in = False
        if context.estimate is not None:
            # Of HTML none is held: what had no estimate of its tokens was not let in by one.
            let_in = context.estimate.had_tokens
            context.estimate.close()
        left = None if context.deadline is None else context.deadline - self._clock()
        return self.admission.reserve(
            texts, caller=context.caller, remaining_s=left, words_only=words_only, seen=seen, let_in=let_in
        )

    def submit(
        self,
        runner: Runner,
        options: EngineOptions,
        works: Sequence[SegmentTokens],
        context: RequestContext,
        reservation: Reservation | None = None,
    ) -> list[asyncio.Future[Completed]]:
        """Queues segments; one future each, same order. Cancelling a future takes its segment out of the queue.

        A future may fail with EngineError, DeadlineError or, when the scheduler closes, WorkCancelledError.

        Raises:
            NotServingError: the scheduler is closed.
        """
        loop = asyncio.get_running_loop()
        waiters = []
        with self._condition:
            if self._closed:
                raise NotServingError("the translation engine is closed")
            now = self._clock()
            for work in works:
                waiters.append(self._enqueue(runner, options, work, context, loop, reservation, now))
            self._condition.notify(min(len(waiters), self._idle))
        for waiter in waiters:
            waiter.future.add_done_callback(partial(self._settled, waiter))
        return [waiter.future for waiter in waiters]

    def stats(self) -> SchedulerStats:
        """What is going on, and what went on since the start."""
        held_tokens, held_bytes, held_texts = self.admission.held
        with self._condition:
            counts = self._counts
            return SchedulerStats(
                queued_segments=len(self._queue) + len(self._retries),
                queued_tokens=self._queue.tokens,
                queued_tokens_interactive=self._queue.tokens_of(Priority.INTERACTIVE),
                queued_tokens_bulk=self._queue.tokens_of(Priority.BULK),
                running_segments=self._running,
                held_tokens=held_tokens,
                held_bytes=held_bytes,
                held_texts=held_texts,
                batches=counts["batches"],
                segments=counts["segments"],
                tokens=counts["tokens"],
                shared_segments=counts["shared"],
                cancelled_segments=counts["cancelled"],
                expired_segments=counts["expired"],
                failed_segments=counts["failed"],
                failed_batches=counts["failed_batches"],
                worker_restarts=counts["restarts"],
                fill=counts["tokens"] / self._padded_tokens if self._padded_tokens else 0.0,
                tokens_per_s=self._throughput.tokens_per_s or 0.0,
                rejections=dict(self.admission.rejections),
            )

    async def close(self, *, drain: bool = True) -> None:
        """Takes no more work, finishes what is queued (or fails it, without `drain`) and ends the workers."""
        with self._condition:
            self._closed = True
            if not drain:
                queued = list(self._queue.jobs())
                for job in queued:
                    self._queue.remove(job, JobState.DONE)
                waiting = [*queued, *self._retries]
                for job in waiting:
                    self._forget(job)
                self._retries.clear()
                self._deliver([(job, WorkCancelledError("the engine was closed")) for job in waiting])
            self._condition.notify_all()
        # A worker that dies meanwhile is replaced, so the set is looked at again after each.
        while (thread := self._any_worker()) is not None:
            await asyncio.to_thread(thread.join)

    def _any_worker(self) -> threading.Thread | None:
        with self._condition:  # else one might be seen that is not started yet, or none while one is replaced
            return next(iter(self._threads), None)

    def _enqueue(
        self,
        runner: Runner,
        options: EngineOptions,
        work: SegmentTokens,
        context: RequestContext,
        loop: asyncio.AbstractEventLoop,
        reservation: Reservation | None,
        now: float,
    ) -> Waiter:
        identity = (id(runner), options, work)
        job = self._in_flight.get(identity)
        if job is not None:
            self._counts["shared"] += 1
            self._queue.join(job, context.caller, context.priority)
        else:
            job = Job(
                work=Unit(runner, options, work),
                key=(id(runner), options),
                tokens=max(1, len(work.source)),
                caller=context.caller,
                priority=context.priority,
                alone=options.deterministic,
                queued_at=now,
            )
            self._in_flight[identity] = job
            self._queue.add(job)
        waiter = Waiter(job, loop, now, context.deadline, reservation)
        job.waiters[waiter] = None
        return waiter

    def _settled(self, waiter: Waiter, future: asyncio.Future[Completed]) -> None:
        """A future is done: by its result, or because its caller gave up."""
        if waiter.reservation is not None:
            waiter.reservation.finished(waiter.job.tokens)
        if not future.cancelled():
            return
        job = waiter.job
        with self._condition:
            if waiter not in job.waiters:
                return
            del job.waiters[waiter]
            self._counts["cancelled"] += 1
            if not job.waiters:
                if job.state is JobState.QUEUED:
                    self._queue.remove(job, JobState.DONE)
                # One that runs is not to be joined any more: its decoding may be stopped in the middle.
                self._forget(job)

    def _forget(self, job: DecoderJob) -> None:
        unit = job.work
        if self._in_flight.get(identity := (id(unit.runner), unit.options, unit.tokens)) is job:
            del self._in_flight[identity]

    def _spawn(self) -> None:
        thread = threading.Thread(target=self._live, name="khulasa-decoder", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _live(self) -> None:
        """A worker's life. What kills it costs its batch a second try, and the worker is replaced."""
        batch: list[DecoderJob] = []
        try:
            while True:
                batch = self._next()
                if not batch:
                    break
                self._work(batch)
                with self._condition:
                    self._urgent -= batch[0].priority is Priority.INTERACTIVE
                batch = []
        except BaseException as error:  # a dead worker must not leave its callers waiting
            self._bury(batch, error)
        finally:
            with self._condition:
                self._threads.discard(threading.current_thread())
                if batch:
                    self._urgent -= batch[0].priority is Priority.INTERACTIVE
                    self._counts["restarts"] += 1
                    self._spawn()

    def _bury(self, batch: Sequence[DecoderJob], error: BaseException) -> None:
        """Puts a dead worker's jobs up for a second try, each alone, or fails them."""
        lost: list[tuple[DecoderJob, Outcome]] = []
        with self._condition:
            for job in batch:
                if job.state is not JobState.RUNNING:
                    continue
                self._running -= 1
                job.attempts += 1
                if job.attempts > 1 or not job.waiters:
                    lost.append((job, EngineError(f"the decoder died: {type(error).__name__}")))
                    job.state = JobState.DONE
                    self._forget(job)
                else:
                    self._retries.append(job)
            self._counts["failed"] += len(lost)
            self._deliver(lost)
            self._condition.notify(len(self._retries))

    def _next(self) -> list[DecoderJob]:
        """Waits for work; empty when the scheduler is closed and nothing is left."""
        with self._condition:
            while True:
                now = self._clock()
                if self._retries:
                    batch = [self._retries.popleft()]
                else:
                    batch = self._queue.take(now, self._idle + 1, self._workers - self._urgent)
                    batch = self._drop_expired(batch, now)
                if batch:
                    self._running += len(batch)
                    self._urgent += batch[0].priority is Priority.INTERACTIVE
                    return batch
                if len(self._queue):
                    continue
                if self._closed:
                    self._condition.notify_all()
                    return []
                self._idle += 1
                self._condition.wait()
                self._idle -= 1

    def _drop_expired(self, batch: Sequence[DecoderJob], now: float) -> list[DecoderJob]:
        """The jobs that somebody can still use; the deadlines of the others have passed."""
        wanted, dropped = [], []
        for job in batch:
            late = [w for w in job.waiters if w.deadline is not None and w.deadline <= now]
            if len(late) < len(job.waiters):
                wanted.append(job)
                continue
            job.state = JobState.DONE
            self._forget(job)
            dropped.append((job, DeadlineError("the deadline passed in the queue")))
        self._counts["expired"] += len(dropped)
        self._deliver(dropped)
        return wanted

    def _work(self, batch: Sequence[DecoderJob]) -> None:
        """Decodes a batch; when the engine raises, each job alone, so that only the culprit fails."""
        try:
            outcomes: list[Outcome] = list(self._decode(batch))
        except Exception as error:
            if len(batch) == 1:
                outcomes = [error if isinstance(error, EngineError) else engine_error(error)]
            else:
                for job in batch:
                    self._work([job])
                return
        with self._condition:
            for job, outcome in zip(batch, outcomes, strict=True):
                job.state = JobState.DONE
                self._running -= 1
                self._forget(job)
                self._counts["failed"] += isinstance(outcome, Exception)
            self._deliver(list(zip(batch, outcomes, strict=True)))

    def _decode(self, batch: Sequence[DecoderJob]) -> list[Completed]:
        unit = batch[0].work
        tokens, longest = sum(job.tokens for job in batch), max(job.tokens for job in batch)
        began, failed = self._clock(), True
        try:
            results = unit.runner.run(
                [job.work.tokens for job in batch], unit.options, lambda index: not batch[index].waiters
            )
            if len(results) != len(batch):
                raise EngineError(f"the decoder gave {len(results)} results for {len(batch)} segments")
            failed = False
        finally:
            ended = self._clock()
            with self._condition:
                self._counts.update(batches=1, segments=len(batch), tokens=tokens, failed_batches=int(failed))
                self._padded_tokens += longest * len(batch)
                if not failed:
                    self._throughput.record(tokens, max(ended - began, 1e-6))
            if self._on_batch is not None:
                fill = tokens / (longest * len(batch))
                self._on_batch(BatchReport(len(batch), tokens, fill, ended - began, failed))
        return [
            Completed(result, job.queued_at, job.started_at, ended) for job, result in zip(batch, results, strict=True)
        ]

    def _deliver(self, outcomes: Sequence[tuple[DecoderJob, Outcome]]) -> None:
        """Hands outcomes to those who wait, one call into each event loop."""
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Completed], Outcome]]] = {}
        for job, outcome in outcomes:
            for waiter in job.waiters:
                by_loop.setdefault(waiter.loop, []).append((waiter.future, since(outcome, waiter.asked_at)))
            job.waiters = {}
        for loop, settled in by_loop.items():
            try:
                loop.call_soon_threadsafe(settle, settled)
            except RuntimeError:
                # The loop is closed: nobody waits there any more.
                continue
