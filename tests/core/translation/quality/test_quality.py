"""Flags of given pairs."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from khulasa.server.core.translation.markup.references import unescape
from khulasa.server.core.translation.quality import flags as quality
from khulasa.server.core.translation.quality.flags import PairTests, quality_flags
from khulasa.server.core.translation.quality.signals import repeated_share
from khulasa.server.core.translation.types import LanguagePair, QualityFlag

AR_EN = LanguagePair("ar", "en")
EN_AR = LanguagePair("en", "ar")
ARABIC = "أعلنت وزارة الصحة أن 13 شخصا أصيبوا في الحادث الذي وقع صباح اليوم قرب العاصمة."
ENGLISH = "The Ministry of Health announced that 13 people were injured in the accident this morning near the capital."


@pytest.mark.parametrize(("source", "target", "pair"), [(ARABIC, ENGLISH, AR_EN), (ENGLISH, ARABIC, EN_AR)])
def test_a_good_pair_has_no_flag(source: str, target: str, pair: LanguagePair) -> None:
    assert quality_flags(source, target, pair, similarity=0.8) == ()


@pytest.mark.parametrize(("source", "target", "pair"), [(ARABIC, ENGLISH, AR_EN), (ENGLISH, ARABIC, EN_AR)])
@pytest.mark.parametrize(
    ("flag", "fault"),
    [
        (QualityFlag.EMPTY, lambda s, t: "  "),
        (QualityFlag.UNTRANSLATED, lambda s, t: s),
        (QualityFlag.TRUNCATED, lambda s, t: t[: int(len(t) * 0.7)]),
        (QualityFlag.REPETITION, lambda s, t: t + " " + " ".join(t.split()[-3:]) * 3),
        (QualityFlag.NUMBER_MISMATCH, lambda s, t: t.replace("13", "18")),
        (QualityFlag.LENGTH_RATIO, lambda s, t: t[: len(t) // 4] + "."),
        (QualityFlag.LENGTH_RATIO, lambda s, t: t + " " + t.replace(" ", " x")),
    ],
)
def test_a_planted_fault_is_flagged(source, target, pair, flag, fault) -> None:  # type: ignore[no-untyped-def]
    assert flag in quality_flags(source, fault(source, target), pair, similarity=0.8)


@pytest.mark.parametrize(("source", "target", "pair"), [(ARABIC, ENGLISH, EN_AR), (ENGLISH, ARABIC, AR_EN)])
def test_what_is_in_the_target_language_already_and_comes_out_in_the_other_is_flagged(
    source: str, target: str, pair: LanguagePair
) -> None:
    """As where the caller names the wrong language."""
    assert QualityFlag.UNTRANSLATED in quality_flags(source, target, pair, similarity=0.8)
    assert QualityFlag.UNTRANSLATED not in quality_flags(source, source, pair, similarity=1.0)


@pytest.mark.parametrize(
    ("target", "lost"),
    [
        ('He said: "We will not talk to them as long as they shell us."', False),
        ("He said: “We will not talk to them as long as they shell us”.", False),
        ("He said: 'We won't talk to them as long as they shell us.'", False),
        ('He said: "We will not talk to them as long as they shell us.', True),
        ("He said they won't talk to them as long as they shell them.", True),
    ],
)
def test_a_quotation_that_is_lost_or_never_closed_is_flagged(target: str, lost: bool) -> None:
    source = "قال: «لن نتحدث معهم ما داموا يقصفوننا في كل يوم»."
    assert (QualityFlag.TRUNCATED in quality_flags(source, target, AR_EN, similarity=0.9)) is lost
    # A segment may be a part of a longer quotation, and the marks of a name may go.
    begun, named = source.replace("»", ""), "قال «الوزير الأول» إنهم لن يتحدثوا معهم ما داموا يقصفونهم."
    assert QualityFlag.TRUNCATED not in quality_flags(begun, target, AR_EN, similarity=0.9)
    assert QualityFlag.TRUNCATED not in quality_flags(named, target.replace('"', ""), AR_EN, similarity=0.9)


@pytest.mark.parametrize(
    ("source", "target", "flags"),
    [
        ("Great news!", "🎉", (QualityFlag.EMPTY,)),
        ("Great news.", "…", (QualityFlag.EMPTY,)),
        ("🎉", "🎉", ()),
        ("Great news!", "أخبار رائعة! 🎉", ()),
        ("Great news!", "أخبار رائعة! 👍🏽", ()),
        ("Great news! 🎉", "أخبار رائعة! 🎉", ()),
        # The emoji stands where the stop stood.
        ("Great news 🎉.", "أخبار رائعة 🎉", ()),
        ("Great news ❤️.", "أخبار رائعة ❤️", ()),
        ("Great news! 🎉", "أخبار رائعة", (QualityFlag.TRUNCATED,)),
        ("Great news.", "أخبار رائعة", (QualityFlag.TRUNCATED,)),
    ],
)
def test_an_emoji_is_no_text_and_ends_one(source: str, target: str, flags: tuple[QualityFlag, ...]) -> None:
    assert quality_flags(source, target, EN_AR, similarity=0.8) == flags


def test_low_similarity_and_the_callers_own_findings() -> None:
    low = "Health officials announced that 13 people were hurt in an accident this morning near the capital."
    assert quality_flags(ARABIC, low, AR_EN, similarity=0.05) == (QualityFlag.LOW_SIMILARITY,)
    # Where the similarity is in doubt, the limits of length are narrower.
    longer = (QualityFlag.LENGTH_RATIO, QualityFlag.LOW_SIMILARITY)
    assert quality_flags(ARABIC, ENGLISH + " So they say today.", AR_EN, similarity=0.05) == longer
    assert quality_flags(ARABIC, ENGLISH, AR_EN, similarity=None, truncated=True, missed_terms=True) == (
        QualityFlag.TRUNCATED,
        QualityFlag.GLOSSARY_MISSED,
    )


def test_a_length_that_the_meaning_bears_out_may_be_odder() -> None:
    source = "وقع وزير المالية الاتفاق مع ممثل صندوق النقد الدولي."
    target = "The finance minister signed the agreement with the International Monetary Fund's representative."
    assert quality_flags(source, target, AR_EN, similarity=0.86) == ()
    assert quality_flags(source, target, AR_EN, similarity=0.75) == (QualityFlag.LENGTH_RATIO,)
    # More sentences than the source has are more than it says.
    more = "That is all. " + target
    assert quality_flags(source, more, AR_EN, similarity=0.86) == (QualityFlag.LENGTH_RATIO,)


def test_each_test_is_made_when_it_is_asked_for_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counted(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def test(*arguments: object) -> object:
            made.append(name)
            return real(*arguments)

        return test

    for name in ("compare_numbers", "same_polarity", "names_agree", "leftover_words"):
        monkeypatch.setattr(quality, name, counted(name, getattr(quality, name)))
    tests = PairTests(ARABIC, ENGLISH.replace("13", "18").replace(".", ", so they say."), AR_EN)
    assert tests.has(QualityFlag.NUMBER_MISMATCH)
    assert made == ["compare_numbers"]
    assert tests.flags(None) == (QualityFlag.NUMBER_MISMATCH,)
    in_doubt = (QualityFlag.LENGTH_RATIO, QualityFlag.LOW_SIMILARITY)
    assert tests.flags(0.05) == (QualityFlag.NUMBER_MISMATCH, *in_doubt)
    assert sorted(made) == ["compare_numbers", "leftover_words", "names_agree", "same_polarity"]


@pytest.mark.parametrize("text", ["***", "2015", "https://example.org/a", "BBC"])
def test_what_stays_as_it_is_is_no_echo(text: str) -> None:
    assert quality_flags(text, text, AR_EN, similarity=1.0) == ()


def test_references_of_html_are_no_numbers() -> None:
    assert (
        quality_flags("قال الرئيس إن هذا صحيح.", "The president&#39;s view is that it&#39;s so.", AR_EN, similarity=0.7)
        == ()
    )


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_texts_get_flags_in_the_order_of_the_enum(source: str, target: str) -> None:
    order = list(QualityFlag)
    flags = quality_flags(source, target, AR_EN, similarity=0.5)
    assert [order.index(f) for f in flags] == sorted({order.index(f) for f in flags})


def test_one_word_over_and_over_is_measured_in_linear_time() -> None:
    # Marking each run again at each of its words took minutes here, with the interpreter's lock held.
    began = time.process_time()
    flags = quality_flags("كلمة " * 80_000, "word " * 80_000, AR_EN, similarity=0.8)
    assert time.process_time() - began < 20
    assert QualityFlag.REPETITION not in flags, "the source repeats itself as well"


@given(st.lists(st.sampled_from("abc"), max_size=60) | st.lists(st.sampled_from("abcdefgh"), max_size=60))
def test_repeated_words_are_those_of_every_run_that_follows_itself(words: list[str]) -> None:
    count, again = len(words), set[int]()
    for width in range(1, min(count // 2, 24) + 1):
        least = max(width, 2)
        for start in range(width, count - least + 1):
            if words[start : start + least] == words[start - width : start - width + least]:
                again.update(range(start, start + least))
    for start in range(count - 3):
        if any(words[start : start + 4] == words[first : first + 4] for first in range(start)):
            again.update(range(start, start + 4))
    assert repeated_share(words) == (len(again) / count if count > 1 else 0.0)


def test_a_word_three_times_in_a_row_is_a_repetition_however_long_the_line() -> None:
    around = (
        "Officials who had met in the capital since the early morning said that talks with both sides would go on "
        "until the end of this week, that more ministers were expected to join them there tomorrow, and that even so, "
        "as far as anybody could tell by then, "
    )
    source = (
        "قال المسؤولون الذين اجتمعوا في العاصمة منذ الصباح إن المحادثات مع الجانبين ستستمر حتى نهاية هذا الأسبوع، "
        "وإن من المتوقع أن ينضم إليهم مزيد من الوزراء غدا، وإنه رغم ذلك وبقدر ما كان يمكن لأحد أن يعرف حتى ذلك الحين "
        "فإن الاتفاق قريب جدا."
    )
    flag = QualityFlag.REPETITION
    once = f"{around}a deal was very near."
    assert flag not in quality_flags(source, once, AR_EN, similarity=0.8)
    assert flag not in quality_flags(source, f"{around}a deal, a deal was near.", AR_EN, similarity=0.8)
    assert flag in quality_flags(source, f'{around}a "a "a deal was very near.', AR_EN, similarity=0.8)
    assert flag not in quality_flags(source, f"{around}7 7 7 was dialled.", AR_EN, similarity=0.8)
    thrice = once.replace("very", "very very very")
    assert flag not in quality_flags(source.replace("جدا", "جدا جدا جدا"), thrice, AR_EN, similarity=0.8)


@pytest.mark.parametrize(("source", "target", "pair"), [(ARABIC, ENGLISH, AR_EN), (ENGLISH, ARABIC, EN_AR)])
def test_a_reference_of_thousands_of_digits_is_text_like_any_other(
    source: str, target: str, pair: LanguagePair
) -> None:
    endless = " &#" + "1" * 5_000 + ";."
    flags = quality_flags(source + endless, target + endless, pair, similarity=0.8)
    assert QualityFlag.NUMBER_MISMATCH not in flags
    assert unescape(f"&lt;{endless}&gt;") == f"<{endless}>"


@pytest.mark.parametrize(
    ("source", "target", "repeated"),
    [
        # a name of three words, and parallel clauses, that the source says twice as well
        (
            "أعلن البنك المركزي التونسي أمس ما قرره محافظ البنك المركزي التونسي",
            "The Central Bank of Tunisia announced yesterday what the head of the Central Bank of Tunisia decided",
            False,
        ),
        (
            "حل الأول بمتوسط طول بلغ مترين والثاني بمتوسط طول أقل",
            "The first came with an average height of two meters and the second with an average height that was less",
            False,
        ),
        # a clause that comes again although the source says it once
        (
            "أعلن البنك المركزي التونسي أمس رفع الفائدة",
            "The Central Bank of Tunisia announced a rise yesterday, the Central Bank of Tunisia announced a rise",
            True,
        ),
        (
            "قال وزير الداخلية إن وزير الداخلية الفرنسي غادر البلاد مساء أمس",
            "The interior minister said the French interior minister left the country last night, the French interior "
            "minister left the country",
            True,
        ),
    ],
)
def test_what_the_source_says_twice_is_no_repetition(source: str, target: str, repeated: bool) -> None:
    flags = quality_flags(source, target, AR_EN, similarity=None)
    assert (QualityFlag.REPETITION in flags) is repeated


@pytest.mark.parametrize(
    ("source", "target", "kept", "repeated"),
    [
        ("وصل إلى جنيف، إلى جنيف نفسها.", "He came to Geneva, to Geneva itself.", (), False),
        ("وصل إلى جنيف أمس.", "He came to Geneva, to Geneva yesterday.", (), True),
        (
            "وصل إلى جنيف وبجنيف التقى الوفد.",
            "He came to Geneva, to Geneva, to Geneva and met the delegation.",
            (),
            True,
        ),
        ("زار جنيف وبجنيف أقام ولجنيف عاد.", "Geneva, Geneva, Geneva: he visited, stayed and came back.", (), False),
        (
            "وصل الوفد إلى جنيف وبجنيف وللجنيف.",
            "The delegation arrived in HQ One, HQ One and HQ One.",
            ("HQ One",),
            False,
        ),
        ("وصل الوفد إلى جنيف.", "The delegation arrived in HQ One, HQ One and HQ One.", ("HQ One",), True),
        # what the source says twice is not what is repeated
        (
            "قال وزير الداخلية ووزير الدفاع إن الوفد وصل أمس.",
            "The interior minister and the defence minister said the delegation arrived yesterday, arrived yesterday.",
            (),
            True,
        ),
    ],
)
def test_what_the_source_says_as_often_in_other_forms_is_no_repetition(
    source: str, target: str, kept: tuple[str, ...], repeated: bool
) -> None:
    flags = quality_flags(source, target, AR_EN, similarity=None, kept=kept)
    assert (QualityFlag.REPETITION in flags) is repeated


@pytest.mark.parametrize(
    ("source", "target", "repeated"),
    [
        ("وصل الوفد أمس إلى العاصمة.", "The delegation arrived yesterday in the capital capital.", True),
        ("وصل الوفد أمس إلى العاصمة العاصمة.", "The delegation arrived yesterday in the capital capital.", False),
        ("قضى الوفد أيامه في بورابورا.", "The delegation spent all its days in Bora Bora.", False),
        ("بلغت سرعة الرياح 480 كلم.", "The wind reached speeds of 300 300.", False),
        ("No, no!", "لا لا!", False),
        ("The members voted on the law chapter by chapter.", "صوت الأعضاء على مشروع القانون فصلا فصلا.", False),
        ("The members of the council voted on the law.", "صوت أعضاء المجلس على مشروع القانون القانون.", True),
    ],
)
def test_a_last_word_that_is_said_twice_is_repeated(source: str, target: str, repeated: bool) -> None:
    pair = AR_EN if target.isascii() else EN_AR
    assert (QualityFlag.REPETITION in quality_flags(source, target, pair, similarity=None)) is repeated


def test_articles_that_the_source_says_as_often_excuse_no_repetition() -> None:
    source = "The animals dig in the ground, swim in the oceans, and fly in the sky."
    target = "تحفر الحيوانات في الأرض وتسبح في المحيطات وتطير في السماء. في السماء. في السماء."
    assert QualityFlag.REPETITION in quality_flags(source, target, EN_AR, similarity=None)


def test_a_text_in_a_third_language_has_a_similarity_too() -> None:
    source, target = "Le président a rencontré le ministre hier à Paris.", "Le president a ministers here a Paris."
    assert QualityFlag.LOW_SIMILARITY in quality_flags(source, target, AR_EN, similarity=0.31)
    assert quality_flags(source, source, AR_EN, similarity=1.0) == ()
    assert QualityFlag.LOW_SIMILARITY not in quality_flags("Windows XP", "Windows", AR_EN, similarity=0.31)
