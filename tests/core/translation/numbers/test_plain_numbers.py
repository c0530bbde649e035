"""Short numbers in the place of long figures, and figures whose digits a model parted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from khulasa.server.core.translation.numbers.plain import (
    closed_gaps,
    long_figures,
    lost_figures,
    plain_numbers,
    put_figures_back,
    to_stand_in,
)
from khulasa.server.core.translation.stand_ins import StoodInText


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("1,250.75 dollars, 3,482,119 people and 0.38%", ["1,250.75", "3,482,119", "0.38"]),
        ("٤٧٬٥٠٠ أسرة، و١٫٥ مليون", ["٤٧٬٥٠٠", "١٫٥"]),
        ("from 11000 to 22500 in 2019.", ["11000", "22500", "2019"]),
        ("بين 1,200 و1,550 وبالـ2019 وال11000 ب22500", ["1,200", "1,550", "11000", "22500"]),
        # Read in two ways, short, or a part of something else.
        ("1.250 and 4,5 and 12 and 325", []),
        ("23:09, 10-12-2019, 2019/20, 1/2, MS8040, v2.3.1, 1,23,456, +9665000", []),
    ],
)
def test_figures_that_may_be_miswritten(text: str, figures: list[str]) -> None:
    assert [span.of(text) for span in long_figures(text)] == figures


def test_figures_are_lost_where_the_target_has_other_digits() -> None:
    source = "1,400 of 2,000 in 2019, 1.5% and 12,345.67"
    assert [s.of(source) for s in lost_figures(source, "400 of 2000 في 2019 و١٫٥ و12345.67")] == ["1,400"]
    assert lost_figures(source, source) == ()
    assert [s.of("1200") for s in lost_figures("1200", "312004")] == ["1200"]


def test_what_the_model_reads_and_what_is_put_back() -> None:
    source = "ارتفع من ٤٧٬٥٠٠ إلى 1,250.75 و325"
    numbers = plain_numbers(source, long_figures(source))
    assert [(one.name, one.text) for one in numbers] == [("418", "47,500"), ("536", "1,250.75")]
    assert StoodInText(source, numbers).text == "ارتفع من 418 إلى 536 و325"
    joined = "بين 1,200 و1,550"
    assert StoodInText(joined, plain_numbers(joined, long_figures(joined))).text == "بين 325 و418"
    # In any order, each wherever it stands; a part of another number is none.
    assert (
        put_figures_back(numbers, "to 536, from 418; 4180, 1.418, 536.5")
        == "to 1,250.75, from 47,500; 4180, 1.418, 536.5"
    )
    assert put_figures_back((), "418") == "418"


def test_more_figures_than_short_numbers_are_left() -> None:
    source = " ".join(str(10_000 + number) for number in range(9))
    assert plain_numbers(source, long_figures(source)) == ()
    assert to_stand_in(source, "") == ()
    assert len(to_stand_in(source[: -len(" 10008")], "")) == 8


@pytest.mark.parametrize(
    ("source", "target", "made"),
    [
        ("The population was 3,482,119.", "بلغ 3482 119 نسمة", "بلغ 3,482,119 نسمة"),
        ("The population was 3,482,119.", "بلغ 3 482 119 نسمة", "بلغ 3,482,119 نسمة"),
        # As one number in another writing, there already, of other digits, or among more figures.
        ("The population was 3,482,119.", "بلغ 3482119 نسمة", "بلغ 3482119 نسمة"),
        ("3,482,119", "3,482,119 و3 482 119", "3,482,119 و3 482 119"),
        ("3,482,119", "3482 118", "3482 118"),
        ("3,482,119", "5 3482 119 7", "5 3482 119 7"),
        ("in 2019", "20 19", "20 19"),
    ],
)
def test_divided_figures_are_closed(source: str, target: str, made: str) -> None:
    assert closed_gaps(source, target) == made


@given(st.text(alphabet="0123456789٣٤,.٬٫ -:a"), st.text(alphabet="0123456789,. a"))
def test_whatever_the_text_figures_come_back(source: str, target: str) -> None:
    numbers = plain_numbers(source, long_figures(source))
    read = StoodInText(source, numbers).text
    assert put_figures_back(numbers, read).translate(str.maketrans("٣٤٬٫", "34,.")).replace(
        " ", ""
    ) == source.translate(str.maketrans("٣٤٬٫", "34,.")).replace(" ", "")
    lost_figures(source, target)
    assert closed_gaps(source, target).replace(" ", "").replace(",", "") == target.replace(" ", "").replace(",", "")
