"""What may enter the queue: bounds on tokens, bytes and texts, checked before anything is tokenised."""

from __future__ import annotations

import re
import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from khulasa.server.core.errors import DeadlineError, OverloadedError

__all__ = ["Admission", "QueueLimits", "Reservation", "Throughput"]

# Never ask a caller back sooner than this, nor later: an estimate is no promise.
_MIN_RETRY_S, _MAX_RETRY_S = 0.05, 120.0

# Share of the time left that decoding may be expected to take: the rest is for what comes after it, and for estimates
# that are too rosy. What is accepted and then late has cost others their place for nothing.
_DEADLINE_SHARE = 0.7

# One caller leaves a sixteenth of the room to the others, whatever it asks for.
_FOR_OTHERS = 16

# What was let in by its estimate may need more than that once it is read: it may fill the room by a quarter more than
# others find there, for to refuse it then would throw its reading away and tell its caller seconds late.
_OVERFULL = 4

# Shorter texts tell too little of the tokens in a code point; callers of whom that is remembered.
_LEAST_CHARS, _MOST_CALLERS = 200, 10_000

_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """What may be accepted and not yet answered, of one caller fifteen sixteenths of it; 0 means no limit.

    Attributes:
        tokens: Source tokens of all callers together.
        bytes: Memory of the texts.
        texts: Texts.
        caller_tokens: Source tokens of one caller.
        tokens_per_char: Guess of a caller's texts before the first was tokenised.
    """

    tokens: int = 200_000
    bytes: int = 64 * 2**20
    texts: int = 20_000
    caller_tokens: int = 0
    tokens_per_char: float = 0.35


class Throughput:
    """Source tokens decoded in a second, as a moving average over busy time of all workers.

    Args:
        workers: Batches decoded at a time.
    """

    def __init__(self, workers: int) -> None:
        self._workers = max(1, workers)
        self._tokens = self._seconds = 0.0
        self.batches = 0

    def record(self, tokens: int, seconds: float) -> None:
        """Takes one batch into account; the last thirty or so weigh."""
        self._tokens = self._tokens * 0.97 + tokens
        self._seconds = self._seconds * 0.97 + seconds
        self.batches += 1

    @property
    def tokens_per_s(self) -> float | None:
        """Of all workers together; None before enough was seen to go by."""
        if self.batches < 3 or self._seconds <= 0:
            return None
        return self._workers * self._tokens / self._seconds


