"""Counterparts of key terms, read off word links."""

from __future__ import annotations

import pytest
from khulasa.server.core.pipeline.key_terms import align_key_terms, counterpart
from khulasa.server.core.summary.types import KeyTerm
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.types import SegmentTranslation, WordLink

SOURCE = "زار الوزير مدينة المنستير أمس."
TARGET = "The minister visited the city of Monastir yesterday."


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
    assert counterpart(place(term), LINKS, TARGET, "en") == expected


def test_a_counterpart_ends_before_a_comma_and_a_possessive() -> None:
    target = "Monastir, Monastir's harbour"
    ends = [(0, 8), (10, 20)]
    assert [counterpart(Span(0, 4), [WordLink(Span(0, 4), Span(*one))], target, "en") for one in ends] == [
        "Monastir"
    ] * 2
    links = [WordLink(Span(0, 4), Span(*one)) for one in ends]
    assert counterpart(Span(0, 4), links, target, "en") == "Monastir"


def test_a_term_linked_to_small_words_alone_has_no_counterpart() -> None:
    assert counterpart(place("المنستير"), (link("المنستير", "of"),), TARGET, "en") == ""


def test_a_term_without_links_has_no_counterpart() -> None:
    assert counterpart(place("المنستير"), (), TARGET, "en") == ""


def test_a_run_over_half_the_sentence_is_no_counterpart() -> None:
    astray = (link("أمس", "The minister visited the city of Monastir yesterday"),)
    assert counterpart(place("أمس"), astray, TARGET, "en") == ""


def test_the_most_frequent_rendering_wins_and_untranslated_sentences_do_not_count() -> None:
    def translated(target: str) -> SegmentTranslation:
        whole = Span(0, len(target))
        links = (WordLink(Span(0, 5), whole),)
        return SegmentTranslation(Span(0, 5), whole, "تونس.", target, -0.1, 0.9, word_links=links)

    sentences = [Span(0, 5), Span(6, 11), Span(12, 17), Span(18, 23)]
    term = KeyTerm("تونس", 1.0, tuple(Span(one.start, one.start + 4) for one in sentences))
    given = [translated("Tunis"), translated("Tunisia"), None, translated("Tunisia")]
    (aligned,) = align_key_terms([term], sentences, given, "en")
    assert (aligned.source_text, aligned.target_text) == ("تونس", "Tunisia")
    assert aligned.source_spans == term.source_spans
    (alone,) = align_key_terms([term], sentences, [None] * 4, "en")
    assert alone.target_text == ""
