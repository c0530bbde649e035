"""Which openings lean, and on what."""

from __future__ import annotations

import pytest
from articles import document_of
from khulasa.server.core.summary.dependence import Lean, leanings

FIRST_AR = "قال وزير المالية سامي النجار إن الموازنة أقرت."
FIRST_EN = "Finance minister Sami Najjar said the budget had passed."


@pytest.mark.parametrize(
    ("sentence", "lean"),
    [
        ("وأضاف أن العجز سيتراجع.", Lean.ANCHOR),
        ("وأضاف: «العجز سيتراجع».", Lean.ANCHOR),
        ("وَأَضَافَ أنّ العجز سيتراجع.", Lean.ANCHOR),
        ("وتابع قائلا إن العجز سيتراجع.", Lean.ANCHOR),
        ("كما أكد أن العجز سيتراجع.", Lean.ANCHOR),
        ("وأضاف النجار أن العجز سيتراجع.", Lean.NONE),
        ("وقال رئيس الحكومة إن العجز سيتراجع.", Lean.NONE),
        ("هو أول تراجع منذ سنوات.", Lean.PREVIOUS),
        ("وهذا يعني أن العجز سيتراجع.", Lean.PREVIOUS),
        ("هذا القرار يدخل حيز التنفيذ غدا.", Lean.NONE),
        ("من جهة أخرى، تراجعت الأسهم.", Lean.PREVIOUS),
        ("ومن ناحية أخرى تراجعت الأسهم.", Lean.PREVIOUS),
        ("لكن المعارضة رفضت الموازنة.", Lean.PREVIOUS),
        ("غير أن المعارضة رفضت الموازنة.", Lean.PREVIOUS),
        ("وعلى الرغم من ذلك تراجعت الأسهم.", Lean.PREVIOUS),
        ("وتراجعت الأسهم بعد إقرار الموازنة.", Lean.NONE),
        ("وهبي يفوز بالجائزة الأولى.", Lean.NONE),
    ],
)
def test_arabic_openings(sentence: str, lean: Lean) -> None:
    assert leanings(document_of([[FIRST_AR, sentence]]))[1] is lean


@pytest.mark.parametrize(
    ("sentence", "lean"),
    [
        ("He added that the deficit would fall.", Lean.ANCHOR),
        ("She also said the deficit would fall.", Lean.ANCHOR),
        ("It will take effect on Monday.", Lean.PREVIOUS),
        ("This means that the deficit will fall.", Lean.PREVIOUS),
        ("On the other hand, shares fell.", Lean.PREVIOUS),
        ("However, shares fell.", Lean.PREVIOUS),
        ("But the opposition voted against it.", Lean.PREVIOUS),
        ("Najjar added that the deficit would fall.", Lean.NONE),
        ("Shares fell after the vote.", Lean.NONE),
        ("Italy voted on Sunday.", Lean.NONE),
    ],
)
def test_english_openings(sentence: str, lean: Lean) -> None:
    assert leanings(document_of([[FIRST_EN, sentence]], "en"))[1] is lean


@pytest.mark.parametrize(
    ("language", "named", "between", "short"),
    [
        ("ar", "وأيد حزب المبادرة الحكومة.", "وارتفعت الأسعار أمس.", "ودعا الحزب، في بيان، القوى إلى الوحدة."),
        ("ar", "من جانبها اعتبرت الجبهة الشعبية القرار خطأ.", "وارتفعت الأسعار أمس.", "وأكدت الجبهة أن الحل قريب."),
        ("en", "On Monday the Green Party opposed it.", "Prices rose a little.", "The party said it was late."),
    ],
)
def test_a_speaker_named_in_short_comes_with_the_sentence_that_names_it(
    language: str, named: str, between: str, short: str
) -> None:
    first = FIRST_AR if language == "ar" else FIRST_EN
    assert leanings(document_of([[first, named, short]], language)) == [Lean.NONE, Lean.NONE, Lean.ANCHOR]
    # What names it is not the nearest that stands alone, and another that is would be no help.
    assert leanings(document_of([[first, named, between, short]], language))[3] is Lean.NONE
    assert leanings(document_of([[first, between, short]], language))[2] is Lean.NONE


def test_for_its_part_leans_where_nobody_is_named() -> None:
    assert leanings(document_of([[FIRST_AR, "من جانبه أكد أن العجز سيتراجع."]]))[1] is Lean.PREVIOUS


