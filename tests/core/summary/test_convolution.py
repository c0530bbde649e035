"""The convolution with fewer products, against the sum that defines it."""

from __future__ import annotations

import numpy as np
import pytest
from khulasa.server.core.summary.convolution import TILE, Convolution

CHANNELS = 6


@pytest.mark.parametrize("window", [2, 3, 5])
# The last number takes several blocks, the last of which is smaller.
@pytest.mark.parametrize("tiles", [1, 2, 9, 200])
def test_gives_the_sum_of_the_products_of_each_window(window: int, tiles: int) -> None:
    draw = np.random.default_rng(window * 100 + tiles)
    matrices = draw.standard_normal((window, CHANNELS, CHANNELS)).astype(np.float32)
    rows = draw.standard_normal((TILE * (tiles + 1), CHANNELS)).astype(np.float32)
    expected = [sum(rows[p + n] @ matrices[n] for n in range(window)) for p in range(TILE * tiles)]

    convolution = Convolution(matrices)
    assert convolution.points == TILE + window - 1
    terms, products = np.full((2, convolution.points * tiles * CHANNELS), np.nan, dtype=np.float32)
    out = np.full((TILE, tiles, CHANNELS), np.nan, dtype=np.float32)
    tiled = np.ascontiguousarray(rows.reshape(tiles + 1, TILE, CHANNELS).swapaxes(0, 1))
    convolution(tiled, terms, products, out)

    np.testing.assert_allclose(out.swapaxes(0, 1).reshape(-1, CHANNELS), expected, rtol=0, atol=2e-5)
