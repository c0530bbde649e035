"""Counterparts of key terms, read off word links."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from khulasa.server.core.pipeline.assembly import Reading, Translations, assemble
from khulasa.server.core.pipeline.counterparts import Sides, rendering
from khulasa.server.core.pipeline.key_terms import align_key_terms
from khulasa.server.core.pipeline.reading import read_article
from khulasa.server.core.pipeline.types import ArticleInput, SummarySettings
from khulasa.server.core.summary.types import KeyTerm
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.types import SegmentTranslation, WordLink

SOURCE = "زار الوزير مدينة المنستير أمس."
TARGET = "The minister visited the city of Monastir yesterday."
PAIR = ("ar", "en")


def counterpart(term: Span, links: Sequence[WordLink], source: str, target: str, pair: tuple[str, str]) -> str:
    return rendering(term, Sides.of(source, target, links, pair)).text


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


@pytest.mark.parametrize(
    ("source", "target", "links", "term", "expected"),
    [
        # Words that are no topic by themselves are part of a term beside others.
        (
            "مجلس نواب الشعب",
            "Assembly of the Representatives of the People",
            [("مجلس", "Assembly"), ("نواب", "Representatives"), ("الشعب", "the"), ("الشعب", "People")],
            "مجلس نواب الشعب",
            "Assembly of the Representatives of the People",
        ),
        ("نظمت المسيرة", "organized the march", [("المسيرة", "the"), ("المسيرة", "march")], "المسيرة", "march"),
        # What a word of the term alone renders is its own, though a verb beside it is linked there too.
        (
            "تولى وزارة العدل",
            "as justice ministry",
            [("تولى", "justice"), ("وزارة", "ministry"), ("العدل", "justice")],
            "وزارة العدل",
            "justice ministry",
        ),
        # Unless the neighbour stands there itself.
        (
            "تكتل المجرات Abell",
            "group of the Abell",
            [("تكتل", "group"), ("المجرات", "Abell"), ("Abell", "Abell")],
            "تكتل المجرات",
            "group",
        ),
        # A name without a link is told by its sound or its letters.
        (
            "the Saint Barbara Hospital at",
            "مستشفى سانتا باربا في",
            [("Saint", "سانتا"), ("Hospital", "مستشفى"), ("at", "في")],
            "Saint Barbara Hospital",
            "مستشفى سانتا باربا",
        ),
        ("puts ABP Group at", "تضع مجموعة ABP في", [("Group", "مجموعة")], "ABP Group", "مجموعة ABP"),
        ("the Green Group at", "تضع مجموعة ABP في", [("Group", "مجموعة")], "Green Group", "مجموعة"),
        (
            "the First Exploration Fund",
            "من قبل صندوق الأول",
            [("First", "الأول"), ("Fund", "صندوق")],
            "First Exploration Fund",
            "صندوق الأول",
        ),
        # Or by being the only one that is left on both sides.
        ("سفن ميناء روتردام", "from Genoa's port", [("ميناء", "port")], "ميناء روتردام", "port"),
        (
            "وصلت من ميناء روتردام",
            "it came from Genoa's port",
            [("وصلت", "came"), ("من", "from"), ("ميناء", "port")],
            "ميناء روتردام",
            "Genoa's port",
        ),
        # What is linked to a small word inside of a name is not the name.
        (
            "June's Isle of Wight music",
            "في جوان الموسيقى",
            [("June's", "جوان"), ("of", "الموسيقى"), ("music", "الموسيقى")],
            "Isle of Wight",
            "",
        ),
        (
            "accepted the suspended sentence",
            "رحب بالحكم المعطل",
            [("suspended", "المعطل"), ("sentence", "بالحكم")],
            "suspended sentence",
            "الحكم المعطل",
        ),
        ("chosen by Airbus today", 'اختارت شركة "أرباص" اليوم', [("Airbus", 'شركة "أرباص')], "Airbus", 'شركة "أرباص"'),
        ("headquartered in Toronto", "تابعة لتورو", [("Toronto", "لتورو")], "Toronto", "تورو"),
        ("headquartered in Paris", "تابعة لندن", [("Paris", "لندن")], "Paris", "لندن"),
    ],
)
def test_a_counterpart_is_whole(
    source: str, target: str, links: list[tuple[str, str]], term: str, expected: str
) -> None:
    pair = ("ar", "en") if "\u0600" < source[-1] < "\u0700" or source.endswith("Abell") else ("en", "ar")
    assert _found(source, target, links, term, pair) == expected


def _aligned(source: str, word: str, targets: list[tuple[str, list[str]]]) -> str:
    """The counterpart of `word` in as many translations of the same sentence, each with what `word` is linked to."""
    size, at = len(source), source.index(word)
    place = Span(at, at + len(word))
    made = [
        SegmentTranslation(
            Span(0, size),
            Span(0, len(target)),
            source,
            target,
            -0.1,
            0.9,
            word_links=tuple(
                WordLink(one, Span(target.index(other), target.index(other) + len(other)))
                for one, other in zip(_words(source, place), linked, strict=False)
            ),
        )
        for target, linked in targets
    ]
    sentences = [Span(number * (size + 1), number * (size + 1) + size) for number in range(len(targets))]
    term = KeyTerm(word, 1.0, tuple(place.shifted(one.start) for one in sentences))
    return align_key_terms([term], sentences, made, PAIR)[0].target_text


def _words(text: str, place: Span) -> list[Span]:
    found, at = [], place.start
    for word in place.of(text).split():
        at = text.index(word, at)
        found.append(Span(at, at + len(word)))
        at += len(word)
    return found


def test_of_renderings_as_frequent_that_of_most_words_is_taken() -> None:
    source = "بدأ المؤتمر العالمي."
    few, all_of_it = ("A meeting.", ["meeting"]), ("The world conference began.", ["conference", "world"])
    assert _aligned(source, "المؤتمر العالمي", [few, all_of_it]) == "world conference"
    assert _aligned(source, "المؤتمر العالمي", [few, all_of_it, few]) == "meeting"
    # A number alone says less than what is counted.
    assert _aligned("سجل هدفين.", "هدفين", [("Two goals.", ["goals"]), *[("He has two.", ["two"])] * 2]) == "goals"


def test_a_capital_at_the_head_of_a_sentence_makes_no_other_rendering() -> None:
    given = [("Forces left.", ["Forces"]), ("His forces left.", ["forces"]), ("Troops left.", ["Troops"])]
    assert _aligned("غادرت القوات.", "القوات", given) == "forces"
    assert _aligned("غادرت القوات.", "القوات", [given[0]]) == "Forces"


def test_the_headline_gives_counterparts_too() -> None:
    text = f"جسر جديد في المنستير\n\n{SOURCE} وشكره السكان على عمله الطويل هناك كل يوم.\n"
    article = ArticleInput(text, language="ar")
    read = read_article(article, "ar")
    assert read.title == "جسر جديد في المنستير"
    at = text.index("المنستير")
    link_of_title = WordLink(Span(at, at + 8), Span(14, 22))
    title = SegmentTranslation(
        Span(0, len(read.title)),
        Span(0, 22),
        read.title,
        "New bridge in Monastir",
        -0.1,
        0.9,
        word_links=(link_of_title,),
    )
    term = KeyTerm("المنستير", 1.0, (Span(at, at + 8),))
    reading = Reading(read, np.zeros((2, 1), np.float32), None, None, [0.5, 0.5], [], [term])
    for translated, expected in ((title, "Monastir"), (None, "")):
        made = assemble(article, SummarySettings(), reading, Translations(translated, {}, []), "en")
        assert [one.target_text for one in made.key_terms] == [expected]
    # A rendering of a sentence, which is read beside the term, goes before as good a one of the headline.
    first = read.document.sentences[0]
    there = text.index("المنستير", first.span.start)
    given = SegmentTranslation(
        first.span,
        Span(0, 8),
        SOURCE,
        "Mestir",
        -0.1,
        0.9,
        word_links=(WordLink(Span(there, there + 8).shifted(-first.span.start), Span(0, 6)),),
    )
    reading.terms = [KeyTerm("المنستير", 1.0, (Span(at, at + 8), Span(there, there + 8)))]
    made = assemble(article, SummarySettings(), reading, Translations(title, {0: given}, []), "en")
    assert [one.target_text for one in made.key_terms] == ["Mestir"]
