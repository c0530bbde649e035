"""Counterparts of key terms, read off word links."""

from __future__ import annotations

import pytest
from khulasa.server.core.pipeline.key_terms import align_key_terms, counterpart
from khulasa.server.core.summary.types import KeyTerm
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.types import SegmentTranslation, WordLink

SOURCE = "زار الوزير مدينة المنستير أمس."
TARGET = "The minister visited the city of Monastir yesterday."
PAIR = ("ar", "en")


def link(source: str, target: str) -> WordLink:
    one, two = SOURCE.index(source), TARGET.index(target)
    return WordLink(Span(one, one + len(source)), Span(two, two + len(target)))


LINKS = (
    link("زار", "visited"),
    link("الوزير", "The minister"),
    link("مدينة", "the city"),
    link("المنستير", "of Monastir"),
    link("أمس", "yesterday"),
)


def place(text: str) -> Span:
    return Span(SOURCE.index(text), SOURCE.index(text) + len(text))


@pytest.mark.parametrize(
    ("term", "expected"),
    [("المنستير", "Monastir"), ("مدينة المنستير", "city of Monastir"), ("الوزير", "minister")],
)
def test_small_words_at_the_ends_are_cut_off(term: str, expected: str) -> None:
    assert counterpart(place(term), LINKS, SOURCE, TARGET, PAIR) == expected


def _found(source: str, target: str, links: list[tuple[str, str]], term: str, pair: tuple[str, str]) -> str:
    """Counterpart of `term`, with links given as words of both sides."""
    given = []
    for one, other in links:
        at, to = source.index(one), target.index(other)
        given.append(WordLink(Span(at, at + len(one)), Span(to, to + len(other))))
    at = source.index(term)
    return counterpart(Span(at, at + len(term)), given, source, target, pair)


def test_the_article_does_not_bring_what_stands_between() -> None:
    links = [("حكومة", "Government"), ("الوفاق", "of"), ("الوفاق", "Accord"), ("الوطني", "National")]
    whole = "Government of National Accord"
    assert _found("حكومة الوفاق الوطني", whole, links, "حكومة الوفاق", PAIR) == whole
    links = [("القمة", "The"), ("القمة", "summit"), ("العربية", "Arab"), ("بدأت", "began")]
    assert _found("بدأت القمة العربية", "The Arab summit began", links, "القمة", PAIR) == "summit"
    assert _found("بدأت القمة العربية", "The Arab summit began", links, "القمة العربية", PAIR) == "Arab summit"


def test_a_word_that_renders_the_neighbour_too_is_the_neighbours() -> None:
    links = [("Norrlys's", "نورليس"), ("Norrlys's", "المتوقعة"), ("expected", "المتوقعة"), ("complaint", "شكوى")]
    target = "شكوى نورليس المتوقعة"
    assert _found("Norrlys's expected complaint", target, links, "Norrlys", ("en", "ar")) == "نورليس"


def test_a_name_goes_on_over_words_that_no_link_covers() -> None:
    links = [("حذرت", "warned"), ("الولايات", "United"), ("المتحدة", "United")]
    assert (
        _found("حذرت الولايات المتحدة", "It warned the United States", links, "الولايات المتحدة", PAIR)
        == "United States"
    )
    links += [("دير", "der")]
    apart = ("حذرت دير لاين، الولايات المتحدة", "der warned the United States")
    assert _found(*apart, links, "الولايات المتحدة", PAIR) == "United States"
    links.pop()
    # It may be of a neighbour without a link.
    assert _found("حذر كوين جينز", "It warned Quin Geens", [("جينز", "Geens")], "جينز", PAIR) == "Geens"
    # Not over a word that another one is linked to, nor over a common word at the head of the sentence.
    links += [("حذرت", "States")]
    assert _found("حذرت الولايات المتحدة", "It warned the United States", links, "الولايات المتحدة", PAIR) == "United"
    assert _found("حذر مروان", "Officials Marwan warned", [("مروان", "Marwan")], "مروان", PAIR) == "Marwan"


@pytest.mark.parametrize(
    ("source", "target", "term", "linked", "expected"),
    [
        ("related to the robbery", "يتعلق بالسرقة", "robbery", "بالسرقة", "السرقة"),
        ("Tom and Katerina", "توم وكاترينا", "Katerina", "وكاترينا", "كاترينا"),
        ("the case of Marvin", "قضية لمارفن", "Marvin", "لمارفن", "مارفن"),
        ("plays Peel, Katerina", "يلعب بيل وكاترينا", "Katerina", "وكاترينا", "كاترينا"),
        # The letter is the name's own, or stands for nothing before it.
        ("Tom and William", "توم وليام", "William", "وليام", "وليام"),
        ("in Paris", "في باريس", "Paris", "باريس", "باريس"),
        ("said Katerina", "قالت وكاترينا", "Katerina", "وكاترينا", "وكاترينا"),
    ],
)
def test_what_arabic_joins_to_a_word_is_no_part_of_it(
    source: str, target: str, term: str, linked: str, expected: str
) -> None:
    assert _found(source, target, [(term, linked)], term, ("en", "ar")) == expected


def test_a_counterpart_ends_before_a_comma_and_a_possessive() -> None:
    target = "Monastir, Monastir's harbour"
    ends = [(0, 8), (10, 20)]
    links = [WordLink(Span(0, 4), Span(*one)) for one in ends]
    assert [counterpart(Span(0, 4), [one], "مدين", target, PAIR) for one in links] == ["Monastir"] * 2
    assert counterpart(Span(0, 4), links, "مدين", target, PAIR) == "Monastir"


def test_a_term_linked_to_small_words_alone_has_no_counterpart() -> None:
    assert counterpart(place("المنستير"), (link("المنستير", "of"),), SOURCE, TARGET, PAIR) == ""


def test_a_term_without_links_has_no_counterpart() -> None:
    assert counterpart(place("المنستير"), (), SOURCE, TARGET, PAIR) == ""


def test_a_run_over_half_the_sentence_is_no_counterpart() -> None:
    astray = (link("أمس", "The minister visited the city of Monastir yesterday"),)
    assert counterpart(place("أمس"), astray, SOURCE, TARGET, PAIR) == ""


def test_the_most_frequent_rendering_wins_and_untranslated_sentences_do_not_count() -> None:
    def translated(target: str) -> SegmentTranslation:
        whole = Span(0, len(target))
        links = (WordLink(Span(0, 5), whole),)
        return SegmentTranslation(Span(0, 5), whole, "تونس.", target, -0.1, 0.9, word_links=links)

    sentences = [Span(0, 5), Span(6, 11), Span(12, 17), Span(18, 23)]
    term = KeyTerm("تونس", 1.0, tuple(Span(one.start, one.start + 4) for one in sentences))
    given = [translated("Tunis"), translated("Tunisia"), None, translated("Tunisia")]
    (aligned,) = align_key_terms([term], sentences, given, PAIR)
    assert (aligned.source_text, aligned.target_text) == ("تونس", "Tunisia")
    assert aligned.source_spans == term.source_spans
    (alone,) = align_key_terms([term], sentences, [None] * 4, PAIR)
    assert alone.target_text == ""
