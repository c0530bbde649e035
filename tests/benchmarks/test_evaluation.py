"""The evaluation harness: its scores are sacrebleu's, its sets are whole, its table has every system."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import sacrebleu
from khulasa.server.core.translation.types import LanguagePair

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "evaluation"))

from report import markdown
from scoring import flag_rates, metric_scores
from sets import files_set, shared_sets

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
