"""The benchmark of long figures: what it exchanges, and what it takes for lost."""

from benchmarks.evaluation.long_figures import exchanged, is_lost


def test_the_one_number_of_a_line_is_exchanged_for_a_longer_one() -> None:
    lines = ["There were 12 of them.", "From 12 to 14.", "In 2019.", "None.", "At 23:09, or 1.50.", "Some 4,500 came."]
    made = list(exchanged(lines))
    assert [line.replace(figure, "#") for line, figure in made] == ["There were # of them.", "Some # came."]
    assert all(len(figure) > 3 for _, figure in made)
    assert list(exchanged(lines)) == made
    many = [figure for _, figure in exchanged(["There were 12 of them."] * 50)]
    assert any("," in f and "." in f for f in many)
    assert any(f.isdigit() for f in many)


def test_a_figure_is_lost_where_its_digits_are_not_in_one_run() -> None:
    assert not is_lost("1,250.75", "بلغ 1250.75 دولارا")
    assert not is_lost("48213", "48,213 people, 12 of them")
    assert is_lost("1,250.75", "$1,50.75")
    assert is_lost("3482119", "3482 119")
