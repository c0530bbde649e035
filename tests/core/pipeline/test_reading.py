"""Reading an article for a summary: plain text, HTML, a headline that came apart."""

from __future__ import annotations

import pytest
from khulasa.server.core.errors import NothingToSummarizeError, UnsupportedLanguageError
from khulasa.server.core.pipeline.reading import article_language, read_article
from khulasa.server.core.pipeline.types import ArticleInput
from khulasa.server.core.text.types import PartKind, Span
from khulasa.server.core.translation.types import LanguagePair, TextFormat

PAIRS = (LanguagePair("ar", "en"), LanguagePair("en", "ar"))
PAGE = (
    "<html><body><nav>الرئيسية</nav><h1>بلدية المدينة تفتتح حديقة جديدة</h1>\n"
    "<p class='by'>كتب: سامي رزق</p>\n<p>افتتحت البلدية أمس <b>حديقة</b> عامة جديدة في وسط المدينة &amp; ضواحيها."
    " وحضر الافتتاح مئات السكان.</p><p>شارك على فيسبوك</p></body></html>"
)


def test_html_gives_places_in_the_markup() -> None:
    read = read_article(ArticleInput(text=PAGE, format=TextFormat.HTML), "ar")
    assert read.title == "بلدية المدينة تفتتح حديقة جديدة"
    places = [read.to_caller(sentence.span).of(PAGE) for sentence in read.document.sentences]
    assert places == [
        "افتتحت البلدية أمس <b>حديقة</b> عامة جديدة في وسط المدينة &amp; ضواحيها.",
        "وحضر الافتتاح مئات السكان.",
    ]
    assert "".join(part.span.of(PAGE) for part in read.parts) == PAGE
    kinds = {part.kind: part.span.of(PAGE) for part in read.parts}
    assert "سامي رزق" in kinds[PartKind.BYLINE]
    assert "شارك" in kinds[PartKind.BOILERPLATE]


def test_plain_text_is_its_own_place() -> None:
    text = "عنوان الخبر\nقال الوزير إن العمل مستمر في المشروع حتى نهاية العام."
    read = read_article(ArticleInput(text=text), "ar")
    assert read.parts == read.document.parts
    assert read.to_caller(Span(2, 5)) == Span(2, 5)
    assert read.title == "عنوان الخبر"


def test_the_callers_title_is_kept() -> None:
    text = "قال الوزير إن العمل مستمر في المشروع حتى نهاية العام."
    read = read_article(ArticleInput(text=text, title=" العمل مستمر\n"), "ar")
    assert (read.title, read.title_as_read) == (" العمل مستمر\n", "العمل مستمر")
    found = read_article(ArticleInput(text=text), "ar").title
    assert read_article(ArticleInput(text=text, title=" \n"), "ar").title == found


@pytest.mark.parametrize("text", ["ا", "ا.", "وَ", "A.", "ا ب ت.", "اـ", "2024", "2024.", "— 🙂", "<p>ا</p>"])
def test_a_letter_alone_is_no_sentence(text: str) -> None:
    kind = TextFormat.HTML if text.startswith("<") else TextFormat.PLAIN_TEXT
    for language in ("ar", "en"):
        with pytest.raises(NothingToSummarizeError):
            read_article(ArticleInput(text=text, format=kind), language)


