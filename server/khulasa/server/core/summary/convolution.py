"""A convolution of neighbouring rows with fewer products than it has terms.

Minimal filtering (Winograd 1980; Lavin and Gray 2016, arXiv:1509.09308): m outputs of a window of n rows, a tile, take
m + n - 1 products with a matrix in place of m n. Sums of a tile's rows are multiplied with sums of the matrices, and
sums of these products are the outputs: as polynomials are multiplied by way of their values at some points.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["TILE", "Convolution"]

_Floats = npt.NDArray[np.float32]

# Outputs of a tile. A window of five takes 8 products in place of 20, and errors are 1e-6 of the outputs; with six
# outputs it would be 10 in place of 30, and 7e-6.
TILE = 4
# Tiles convolved at a time: what a window of five takes and gives beside its matrices, 1.4 MB, stays in a core's own
# cache, where all tiles of a long pass at once took a quarter more.
_BLOCK = 84
# With small values and their inverses the sums stay exact enough; the last point is infinity.
_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)


class Convolution:
    """Output p is the sum of rows p to p + n - 1, each times the matrix of its place.

    Args:
        matrices: Shape (n, C, C), n from 2 to 5.
    """

    def __init__(self, matrices: _Floats) -> None:
        window = len(matrices)
        values = _powers(window, window)
        back = np.linalg.inv(_powers(TILE + window - 1, window)).T
        # Of like size on both sides of the products.
        weights = np.abs(back).max(axis=1, keepdims=True)
        self._here, self._next = np.split((back / weights).astype(np.float32), [TILE], axis=1)
        self._back = _powers(TILE, window).T.astype(np.float32)
        self._matrices = np.einsum("an,nio->aio", values * weights, matrices.astype(np.float64)).astype(np.float32)
        self.points = len(back)

    def __call__(self, rows: _Floats, terms: _Floats, products: _Floats, out: _Floats) -> None:
        """Convolves T tiles.

        Args:
            rows: Shape (TILE, T + 1, C), contiguous: row p is `rows[p % TILE, p // TILE]`.
            terms: Room for `points` * T * C.
            products: As much.
            out: Shape (TILE, T, C), contiguous, for the outputs in the same order.
        """
        _, tiles, channels = out.shape
        rows, out = rows.reshape(TILE, -1), out.reshape(TILE, -1)
        for start in range(0, tiles * channels, _BLOCK * channels):
            end = min(start + _BLOCK * channels, tiles * channels)
            self._convolve(rows[:, start : end + channels], terms, products, out[:, start:end])

    def _convolve(self, rows: _Floats, terms: _Floats, products: _Floats, out: _Floats) -> None:
        """Convolves the tiles of one block, whose rows lie side by side: shapes (TILE, (T + 1) * C), (TILE, T * C)."""
        width, channels = out.shape[1], self._matrices.shape[1]
        terms, products = (room[: self.points * width].reshape(self.points, width) for room in (terms, products))
        np.matmul(self._here, rows[:, :width], out=terms)
        if self._next.shape[1] > 1:
            np.matmul(self._next, rows[: self._next.shape[1], channels:], out=products)
            terms += products
        else:
            # The last row of all is in the sum for infinity alone; as a product of matrices it took ten times as long.
            terms[-1] += self._next[-1] * rows[0, channels:]
        shape = (self.points, width // channels, channels)
        np.matmul(terms.reshape(shape), self._matrices, out=products.reshape(shape))
        np.matmul(self._back, products, out=out)


def _powers(count: int, window: int) -> npt.NDArray[np.float64]:
    """Powers 0 to `count` - 1 of each point that a tile of such a window needs."""
    finite = np.vander(_POINTS[: TILE + window - 2], count, increasing=True)
    return np.concatenate([finite, np.eye(1, count, count - 1)])
