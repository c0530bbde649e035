"""What passes through unharmed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.protect import (
    _ITEM,
    ProtectedKind,
    is_only_protected,
    loses_protected,
    protected_items,
    repair_protected,
    without_shared_items,
)


def test_kinds() -> None:
    text = "انظر https://a.org/x?y=1, أو me@a.org أو #غزة مع @reuters و `ls -l` 🙂."
    assert [(i.kind, i.text) for i in protected_items(text)] == [
        (ProtectedKind.URL, "https://a.org/x?y=1"),
        (ProtectedKind.EMAIL, "me@a.org"),
        (ProtectedKind.HASHTAG, "#غزة"),
        (ProtectedKind.HANDLE, "@reuters"),
        (ProtectedKind.CODE, "`ls -l`"),
        (ProtectedKind.EMOJI, "🙂"),
    ]
    assert all(i.span.of(text) == i.text for i in protected_items(text))


@given(
    st.lists(
        st.sampled_from(
            [
                "a",
                "_",
                "v",
                "2",
                "(",
                "ب",
                " ",
                ".",
                "http://",
                "https:",
                "//",
                "www.",
                "@",
                "#",
                "`",
                "{",
                "}",
                "%(",
                ")s",
                "()",
                "©",
                ".com",
                ".co",
                "/a",
                "C:",
                "\\",
                "\u20e3",
                "و",
                *("1", ":", "fe", "::", "-", "T", "+", ".1", "doi:", ".pdf", ".io", "AB12"),
            ]
        )
        | st.characters()
    )
)
def test_looking_for_signs_first_hides_no_item(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert [item.text for item in protected_items(text)] == [match[0] for match in _ITEM.finditer(text)]


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("زوروا https://a.org/page", "Visit https: //a.org/page", "Visit https://a.org/page"),
        ("راسل me.you@a.org اليوم", "Write to me.you @ a.org today", "Write to me.you@a.org today"),
        ("خبر عاجل 🔴", "Breaking news", "Breaking news 🔴"),
        ("#غزة اليوم", "Gaza today", "#غزة Gaza today"),
        ("قال @reuters كذا", "@reuters said so", "@reuters said so"),
    ],
)
def test_mangled_and_lost_items(source: str, target: str, expected: str) -> None:
    assert repair_protected(source, target) == (expected, ())


def test_what_was_lost_in_the_middle_is_told() -> None:
    target, missing = repair_protected("قال @reuters كذا وكذا", "He said so and so")
    assert target == "He said so and so"
    assert [item.text for item in missing] == ["@reuters"]


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("القاهرة 😀 بيروت", "Cairo  \u2047  Beirut", "Cairo 😀 Beirut"),
        ("قال 😀", "He said  \u2047 ", "He said 😀"),
        ("😀 قال", " \u2047  He said", "😀 He said"),
        ("قال 😀.", "He said  \u2047 .", "He said 😀."),
    ],
)
def test_an_emoji_takes_the_place_of_the_sign_for_the_unknown(source: str, target: str, expected: str) -> None:
    mended, missing = repair_protected(source, target)
    assert (mended, missing) == (expected, ())
    assert not loses_protected(source, mended)


def test_a_sign_that_stands_for_something_else_is_left_and_told() -> None:
    target, _ = repair_protected("漢 قال 😀 هنا", "\u2047 said \u2047 here")
    assert target.count("\u2047") == 2
    assert loses_protected("漢 قال 😀 هنا", target)
    assert not loses_protected("ماذا \u2047", "What \u2047")


def test_what_is_lost_is_told_unless_the_glossary_answers_for_it() -> None:
    source = "زوروا https://a.org/b الآن"
    assert loses_protected(source, "Visit now")
    assert not loses_protected(source, "Visit https://a.org/b now")
    assert not loses_protected(source, "Visit now", [Span(6, 19)])
    assert not loses_protected("زوروا الموقع", "Visit the site")


@pytest.mark.parametrize(
    "text",
    [
        *("https://a.org/b?c=1", "me@a.org, @user", "#غزة 🙂", "`ls`", "12 ..."),
        # Lines drawn with tatweel, and vowel signs alone: of these the model is given nothing and writes a sentence.
        *("ـ", "ـــــــــــ", "ـ ـ ـ", "ّـ", "ـ1", "https://a.org ـــ", "\ufe70\ufe77"),
    ],
)
def test_nothing_but_items_is_nothing_to_translate(text: str) -> None:
    assert is_only_protected(text)
    assert not is_only_protected(f"{text} قال")
    assert not is_only_protected(f"He {text}")


def test_twice_means_twice() -> None:
    target, missing = repair_protected("🙂 نعم 🙂", "🙂 Yes")
    assert target.count("🙂") == 2
    assert missing == ()


def test_what_is_put_back_at_an_end_keeps_its_order() -> None:
    assert repair_protected("#a #b نعم 🙂 #c.", "Yes") == ("#a #b Yes 🙂 #c", ())


def test_a_copy_joined_to_a_word_counts_but_not_inside_another_item() -> None:
    assert repair_protected("انظر 🙂 هنا", "See🙂🙂 here") == ("See🙂🙂 here", ())
    target, missing = repair_protected("a https://a.org/b, b https://a.org/bc.", "A b https://a.org/bc.")
    assert target == "A b https://a.org/bc."
    assert [item.text for item in missing] == ["https://a.org/b"]


_TEXTS: dict[str, Callable[[int], tuple[str, str]]] = {
    "all there": lambda n: ("@user " * n, "@user " * n),
    "all lost": lambda n: ("@user " * n + "x", "word " * n),
    "emoji lost": lambda n: ("x 🙂 " * n + "x", "word " * n),
    "in reverse": lambda n: (
        " ".join(f"https://a.org/{i:06}x" for i in range(n)),
        " ".join(f"https://a.org/{n - i:06}x" for i in range(n)),
    ),
    "all mangled": lambda n: (
        " ".join(f"https://a.org/{i:06}" for i in range(n)),
        " ".join(f"https:/a.org/{i:06}" for i in range(n)),
    ),
}


@pytest.mark.parametrize("kind", _TEXTS)
def test_items_by_the_thousand_are_looked_for_in_linear_time(
    growth: Callable[[Callable[[int], object], int, int], float], kind: str
) -> None:
    # Two thousand repeated names took two minutes here, with the interpreter's lock held.
    assert growth(lambda n: repair_protected(*_TEXTS[kind](n)), 500, 16) < 64


_PIECES = st.sampled_from(["https://a.org/b", "me@a.org", "#tag", "@name", "🙂", "كلمة", "word", ".", "x"])


@given(st.lists(_PIECES, max_size=8), st.lists(_PIECES, max_size=8))
def test_every_item_is_there_or_missing(source_pieces: list[str], target_pieces: list[str]) -> None:
    source = " ".join(source_pieces)
    target, missing = repair_protected(source, " ".join(target_pieces))
    lost = [item.text for item in missing]
    for item in protected_items(source):
        assert item.text in target or item.text in lost


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Version v2.3.1-rc1 of foo_bar() costs 5.", ["v2.3.1-rc1", "foo_bar()"]),
        ("Set user_id, call main() and read MAX_SIZE_2.", ["user_id", "main()", "MAX_SIZE_2"]),
        ("اضبط user_id ثم main().", ["user_id", "main()"]),
        ("The vote (of 5) was v. close; V2 rockets, a 2.3 rise, Envoy (UN) and AT&T.", []),
        ("Sign here: ____ or a_ or _b.", []),
    ],
)
def test_code_without_quotes(text: str, expected: list[str]) -> None:
    assert [item.text for item in protected_items(text) if item.kind is ProtectedKind.CODE] == expected


def test_items_of_both_texts_are_left_out() -> None:
    assert without_shared_items("See https://a.org/no and #yes.", "انظر https://a.org/no و#نعم.") == (
        "See   and #yes.",
        "انظر   و#نعم.",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("تصدر #غزة و#الحرية_للأسرى ولـ#رفح والـ#هدنة", ["#غزة", "#الحرية_للأسرى", "#رفح", "#هدنة"]),
        ("كتب @محمد_علي وب@bbc", ["@محمد_علي", "@bbc"]),
        ("See example.com, bbc.co.uk/news?a=1. (spa.gov.sa)", ["example.com", "bbc.co.uk/news?a=1", "spa.gov.sa"]),
        ("Read /etc/hosts, C:\\Users\\x and my_file.tar.gz.", ["/etc/hosts", "C:\\Users\\x", "my_file.tar.gz"]),
        (
            "1️⃣ #️⃣ 🏴\U000e0067\U000e0062\U000e007f 👨‍👩‍👧 👍🏽",
            ["1️⃣", "#️⃣", "🏴\U000e0067\U000e0062\U000e007f", "👨‍👩‍👧", "👍🏽"],
        ),
        ("It ended.Next and/or 24/7 at 5 km/h, e.g. U.S. a.m. x.company abc#x AT&#84;", []),
    ],
)
def test_whole_items_and_nothing_else(text: str, expected: list[str]) -> None:
    assert [item.text for item in protected_items(text)] == expected


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("If 5 < 6 and x", "إذا كان 5  \u2047  6 و x", "إذا كان 5 < 6 و x"),
        ("5 ≠ 4 ≠ 6.", "5 \u2047 4 \u2047 6.", "5 ≠ 4 ≠ 6."),
        ("20 ±2", "20 \u2047 2", "20 ±2"),
        ("اليوم ❤️.", "today \u2047 \ufe0f.", "today ❤️."),
    ],
)
def test_a_sign_that_the_model_lacks_takes_its_place(source: str, target: str, expected: str) -> None:
    assert repair_protected(source, target) == (expected, ())
    assert not loses_protected(source, expected)


@pytest.mark.parametrize(
    ("source", "target"),
    [("5 ≥ 4 ≤ 6", "5 \u2047 4 \u2047 6"), ("漢 5 < 3", "\u2047 5 3"), ("5 < 6 < 7", "5 < 6 \u2047 7 \u2047")],
)
def test_where_another_sign_may_be_meant_it_is_told(source: str, target: str) -> None:
    assert repair_protected(source, target)[0] == target
    assert loses_protected(source, target)