@pytest.mark.parametrize(
    "text",
    [
        "# One\n\n## Two\n\n## Three",
        "# The council and the harbour\n\n## What the city pays for",
        "الاقتصاد\n\nالرياضة\n\nالطقس",
        "Economy:\n\nSport",
        "Tel: +1 (202) 555-0143\n\nwww.example.org",
        "هاتف: ٠٢٢٣٤٥٦٧٨",
        "news.example.org",
        "فيسبوك تويتر بينترست",
    ],
)
def test_headings_and_addresses_alone_are_no_sentences(text: str) -> None:
    for language in ("ar", "en"):
        with pytest.raises(NothingToSummarizeError, match="only headings"):
            read_article(ArticleInput(text=text), language)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("قرر المجلس رفع الأسعار", ["قرر المجلس رفع الأسعار"]),
        ("Council raises prices", ["Council raises prices"]),
        ("قرر المجلس رفع الأسعار\n\nفاز الفريق", ["فاز الفريق"]),
        ("Economy\n\n# In brief\n\nPrices rise in June\n\nSport\n\nTeam wins", ["Team wins"]),
        ("Resigned.", ["Resigned."]),
    ],
)
def test_short_lines_of_running_text_stay(text: str, sentences: list[str]) -> None:
    document = read_article(ArticleInput(text=text), "ar").document
    assert [sentence.span.of(text) for sentence in document.sentences] == sentences


def test_a_letter_beside_a_sentence_stays_what_it_is() -> None:
    text = "قال الوزير إن العمل مستمر في المشروع حتى نهاية العام.\nا."
    read = read_article(ArticleInput(text=text), "ar")
    assert "".join(part.span.of(text) for part in read.parts) == text
    assert read.document.sentences[0].span.of(text) == text.split("\n", 1)[0]


@pytest.mark.parametrize("text", ["2024", "— 🙂", "https://example.org/a", "<p>2024</p>"])
def test_without_a_word_there_is_nothing_to_summarize(text: str) -> None:
    kind = TextFormat.HTML if text.startswith("<") else TextFormat.PLAIN_TEXT
    with pytest.raises(NothingToSummarizeError, match="no words"):
        article_language(ArticleInput(text=text, format=kind), PAIRS, "en")


@pytest.mark.parametrize("before", ["<script>var the = 'and of';</script>" * 4_000, "<p>12,5 3 .</p>\n" * 8_000])
def test_the_language_of_a_page_is_told_by_what_comes_late_too(before: str) -> None:
    page = ArticleInput(text=f"{before}<p>أعلن المجلس قراره اليوم في العاصمة.</p>", format=TextFormat.HTML)
    assert article_language(page, PAIRS, "") == "ar"


@pytest.mark.parametrize("text", ["ⵜⴰⵎⴰⵣⵉⵖⵜ ⴷ ⵜⴰⵎⵓⵏⵜ", "<p>ⵜⴰⵎⴰⵣⵉⵖⵜ ⴷ ⵜⴰⵎⵓⵏⵜ</p>"])
def test_words_in_a_script_that_nobody_knows_are_of_no_language_that_is_served(text: str) -> None:
    kind = TextFormat.HTML if text.startswith("<") else TextFormat.PLAIN_TEXT
    with pytest.raises(UnsupportedLanguageError, match="undetermined"):
        article_language(ArticleInput(text=text, format=kind), PAIRS, "en")


@pytest.mark.parametrize(
    ("article", "source"),
    [
        (ArticleInput(text="Le ministre", language="fr"), "fr"),
        (ArticleInput(text="Le ministre a déclaré hier que les travaux continuent dans la capitale."), "fr"),
        (ArticleInput(text="ⵜⴰⵎⴰⵣⵉⵖⵜ ⴷ ⵜⴰⵎⵓⵏⵜ"), ""),
    ],
)
def test_a_language_that_is_not_served_is_refused_with_the_target_asked_for(article: ArticleInput, source: str) -> None:
    with pytest.raises(UnsupportedLanguageError) as refused:
        article_language(article, PAIRS, "en")
    assert (refused.value.source, refused.value.target) == (source, "en")


@pytest.mark.parametrize("text", ["(رويترز)", "شارك\nطباعة\n12:30", "<p>شارك</p>"])
def test_nothing_but_furniture(text: str) -> None:
    kind = TextFormat.HTML if text.startswith("<") else TextFormat.PLAIN_TEXT
    with pytest.raises(NothingToSummarizeError):
        read_article(ArticleInput(text=text, format=kind), "ar")
