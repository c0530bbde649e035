"""What a page says is not to be translated stands in the translation as in the source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.links import align_words
from khulasa.server.core.translation.alignment.units import words_of
from khulasa.server.core.translation.markup.html import html_to_text
from khulasa.server.core.translation.markup.kept_spans import keep_spans
from khulasa.server.core.translation.types import (
    Glossary,
    GlossaryTerm,
    LanguagePair,
    Origin,
    QualityFlag,
    SegmentTranslation,
    WordLink,
)

EN_AR, AR_EN = LanguagePair("en", "ar"), LanguagePair("ar", "en")


def place(text: str, part: str) -> Span:
    at = text.index(part)
    return Span(at, at + len(part))


def kept(
    source: str,
    target: str,
    *parts: str,
    pair: LanguagePair = AR_EN,
    links: Sequence[tuple[str, str]] = (),
    flags: tuple[QualityFlag, ...] = (),
    glossary: Glossary | None = None,
) -> SegmentTranslation:
    made = tuple(WordLink(place(source, a), place(target, b)) for a, b in links) or align_words(source, target, pair)
    one = SegmentTranslation(
        Span(0, len(source)), Span(0, len(target)), source, target, -0.2, 0.9, flags=flags, word_links=made
    )
    done = keep_spans(one, [place(source, part) for part in parts], pair, glossary or Glossary())
    assert done.target_span == Span(0, len(done.target_text))
    assert {link.target_span for link in done.word_links} <= set(words_of(done.target_text))
    return done


def linked(one: SegmentTranslation) -> set[tuple[str, str]]:
    return {(link.source_span.of(one.source_text), link.target_span.of(one.target_text)) for link in one.word_links}


def test_a_mangled_copy_is_mended_and_the_links_follow() -> None:
    source, target = "وقعت شركة Acme Corp عقدا في تونس.", "Aakme Corp signed a contract in Tunis."
    one = kept(source, target, "Acme Corp", links=[("وقعت", "signed"), ("عقدا", "contract"), ("تونس", "Tunis")])
    assert (one.target_text, one.flags) == ("Acme Corp signed a contract in Tunis.", ())
    assert linked(one) == {
        ("وقعت", "signed"),
        ("عقدا", "contract"),
        ("تونس", "Tunis"),
        ("Acme", "Acme"),
        ("Corp", "Corp"),
    }


def test_a_mangled_copy_gives_way_whole_though_only_a_word_of_it_is_linked() -> None:
    one = kept("وقعت شركة Acme Corp عقدا.", "Aakme Corp signed a contract.", "Acme Corp", links=[("Acme", "Aakme")])
    assert (one.target_text, one.flags) == ("Acme Corp signed a contract.", ())


def test_what_looks_like_it_but_translates_another_word_stays() -> None:
    one = kept(
        "تنافس شركة Akme شركة Akma.",
        "Akme competes with a firm.",
        "Akma",
        links=[("Akme", "Akme"), ("تنافس", "competes")],
    )
    assert one.target_text.startswith("Akme ")
    assert "Akma" in one.target_text.split()
    assert one.flags == (QualityFlag.GLOSSARY_MISSED,)


@pytest.mark.parametrize(
    ("target", "wrongly", "expected"),
    [
        ("It signed a contract with Zetta-19.", "It", "It signed a contract with Zeta-19."),
        ("Zetta-19 signed a contract there.", "there", "Zeta-19 signed a contract there."),
    ],
)
def test_words_between_a_mangled_copy_and_a_wrong_link_stay(target: str, wrongly: str, expected: str) -> None:
    one = kept("وقعت Zeta-19 عقدا.", target, "Zeta-19", links=[("Zeta", wrongly)])
    assert one.target_text == expected


def test_words_that_translate_it_give_way() -> None:
    one = kept(
        "اكتب x=1 في الملف.",
        "Write 1 in the file.",
        "x=1",
        links=[("اكتب", "Write"), ("1", "1"), ("الملف", "file")],
    )
    assert (one.target_text, one.flags) == ("Write x=1 in the file.", ())
    assert {("x", "x"), ("1", "1"), ("الملف", "file")} <= linked(one)


def test_what_the_model_left_out_is_put_beside_its_neighbour_and_flagged() -> None:
    one = kept(
        "كتب الفريق برنامج Zeta هذا العام.",
        "The team wrote a program this year.",
        "Zeta",
        links=[("الفريق", "team"), ("برنامج", "program"), ("العام", "year")],
    )
    assert one.target_text == "The team wrote a program Zeta this year."
    assert one.flags == (QualityFlag.GLOSSARY_MISSED,)
    assert {("Zeta", "Zeta"), ("العام", "year")} <= linked(one)


def test_of_two_copies_the_linked_one_is_the_kept_one() -> None:
    source, target = "الكلمة in تعني في داخل البيت.", "It is in the house that the word in means."
    second = target.rindex("in ")
    links = (WordLink(place(source, "in"), Span(second, second + 2)),)
    one = SegmentTranslation(Span(0, 1), Span(0, 1), source, target, -0.1, 0.9, word_links=links)
    done = keep_spans(one, [place(source, "in")], AR_EN, Glossary())
    assert (done.target_text, done.word_links, done.flags) == (target, links, ())


def test_a_copy_needs_no_word_of_its_own_in_arabic() -> None:
    source, target = "The ministry signed with Acme Corp on Sunday.", "وقعت الوزارة مع وAcme Corp يوم الأحد."
    assert kept(source, target, "Acme Corp", pair=EN_AR).target_text == target


def test_a_copy_is_no_part_of_a_longer_word() -> None:
    one = kept(
        "تقرأ الدالة cat الملف.",
        "The category function reads the file.",
        "cat",
        links=[("تقرأ", "reads"), ("الدالة", "function"), ("الملف", "file")],
    )
    assert one.target_text.split().count("cat") == 1


def test_flags_that_the_texts_decide_are_told_anew_and_others_stay() -> None:
    source, target = "The office bought Acme 12 for the school.", "اشترى المكتب أكمي 15 للمدرسة."
    flags = (QualityFlag.NUMBER_MISMATCH, QualityFlag.LOW_SIMILARITY)
    one = kept(
        source, target, "Acme 12", pair=EN_AR, flags=flags, links=[("Acme", "أكمي"), ("12", "15"), ("office", "المكتب")]
    )
    assert one.target_text == "اشترى المكتب Acme 12 للمدرسة."
    assert one.flags == (QualityFlag.LOW_SIMILARITY,)
    wrong = kept("قرأ الدالة x في 12 يوما.", "It read in 12 days.", "x", links=[("x", "12")])
    assert QualityFlag.NUMBER_MISMATCH in wrong.flags


def test_a_term_that_the_page_forbids_is_flagged() -> None:
    glossary = Glossary((GlossaryTerm("Acme", "أكمي"),))
    one = kept(
        "The team of Acme won the cup.",
        "فاز فريق أكمي بالكأس.",
        "Acme",
        pair=EN_AR,
        links=[("Acme", "أكمي"), ("team", "فريق")],
        glossary=glossary,
    )
    assert (one.target_text, one.flags) == ("فاز فريق Acme بالكأس.", (QualityFlag.GLOSSARY_MISSED,))


def test_a_segment_of_nothing_else_is_copied() -> None:
    one = kept("Acme Corp.", "آكمي كورب", "Acme Corp", pair=EN_AR, flags=(QualityFlag.NAME_MISMATCH,))
    assert (one.target_text, one.flags) == ("Acme Corp.", ())


def test_an_empty_translation_stays_empty_and_is_flagged() -> None:
    one = kept("وقعت Acme عقدا.", "", "Acme", flags=(QualityFlag.EMPTY,), links=[])
    assert (one.target_text, one.flags) == ("", (QualityFlag.EMPTY, QualityFlag.GLOSSARY_MISSED))


def test_an_approved_translation_is_not_touched() -> None:
    source = "وقعت Acme عقدا."
    one = SegmentTranslation(Span(0, 15), Span(0, 16), source, "Akme signed one.", 0.0, 1.0, origin=Origin.MEMORY)
    assert keep_spans(one, [place(source, "Acme")], AR_EN, Glossary()) is one


words = st.sampled_from(["Acme", "x=1", "القرار", "in", "12", "المدينة", "=", "«Beta»", "Corp"])


@settings(deadline=None)
@given(st.lists(st.tuples(words, st.booleans()), min_size=1, max_size=9), st.lists(words, max_size=9))
def test_every_kept_text_is_there_whatever_the_model_wrote(source: list[tuple[str, bool]], target: list[str]) -> None:
    text, spans = "", []
    for word, keep in source:
        if keep:
            spans.append(Span(len(text), len(text) + len(word)))
        text += word + " "
    text, written = text.strip(), " ".join(target)
    links = align_words(text, written, AR_EN)
    one = SegmentTranslation(Span(0, len(text)), Span(0, len(written)), text, written, -0.1, 0.9, word_links=links)
    done = keep_spans(one, spans, AR_EN, Glossary())
    if not written.strip():
        return
    for span in spans:
        wanted = [other.of(text) for other in spans].count(span.of(text))
        assert done.target_text.count(span.of(text)) >= wanted
    assert {link.target_span for link in done.word_links} <= set(words_of(done.target_text))
    assert {link.source_span for link in done.word_links} <= set(words_of(text))
    if not spans:
        assert done == replace(one)


def test_many_of_them_take_time_in_proportion(
    growth: Callable[[Callable[[int], object], int, int], float],
) -> None:
    def work(size: int) -> None:
        parts = [f"name{number}" for number in range(size)]
        source = "قال " + " و ".join(parts)
        target = "He said " + " and ".join(parts[::2])
        spans = [Span(found.start, found.end) for found in words_of(source)[1::2]]
        one = SegmentTranslation(Span(0, 1), Span(0, 1), source, target, -0.1, 0.9)
        assert keep_spans(one, spans, AR_EN, Glossary()).target_text.count("name") >= size

    assert growth(work, 100, 4) < 8


def test_text_of_a_page_says_what_is_to_be_kept() -> None:
    page = (
        "<h1>About <code>x=1</code></h1><p>  A <b>bold</b>  <span translate=no> Acme \n <i>Corp</i> </span>, &amp;"
        " <code> </code><kbd>y&lt;2</kbd>.</p><pre>z</pre><div translate=no>all of it</div>"
    )
    found = html_to_text(page)
    assert [span.of(found.text) for span in found.kept] == ["x=1", "Acme Corp", "y<2"]
    assert [found.raw_span(span).of(page) for span in found.kept] == ["x=1", "Acme \n <i>Corp", "y&lt;2"]
