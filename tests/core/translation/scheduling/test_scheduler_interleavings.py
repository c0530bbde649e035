"""The scheduler under callers that join, give up, run out of time, and under decoders that fail, raise or die.

Each case is one seed. Whatever its threads and tasks do when: every future ends once and as it may, with its own
segment's result; batches hold one decoder's and one option's work; and nothing is left queued, running or reserved.
"""

from __future__ import annotations

import asyncio
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest
from khulasa.server.core.errors import DeadlineError, EngineError, NotServingError, WorkCancelledError
from khulasa.server.core.translation.engine import DecodedHypothesis, DecodedSegment, EngineOptions, SegmentTokens
from khulasa.server.core.translation.scheduling.scheduler import BatchPolicy, Completed, Scheduler
from khulasa.server.core.translation.types import Priority, RequestContext

OPTIONS = (EngineOptions(beam_size=1), EngineOptions(beam_size=4), EngineOptions(beam_size=4, deterministic=True))
CASES = 40
LIMIT_S = 60.0


class WildDecoder:
    """Answers with its own name before the segment; now and then raises, dies, or leaves a result out."""

    def __init__(self, name: str, seed: int) -> None:
        self.name, self.draw, self.faults = name, random.Random(seed), list[str]()

    def run(
        self,
        batch: Sequence[SegmentTokens],
        options: EngineOptions,
        cancelled: Callable[[int], bool] | None = None,
    ) -> list[DecodedSegment]:
        assert cancelled is not None
        told = [cancelled(index) for index in range(len(batch))]
        assert len(told) == len(batch)
        for work in batch:
            if work.target != (self.name, str(OPTIONS.index(options))):
                self.faults.append(f"{work} with {options} at {self.name}")
        if options.deterministic and len(batch) > 1:
            self.faults.append("a deterministic segment beside others")
        if (pause := self.draw.random()) < 0.3:
            time.sleep(pause / 300)
        if any(work.source[0].startswith("poison") for work in batch):
            raise RuntimeError("bad segment")
        if any(work.source[0].startswith("death") for work in batch):
            raise SystemExit
        results = [DecodedSegment((DecodedHypothesis((self.name, *work.source), -0.5),)) for work in batch]
        return results[1:] if any(work.source[0].startswith("short") for work in batch) else results


class Case:
    """One scheduler, its callers and what became of their work."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.decoders = [WildDecoder("one", seed), WildDecoder("two", seed + 1)]
        policy = BatchPolicy(batch_tokens=self.draw.choice((8, 24, 64)), patience_s=0.001, split_tokens=8)
        self.scheduler = Scheduler(workers=self.draw.randint(1, 3), policy=policy)
        self.ended: Counter[str] = Counter()
        self.closed_early = False

    async def run(self) -> None:
        """All of it, to the end of the scheduler."""
        self.scheduler.start()
        callers = [asyncio.create_task(self._caller(f"caller{n % 4}", self.draw.randrange(2**32))) for n in range(14)]
        if self.draw.random() < 0.4:
            await asyncio.sleep(self.draw.random() / 50)
            self.closed_early = True
            await asyncio.wait_for(self.scheduler.close(drain=self.draw.random() < 0.5), LIMIT_S)
        await asyncio.wait_for(asyncio.gather(*callers), LIMIT_S)
        await asyncio.wait_for(self.scheduler.close(), LIMIT_S)
        stats = self.scheduler.stats()
        left = (stats.queued_segments, stats.queued_tokens, stats.running_segments, *self.scheduler.admission.held)
        assert left == (0, 0, 0, 0, 0, 0)
        assert not self.scheduler._in_flight
        assert not self.scheduler._retries
        assert (self.scheduler._urgent, self.scheduler._idle, self.scheduler._threads) == (0, 0, set())
        assert [fault for one in self.decoders for fault in one.faults] == []

    async def _caller(self, name: str, seed: int) -> None:
        draw = random.Random(seed)
        for _ in range(draw.randint(1, 4)):
            await asyncio.sleep(draw.choice((0, 0, draw.random() / 200)))
            try:
                await self._request(name, draw)
            except NotServingError:
                assert self.closed_early
                return

    async def _request(self, name: str, draw: random.Random) -> None:
        deadline = time.monotonic() + draw.random() / 50 if draw.random() < 0.3 else None
        context = RequestContext(caller=name, priority=draw.choice(tuple(Priority)), deadline=deadline)
        decoder, option = draw.choice(self.decoders), draw.randrange(len(OPTIONS))
        # Few names, so that callers ask for the same segments at the same time.
        kinds = [
            draw.choices(("word", "poison", "death", "short"), (40, 1, 1, 1))[0] for _ in range(draw.randint(1, 12))
        ]
        works = [
            SegmentTokens((f"{kind}{draw.randrange(12)}", *["x"] * (len(kind) * 3 % 7)), (decoder.name, str(option)))
            for kind in kinds
        ]
        try:
            reservation = self.scheduler.reserve([work.source[0] * 9 for work in works], context)
        except DeadlineError:
            assert deadline is not None
            return
        with reservation:
            reservation.tokenised(9 * len(works), sum(len(work.source) for work in works))
            asked = time.monotonic()
            futures = self.scheduler.submit(decoder, OPTIONS[option], works, context, reservation)
            given_up: set[int] = set()
            waiting = asyncio.ensure_future(asyncio.wait(futures))
            if draw.random() < 0.4:
                await asyncio.sleep(draw.choice((0, draw.random() / 200)))
                given_up = {n for n in range(len(futures)) if not futures[n].done() and draw.random() < 0.7}
                for number in given_up:
                    futures[number].cancel()
            await asyncio.wait_for(waiting, LIMIT_S)
            for number, (work, future) in enumerate(zip(works, futures, strict=True)):
                self._check(number in given_up, work, future, deadline, asked)

    def _check(
        self,
        given_up: bool,
        work: SegmentTokens,
        future: asyncio.Future[Completed],
        deadline: float | None,
        asked: float,
    ) -> None:
        if future.cancelled():
            assert given_up
            self.ended["cancelled"] += 1
            return
        assert not given_up
        error = future.exception()
        self.ended[type(error).__name__] += 1
        if error is None:
            done = future.result()
            assert done.result.hypotheses[0].tokens == (work.target[0], *work.source)
            assert asked <= done.queued_at <= done.started_at <= done.finished_at
        elif isinstance(error, DeadlineError):
            assert deadline is not None
        elif isinstance(error, WorkCancelledError):
            assert self.closed_early
        else:
            assert isinstance(error, EngineError)
            assert not work.source[0].startswith("word")


@pytest.fixture(autouse=True)
def _threads_change_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


async def test_whatever_happens_every_future_ends_once_and_nothing_is_left() -> None:
    ended: Counter[str] = Counter()
    for seed in range(CASES):
        case = Case(seed)
        try:
            await case.run()
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
        ended += case.ended
    assert set(ended) == {"NoneType", "cancelled", "DeadlineError", "EngineError", "WorkCancelledError"}
    assert not [one for one in threading.enumerate() if one.name == "khulasa-decoder"]
