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