def test_the_first_sentence_leans_on_nothing() -> None:
    assert leanings(document_of([["وأضاف أن العجز سيتراجع.", "وأضاف أن الأسهم تراجعت."]]))[0] is Lean.NONE


@pytest.mark.parametrize(("opening", "closing"), [("«", "»"), ("“", "”"), ('"', '"')])
def test_sentences_inside_a_quotation_come_with_all_of_it_before_them(opening: str, closing: str) -> None:
    document = document_of(
        [
            [
                f"وقال الوزير: {opening}الوضع صعب.",
                "الموازنة لا تكفي.",
                f"العجز كبير{closing}.",
                "المعارضة رفضت الموازنة.",
            ]
        ]
    )
    assert leanings(document) == [Lean.NONE, Lean.PREVIOUS, Lean.PREVIOUS, Lean.NONE]


def test_a_quotation_that_never_closes_does_not_swallow_the_article() -> None:
    sentences = [f"الجملة رقم {n} عن الموازنة الجديدة." for n in range(12)]
    kinds = leanings(document_of([["قال الوزير «الوضع صعب.", *sentences]]))
    assert kinds[-1] is Lean.NONE
    kinds = leanings(document_of([["قال الوزير «الوضع صعب.", sentences[0]], [sentences[1]]]))
    assert kinds[2] is Lean.NONE


def test_whole_quotations_in_a_sentence_do_not_open_one() -> None:
    document = document_of([['قال إن "الوضع" صعب وإن «العجز» كبير.', "الأسهم تراجعت."]])
    assert leanings(document)[1] is Lean.NONE


@pytest.mark.parametrize(
    ("language", "sentence", "lean"),
    [
        ("en", '"It was built in two years."', Lean.ANCHOR),
        ("en", '"It was late," she wrote on Monday.', Lean.ANCHOR),
        ("en", '"The budget was late," Najjar said.', Lean.NONE),
        ("en", '"The Ferryman" is her second novel.', Lean.NONE),
        ("ar", "«الموازنة لا تكفي».", Lean.ANCHOR),
        ("ar", "«الموازنة لا تكفي»، أضاف.", Lean.ANCHOR),
        ("ar", "«الموازنة لا تكفي»، يؤكد في تصريحاته.", Lean.ANCHOR),
        ("ar", "«الموازنة لا تكفي»، أضاف النجار.", Lean.NONE),
    ],
)
def test_a_quotation_without_its_speaker_leans_on_who_is_named_before(language: str, sentence: str, lean: Lean) -> None:
    first = FIRST_AR if language == "ar" else FIRST_EN
    assert leanings(document_of([[first], [sentence]], language))[1] is lean


def test_a_quotation_whose_speaker_comes_behind_it_leans_on_what_follows() -> None:
    sentences = ['"We lost the vote.', "Nobody had read the budget.", 'We tried!" Sami Najjar said.', "Shares fell."]
    assert leanings(document_of([[FIRST_EN], sentences], "en")) == [
        Lean.NONE,
        Lean.NEXT,
        Lean.NEXT,
        Lean.NONE,
        Lean.NONE,
    ]
    # Nobody is named behind it, or only in another paragraph.
    assert leanings(document_of([[FIRST_EN], ['"We lost.', 'We tried!"']], "en")) == [
        Lean.NONE,
        Lean.ANCHOR,
        Lean.PREVIOUS,
    ]
    assert leanings(document_of([[FIRST_EN], ['"We lost.'], ['"We tried," Smith said.']], "en"))[1] is Lean.ANCHOR


def test_what_goes_on_in_a_turn_leans_on_its_beginning() -> None:
    turns = [
        ["HOST: How is the town?"],
        ["ELLERY: The town is tired.", "Everybody has been found."],
        ["HOST: What do you need?"],
        ["ELLERY: The town needs pumps."],
    ]
    assert leanings(document_of(turns, "en")) == [Lean.NONE, Lean.NONE, Lean.ANCHOR, Lean.NONE, Lean.NONE]
    # A label alone makes no talk.
    assert leanings(document_of([["Note: The vote was late.", "Shares fell."]], "en"))[1] is Lean.NONE
    # Nor do labels that stand once each, or one that comes again and again.
    for labels in (("Monday", "Tuesday"), ("Note", "Note")):
        said = [[f"{label}: The vote was late.", "Shares fell."] for label in labels]
        assert leanings(document_of(said, "en"))[1::2] == [Lean.NONE, Lean.NONE]


