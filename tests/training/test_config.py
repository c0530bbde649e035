"""Configurations."""

from pathlib import Path

import pytest

from training import config

FOLDER = Path(__file__).parents[2] / "training" / "configs"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda p: p.stem)
def test_shipped_configurations_are_valid_and_share_the_model(path):
    read = config.read(path)
    assert read.model == config.read(FOLDER / "cpu.toml").model
    assert read.train.minutes <= 60
    assert config.with_minutes(read, 3).train.minutes == 3


def test_unknown_keys_are_refused(tmp_path):
    (tmp_path / "c.toml").write_text("[train]\nepochs = 3\n")
    with pytest.raises(TypeError, match="epochs"):
        config.read(tmp_path / "c.toml")


@pytest.mark.parametrize(
    ("dtype", "device", "cpu", "found"),
    [
        ("auto", "cpu", "flags\t\t: sse2 avx2", "float32"),
        ("auto", "cpu", "", "float32"),
        ("auto", "cpu", "flags\t\t: avx2 amx_bf16 amx_tile\npower management:", "bfloat16"),
        ("auto", "cuda", "flags\t\t: sse2", "bfloat16"),
        ("float32", "cpu", "flags\t\t: avx512_bf16", "float32"),
    ],
)
def test_arithmetic_is_what_the_hardware_has(dtype, device, cpu, found):
    assert config.arithmetic(config.TrainConfig(dtype=dtype, device=device), cpu) == found
