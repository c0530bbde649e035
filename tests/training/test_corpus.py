"""Selection of pairs: licences, filters, duplicates, thinning."""

import lzma

from training import corpus
from training.corpus import Pair, SetInfo


def write(folder, rows):
    for name in corpus.CORPUS_FILES:
        with lzma.open(folder / name, "wt", encoding="utf-8") as file:
            file.writelines("\t".join(row) + "\n" for row in rows.get(name, []))


def test_only_listed_sets_are_read(tmp_path):
    write(tmp_path, {"news.tsv.xz": [("وصل الوفد", "The delegation arrived", "news"), ("قلب", "heart", "unknown_set")]})
    assert [p.name for p in corpus.read_sets(tmp_path)] == ["news"]


def test_sets_without_a_stated_licence_are_absent():
    unlicensed = {"rasaif_classical", "3b1b_captions", "aralects", "javascript_info", "umbrella_security"}
    assert not unlicensed & set(corpus.SETS)
    assert not any("nyu" in name or "hkiri" in name for name in corpus.SETS)
    assert all(info.licence for info in corpus.SETS.values())


def test_duplicates_go_by_both_sides(tmp_path):
    rows = [
        ("نعم بالتأكيد", "Yes, sure", "news"),
        ("نعم بالتأكيد", "yes, sure", "news"),
        ("نعم بالتأكيد", "Yes", "news"),
    ]
    write(tmp_path, {"news.tsv.xz": rows})
    assert len(list(corpus.read_sets(tmp_path))) == 2


def test_cleaning_drops_marks_and_folds_space():
    assert corpus.clean("  مَدْرَسَة\u200f  جـــديدة ") == "مدرسة جديدة"


def test_filters():
    good = Pair("وصل الوفد إلى العاصمة", "The delegation reached the capital", "x")
    assert corpus.acceptable(good, prose=True)
    assert not corpus.acceptable(Pair("وصل الوفد", "It arrived", "x"), prose=True)
    assert not corpus.acceptable(Pair(good.ar, "وصل الوفد إلى العاصمة", "x"), prose=False)
    assert not corpus.acceptable(Pair(good.ar, "The <b>delegation</b> reached the capital", "x"), prose=True)
    assert not corpus.acceptable(
        Pair("نعم", "A sentence far longer than what it is said to translate", "x"), prose=False
    )
    assert not corpus.acceptable(Pair("", "empty", "x"), prose=False)


def test_thinning_is_seeded_and_keeps_whole_sets():
    pairs = [Pair(str(i), str(i), "big") for i in range(1000)] + [Pair("a", "a", "news")]
    sets = {"big": SetInfo("x", 0.2), "news": SetInfo("x", 5.0)}
    one, weights = corpus.draw(pairs, sets, seed=3)
    assert one == corpus.draw(pairs, sets, seed=3)[0]
    assert one != corpus.draw(pairs, sets, seed=4)[0]
    assert 140 < len(one) < 260
    assert len(corpus.draw(pairs, sets, seed=3, enlarge=5)[0]) == 1001
    assert (one[-1].name, weights[-1], weights[0]) == ("news", 5.0, 1.0)


def test_digest(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    assert corpus.sha256(tmp_path / "f").startswith("ba7816bf")
