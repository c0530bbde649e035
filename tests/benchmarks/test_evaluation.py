"""The evaluation harness: its scores are sacrebleu's, its sets are whole, its table has every system."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import sacrebleu
from khulasa.server.core.translation.types import LanguagePair

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "evaluation"))

import evaluate
from report import markdown
from scoring import comet_scorer, flag_rates, metric_scores
from sets import EvaluationSet, files_set, shared_sets

PAIR = LanguagePair("ar", "en")
REFERENCES = [f"The minister said on day {n} that the talks had ended without agreement." for n in range(30)]
OUTPUT = [line.replace("talks", "meetings") if n % 2 else line for n, line in enumerate(REFERENCES)]


def test_scores_are_sacrebleus_and_lie_in_their_interval() -> None:
    rows = metric_scores(OUTPUT, REFERENCES, 200, 6)
    bleu = sacrebleu.corpus_bleu(OUTPUT, [REFERENCES])
    assert rows["BLEU"]["score"] == pytest.approx(bleu.score, abs=0.01)
    assert rows["chrF"]["score"] == pytest.approx(sacrebleu.corpus_chrf(OUTPUT, [REFERENCES]).score, abs=0.01)
    for row in rows.values():
        assert row["low"] < row["score"] < row["high"]
        assert "bs:200|seed:6" in row["signature"]
    assert metric_scores(OUTPUT, REFERENCES, 200, 6) == rows
    assert json.loads(json.dumps(rows)) == rows
    assert metric_scores(OUTPUT, REFERENCES, 0, 6)["BLEU"]["low"] is None


def test_flags_are_counted_in_percent() -> None:
    rates = flag_rates(["قتل 12 شخصا في المدينة."] * 4, ["Twelve were killed in the city."] * 3 + [""], PAIR, [0.8] * 4)
    assert (rates["any"], rates["empty"], rates["number_mismatch"]) == (25.0, 25.0, 0.0)


def test_sets_are_found_with_their_systems_and_must_be_whole(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    (folder / "systems").mkdir(parents=True)
    (folder / "ar").write_text("واحد\nاثنان\n", "utf-8")
    (folder / "en").write_text("one\u2028\ntwo\n", "utf-8")
    (folder / "systems" / "other-1.5.ar-en").write_text("won\ntoo\n", "utf-8")
    (tmp_path / "no-set").mkdir()
    forward, backward = shared_sets(tmp_path)
    assert (forward.name, forward.pair, forward.references) == ("small", PAIR, ["one\u2028", "two"])
    assert forward.systems == {"other-1.5": ["won", "too"]}
    assert (backward.pair, backward.systems) == (LanguagePair("en", "ar"), {})
    assert forward.first(1).systems == {"other-1.5": ["won"]}
    with pytest.raises(ValueError, match="2 sources, but 1 lines"):
        files_set(folder / "ar", _written(tmp_path / "short", "one\n"), PAIR)


def _written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_the_table_has_every_system() -> None:
    row = {**metric_scores(OUTPUT, REFERENCES, 0, 6), "flags_percent": {"any": 3.5}}
    result = {
        "set": "small",
        "pair": "ar-en",
        "lines": 30,
        "speed": {"lines_per_second": 1, "source_words_per_second": 2, "cpu_seconds": 3, "seconds": 4},
        "systems": {"khulasa": row, "other": row},
    }
    whole = {
        "model": {"name": "m", "version": "1", "revision": "r" * 64},
        "beam_size": 4,
        "mend": True,
        "ctranslate2": "4",
        "machine": {"cores": 2, "processor": "x"},
        "results": [result],
    }
    text = markdown(whole, "khulasa")
    assert text.count(f"| {row['BLEU']['score']:.1f} | {row['chrF']['score']:.1f} | 3.5 |") == 2
    assert row["BLEU"]["signature"] in text


class StandInComet(ModuleType):
    """The two calls of unbabel-comet 2 that are used: a score is the share of words that mt and ref have in common."""

    def __init__(self) -> None:
        super().__init__("comet")
        self.loaded: list[str] = []

    def load_from_checkpoint(self, checkpoint_path: str) -> StandInComet:
        self.loaded.append(checkpoint_path)
        return self

    def predict(self, samples: list[dict[str, str]], batch_size: int = 16, gpus: int = 1) -> SimpleNamespace:
        assert batch_size > 0
        assert gpus == 0, "no accelerator is asked for"
        assert all(set(sample) == {"src", "mt", "ref"} for sample in samples)
        words = [(set(sample["mt"].split()), set(sample["ref"].split())) for sample in samples]
        scores = [len(one & two) / len(one | two) for one, two in words]
        return SimpleNamespace(scores=scores, system_score=sum(scores) / len(scores))


class OneVector:
    """An encoder to which all texts are the same."""

    def encode(self, texts: list[str]) -> np.ndarray:
        return np.ones((len(texts), 1), dtype=np.float32)


def test_comet_is_a_column_where_it_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    comet = StandInComet()
    monkeypatch.setitem(sys.modules, "comet", comet)
    checkpoint = _written(tmp_path / "model.ckpt", "weights")
    scorer = comet_scorer(checkpoint)
    assert comet.loaded == [str(checkpoint)]
    one = EvaluationSet("small", PAIR, ["نص قصير"] * 30, REFERENCES)
    outputs = {"khulasa": OUTPUT, "other": REFERENCES}
    rows = evaluate.scored(one, outputs, OneVector(), bootstrap=0, comet=scorer)  # type: ignore[arg-type]
    assert rows["other"]["COMET"] == 1.0
    assert 0.5 < rows["khulasa"]["COMET"] < 1.0
    assert comet.loaded == [str(checkpoint)], "loaded once, not for each set"
    assert "COMET" not in evaluate.scored(one, outputs, OneVector(), bootstrap=0, comet=None)["other"]  # type: ignore[arg-type]


@pytest.mark.parametrize("installed", [False, True])
def test_a_missing_comet_is_told_before_anything_is_translated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, installed: bool
) -> None:
    monkeypatch.setitem(sys.modules, "comet", StandInComet() if installed else None)
    sources = _written(tmp_path / "ar", "واحد\n")
    references = _written(tmp_path / "en", "one\n")
    arguments = ["--source", sources, "--reference", references, "--pair", "ar-en", "--comet", tmp_path / "none.ckpt"]
    monkeypatch.setattr(sys, "argv", ["evaluate.py", *map(str, arguments)])
    monkeypatch.setattr(evaluate, "translated", None)
    with pytest.raises(SystemExit, match="no such file" if installed else "pip install unbabel-comet"):
        evaluate.main()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--pair", "en"], "two languages as ar-en, not 'en'"),
        (["--lines", "-3"], "a number from 0 on, not '-3'"),
        (["--package", "nosuch"], "no model package is named 'nosuch'"),
        (["--source", "nosuch", "--reference", "nosuch"], "No such file"),
    ],
)
def test_a_wrong_argument_is_named(
    given: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "small").mkdir()
    for language in ("ar", "en"):
        _written(tmp_path / "small" / language, "1\n")
    monkeypatch.setattr(sys, "argv", ["evaluate.py", "--data", str(tmp_path), "--pair", "ar-en", *given])
    with pytest.raises(SystemExit) as exit_:
        evaluate.main()
    assert said in f"{exit_.value} {capsys.readouterr().err}"
