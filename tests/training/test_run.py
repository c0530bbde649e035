"""The one command: what it says before it begins, and its steps in their order."""

import json
from unittest.mock import MagicMock

import pytest

torch = pytest.importorskip("torch", reason="torch comes with requirements/training.txt")

from training import config, run, state  # noqa: E402

CONFIGS = run.HERE / "configs"


def test_without_a_gpu_the_command_for_one_says_so_at_once(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(run, "prepare", lambda *_: pytest.fail("prepared for nothing"))
    with pytest.raises(SystemExit) as caught:
        run.main(["--config", str(CONFIGS / "gpu.toml")])
    assert caught.value.code == 2
    assert "no GPU" in capsys.readouterr().err


def test_a_set_that_is_none_is_said_before_anything_is_done(monkeypatch, capsys):
    monkeypatch.setattr(run, "prepare", lambda *_: pytest.fail("prepared for nothing"))
    with pytest.raises(SystemExit):
        run.main(["--config", str(CONFIGS / "cpu.toml"), "--measure", "FLORES"])
    assert "NAME=FOLDER" in capsys.readouterr().err


def test_the_steps_come_in_order_with_what_was_asked_for(monkeypatch, tmp_path):
    done = []
    monkeypatch.setattr(run, "is_current", lambda *_: False)
    monkeypatch.setattr(run, "prepare", lambda *_: done.append("prepare"))

    def train(_work, _folder, settings, _package):
        how = settings.train
        done.append((how.device, how.dtype, how.minutes, how.batch_tokens))
        return state.Progress(curve=[{"loss": 1.0}])

    monkeypatch.setattr(run, "train", train)
    monkeypatch.setattr("training.convert.convert", lambda *_: done.append("convert"))
    monkeypatch.setattr(run.vocabulary_map, "make", lambda *_: done.append("map"))
    monkeypatch.setattr(run.manifest, "measured", lambda _package, sets: done.append(sets) or [])
    monkeypatch.setattr(run.manifest, "refresh", lambda *_: done.append("manifest"))
    for code in ("ar", "en"):
        (tmp_path / code).touch()
    places = ["--state", str(tmp_path / "state"), "--package", str(tmp_path / "package")]
    given = ["--config", str(CONFIGS / "gpu.toml"), "--device", "cpu", "--minutes", "2", *places]
    run.main([*given, "--measure", f"a set={tmp_path}"])
    tokens = config.read(CONFIGS / "gpu.toml").train.batch_tokens
    assert done == ["prepare", ("cpu", "auto", 2.0, tokens), "convert", "map", {"a set": tmp_path}, "manifest"]


def test_a_run_is_recorded_with_its_seeds_and_digests(monkeypatch, tmp_path):
    (tmp_path / "data.json").write_text(json.dumps({"sha256": {"x": "1"}, "back_sha256": "2"}))
    with (tmp_path / "pool.pkl").open("wb") as file:
        run.pickle.dump({"ar": [], "en": [], "weights": {}}, file)
    earlier = state.Progress(tokens=7, runs=[{"from_tokens": 0}])
    monkeypatch.setattr(run, "build", lambda *_: (torch.nn.Linear(1, 1), (1, 2)))
    monkeypatch.setattr(state, "load", lambda *_: ({}, earlier))
    monkeypatch.setattr(run, "Pool", lambda *_: None)
    monkeypatch.setattr(run, "Trainer", lambda *_: MagicMock())
    monkeypatch.setattr(run, "run", lambda _trainer, folder, progress: state.save(folder, {}, progress) or progress)
    settings = config.read(CONFIGS / "cpu.toml")
    threads = torch.get_num_threads()
    try:
        progress = run.train(tmp_path, tmp_path / "state", settings, tmp_path)
    finally:
        torch.set_num_threads(threads)
    first, second = progress.runs
    assert (first, second["from_tokens"], second["back_sha256"]) == ({"from_tokens": 0}, 7, "2")
    assert (second["data"]["seed"], second["train"]["seed"]) == (settings.data.seed, settings.train.seed)
    saved = json.loads((tmp_path / "state" / state.PROGRESS).read_text())
    assert saved["runs"][1]["train"]["learning_rate"] == settings.train.learning_rate
