"""Own translations: which sentences are drawn, which are not, and what is written of them."""

import json
import lzma
from pathlib import Path

import pytest

from training import corpus, own_translations

PACKAGE = Path(__file__).parents[2] / "models" / "khulasa-base"
ARTICLE = "وصل الوفد رقم {} إلى العاصمة التونسية."
NEWS = "قتل {} أشخاص في انفجار قرب المطار."


@pytest.fixture
def corpora(tmp_path):
    def put(name, lines):
        (tmp_path / name).write_bytes(lzma.compress("".join(f"{line}\n" for line in lines).encode()))

    pair = "{}\t{} people were killed in an explosion near the airport.\t{}"
    put("mono-ar.txt.xz", [ARTICLE.format(n) for n in range(40)])
    put("mono-ar-wiki.txt.xz", [f"تقع القرية رقم {n} في الجنوب الغربي." for n in range(40)])
    put("news.tsv.xz", [pair.format(NEWS.format(n), n, "news") for n in range(40)])
    general = [f"أحب كثيرا القهوة رقم {n}.\tI like coffee number {n} a lot.\txquad" for n in range(40)]
    put("general.tsv.xz", [*general, f"{NEWS.format(7)}\tA second translation of the same.\txquad"])
    put("general-2.tsv.xz", ["ليس لهذا ترخيص معروف.\tThis has no known licence.\tunknown_set"] * 40)
    put("lexicon.tsv.xz", [f"محمد علي {n}\tMohamed Ali {n}\tlex_wikidata_person_names" for n in range(400)])
    return tmp_path


def test_the_draw_is_seeded_and_shared_out(corpora):
    drawn = own_translations.sample(corpora, 40, 1)
    assert drawn == own_translations.sample(corpora, 40, 1)
    assert drawn != own_translations.sample(corpora, 40, 2)
    assert len(set(drawn)) == len(drawn) == 40
    begins = [sum(text.startswith(word) for text in drawn) for word in ("قتل", "أحب", "وصل", "تقع")]
    assert begins == [6, 8, 16, 10]


def test_texts_that_are_not_to_be_used_are_lines_or_strings_in_json(tmp_path):
    (tmp_path / "ar").write_text("سطر\nآخر\n", encoding="utf-8")
    row = {"id": 3, "body": ["نص", {"title": "عنوان"}], "links": [[0, 1]]}
    (tmp_path / "dev.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert [text for text in own_translations.texts_of(tmp_path / "ar") if text] == ["سطر", "آخر"]
    assert [text for text in own_translations.texts_of(tmp_path / "dev.jsonl") if text] == ["نص", "عنوان"]


def test_sentences_of_such_a_text_are_left_out_however_they_are_pointed(corpora, tmp_path, monkeypatch):
    kept_out = tmp_path / "eval.jsonl"
    text = " ".join(f"«{ARTICLE.format(n)}»" for n in range(40)).replace("التونسية", "التُّونسيّة")
    kept_out.write_text(json.dumps({"text": text}) + "\n", encoding="utf-8")
    said = []
    monkeypatch.setattr(own_translations, "say", lambda package, texts, out: said.extend(texts) or [])
    options = ["--corpora", str(corpora), "--sentences", "40", "--out", str(tmp_path / "own.jsonl")]
    monkeypatch.setattr("sys.argv", ["own_translations", *options, "--without", str(kept_out)])
    own_translations.main()
    assert len(said) == 40 - 16
    assert not any(text.startswith("وصل") for text in said)


def test_translations_are_pieces_and_a_run_that_was_cut_off_goes_on(tmp_path, capsys):
    texts = ["وصل الرئيس إلى العاصمة اليوم.", "كلمة " * 100, "قتل شخصان في انفجار."]
    out = tmp_path / "data" / "own.jsonl"
    said = own_translations.say(PACKAGE, texts, out)
    # one is longer than a segment
    assert len(said) == 2
    assert "▁الرئيس" in said[0].pieces
    assert "▁president" in [piece.lower() for piece in said[0].said]
    assert not {"<2en>", "<s:ar>", "</s>"} & {piece for one in said for piece in (*one.pieces, *one.said)}
    (part,) = out.parent.iterdir()
    lines = part.read_text(encoding="utf-8").splitlines(keepends=True)
    part.write_text("".join([json.dumps(["▁kept"]) + "\n", lines[1][:5]]), encoding="utf-8")
    again = own_translations.say(PACKAGE, texts, out)
    assert [one.said for one in again] == [("▁kept",), said[1].said]
    # other sentences have a file of their own
    own_translations.say(PACKAGE, texts[:1], out)
    assert len(list(out.parent.iterdir())) == 2


def test_the_draw_has_open_licences_only(corpora):
    assert set(corpus.SETS) >= {pair.name for pair in corpus.read_sets(corpora)}
    assert "ليس لهذا ترخيص معروف." not in own_translations.sample(corpora, 400, 1)
