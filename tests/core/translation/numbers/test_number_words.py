"""Every number from 0 to 1,000, written out by the rules of grammar and not from the tables that are tested, is read.

Arabic after Ryding, A Reference Grammar of Modern Standard Arabic, chapter 15; English after the Chicago Manual.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import pytest
from khulasa.server.core.translation.numbers.comparison import NumberKind, compare_numbers, extract_numbers
from khulasa.server.core.translation.numbers.months import _may_open_month
from khulasa.server.core.translation.numbers.scan import _read_text, _vague
from khulasa.server.core.translation.numbers.words import number_words
from khulasa.server.core.translation.types import LanguagePair

_STEMS = {3: "ثلاث", 4: "أربع", 5: "خمس", 6: "ست", 7: "سبع", 9: "تسع"}
_TENS = {2: "عشر", 3: "ثلاث", 4: "أربع", 5: "خمس", 6: "ست", 7: "سبع", 8: "ثمان", 9: "تسع"}
_ENGLISH = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_ENGLISH_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


@dataclass(frozen=True)
class ArabicForm:
    """How an Arabic number is inflected and spelled.

    Attributes:
        masculine: Gender of what is counted; three to ten take the opposite one.
        case: `nominative`, `genitive` or `accusative`.
        hundred: Spelling of a hundred: مئة or مائة.
        apart: ثلاث مئة in two words.
        construct: Something counted follows at once: مئتا شخص without the nun.
    """

    masculine: bool
    case: str
    hundred: str
    apart: bool
    construct: bool


def arabic_forms() -> Iterator[ArabicForm]:
    """All of them."""
    for values in product(
        (True, False), ("nominative", "genitive", "accusative"), ("مئة", "مائة"), (False, True), (False, True)
    ):
        yield ArabicForm(*values)


def _unit(value: int, form: ArabicForm) -> str:
    """1 to 10; the alef of an indefinite accusative is written."""
    accusative = form.case == "accusative"
    if value == 1:
        return ("واحدا" if accusative else "واحد") if form.masculine else "واحدة"
    if value == 2:
        nominative = form.case == "nominative"
        if form.masculine:
            return "اثنان" if nominative else "اثنين"
        return "اثنتان" if nominative else "اثنتين"
    if value == 10:
        return "عشرة" if form.masculine else "عشرا" if accusative and not form.construct else "عشر"
    if value == 8:
        if form.masculine:
            return "ثمانية"
        return "ثماني" if form.construct else "ثمانيا" if accusative else "ثمان"
    if form.masculine:
        return _STEMS[value] + "ة"
    return _STEMS[value] + ("ا" if accusative and not form.construct else "")


def _teen(value: int, form: ArabicForm) -> str:
    unit, nominative = value - 10, form.case == "nominative"
    if unit == 1:
        return "أحد عشر" if form.masculine else "إحدى عشرة"
    if unit == 2:
        if form.masculine:
            return "اثنا عشر" if nominative else "اثني عشر"
        return "اثنتا عشرة" if nominative else "اثنتي عشرة"
    if form.masculine:
        return f"{'ثمانية' if unit == 8 else _STEMS[unit] + 'ة'} عشر"
    return f"{('ثماني' if form.apart else 'ثمان') if unit == 8 else _STEMS[unit]} عشرة"


def _below_hundred(value: int, form: ArabicForm) -> str:
    if value <= 10:
        return _unit(value, form)
    if value < 20:
        return _teen(value, form)
    tens = _TENS[value // 10] + ("ون" if form.case == "nominative" else "ين")
    if value % 10 == 0:
        return tens
    # Before a conjunction nothing counted follows, so the unit is never in construct.
    free = ArabicForm(form.masculine, form.case, form.hundred, form.apart, construct=False)
    unit = "إحدى" if value % 10 == 1 and not form.masculine else _unit(value % 10, free)
    return f"{unit} و{tens}"


def arabic(value: int, form: ArabicForm) -> str:
    """`value`, 0 to 1,000, in words."""
    if value == 0:
        return "صفر"
    if value == 1000:
        return "ألفا" if form.case == "accusative" and not form.construct else "ألف"
    hundreds, rest = divmod(value, 100)
    if not hundreds:
        return _below_hundred(rest, form)
    if hundreds == 1:
        written = form.hundred
    elif hundreds == 2:
        written = form.hundred[:-1] + "ت" + ("ا" if form.case == "nominative" else "ي")
        written += "" if form.construct and not rest else "ن"
    else:
        stem = ("ثماني" if form.apart else "ثمان") if hundreds == 8 else _STEMS[hundreds]
        written = f"{stem} {form.hundred}" if form.apart else stem + form.hundred
    return f"{written} و{_below_hundred(rest, form)}" if rest else written


def english_forms() -> Iterator[tuple[bool, bool]]:
    """Whether `and` stands after the hundred, and whether a hyphen joins tens and units."""
    yield from product((True, False), (True, False))


def english(value: int, *, conjunction: bool = True, hyphen: bool = True) -> str:
    """`value`, 0 to 1,000, in words."""
    if value < 20:
        return _ENGLISH[value]
    if value < 100:
        tens, unit = divmod(value, 10)
        return _ENGLISH_TENS[tens] + (("-" if hyphen else " ") + _ENGLISH[unit] if unit else "")
    if value == 1000:
        return "one thousand"
    hundreds, rest = divmod(value, 100)
    written = f"{_ENGLISH[hundreds]} hundred"
    if not rest:
        return written
    return f"{written} {'and ' if conjunction else ''}{english(rest, hyphen=hyphen)}"


_ORDINALS = {2: "ثاني", 3: "ثالث", 4: "رابع", 5: "خامس", 6: "سادس", 7: "سابع", 8: "ثامن", 9: "تاسع", 10: "عاشر"}
_ENGLISH_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip


def arabic_ordinal(value: int, *, masculine: bool, nominative: bool) -> str:
    """`value`, 1 to 99, as a definite ordinal."""
    ending = "" if masculine else "ة"
    if value == 1:
        return "الأول" if masculine else "الأولى"
    if value <= 10:
        return "ال" + _ORDINALS[value] + ending
    tens, unit = divmod(value, 10)
    first = "الحادي" if unit == 1 else "ال" + _ORDINALS.get(unit, "")
    if tens == 1:
        return f"{first}{ending} عشر{ending}"
    written = "ال" + _TENS[tens] + ("ون" if nominative else "ين")
    return f"{first}{ending} و{written}" if unit else written


def english_ordinal(value: int) -> str:
    """`value`, 1 to 1,000, as an ordinal."""
    written = english(value)
    start = max(written.rfind(" "), written.rfind("-")) + 1
    last = written[start:]
    if last in _ENGLISH_ORDINALS:
        return written[:start] + _ENGLISH_ORDINALS[last]
    return written[:start] + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def _wrong(texts: Iterator[tuple[int, str]], language: str) -> list[tuple[str, list[str]]]:
    """Texts whose numbers are not read as exactly the one that they say."""
    wrong = []
    for value, text in texts:
        found = extract_numbers(text, language)
        if [m.value for m in found] != [value] or (value not in (1, 1000) and found[0].kind is NumberKind.VAGUE):
            wrong.append((text, [str(m.value) for m in found]))
    return wrong


@pytest.mark.parametrize("form", list(arabic_forms()), ids=str)
def test_every_arabic_number_is_read_in_every_form_and_after_a_prefix(form: ArabicForm) -> None:
    prefixes = "وفبلك"
    texts = ((n, f"سجل {p}{arabic(n, form)} شخصا") for n in range(1001) for p in ("", prefixes[n % len(prefixes)]))
    assert not _wrong(texts, "ar")


@pytest.mark.parametrize(("conjunction", "hyphen"), list(english_forms()))
def test_every_english_number_is_read(conjunction: bool, hyphen: bool) -> None:
    written = [(n, english(n, conjunction=conjunction, hyphen=hyphen)) for n in range(1001)]
    texts = ((n, f"saw {w} people") for n, text in written for w in (text, text.capitalize(), text.upper()))
    assert not _wrong(texts, "en")


def test_ordinals_are_read() -> None:
    forms = list(product((True, False), (True, False)))
    arabic_texts = (
        (n, f"في المركز {prefix}{arabic_ordinal(n, masculine=masculine, nominative=nominative)} أمس")
        for n in range(1, 100)
        for masculine, nominative in forms
        for prefix in ("", "و", "ب")
    )
    assert not _wrong(arabic_texts, "ar")
    assert not _wrong(((n, f"came {english_ordinal(n)} again") for n in range(1, 1001)), "en")


def test_words_agree_with_digits_and_with_no_other_number() -> None:
    forms, pair = list(arabic_forms()), LanguagePair("ar", "en")
    for n in range(11, 1000):
        text = f"قتل {arabic(n, forms[n % len(forms)])} شخصا"
        for same in (f"{n} people were killed", f"{english(n)} people were killed"):
            assert compare_numbers(text, same, pair).agrees, (text, same)
        for other in (n + 1, n - 1, n + 100, n * 10):
            assert not compare_numbers(text, f"{other} people were killed", pair).agrees, (text, other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("سنة ثلاث وسبعين وتسعمئة وألف", [1973]),
        ("خمسة وعشرون ومئة كتاب", [125]),
        ("بين خمسين ومئة شخص", [50, 100]),
        ("الذكرى المئة لتأسيس", [100]),
        ("الذكرى المئة والخمسون", [150]),
        ("ارتفعت في المئة", []),
        ("ثلثمائة جندي", [300]),
    ],
)
def test_older_orders_and_the_hundredth(text: str, expected: list[int]) -> None:
    assert [m.value for m in extract_numbers(text, "ar") if m.kind is not NumberKind.VAGUE] == expected


def test_hyphens_throughout() -> None:
    assert [m.value for m in extract_numbers("one-hundred-and-five, two-hundred-twenty-one", "en")] == [105, 221]


@pytest.mark.parametrize("language", ["ar", "en"])
def test_no_word_that_a_number_may_begin_with_is_passed_over(language: str) -> None:
    words = number_words(language)
    known = (
        words.every
        | words.vague.keys()
        | words.months.keys()
        | words.month_openings
        | words.percent
        | words.roman.keys()
    )
    starts = {"", "س", "وس", "x", *words.prefixes, *"وفبل"}
    asked = {start + word for start in starts for word in known} | {word[1:] for word in known}
    read = {
        word
        for word in asked
        if word in words.hundredth
        or word in words.roman
        or _may_open_month(word, words)
        or _read_text(word, words) is not None
        or _vague(word, words) is not None
    }
    assert read == asked & words.telling
    assert words.telling <= asked


def test_words_are_asked_of_arabic_and_english_alone() -> None:
    french = LanguagePair("en", "fr")
    assert compare_numbers("Seven people died in April.", "Sept personnes sont mortes en avril.", french).agrees
    assert not compare_numbers("7 people died.", "8 personnes sont mortes.", french).agrees
    assert not compare_numbers("Seven people died.", "مات ستة أشخاص.", LanguagePair("en", "ar")).agrees