class Reservation:
    """Room in the queue for one request, given back by `close`."""

    def __init__(self, admission: Admission, caller: str, tokens_per_char: float) -> None:
        self._admission, self._closed, self._tokens_per_char = admission, False, tokens_per_char
        self.caller = caller
        self.tokens = self.bytes = self.texts = 0
        # Whether tokens were asked for, whatever has become of them.
        self.had_tokens = False

    def tokenised(self, chars: int, tokens: int) -> None:
        """So many code points of it hold so many tokens: it has room for those in place of what was guessed."""
        self._admission.correct(self, chars, tokens, tokens - round(chars * self._tokens_per_char))

    def finished(self, tokens: int) -> None:
        """`tokens` of it are decoded: their room is free again."""
        self._admission.shrink(self, tokens)

    def close(self) -> None:
        """Gives all room back; harmless when called twice."""
        if not self._closed:
            self._closed = True
            self._admission.release(self)

    def __enter__(self) -> Reservation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Admission:
    """Counts what was accepted and not yet answered; safe to use from several threads, and quick: no queue is walked.

    Args:
        limits: The bounds.
        throughput: What retry times and deadlines are computed from.
    """

    def __init__(self, limits: QueueLimits, throughput: Throughput) -> None:
        self._limits, self._throughput = limits, throughput
        self._lock = threading.Lock()
        # Tokens, bytes and texts of each caller.
        self._callers: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        # What the texts of each caller were found to hold; those of one say nothing of those of another.
        self._tokens_per_char: OrderedDict[str, float] = OrderedDict()
        self.rejections: Counter[str] = Counter()

    @property
    def held(self) -> tuple[int, int, int]:
        """Tokens, bytes and texts accepted and not yet answered."""
        with self._lock:
            return self._held(0), self._held(1), self._held(2)

    def reserve(
        self,
        texts: Sequence[str],
        *,
        caller: str,
        remaining_s: float | None = None,
        words_only: bool = False,
        seen: Sequence[str] = (),
        let_in: bool = False,
    ) -> Reservation:
        """Room for a request; one larger than all room enters where its caller has nothing and others next to nothing.

        Args:
            texts: What it holds.
            remaining_s: Seconds to its deadline, None without one.
            words_only: Texts without a word are copied: they wait for no decoder.
            seen: What a decoder may see of each of them where that is less; their memory counts whole.
            let_in: Tokens were held for it before they were counted: it finds a quarter more room than is there.

        Raises:
            OverloadedError: there is no room; `retry_after_s` is when the queue should have it.
            DeadlineError: the deadline passed, or the queue is too long to meet it.
        """
        memory_bytes = sum(text.__sizeof__() for text in texts)
        decoded = [len(text) for text in seen or texts if not words_only or _LETTER.search(text)]
        with self._lock:
            tokens_per_char = self._tokens_per_char.get(caller, self._limits.tokens_per_char)
            tokens = max(len(decoded), round(sum(decoded) * tokens_per_char))
            self._check_room((tokens, memory_bytes, len(texts)), caller, let_in)
            self._check_deadline(tokens, caller, remaining_s)
            reservation = Reservation(self, caller, tokens_per_char)
            self._move(reservation, tokens, memory_bytes, len(texts))
            reservation.had_tokens = tokens > 0
            return reservation

    def check_deadline(self, caller: str, remaining_s: float) -> None:
        """What `reserve` would say of the shortest work of a caller: for before anything of a request is read.

        Nothing where room is short: a request that finds none is told so, with the time at which to come back.

        Args:
            caller: Whose request it is.
            remaining_s: Seconds to its deadline.

        Raises:
            DeadlineError: the deadline passed, or the queue is too long to meet it with any work.
        """
        with self._lock:
            if self._is_half_empty(caller):
                self._check_deadline(1, caller, remaining_s)

    def _is_half_empty(self, caller: str) -> bool:
        limits, mine = self._limits, self._callers.get(caller, [0, 0, 0])[0]
        rooms = (
            (limits.caller_tokens, mine),
            *zip((limits.tokens, limits.bytes, limits.texts), map(self._held, range(3)), strict=True),
        )
        return all(2 * held <= limit for limit, held in rooms if limit)

    def _held(self, kind: int) -> int:
        return sum(held[kind] for held in self._callers.values())

    def _check_room(self, wanted: tuple[int, int, int], caller: str, let_in: bool) -> None:
        limits, held = self._limits, self._callers.get(caller, [0, 0, 0])

        def room(limit: int) -> int:
            return limit + limit // _OVERFULL if let_in else limit

        if limits.caller_tokens and held[0] and held[0] + wanted[0] > room(limits.caller_tokens):
            self.rejections["caller_tokens"] += 1
            wait = self._seconds(held[0] + wanted[0] - room(limits.caller_tokens))
            raise OverloadedError("this caller has as much in the queue as it may have", wait, quota=True)
        kinds = (("tokens", room(limits.tokens)), ("bytes", room(limits.bytes)), ("texts", room(limits.texts)))
        for kind, (name, limit) in enumerate(kinds):
            if not limit:
                continue
            share = limit - limit // _FOR_OTHERS
            mine, wants = held[kind], held[kind] + wanted[kind]
            # What is larger than a share counts as one, and lets in whom it left room.
            others = sum(min(one[kind], share) for name, one in self._callers.items() if name != caller)
            excess = max(wants - share if mine else 0, others + min(wants, share) - limit if others else 0)
            if excess > 0:
                self.rejections[name] += 1
                tokens = self._held(0)
                # Bytes and texts leave at the rate at which the tokens beside them do.
                raise OverloadedError("the queue is full", self._seconds(min(excess / self._held(kind), 1.0) * tokens))

    def _check_deadline(self, tokens: int, caller: str, remaining_s: float | None) -> None:
        if remaining_s is None:
            return
        if remaining_s <= 0:
            self.rejections["deadline"] += 1
            raise DeadlineError("the deadline has passed")
        rate = self._throughput.tokens_per_s
        if rate is None or not tokens:
            return
        # Under fair shares each other caller is served at most as much as this one before this one is done.
        others = sum(min(held, tokens) for name, (held, *_) in self._callers.items() if name != caller)
        mine = self._callers[caller][0] if caller in self._callers else 0
        needed = (mine + others + tokens) / rate
        if needed > remaining_s * _DEADLINE_SHARE:
            self.rejections["deadline"] += 1
            left = f"the deadline leaves {remaining_s * _DEADLINE_SHARE:.1f} s for it"
            raise DeadlineError(f"decoding with all that is queued would take about {needed:.1f} s, {left}")

    def _seconds(self, tokens: float) -> float:
        rate = self._throughput.tokens_per_s
        wait = 1.0 if rate is None else tokens / rate
        return min(max(wait, _MIN_RETRY_S), _MAX_RETRY_S)

    def correct(self, reservation: Reservation, chars: int, tokens: int, change: int) -> None:
        """See `Reservation.tokenised`; the caller's next guess is nearer as well."""
        with self._lock:
            if chars >= _LEAST_CHARS:
                caller = reservation.caller
                guess = self._tokens_per_char.pop(caller, self._limits.tokens_per_char)
                found = min(max(tokens / chars, 0.05), 4.0)
                self._tokens_per_char[caller] = guess + 0.1 * (found - guess)
                if len(self._tokens_per_char) > _MOST_CALLERS:
                    self._tokens_per_char.popitem(last=False)
            self._move(reservation, max(change, -reservation.tokens))

    def shrink(self, reservation: Reservation, tokens: int) -> None:
        """See `Reservation.finished`."""
        with self._lock:
            self._move(reservation, -min(tokens, reservation.tokens))

    def release(self, reservation: Reservation) -> None:
        """See `Reservation.close`."""
        with self._lock:
            self._move(reservation, -reservation.tokens, -reservation.bytes, -reservation.texts)

    def _move(self, reservation: Reservation, tokens: int, memory_bytes: int = 0, texts: int = 0) -> None:
        reservation.tokens += tokens
        reservation.bytes += memory_bytes
        reservation.texts += texts
        held = self._callers[reservation.caller]
        for kind, change in enumerate((tokens, memory_bytes, texts)):
            held[kind] += change
        if not any(held):
            del self._callers[reservation.caller]
