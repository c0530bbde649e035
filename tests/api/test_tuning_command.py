"""`khulasa-server tune`: what it writes is a settings file, and it never writes over one."""

from __future__ import annotations

from pathlib import Path

import pytest
from khulasa.server.cli import app
from khulasa.server.config import Settings, load_settings
from khulasa.server.core.translation.tuning import TunedSettings
from khulasa.server.tuning_command import TuningPlan, run_tuning, settings_fragment, write_fragment
from typer.testing import CliRunner

BEST = TunedSettings("int8", 2, 3, 256, 4)


def test_the_fragment_is_a_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "khulasa.toml"
    write_fragment(file, settings_fragment(BEST, "Found."))
    settings = load_settings(file)
    assert (settings.compute_type, settings.batch_tokens) == ("int8", 256)
    assert settings.decoder_threads == (2, 3)
    assert [one.name for one in tmp_path.iterdir()] == ["khulasa.toml"]


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    file = tmp_path / "khulasa.toml"
    file.write_text("port = 1\n")
    with pytest.raises(FileExistsError):
        write_fragment(file, settings_fragment(BEST, "Found."))
    assert file.read_text() == "port = 1\n"
    assert [one.name for one in tmp_path.iterdir()] == ["khulasa.toml"]


@pytest.mark.parametrize(
    ("out", "said"),
    [("khulasa.toml", "it is there already and may hold other settings"), ("none/k.toml", "there is no such folder")],
)
@pytest.mark.usefixtures("own_settings")
def test_where_nothing_can_be_written_is_said_before_anything_is_measured(
    out: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measures(*_: object) -> None:
        raise AssertionError("it went on to measure")

    monkeypatch.setattr("khulasa.server.tuning_command.run_tuning", measures)
    (tmp_path / "khulasa.toml").write_text("port = 1\n")
    result = CliRunner().invoke(app, ["tune", "--out", str(tmp_path / out)])
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1
    assert result.output.startswith(f"cannot tune: --out {tmp_path / out}: {said}")


def test_a_file_without_a_sentence_is_named() -> None:
    lines: list[str] = []
    with pytest.raises(ValueError, match="--text holds no sentence"):
        run_tuning(Settings(threads=1), TuningPlan([" ", ""], rounds=1), lines.append)
    assert lines == []


def test_the_bundled_model_is_measured() -> None:
    lines: list[str] = []
    plan = TuningPlan(["وصل الوزير إلى القاهرة.", "وعاد في اليوم التالي."], batch_tokens=(64,), rounds=1)
    best = run_tuning(Settings(threads=1), plan, lines.append)
    assert best == TunedSettings("default", 1, 1, 64, 4)
    assert lines[0].startswith("khulasa-base")
    assert any(line.split()[:4] == ["default", "1", "1", "64"] for line in lines)
    # the name of a variant has two words; speed, ratio and mean score follow
    variants = {" ".join(row[:2]): row[2:] for row in map(str.split, lines) if len(row) == 5 and row[3][0].isdigit()}
    assert list(variants) == ["1 beam", "2 beams", "4 beams", "without map"]
    assert all(float(speed.replace(",", "")) > 0 > float(score) for speed, _, score in variants.values())
