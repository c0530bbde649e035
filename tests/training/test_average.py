"""The mean of several states."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch comes with requirements/training.txt")

from training import average, state  # noqa: E402


def test_each_parameter_is_the_weighted_mean() -> None:
    one, two = (
        {"a": torch.tensor([1.0, 2.0]), "b": torch.ones(2, 2)},
        {"a": torch.tensor([3.0, -2.0]), "b": torch.zeros(2, 2)},
    )
    found = average.mean([one, two], [0.75, 0.25])
    assert found["a"].tolist() == [1.5, 1.0]
    assert found["b"].tolist() == [[0.75, 0.75], [0.75, 0.75]]


@pytest.mark.parametrize("weights", [[1.0], [0.5, 0.4], [1.5, -0.5], [1.0, 0.0], []])
def test_weights_are_one_each_and_together_one(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="together 1"):
        average.mean([{"a": torch.ones(1)}, {"a": torch.ones(1)}], weights)


@pytest.mark.parametrize(
    "other", [{"b": torch.ones(2)}, {"a": torch.ones(3)}, {"a": torch.ones(2), "b": torch.ones(1)}]
)
def test_states_of_other_models_have_no_mean(other: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="not of one model"):
        average.mean([{"a": torch.ones(2)}, other], [0.5, 0.5])


def test_the_command_writes_the_mean_with_the_first_ones_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value, tokens in (("new", 1.0, 20), ("old", 3.0, 10)):
        state.save(tmp_path / name, {"a": torch.full((4,), value)}, state.Progress(tokens=tokens))
    folders = [str(tmp_path / name) for name in ("new", "old", "out")]
    command = ["average", "--states", *folders[:2], "--weights", "0.75", "0.25", "--out", folders[2]]
    monkeypatch.setattr(sys, "argv", command)
    average.main()
    found = state.load(tmp_path / "out")
    assert found is not None
    assert (found[0]["a"].tolist(), found[1].tokens) == ([1.5] * 4, 20)


def test_the_command_names_a_folder_without_a_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["average", "--states", str(tmp_path), "--weights", "1", "--out", str(tmp_path)])
    with pytest.raises(SystemExit):
        average.main()
    assert f"no state in {tmp_path}" in capsys.readouterr().err
