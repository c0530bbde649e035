"""Arabic without hamzas, or with one letter for two at the end, spelt out where the model knows it so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from khulasa.server.core.translation.spelling import respelt

KNOWN = "أعلن الأميركية المصري الحكومة إجراء بإجراء الأوروبي الثاني قوي طريقة السنوية في التي كتابة"


def cost_of(word: str) -> tuple[int, float]:
    return (1, 9.0) if word in KNOWN.split() else (2, 20.0)


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        ("اعلن الوزير", "أعلن الوزير"),
        ("السفارة الاميركية باجراء", "السفارة الأميركية بإجراء"),
        # That فى is never written by who tells ى from ي settles the others.
        ("قال فى المؤتمر المصرى", "قال في المؤتمر المصري"),
        # So do two words without any in ي.
        ("المؤتمر المصرى الثانى", "المؤتمر المصري الثاني"),
        ("الحكومه السنويه", "الحكومة السنوية"),
    ],
)
def test_words_are_spelt_as_the_model_has_met_them(written: str, spelt: str) -> None:
    assert respelt(written, cost_of) == spelt


@pytest.mark.parametrize(
    "text",
    [
        "قوى الأمن في المدينة",  # forces, not strong
        "على طريقه إلى بيته",  # his way
        "ضرب طريقه كتابه هذه المدينة",  # ة is written elsewhere
        "المصرى قوى قال لي",
        "شيء آخر",
        "#الاميركية @اعلن x_اعلن اعلن_x",
        "plain text, 2024",
        "",
    ],
)
def test_what_may_be_meant_so_stays(text: str) -> None:
    assert respelt(text, cost_of) == text


def test_a_word_that_the_model_knows_as_it_is_stays() -> None:
    assert respelt("الى ان", lambda _: (1, 1.0)) == "الى ان"
    assert respelt("اقليم", lambda word: (2 if word == "اقليم" else 1, {"أقليم": 9.0}.get(word, 5.0))) == "إقليم"


@given(st.text(st.sampled_from("اأإىيهةقفالتوب #_x1\u0640")))
def test_every_letter_keeps_its_place(text: str) -> None:
    made = respelt(text, lambda word: (sum(map("اىه".count, word)), 0.0))
    assert len(made) == len(text)
    assert all(
        a == b or (a, b) in {("ا", "أ"), ("ا", "إ"), ("ى", "ي"), ("ه", "ة")} for a, b in zip(text, made, strict=True)
    )


def test_long_texts_take_linear_time(growth: Callable[[Callable[[int], object], int, int], float]) -> None:
    assert growth(lambda n: respelt("والاميركيه فى " * n + "ا" * n, cost_of), 500, 16) < 64
