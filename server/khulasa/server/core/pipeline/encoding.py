"""Sentence vectors without hogging: what is long is encoded in slices, so that others get their turn in between."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Protocol

import numpy as np
import numpy.typing as npt
from khulasa.server.core.errors import DeadlineError
from khulasa.server.core.translation.types import Priority, RequestContext

__all__ = ["Encoder", "EncodingQueue", "Vectors"]

Vectors = npt.NDArray[np.float32]

# Texts and code points of one slice: some 50 ms of one core, the longest that an interactive request waits.
_SLICE_TEXTS = 32
_SLICE_CHARS = 8_000
# Below this, handing a slice to a thread of its own costs more than it saves; under load a single sentence never pays.
_LEAST_SLICE_CHARS = 1_000
# Interactive slices that may go before a waiting bulk one in a row; then it is bulk's turn once, or it would starve.
_MOST_BEFORE_BULK = 16


class Encoder(Protocol):
    """Sentences in, vectors out: float32, shape (N, D), rows of unit length. Safe to call from several threads."""

    def encode(self, texts: Sequence[str], *, alone: bool = False) -> Vectors:
        """Vectors of `texts`, same order; `alone`: to the last bit the same whatever is encoded beside."""
        ...


class EncodingQueue:
    """Turns at the encoder: at most `width` slices at a time, interactive before bulk, first come first served.

    Bulk never starves: of seventeen turns in a row it has one at least.

    Args:
        encoder: Does the work, in threads of `executor`.
        executor: Where it is done.
        width: Slices at a time; 1 when the encoder uses all cores itself.
        threads: Slices of one interactive request at a time: its texts are divided among so many.
    """

    def __init__(self, encoder: Encoder, executor: Executor | None = None, *, width: int = 1, threads: int = 1) -> None:
        self._encoder, self._executor, self._free, self._threads = encoder, executor, width, threads
        self._interactive: deque[asyncio.Future[None]] = deque()
        self._bulk: deque[asyncio.Future[None]] = deque()
        self._before_bulk = 0

    async def encode(self, texts: Sequence[str], context: RequestContext, *, alone: bool = False) -> Vectors:
        """Vectors of `texts`, same order; gives way between slices and stops there when cancelled.

        A text longer than a slice is cut at spaces; its vector is the mean of its parts', weighted by their length.

        Args:
            alone: For deterministic requests, see the encoder.

        Raises:
            DeadlineError: the deadline passed meanwhile.
        """
        parts = [_parts(text) for text in texts]
        pieces = [part for one in parts for part in one]
        together = self._threads if context.priority is Priority.INTERACTIVE else 1
        share = -(-sum(map(len, pieces)) // together)
        slices = _slices(pieces, max(_LEAST_SLICE_CHARS, share))
        rows: list[Vectors] = []
        for at in range(0, len(slices), together):
            some = slices[at : at + together]
            rows += await asyncio.gather(*(self._turn(texts, context, alone) for texts in some))
        return _joined(np.concatenate(rows), parts) if rows else np.zeros((0, 0), dtype=np.float32)

    async def _turn(self, texts: Sequence[str], context: RequestContext, alone: bool) -> Vectors:
        """The vectors of one slice, when its turn comes."""
        await self._enter(context.priority)
        piece = _Slice(self._encoder, texts, alone)
        try:
            left = context.remaining_s()
            if left is not None and left <= 0:
                raise DeadlineError("the deadline passed while the article was being read")
            # A thread cannot be interrupted: shielded, so that the turn is given on only when it is truly over.
            work = asyncio.get_running_loop().run_in_executor(self._executor, piece)
            work.add_done_callback(lambda _: self._leave())
        except BaseException:
            self._leave()
            raise
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            piece.give_up()
            raise

    async def _enter(self, priority: Priority) -> None:
        if self._free > 0:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        (self._bulk if priority is Priority.BULK else self._interactive).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # the turn came in the same moment: hand it on
            raise

    def _leave(self) -> None:
        while self._interactive or self._bulk:
            bulk = self._bulk and (not self._interactive or self._before_bulk >= _MOST_BEFORE_BULK)
            turn = (self._bulk if bulk else self._interactive).popleft()
            if not turn.done():
                self._before_bulk = 0 if bulk or not self._bulk else self._before_bulk + 1
                turn.set_result(None)
                return
        self._free += 1


class _Slice:
    """A slice for a thread, which may wait for one; what is given up before holds nothing and costs nothing."""

    def __init__(self, encoder: Encoder, texts: Sequence[str], alone: bool) -> None:
        self._encoder, self._texts, self._alone = encoder, texts, alone

    def __call__(self) -> Vectors:
        texts = self._texts
        return self._encoder.encode(texts, alone=self._alone) if texts else np.zeros((0, 0), dtype=np.float32)

    def give_up(self) -> None:
        """Nobody wants it any more. What is being encoded goes on."""
        self._texts = ()


def _parts(text: str) -> list[str]:
    """`text` in parts no longer than a slice, cut after a space where there is one."""
    parts = []
    at = 0
    while len(text) - at > _SLICE_CHARS:
        end = text.rfind(" ", at, at + _SLICE_CHARS) + 1 or at + _SLICE_CHARS
        parts.append(text[at:end])
        at = end
    return [*parts, text[at:]]


def _joined(vectors: Vectors, parts: Sequence[Sequence[str]]) -> Vectors:
    """One row for each text from a row for each of its parts."""
    if len(vectors) == len(parts):
        return vectors
    weights = np.array([len(part) for one in parts for part in one], dtype=np.float32)
    starts = np.cumsum([0, *map(len, parts[:-1])])
    sums = np.add.reduceat(vectors * weights[:, None], starts, axis=0)
    joined: Vectors = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    whole = np.array([len(one) == 1 for one in parts])
    joined[whole] = vectors[starts[whole]]
    return joined


def _slices(texts: Sequence[str], enough_chars: int) -> list[list[str]]:
    """`texts` in order, in slices of bounded number and length, none of which goes on after `enough_chars`."""
    out: list[list[str]] = []
    chars = 0
    for text in texts:
        full = chars >= enough_chars or chars + len(text) > _SLICE_CHARS
        if not out or len(out[-1]) >= _SLICE_TEXTS or full:
            out.append([])
            chars = 0
        out[-1].append(text)
        chars += len(text)
    return out
