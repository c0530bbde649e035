"""The queue of the scheduler: who is next, and what shares a batch with it.

Fairness is start-time fair queueing by tokens (Goyal, Vin and Cheng 1996): every caller carries the tokens it has been
served, the one with the fewest leads the next batch, and a caller that was away starts level with the least served.
What several callers ask for comes in whosever turn is first: nobody waits longer because another asked before.
Not safe for use from several threads; the scheduler holds its lock around every call.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

from khulasa.server.core.translation.types import Priority

__all__ = ["BatchPolicy", "FairQueue", "Job", "JobState", "fits_batch"]

W = TypeVar("W")
R = TypeVar("R")

# Jobs whose lengths differ by less than this share a bucket, so that padding stays small.
_BUCKET_TOKENS = 6

# A batch with its padding may be so much larger than its budget. CTranslate2 computes nothing for padding on a CPU and
# drops each segment that is done; but the longest keeps the shortest waiting, and padding takes memory everywhere.
_MOST_PADDING = 1.25

# Interactive work is taken in order of age until so many batches wait, then by length: who waits as long as that
# gains more from the few percent that batches of equal lengths are faster.
_BATCHES_BY_AGE = 6

# Taken by length, it is passed only by what came within the first third of its leader's time in the queue. Without such
# a bound some waited half as long again as their turn was, and beyond their deadlines: decoded for nothing.
_PASSED_BY = 1 / 3

# Of a caller's jobs so many more than still wait may lie about that are gone: whose work never ends held all of it.
_MOST_GONE = 64


class JobState(Enum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"


@dataclass(eq=False, slots=True)
class Job(Generic[W, R]):
    """One segment to be decoded, for everybody who waits for it.

    Attributes:
        work: What the runner gets.
        key: Jobs share a batch only when their keys are equal.
        tokens: Its length, >= 1.
        caller: The first who asked.
        priority: The most urgent of those who wait.
        alone: Shares no batch with anything.
        queued_at: Clock reading.
        attempts: Times that a batch with it has failed.
        number: Given by the queue: jobs of the same moment keep their order.
        also: Others who asked; it counts for the one in whose turn it is taken.
        waiters: Those who wait, in order.
    """

    work: W
    key: Hashable
    tokens: int
    caller: str
    priority: Priority
    alone: bool
    queued_at: float
    state: JobState = JobState.QUEUED
    attempts: int = 0
    started_at: float = 0.0
    number: int = 0
    also: list[str] = field(default_factory=list)
    waiters: dict[R, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """How batches are formed.

    Attributes:
        batch_tokens: Tokens of all its jobs, at most (one job may be longer).
        patience_s: Bulk work that has waited this long leads a batch, at most one in as long.
        split_tokens: A small queue is divided among workers, but not below this many tokens.
        beside_tokens: `batch_tokens` for bulk work while interactive work comes in, so that it waits for little.
        beside_s: How long after the last interactive job that holds.
    """

    batch_tokens: int = 256
    patience_s: float = 0.5
    split_tokens: int = 96
    beside_tokens: int = 96
    beside_s: float = 2.0


def fits_batch(budget: int, segments: int, tokens: int, longest: int) -> bool:
    """Whether a batch of so many segments and tokens, the longest with `longest`, keeps within a budget of tokens."""
    return tokens <= budget and segments * longest <= _MOST_PADDING * budget


class _Caller(Generic[W, R]):
    """One caller's jobs of one priority: by age, and by key and length."""

    def __init__(self, name: str, served: float, priority: Priority) -> None:
        self.name, self.served, self._priority = name, served, priority
        # Jobs that wait, and those that lie in the containers although they do so no more.
        self.count = self._gone = 0
        self.by_age: deque[Job[W, R]] = deque()
        self.by_length: dict[Hashable, dict[int, deque[Job[W, R]]]] = {}

    def add(self, job: Job[W, R]) -> None:
        self.by_age.append(job)
        self.by_length.setdefault(job.key, {}).setdefault(job.tokens // _BUCKET_TOKENS, deque()).append(job)
        self.count += 1

    def remove(self) -> None:
        """A job that waits no more leaves the containers when they come across it, or with others of its kind."""
        self.count -= 1
        self._gone += 1
        if self._gone > self.count + _MOST_GONE:
            waiting = self.jobs()
            self.by_age, self.by_length = deque(), {}
            self.count = self._gone = 0
            for job in waiting:
                self.add(job)

    def jobs(self) -> list[Job[W, R]]:
        return [job for job in self.by_age if self._waits(job)]

    def oldest(self) -> Job[W, R] | None:
        while self.by_age and not self._waits(self.by_age[0]):
            self.by_age.popleft()
        return self.by_age[0] if self.by_age else None

    def nearest(self, key: Hashable, tokens: int, until: float) -> Job[W, R] | None:
        """The oldest job of the length bucket nearest to `tokens`, of those queued `until` then."""
        at = tokens // _BUCKET_TOKENS
        # Between two equally near, the shorter: it adds no padding to what is there.
        return min(
            (job for job in self._heads(key) if job.queued_at <= until),
            key=lambda job: (abs(job.tokens // _BUCKET_TOKENS - at), job.tokens // _BUCKET_TOKENS),
            default=None,
        )

    def oldest_of(self, key: Hashable, fits: Callable[[Job[W, R]], bool]) -> Job[W, R] | None:
        """The oldest job for which there is room, of those that are the oldest of their length."""
        return min(filter(fits, self._heads(key)), key=lambda job: (job.queued_at, job.number), default=None)

    def _heads(self, key: Hashable) -> list[Job[W, R]]:
        """The oldest job of each length bucket."""
        buckets = self.by_length.get(key, {})
        for jobs in buckets.values():
            while jobs and not self._waits(jobs[0]):
                jobs.popleft()
        for empty in [bucket for bucket, jobs in buckets.items() if not jobs]:
            del buckets[empty]
        if not buckets:
            self.by_length.pop(key, None)
        return [jobs[0] for jobs in buckets.values()]

    def _waits(self, job: Job[W, R]) -> bool:
        """Whether it waits here: one that became urgent does so elsewhere."""
        return job.state is JobState.QUEUED and job.priority is self._priority


class _Lane(Generic[W, R]):
    """All waiting jobs of one priority."""

    def __init__(self, priority: Priority) -> None:
        self._priority = priority
        self.callers: dict[str, _Caller[W, R]] = {}
        self.count = self.tokens = 0
        self._floor = 0.0

    def add(self, job: Job[W, R]) -> None:
        self.count += 1
        self.tokens += job.tokens
        for name in (job.caller, *job.also):
            self.line_up(job, name)

    def line_up(self, job: Job[W, R], name: str) -> None:
        """Has a job that waits here come in the turn of this caller, too."""
        caller = self.callers.get(name)
        if caller is None:
            caller = self.callers[name] = _Caller(name, self._floor, self._priority)
        caller.add(job)

    def remove(self, job: Job[W, R]) -> None:
        """Forgets a job whose state or priority has just changed."""
        self.count -= 1
        self.tokens -= job.tokens
        for name in (job.caller, *job.also):
            caller = self.callers[name]
            caller.remove()
            if not caller.count:
                # One that was away starts level with the least served, so that nobody saves up credit while idle.
                self._floor = max(self._floor, min(other.served for other in self.callers.values()))
                del self.callers[name]

    def leader(self) -> tuple[_Caller[W, R], Job[W, R]] | None:
        """The least served caller and its oldest job."""
        best: tuple[_Caller[W, R], Job[W, R]] | None = None
        least = (0.0, 0.0)
        for caller in self.callers.values():
            job = caller.oldest()
            if job is not None and (best is None or (caller.served, job.queued_at) < least):
                best, least = (caller, job), (caller.served, job.queued_at)
        if best is not None:
            self._floor = max(self._floor, least[0])
        return best

    def oldest_at(self) -> float | None:
        """When the job that has waited longest was queued."""
        ages = [job.queued_at for caller in self.callers.values() if (job := caller.oldest()) is not None]
        return min(ages) if ages else None

    def jobs(self) -> Iterator[Job[W, R]]:
        for caller in list(self.callers.values()):
            yield from (job for job in caller.jobs() if job.caller == caller.name)


class FairQueue(Generic[W, R]):
    """Waiting jobs of two priorities.

    Args:
        policy: How batches are formed.
    """

    def __init__(self, policy: BatchPolicy) -> None:
        self.policy = policy
        self._lanes: dict[Priority, _Lane[W, R]] = {priority: _Lane(priority) for priority in Priority}
        self._bulk_led_at = self._interactive_at = float("-inf")
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return sum(lane.count for lane in self._lanes.values())

    @property
    def tokens(self) -> int:
        """Waiting tokens."""
        return sum(lane.tokens for lane in self._lanes.values())

    def tokens_of(self, priority: Priority) -> int:
        """Waiting tokens of one priority."""
        return self._lanes[priority].tokens

    def callers(self) -> int:
        """Callers with waiting jobs."""
        return len(set().union(*(lane.callers for lane in self._lanes.values())))

    def add(self, job: Job[W, R]) -> None:
        """Queues a new job behind its caller's others."""
        job.number = next(self._numbers)
        self._lanes[job.priority].add(job)
        if job.priority is Priority.INTERACTIVE:
            self._interactive_at = job.queued_at

    def remove(self, job: Job[W, R], state: JobState) -> None:
        """Takes a waiting job out, whatever for."""
        job.state = state
        self._lanes[job.priority].remove(job)

    def join(self, job: Job[W, R], caller: str, priority: Priority) -> None:
        """Another asks for a job: while it waits, it is as urgent as the most urgent wants, and comes in any's turn."""
        if job.state is not JobState.QUEUED:
            return
        if priority is Priority.INTERACTIVE and job.priority is Priority.BULK:
            job.priority = Priority.INTERACTIVE
            self._lanes[Priority.BULK].remove(job)
            self._lanes[Priority.INTERACTIVE].add(job)
        if caller != job.caller and caller not in job.also:
            job.also.append(caller)
            self._lanes[job.priority].line_up(job, caller)

    def jobs(self) -> Iterator[Job[W, R]]:
        """All waiting jobs."""
        for lane in self._lanes.values():
            yield from lane.jobs()

    def take(self, now: float, workers_free: int = 1, workers: int = 1) -> list[Job[W, R]]:
        """The next batch, shortest job first, its jobs RUNNING; empty when nothing waits.

        Args:
            now: Clock reading.
            workers_free: Idle workers, this one included; a small queue of bulk work is divided among them.
            workers: Workers without interactive work, this one included; a small queue of it is divided among them,
                since those with bulk work will soon be free.
        """
        lane = self._lane(now)
        found = lane.leader()
        if found is None:
            return []
        first, leader = found
        batch = [self._start(first, leader, now)]
        if not leader.alone:
            interactive = lane is self._lanes[Priority.INTERACTIVE]
            budget = self._budget(lane, leader, max(workers_free, workers) if interactive else workers_free)
            if not interactive and now - self._interactive_at < self.policy.beside_s:
                budget = min(budget, self.policy.beside_tokens)
            by_age = interactive and lane.tokens <= _BATCHES_BY_AGE * self.policy.batch_tokens
            self._fill(lane, batch, now, budget, by_age=by_age)
        batch.sort(key=lambda job: job.tokens)
        return batch

    def _lane(self, now: float) -> _Lane[W, R]:
        """Interactive first, unless bulk work is due."""
        interactive, bulk = self._lanes[Priority.INTERACTIVE], self._lanes[Priority.BULK]
        if not bulk.count:
            return interactive
        if interactive.count:
            patience = self.policy.patience_s
            oldest = bulk.oldest_at()
            due = oldest is not None and now - oldest >= patience and now - self._bulk_led_at >= patience
            if not due:
                return interactive
        self._bulk_led_at = now
        return bulk

    def _budget(self, lane: _Lane[W, R], leader: Job[W, R], workers_free: int) -> int:
        share = -(-(lane.tokens + leader.tokens) // max(1, workers_free))
        return min(self.policy.batch_tokens, max(self.policy.split_tokens, share))

    def _fill(self, lane: _Lane[W, R], batch: list[Job[W, R]], now: float, budget: int, *, by_age: bool) -> None:
        """Adds to the leader in `batch` what fits into `budget`: the oldest, or those nearest to it in length.

        Bulk work is taken by length whenever it came; of interactive work what came later fills what is left.
        """
        leader = batch[0]
        tokens = longest = leader.tokens
        interactive = leader.priority is Priority.INTERACTIVE
        until = leader.queued_at + _PASSED_BY * (now - leader.queued_at) if interactive else float("inf")

        def fits(job: Job[W, R]) -> bool:
            return fits_batch(budget, len(batch) + 1, tokens + job.tokens, max(longest, job.tokens))

        open_callers = dict(lane.callers)
        while open_callers:
            caller = min(open_callers.values(), key=lambda one: one.served)
            job = None if by_age else caller.nearest(leader.key, leader.tokens, until)
            if interactive and (job is None or not fits(job)):
                job = caller.oldest_of(leader.key, fits)
            if job is None or not fits(job):
                del open_callers[caller.name]
                continue
            longest, tokens = max(longest, job.tokens), tokens + job.tokens
            batch.append(self._start(caller, job, now))
            if not caller.count:
                del open_callers[caller.name]

    def _start(self, caller: _Caller[W, R], job: Job[W, R], now: float) -> Job[W, R]:
        caller.served += job.tokens
        job.started_at = now
        self.remove(job, JobState.RUNNING)
        return job