@pytest.mark.parametrize(
    ("sentence", "lean"),
    [
        ("Above him, trucks thunder toward the city.", Lean.PREVIOUS),
        ("With it came a letter.", Lean.PREVIOUS),
        ("Above the river, trucks thunder toward the city.", Lean.NONE),
    ],
)
def test_what_an_opening_points_back_to_is_in_the_sentence_before(sentence: str, lean: Lean) -> None:
    assert leanings(document_of([[FIRST_EN], [sentence]], "en"))[1] is lean


@pytest.mark.parametrize(
    ("sentence", "lean"),
    [
        # Who says it is a pronoun behind what was said; a name in it is not who says it.
        ("The deficit would fall, he said.", Lean.ANCHOR),
        ("The tax raises ten billion francs in France, she added on Monday.", Lean.ANCHOR),
        ("The deficit, they said, was too high.", Lean.ANCHOR),
        ("Najjar had made it clear, he said.", Lean.NONE),
        ("The minister cut it in May, but in June, he added a tenth.", Lean.NONE),
        ("Two days later, when Petra Lund left, she told a friend.", Lean.NONE),
        # Behind what leads to it.
        ("Asked about the deficit, he said it would fall.", Lean.ANCHOR),
        ('In it, she said: "The deficit will fall."', Lean.ANCHOR),
        ("In October last year, he was sent to prison.", Lean.PREVIOUS),
        ("Asked about the deficit, Najjar said it would fall.", Lean.NONE),
        ("After Petra Lund had left, he was alone.", Lean.NONE),
        ("If the tests work, they could be used soon.", Lean.NONE),
        # In it, unless who is meant follows.
        ("When he was in hospital, doctors told the police.", Lean.PREVIOUS),
        ("Once he had the file he would close it.", Lean.PREVIOUS),
        ("At her trial, a jury heard the neighbours.", Lean.PREVIOUS),
        ("When he was in hospital, Petra Lund told the police.", Lean.NONE),
        ("In his memoirs, Mr Lund described the war.", Lean.NONE),
        ("Before he left for the woods Lund smiled.", Lean.NONE),
        ("In its first form, the bill was longer.", Lean.NONE),
        ("In October last year, shares fell.", Lean.NONE),
    ],
)
def test_a_pronoun_behind_the_opening_points_back_where_nobody_is_named(sentence: str, lean: Lean) -> None:
    assert leanings(document_of([[FIRST_EN], [sentence]], "en"))[1] is lean


def _talk(*answers: str, language: str = "en") -> list[Lean]:
    """An introduction, then questions as headings, each with an answer of one sentence."""
    first = FIRST_AR if language == "ar" else FIRST_EN
    question = "كيف بدأت الفكرة؟" if language == "ar" else "How did it begin?"
    lines = [line for answer in answers for line in ([question], [answer])]
    headings = range(1, len(lines) + 1, 2)
    return leanings(document_of([[first], *lines], language, headings=headings))


def test_the_answers_of_an_interview_lean_on_who_is_presented_before() -> None:
    spoken = ["I found a photograph in the attic.", "The archive was closed.", "My mother knew two of them."]
    # A section in which nobody says `I` may be the paper's own.
    assert _talk(*spoken) == [Lean.NONE, Lean.ANCHOR, Lean.NONE, Lean.ANCHOR]
    told = ["بدأت من صورة قديمة لدي.", "أكتب لأن المدن الصغيرة تختفي."]
    assert _talk(*told, language="ar") == [Lean.NONE, Lean.ANCHOR, Lean.ANCHOR]


@pytest.mark.parametrize(
    ("answers", "language"),
    [
        (["The tanker ran aground on Saturday.", "Wheat rose by 4 percent."], "en"),
        (["جنحت الناقلة فجر السبت.", "ارتفع سعر القمح أكثر من المتوقع."], "ar"),
        # Quoted, or once in an explainer: no interview.
        (['The captain, Lee, said: "I saw no light."', 'The mate, Poe, said: "My watch was over."'], "en"),
        (["I am asked that often.", "The tanker ran aground."], "en"),
        (["I am asked that often."], "en"),
    ],
)
def test_the_sections_of_an_explainer_stand_alone(answers: list[str], language: str) -> None:
    assert set(_talk(*answers, language=language)) == {Lean.NONE}
