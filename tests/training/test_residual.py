"""A state shrunk by its package, and whole again."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with requirements/training.txt")

from training import config, convert, model, residual, state  # noqa: E402

VOCABULARY = ["<s>", "<pad>", "</s>", "<unk>", *(f"p{i}" for i in range(54)), "<2en>", "<2ar>"]
SHAPE = config.ModelConfig((0, 1), (0, 1), alignment_layer=0, adapted_layers=1, adapter_rank=3)


def network(seed: int) -> model.TranslationModel:
    torch.manual_seed(seed)
    made = model.TranslationModel(60, SHAPE, width=36, heads=convert.HEADS)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return made


def package(made: model.TranslationModel, folder: Path) -> Path:
    with torch.no_grad():
        spec = convert.to_spec(made, VOCABULARY)
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir()
    spec.save(str(folder))
    return folder


def put(made: model.TranslationModel, weights: dict[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, parameter in made.trained_parameters().items():
            parameter.copy_(weights.pop(name))
    assert not weights


@pytest.fixture
def saved(tmp_path: Path) -> tuple[model.TranslationModel, Path, Path]:
    """A network, its state and its package."""
    made = network(1)
    state.save(tmp_path / "state", made.trained_parameters(), state.Progress(tokens=7))
    put(made, state.load(tmp_path / "state")[0])
    return made, tmp_path / "state", package(made, tmp_path / "package")


def test_the_package_of_a_shrunk_state_is_the_same_to_the_last_bit(saved, tmp_path: Path) -> None:
    made, folder, its = saved
    whole = state.load(folder)[0]
    state.shrink(folder, its)
    assert {path.name for path in folder.iterdir()} == {state.RESIDUAL, state.PROGRESS}
    weights, progress = state.load(folder, its)
    assert progress.tokens == 7
    exact = [name for name in whole if torch.equal(whole[name], weights[name])]
    assert {name for name in whole if name not in exact} == {
        f"dec.{n}.{part}.weight" for n in (0, 1) for part in residual.MATRICES
    }
    for name, value in whole.items():
        step = value.abs().amax(-1, keepdim=True) / 127
        assert (((weights[name] - value) / step).abs() < 0.034).all(), name  # half of a fifteenth, or that of 0.5
    put(made, weights)
    again = package(made, tmp_path / "again")
    assert (again / "model.bin").read_bytes() == (its / "model.bin").read_bytes()


def test_another_package_is_refused_on_both_ways(saved, tmp_path: Path) -> None:
    _, folder, its = saved
    other = package(network(2), tmp_path / "other")
    with pytest.raises(ValueError, match="more than half a step"):
        state.shrink(folder, other)
    assert (folder / state.WEIGHTS).exists()
    assert not (folder / state.RESIDUAL).exists()
    state.shrink(folder, its)
    with pytest.raises(ValueError, match=r"belongs to a model\.bin of sha256"):
        state.load(folder, other)


def test_what_a_run_wrote_goes_before_what_was_shrunk(saved) -> None:
    _, folder, its = saved
    state.shrink(folder, its)
    state.save(folder, {"ob": torch.ones(3)}, state.Progress(tokens=9))
    weights, progress = state.load(folder, its)
    assert (set(weights), progress.tokens) == ({"ob"}, 9)


def test_the_commands_shrink_and_expand(saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, folder, its = saved
    before = state.load(folder)[0]
    for command in (["shrink"], ["expand", "--out", str(tmp_path / "out")]):
        monkeypatch.setattr(sys, "argv", ["state", *command, "--state", str(folder), "--package", str(its)])
        state.main()
    assert not (folder / state.WEIGHTS).exists()
    after = state.load(tmp_path / "out")[0]
    assert all(torch.allclose(after[name], value, atol=1e-2) for name, value in before.items())


@pytest.mark.parametrize("shape", [(20_000, 7), (3, 5), (1, 1)])
def test_int8_and_scales_come_out_of_a_joined_matrix_as_they_were(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    matrix = (rng.normal(size=shape) * np.exp(rng.normal(size=(shape[0], 1)) * 3)).astype(np.float32)

    def quantized(values: np.ndarray) -> residual.Int8:
        scale = 127.0 / np.abs(values).max(1)
        return np.rint(values * scale[:, None]).astype(np.int8), scale

    steps, scale = quantized(matrix)
    packed = residual.split(matrix, (steps, scale))
    assert packed.dtype == np.uint8
    assert len(packed) % 2 == 0
    found = quantized(residual.join(packed, (steps, scale)))
    assert np.array_equal(found[0], steps)
    assert np.array_equal(found[1], scale)
