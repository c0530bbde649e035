"""Reading the 4-bit file."""

import numpy as np
import pytest

from training import e5


def test_dequantises_low_nibbles_first():
    block = np.float16(0.5).tobytes() + bytes([0x1F] * 16)
    values = e5.dequantize_q4_0(block)
    assert values.shape == (32,)
    assert values[:16].tolist() == [3.5] * 16
    assert values[16:].tolist() == [-3.5] * 16


def test_refuses_another_file(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match="E5S1"):
        e5.load(path)
