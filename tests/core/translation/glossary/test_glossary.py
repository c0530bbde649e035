"""Required terms."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from khulasa.server.core.errors import GlossaryConflictError, InvalidInputError
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.links import align_words
from khulasa.server.core.translation.glossary.matching import term_pattern
from khulasa.server.core.translation.glossary.terms import (
    MOST_TERM_CHARS,
    MOST_TERMS,
    CompiledGlossary,
    compile_glossary,
)
from khulasa.server.core.translation.types import Glossary, GlossaryTerm, LanguagePair, WordLink

AR_EN = LanguagePair("ar", "en")
EN_AR = LanguagePair("en", "ar")


def glossary(pair: LanguagePair, *terms: tuple[str, str], case_sensitive: bool = False) -> CompiledGlossary:
    return compile_glossary(Glossary(tuple(GlossaryTerm(s, t, case_sensitive) for s, t in terms)), pair)


def enforced(compiled: CompiledGlossary, source: str, target: str) -> str:
    made, missed = compiled.restore(compiled.protect(source), target, align_words(source, target, compiled.pair))
    assert missed == ()
    return made


@pytest.mark.parametrize(
    "written", ["حكومة", "الحكومة", "والحكومة", "بالحكومة", "للحكومة", "وللحكومة", "حُكومة", "لحكومة", "الحكومةُ"]
)
def test_arabic_prefixes_and_marks(written: str) -> None:
    text = f"ما يتعلق {written} اليوم"
    (match,) = glossary(AR_EN, ("حكومة", "cabinet")).protect(text).matches
    assert match.span.of(text) == written


def test_a_short_first_word_takes_prefixes_only_with_others_after_it() -> None:
    text = "خصصت جلسة لسد النهضة وبسد آخر"
    (match,) = glossary(AR_EN, ("سد النهضة", "Renaissance Dam"), ("سد", "dam")).protect(text).matches
    assert match.span.of(text) == "لسد النهضة"


@pytest.mark.parametrize("other", ["حكومات", "حكومتان", "محكومة"])
def test_other_words_do_not_match(other: str) -> None:
    assert glossary(AR_EN, ("حكومة", "cabinet")).protect(f"هذه {other} هنا").matches == ()


def test_the_longest_term_wins() -> None:
    compiled = glossary(AR_EN, ("الأمم", "nations"), ("الأمم المتحدة", "UN"))
    assert [m.term.target for m in compiled.protect("قالت الأمم المتحدة إن الأمم").matches] == ["UN", "nations"]


def test_english_case_and_plural() -> None:
    assert len(glossary(EN_AR, ("rebel", "متمرد")).protect("Rebels met a rebel, not rebellion").matches) == 2
    assert (
        len(glossary(EN_AR, ("rebel leader", "قائد التمرد")).protect("Rebel leaders met a rebel leader").matches) == 2
    )
    assert glossary(EN_AR, ("WHO", "الصحة العالمية")).protect("people who left").matches == ()
    assert glossary(EN_AR, ("Apple", "أبل"), case_sensitive=True).protect("an apple").matches == ()


def test_a_term_replaces_the_words_aligned_to_it() -> None:
    made = enforced(
        glossary(AR_EN, ("الحكومة", "cabinet")),
        "قالت الحكومة إن الوضع مستقر.",
        "The government said the situation was stable.",
    )
    assert made == "The cabinet said the situation was stable."


def test_a_possessive_stays() -> None:
    made = enforced(
        glossary(AR_EN, ("الحكومة", "cabinet")), "موقف الحكومة واضح.", "The government's position is clear."
    )
    assert made == "The cabinet's position is clear."


def test_into_arabic() -> None:
    made = enforced(glossary(EN_AR, ("government", "السلطة التنفيذية")), "The government said so.", "قالت الحكومة ذلك.")
    assert made == "قالت السلطة التنفيذية ذلك."


def test_a_term_already_there_is_left() -> None:
    target = "The cabinet met; the cabinet decided."
    assert enforced(glossary(AR_EN, ("الحكومة", "cabinet")), "اجتمعت الحكومة وقررت الحكومة.", target) == target


def test_a_term_inside_another_is_not_taken_for_it() -> None:
    compiled = glossary(AR_EN, ("الأمم", "UN"), ("مجلس الأمم", "UN Council"))
    protected = compiled.protect("طلبت الأمم من مجلس الأمم التحرك.")
    assert [m.term.target for m in compiled.missed(protected, "It asked the UN Council to act.")] == ["UN"]
    assert compiled.missed(protected, "The UN asked the UN Council to act.") == ()


def test_two_terms_for_one_word_are_both_there_and_apart() -> None:
    compiled = glossary(AR_EN, ("الحكومة", "cabinet"), ("قزحية", "iris"))
    source, target = "الحكومة قزحية", "government."
    links = (WordLink(Span(0, 7), Span(0, 10)), WordLink(Span(8, 13), Span(0, 10)))
    assert compiled.restore(compiled.protect(source), target, links) == ("cabinet iris.", ())


def test_do_not_translate() -> None:
    made = enforced(
        glossary(EN_AR, ("Reuters", "Reuters")), "Reuters said so on Tuesday.", "قالت رويترز ذلك يوم الثلاثاء."
    )
    assert "Reuters" in made
    assert "رويترز" not in made


def test_a_term_without_aligned_words_is_put_in() -> None:
    made = enforced(glossary(AR_EN, ("قزحية", "iris")), "قال قزحية.", "He said.")
    assert "iris" in made


def test_missed_is_told_without_changing() -> None:
    compiled = glossary(AR_EN, ("الحكومة", "cabinet"))
    protected = compiled.protect("قالت الحكومة")
    assert len(compiled.missed(protected, "the government said")) == 1
    assert compiled.missed(protected, "the cabinet said") == ()


def test_conflicts_and_limits_name_the_field() -> None:
    with pytest.raises(GlossaryConflictError) as conflict:
        glossary(AR_EN, ("حكومة", "a"), ("وزير", "b"), ("حُكومة", "c"))
    assert [v.field for v in conflict.value.violations] == ["glossary.terms[2].target"]
    in_any_case = (("Apple", "أبل"), ("apple", "تفاحة"))
    with pytest.raises(GlossaryConflictError):
        glossary(EN_AR, *in_any_case)
    both = glossary(EN_AR, *in_any_case, case_sensitive=True)
    assert [m.term.target for m in both.protect("Apple ate an apple").matches] == ["أبل", "تفاحة"]
    with pytest.raises(InvalidInputError) as fault:
        glossary(AR_EN, ("حكومة", "a"), (" ", "b"), ("وزير", "x" * 201))
    assert [v.field for v in fault.value.violations] == ["glossary.terms[1].source", "glossary.terms[2].target"]
    with pytest.raises(InvalidInputError) as lines:
        glossary(AR_EN, ("حكومة", "a\nb"), ("وزير", "c\r"), ("رئيس", "d\x00"))
    assert [v.field for v in lines.value.violations] == [f"glossary.terms[{i}].target" for i in range(3)]
    with pytest.raises(InvalidInputError):
        glossary(AR_EN, *((f"كلمة{i}", "a") for i in range(MOST_TERMS + 1)))
    assert glossary(AR_EN, ("ك" * MOST_TERM_CHARS, "a" * MOST_TERM_CHARS)).protect("ك" * MOST_TERM_CHARS).matches


@pytest.mark.parametrize(
    ("one", "two"), [("المدرسة", "المدرسه"), ("مدرسة حكومية", "مدرسه حكوميه"), ("مستشفى", "مستشفي"), ("أحمد", "احمد")]
)
def test_spellings_that_are_found_at_one_place_are_one_source(one: str, two: str) -> None:
    for first, second in ((one, two), (two, one)):
        with pytest.raises(GlossaryConflictError) as conflict:
            glossary(AR_EN, (first, "a"), (second, "b"))
        assert [v.field for v in conflict.value.violations] == ["glossary.terms[1].target"]
        assert glossary(AR_EN, (first, "a"), (second, "a")).protect(f"في {one}").matches


@pytest.mark.parametrize("pair", [AR_EN, EN_AR])
def test_a_term_of_which_nothing_is_left_to_look_for_is_the_callers_fault(pair: LanguagePair) -> None:
    """Tatweel and the small letters of the Koran are letters for Python, and are folded away."""
    with pytest.raises(InvalidInputError) as fault:
        glossary(pair, ("\u0640\u0640", "a"), ("b", "\u06e5"))
    assert [v.field for v in fault.value.violations] == ["glossary.terms[0].source", "glossary.terms[1].target"]


def test_a_full_glossary_finds_its_terms() -> None:
    terms = [(f"كلمة{i}", f"word{i}") for i in range(MOST_TERMS - 1)]
    compiled = glossary(AR_EN, *terms, ("مدينة القدس", "Jerusalem"))
    assert [m.term.target for m in compiled.protect("زار مدينه القدس ثم كلمة17").matches] == ["Jerusalem", "word17"]


def test_patterns_are_made_for_the_terms_that_a_text_may_hold() -> None:
    word = "كلمة طويلة جدا " * 12
    compiled = glossary(AR_EN, *((f"{word}{i}ب", f"word{i}") for i in range(MOST_TERMS - 1)), ("وزير", "minister"))
    term_pattern.cache_clear()
    protected = compiled.protect("قال وزير")
    assert term_pattern.cache_info().currsize == 1
    assert compiled.missed(protected, "a minister said") == ()
    assert term_pattern.cache_info().currsize == 2


def test_the_digest_is_that_of_the_terms() -> None:
    same = [glossary(AR_EN, ("حكومة", "a"), ("وزير", "b")).digest for _ in range(2)]
    others = [
        glossary(AR_EN, ("حكومة", "a")),
        glossary(AR_EN, ("وزير", "b"), ("حكومة", "a")),
        glossary(AR_EN, ("حكومة", "b"), ("وزير", "a")),
        glossary(AR_EN, ("حكومة", "a"), ("وزير", "b"), case_sensitive=True),
        glossary(AR_EN, ("حكومة", "ab"), ("زير", "b")),
    ]
    assert len({*same, *(one.digest for one in others)}) == 1 + len(others)


def test_terms_by_the_thousand_are_placed_in_linear_time(
    growth: Callable[[Callable[[int], object], int, int], float],
) -> None:
    compiled = compile_glossary(Glossary((GlossaryTerm("وزير", "minister"),)), LanguagePair("ar", "en"))

    def held(count: int) -> None:
        assert compiled.missed(compiled.protect("وزير " * count), "minister " * count) == ()

    def put(count: int) -> None:
        made, missed = compiled.restore(compiled.protect("وزير " * count), "word " * count, ())
        assert (made.count("minister"), missed) == (count, ())

    assert growth(held, 1_000, 16) < 64
    assert growth(put, 1_000, 16) < 64


def test_terms_put_at_one_place_stand_in_the_order_of_the_source() -> None:
    terms = (GlossaryTerm("غزة", "Zulu"), GlossaryTerm("رفح", "Alpha"))
    compiled = compile_glossary(Glossary(terms), LanguagePair("ar", "en"))
    made, _ = compiled.restore(compiled.protect("في غزة ثم رفح"), ".", ())
    assert made == "Zulu Alpha."


def test_a_term_is_not_put_into_the_middle_of_another() -> None:
    compiled = glossary(AR_EN, ("الأمم المتحدة", "United Nations"), ("قزحية", "iris"))
    source, target = "الأمم المتحدة قزحية", "The United Nations."
    links = (WordLink(Span(0, 5), Span(4, 10)),)
    assert compiled.restore(compiled.protect(source), target, links) == ("The United Nations iris.", ())


def test_terms_do_not_make_a_text_larger_than_memory() -> None:
    compiled = glossary(EN_AR, ("a", "ك" * MOST_TERM_CHARS))
    source = "a b " * 1_000
    made, missed = compiled.restore(compiled.protect(source), "نعم", ())
    placed = (2_000 + 4 * len(source)) // MOST_TERM_CHARS
    assert made.count("ك" * MOST_TERM_CHARS) == placed
    # What was left out is told.
    assert len(missed) == 1_000 - placed


def test_names_far_longer_than_their_acronyms_are_all_written() -> None:
    name = "منظمة الأمم المتحدة للتربية والعلم والثقافة"
    source = "UNESCO, " * 45
    made, missed = glossary(EN_AR, ("UNESCO", name)).restore(
        glossary(EN_AR, ("UNESCO", name)).protect(source), "نعم", ()
    )
    assert (made.count(name), missed) == (45, ())


def test_white_space_round_a_target_is_not_written() -> None:
    compiled = glossary(AR_EN, ("الحكومة", " the cabinet "))
    assert enforced(compiled, "قالت الحكومة ذلك", "The government said so") == "The cabinet said so"


@pytest.mark.parametrize(
    ("term", "written"),
    [
        *(("اللجنة", f"{opening}لجنة") for opening in ("ال", "وال", "بال", "كال", "ل", "ول", "فل")),
        ("الله", "لله"),
        ("الحوثيون", "الحوثيين"),
        ("الإخوان المسلمين", "للإخوان المسلمون"),
        ("حكومة", "حكومتها"),
        ("مليون", "مليونا"),
        # As they come from PDF files, Persian keyboards and decomposed.
        ("الحكومة", "ﺍﻟﺤﻜﻮﻣﺔ"),
        ("ﺍﻟﺤﻜﻮﻣﺔ", "بالحكومة"),
        ("الكلية", "الکلیة"),
        ("مؤتمر", "مو\u0654تمر"),
    ],
)
def test_forms_of_an_arabic_term(term: str, written: str) -> None:
    text = f"ما يتعلق {written}، اليوم"
    (match,) = glossary(AR_EN, (term, "X")).protect(text).matches
    assert match.span.of(text) == written


@pytest.mark.parametrize(
    ("term", "written"),
    [("لينين", "لينون"), ("لبنان", "لبنين"), ("الحكومة", "حكومته"), ("حماس", "حماسهم"), ("اللجنة", "لجنة")],
)
def test_what_may_be_another_word_is_no_form(term: str, written: str) -> None:
    assert glossary(AR_EN, (term, "X")).protect(f"هذا {written} هنا").matches == ()


@pytest.mark.parametrize(
    ("term", "written"),
    [
        ("Queen's Speech", "Queen’s Speech"),
        ("COVID-19", "Covid–19"),
        ("“red line”", '"red  line"'),
        ("café", "cafe\u0301"),
    ],
)
def test_signs_of_an_english_term_may_be_drawn_otherwise(term: str, written: str) -> None:
    text = f"Today the {written}."
    (match,) = glossary(EN_AR, (term, "س")).protect(text).matches
    assert match.span.of(text) == written
    with pytest.raises(GlossaryConflictError):
        glossary(EN_AR, (term, "س"), (written, "ص"))


def test_a_pronoun_of_the_source_stays_beside_the_term() -> None:
    source, target = "أعلنت حكومتها ذلك", "Her government said so"
    links = (WordLink(Span(6, 13), Span(0, 3)), WordLink(Span(6, 13), Span(4, 14)))
    compiled = glossary(AR_EN, ("حكومة", "cabinet"))
    assert compiled.restore(compiled.protect(source), target, links) == ("Her cabinet said so", ())


def test_a_form_of_the_source_is_none_of_the_target() -> None:
    compiled = glossary(EN_AR, ("Houthis", "الحوثيون"))
    assert len(compiled.missed(compiled.protect("the Houthis"), "على الحوثيين")) == 1


@pytest.mark.parametrize(
    ("term", "target", "expected"),
    [
        ("Security Council", "The security council's seats", "The Security Council's seats"),
        ("Security Council", "SECURITY COUNCIL MEETS", "SECURITY COUNCIL MEETS"),
        ("cabinet", "Cabinet meets", "Cabinet meets"),
        ("Houthi", "the houthis said", "the Houthis said"),
    ],
)
def test_capitals_of_a_term_are_written(term: str, target: str, expected: str) -> None:
    compiled = glossary(AR_EN, ("المجلس", term))
    assert compiled.restore(compiled.protect("المجلس"), target, ()) == (expected, ())
    assert compiled.missed(compiled.protect("المجلس"), target) == ()


def test_a_term_is_no_part_of_a_link_or_hashtag() -> None:
    compiled = glossary(EN_AR, ("NATO", "الناتو"), ("#Gaza", "#غزة"), ("Gaza", "غزة"))
    text = "See https://nato.int/NATO, #Gaza, #Gaza_now and @Gaza: NATO in Gaza"
    assert [match.span.of(text) for match in compiled.protect(text).matches] == ["#Gaza", "NATO", "Gaza"]
    other = glossary(AR_EN, ("الناتو", "NATO"))
    assert len(other.missed(other.protect("قال الناتو"), "See https://nato.int/NATO")) == 1
    assert other.missed(other.protect("قال الناتو"), "NATO, see https://nato.int/NATO") == ()
