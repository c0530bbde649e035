"""Key terms: names whole, prefixes off, no two the same, every place exact."""

from __future__ import annotations

import time
import unicodedata

import pytest
from articles import ANECDOTE, BACKGROUND, NEWS, document_of
from hypothesis import example, given
from hypothesis import strategies as st
from khulasa.server.core.summary.key_terms import extract_key_terms
from khulasa.server.core.summary.lexicon import fold, words_of
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.types import Document, Part, PartKind, Span
from variants import VARIANTS

SUMMIT = [
    ["التقى الرئيس الأوكراني فولوديمير زيلينسكي وزير الخارجية الأميركي أنتوني بلينكن في كييف لبحث ضمانات أمنية."],
    ["وقال زيلينسكي إن حلف شمال الأطلسي وعد أوكرانيا بضمانات أمنية، وإن موسكو ترفضها."],
    ["وأعلن حلف شمال الأطلسي أن اجتماعا لأوكرانيا وحلف شمال الأطلسي سيعقد في بروكسل، فيما نددت موسكو بالاجتماع."],
    ["وترى موسكو أن أوكرانيا ليست جزءا من حلف شمال الأطلسي، ولموسكو مصالح في البحر الأسود."],
]
ENGLISH = [
    ["President Maria Lopez met Secretary General John Smith in New York to discuss the climate fund."],
    ["Lopez said the climate fund of the United Nations should grow, and Smith agreed."],
    [
        "The United Nations runs the climate fund from New York.",
        "Island states want the climate fund to pay for sea walls.",
    ],
    ["Sea walls protect island states, the United Nations says."],
]


def _terms(document: Document, count: int = 12) -> dict[str, tuple[Span, ...]]:
    return {term.source_text: term.source_spans for term in extract_key_terms(document, max_terms=count)}


@given(st.text("aZİΣσß'.:’،,1٣أىةؤـ \u0301\u0651\u200f\u00ad", max_size=30))
@example("aΣ:a")
def test_words_of_a_text_are_folded_each_as_if_alone(text: str) -> None:
    assert [word.form for word in words_of(text)] == [fold(word.span.of(text)) for word in words_of(text)]


def test_arabic_names_and_topics_are_found() -> None:
    terms = _terms(document_of(SUMMIT))
    assert {"فولوديمير زيلينسكي", "أنتوني بلينكن", "حلف شمال الأطلسي", "أوكرانيا", "موسكو", "ضمانات أمنية"} <= set(
        terms
    )


def test_english_names_and_topics_are_found() -> None:
    terms = _terms(document_of(ENGLISH, "en"))
    assert {"Maria Lopez", "John Smith", "New York", "United Nations", "climate fund", "island states"} <= {
        text.replace("Island", "island") for text in terms
    }
    assert not {"The United Nations", "President", "climate", "fund"} & set(terms)


def test_all_places_are_given_without_prefixes() -> None:
    document = document_of(SUMMIT)
    terms = _terms(document)
    assert len(terms["حلف شمال الأطلسي"]) == 4
    assert len(terms["موسكو"]) == 4
    assert {span.of(document.text) for span in terms["موسكو"]} == {"موسكو"}
    assert len(terms["أوكرانيا"]) == 3


@pytest.mark.parametrize("paragraphs", [SUMMIT, NEWS, ANECDOTE, BACKGROUND])
def test_terms_are_ranked_distinct_and_exact(paragraphs: list[list[str]]) -> None:
    document = document_of(paragraphs)
    terms = extract_key_terms(document, max_terms=20)
    assert terms
    weights = [term.salience for term in terms]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] == 1.0
    assert min(weights) > 0.0
    seen: set[str] = set()
    for term in terms:
        assert term.source_text == term.source_spans[0].of(document.text)
        assert list(term.source_spans) == sorted(term.source_spans)
        assert all(a.end <= b.start for a, b in zip(term.source_spans, term.source_spans[1:], strict=False))
        assert all(span.of(document.text).strip() == span.of(document.text) for span in term.source_spans)
        folded = fold(term.source_text).removeprefix("ال")
        assert folded not in seen
        seen.add(folded)


def test_stop_words_and_speech_verbs_are_no_terms() -> None:
    for text in _terms(document_of(NEWS + SUMMIT), 40):
        assert not {"قال", "وقال", "أعلن", "إن", "أن", "في"} & set(text.split())


def test_scraps_are_not_searched() -> None:
    document = document_of(NEWS)
    scrap = "تابعونا على تويتر. تابعونا على تويتر. تابعونا على تويتر."
    text = document.text + scrap
    parts = (*document.parts, Part(PartKind.BOILERPLATE, Span(len(document.text), len(text))))
    longer = Document(text, "ar", parts, document.sentences, None, document.paragraph_count)
    assert extract_key_terms(longer, max_terms=30) == extract_key_terms(document, max_terms=30)


def test_the_title_raises_its_terms() -> None:
    title = "تعويضات تجار سوق النحاسين"
    without = _terms(document_of(BACKGROUND), 5)
    with_title = extract_key_terms(document_of(BACKGROUND, title=title), max_terms=5)
    assert "سوق النحاسين" in {t.source_text for t in with_title[:2]}
    assert "سوق النحاسين" in without
    assert with_title[[t.source_text for t in with_title].index("سوق النحاسين")].source_spans[0].end <= len(title)


def test_bounds() -> None:
    document = document_of(SUMMIT)
    assert extract_key_terms(document, max_terms=0) == []
    assert len(extract_key_terms(document, max_terms=3)) == 3
    assert extract_key_terms(Document("", "ar", (), (), None, 0), max_terms=5) == []
    assert extract_key_terms(document_of([["و في من."]]), max_terms=5) == []


def test_diacritics_and_tatweel_do_not_split_a_term() -> None:
    document = document_of([["رفضت مُوسكو العرض.", "وترى موسكـو أنه ناقص.", "وقالت موسكو إنها ستنتظر."]])
    spans = next(iter(s for t, s in _terms(document).items() if fold(t) == "موسكو"))
    assert [fold(span.of(document.text)) for span in spans] == ["موسكو"] * 3


STRIKE = [
    ["نددت الجمعية بتجاهل الحكومة المقصي لهياكل القضاة، ودعت وزارة العدل إلى الحوار."],
    ["واستنكر القضاة صمت الحكومة المقصي لهياكل القضاة، وقالت وزارة العدل إن الحوار ممكن."],
    ["وشكر الأمين العام مروان صليبا الجيش الذي أرسل طوافات، والتقى النائب إبراهيم العدوان."],
    ["وسافر المدرب آدم ساندلر دور المجموعات إلى باليرمو، ثم عاد المدرب آدم ساندلر من باليرمو."],
    ["وتعرف الشركة وايمو التابعة لغوغل، فيما تؤدي شركة وايمو التابعة لغوغل تجارب، وابتكر العالم لها محركا."],
    ["وانتخب الاتحاد الهندوري لكرة القدم رئيسا، وقال الاتحاد الهندوري لكرة القدم إنه مؤقت."],
    ["ووصل مستودعا مخالفا جنوب المدينة، وليشكل لجنة، وطلب منهم كتابا وزارت ليبيا الاستجابة."],
]


@pytest.mark.parametrize(
    "variant",
    [
        "all presentation forms",
        "bidi marks",
        "decomposed",
        "narrow spaces",
        "tatweel",
        "diacritics",
        "zero-width characters",
    ],
)
@pytest.mark.parametrize("paragraphs", [SUMMIT, NEWS])
def test_terms_are_the_same_in_every_dress(paragraphs: list[list[str]], variant: str) -> None:
    text = "\n".join(" ".join(paragraph) for paragraph in paragraphs)
    changed = VARIANTS[variant](text)
    terms = [extract_key_terms(parse_document(one, "ar"), max_terms=20) for one in (text, changed)]
    plain, dressed = ([(term.salience, len(term.source_spans)) for term in some] for some in terms)
    assert dressed == plain
    for term in terms[1]:
        assert term.source_text == term.source_spans[0].of(changed)
    seen = [
        [_bare(span.of(one)) for term in some for span in term.source_spans]
        for some, one in zip(terms, (text, changed), strict=True)
    ]
    assert seen[0] == seen[1]


def _bare(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", text) if char.isalpha() and char != "\u0640")


def test_arabic_phrases_are_cut_where_they_end() -> None:
    terms = _terms(document_of(STRIKE), 50)
    assert {"وزارة العدل", "هياكل القضاة", "الاتحاد الهندوري لكرة القدم", "شركة وايمو", "آدم ساندلر", "باليرمو"} <= set(
        terms
    )
    # An adjective of another gender, a word after a name, a participle that asks for more, an accusative before a noun,
    # a noun after a country.
    assert not any("المقصي" in text.split() and len(text.split()) > 1 for text in terms)
    assert not any(text.startswith("مروان") and "الجيش" in text for text in terms)
    assert not any("دور" in text.split() and "ساندلر" in text for text in terms)
    assert not any(text.endswith("التابعة") and text != "التابعة" for text in terms)
    assert not any("مخالفا" in text and "المدينة" in text for text in terms)
    assert "ليبيا الاستجابة" not in terms


def test_arabic_verbs_are_no_terms() -> None:
    found = {word for text in _terms(document_of(STRIKE), 60) for word in text.split()}
    assert not {"تؤدي", "وابتكر", "ابتكر", "يشكل", "ليشكل", "تعرف", "وتعرف", "أرسل", "نددت", "ودعت"} & found


def test_a_family_name_may_be_a_common_word() -> None:
    assert "إبراهيم العدوان" in _terms(document_of(STRIKE), 50)


@pytest.mark.parametrize(
    ("sentence", "term"),
    [
        ("ودافع الوزير عن عبد الفتاح السيسي، ثم التقى الرئيس عبد الفتاح السيسي ثانية.", "عبد الفتاح السيسي"),
        ("وزار الوفد مدينة المنستير، وعاد الوفد من مدينة المنستير ليلا.", "مدينة المنستير"),
        ("وتقع الشركة في كاليفورنيا، وتنتج في كاليفورنيا سيارات.", "كاليفورنيا"),
        ("وبحث المجلس عن حلول لمسافات بعيدة، وتبقى المسافات طويلة.", "المسافات"),
    ],
)
def test_prefixes_and_articles_are_told_from_names(sentence: str, term: str) -> None:
    terms = _terms(document_of([[sentence], ["وقال آخرون غير ذلك."]]), 30)
    assert any(fold(text).removeprefix("ال") == fold(term).removeprefix("ال") for text in terms), list(terms)


@pytest.mark.parametrize(
    ("sentence", "found", "wrong"),
    [
        # A first letter is no prefix where the article stands before it; و is one where the rest has the article.
        (
            "بيعت بطاقات الائتمان، وسرقت بطاقات الائتمان، وألغيت البطاقة.",
            "بطاقات الائتمان",
            "طاقات الائتمان",
        ),
        ("صدمت شاحنة وسيارة ليبية وتوقفت حافلة وسيارة ليبية، أما السيارة فاحترقت.", "سيارة ليبية", "وسيارة ليبية"),
        ("تأثر خليج قابس وشديد الاضطراب يبقى البحر.", "", "خليج قابس وشديد الاضطراب"),
        ("زار وزارات سيادة، وجمع وزارات سيادة.", "وزارات سيادة", "زارات سيادة"),
        ("ذكرت وكالة الأنباء، ونقلت وكالة الأنباء.", "وكالة الأنباء", "كالة الأنباء"),
        ("غنى وسعيد يعزف، ورقص وسعيد يصفق.", "سعيد", "وسعيد"),
        # ل before a name: asked for by the word before, or the name has another prefix elsewhere.
        ("زار مقر الشركة التابعة لغوغل والمختبر التابع لغوغل.", "غوغل", "لغوغل"),
        ("تقول الصحف لغوغل وغوغل تنفي، وقدم لغوغل عرض.", "غوغل", "لغوغل"),
        # Verbs behind و, of two, after كما; a long name with ي is none.
        ("وحذرت تقارير من السوق، وحذرت دراسة من السوق.", "السوق", "وحذرت"),
        ("فر رجلان تسببا في حريق الميناء، وهما تسببا في حريق الميناء.", "حريق الميناء", "تسببا"),
        ("قرر المجلس نقل السلطة، كما قرر المجلس نقل السلطة.", "نقل السلطة", "قرر"),
        ("ردت يونايتد إيرلاينز، واعتذرت يونايتد إيرلاينز.", "يونايتد إيرلاينز", "إيرلاينز"),
        # Who speaks has a name, without a title too.
        ("حضر لزهر العكرمي. وأوضح العكرمي أن الإصلاح سهل.", "لزهر العكرمي", ""),
        ("وأضاف الجهيناوي أن الأمن أولوية. وأكد الجهيناوي أنه متفائل. والتقى خميس الجهيناوي.", "خميس الجهيناوي", ""),
        ("زار دولة الكويت أمس وغادر دولة الكويت الشقيقة وودع دولة الكويت.", "دولة الكويت", "دولة الكويت الشقيقة"),
        ("يدعم وإنجاح المسار هدف، وإنجاح المسار مهم.", "إنجاح المسار", "وإنجاح المسار"),
        ("قفز ستة مراكز ليحتل المرتبة وصعد مركزا ليحتل المرتبة.", "المرتبة", "ليحتل"),
        ("نفى عدم القبول على حد قوله، وكرر عدم الرضا على حد قوله.", "", "عدم"),
        # Names of two words behind a head.
        ("وقع الهجوم في منطقة بورو ماركت ليلا.", "منطقة بورو ماركت", "منطقة بورو"),
        ("تحدث عضو من حزب نداء تونس أمس.", "حزب نداء تونس", ""),
        # Who comes behind his office and a comma, until the clause goes on; names with what joins them.
        ("أعلن وزير الصيد، الهادي قرمادي إن الموسم انتهى.", "الهادي قرمادي", ""),
        ("نفى مدير المصنع، رامي بن قرمادي مديرا منذ عام، الخبر.", "رامي بن قرمادي", "رامي بن قرمادي مديرا"),
        ("رأى بن قرمادي أن البحر هادئ. وأضاف بن قرمادي، في ندوة، أنه باق.", "بن قرمادي", ""),
        ("حذرت الوزيرة غريتا فون دير لاوث، وردت الوزيرة غريتا فون دير لاوث.", "غريتا فون دير لاوث", "غريتا فون دير"),
        ("أكد المقدم بلقاسم قرمادي الخبر.", "بلقاسم قرمادي", "لقاسم قرمادي"),
        ("عقد اجتماع برئاسة أحمد قرمادي.", "", "رئاسة أحمد قرمادي"),
        # The article that ل swallows belongs to the phrase; before لجنة it is not written.
        ("وفق تقرير للرابطة القرمادية، وندوة للرابطة القرمادية.", "للرابطة القرمادية", "رابطة القرمادية"),
        ("قررت اللجنة القرمادية، وفي بيان للجنة القرمادية رد.", "اللجنة القرمادية", "جنة القرمادية"),
        ("وفق بيان للجنة القرمادية، وندد تقرير للجنة القرمادية، واللجنة غاضبة.", "للجنة القرمادية", "لجنة القرمادية"),
        # Verbs of saying, possessives of short words, what a thing is done for, titles and offices alone.
        ("دعت منظمة القرمادية الناس، ثم دعت منظمة القرمادية الحكومة.", "", "دعت منظمة القرمادية"),
        ("نال حقه من الأرض وطلب حقه من المال.", "", "حقه"),
        ("فاز منتخب من اتحاد هندوراس لكرة القدم، ورد اتحاد هندوراس لكرة القدم.", "اتحاد هندوراس لكرة القدم", ""),
        ("وأطلقت وزارة الصحة لإنجاز الميناء طلبا، ثم صمتت.", "", "وزارة الصحة لإنجاز الميناء"),
        ("حضر الوزير، وعاد الوزير، ثم خرج الوزير.", "", "الوزير"),
        ("خرج الرئيس المدير، وتكلم الرئيس المدير.", "", "الرئيس المدير"),
        ("سار أهالي منطقة بئر علي بن قرمادي.", "بئر علي بن قرمادي", ""),
        # What is counted, one of two, how something is done, of what country it is.
        ("بلغت 62 بالمائة ثم 19 بالمائة ثم 7 بالمائة.", "", "المائة"),
        ("وصل على الساعة 12 و40 دقيقة وعاد على الساعة 14 و40 دقيقة.", "", "و40 دقيقة"),
        ('فر الناس من مدينتي "قرماد" و"لوزان"، ثم عادوا إلى مدينتي "قرماد" و"لوزان".', "", "مدينتي"),
        ("عاد انطلاقا من قرماد وسافر انطلاقا منها، والانطلاق صباحا.", "", "انطلاقا"),
        ('نشرت صحيفة "الغد" البحرينية، وردت "الغد" البحرينية.', "", "البحرينية"),
        # An adjective behind feminine words alone is feminine; a plural of men is none.
        ("زارت وزارة الصحة المواطنين وشكرتها وزارة الصحة.", "وزارة الصحة", "وزارة الصحة المواطنين"),
        ("قال مدير ديوان رئاسة الجمهورية الأسبق إنه باق.", "", "رئاسة الجمهورية الأسبق"),
        ("نددت جمعية القضاة التونسيين بالقرار.", "جمعية القضاة التونسيين", ""),
        # Prefixes before a head and before short words; how and when something is done.
        ("صرح لوكالة قرماد للأنباء وكرر لوكالة قرماد ما قال.", "وكالة قرماد", "لوكالة قرماد"),
        ("تعطل إنتاج ونقل الكهرباء وتوقف توزيع ونقل الكهرباء.", "نقل الكهرباء", "ونقل الكهرباء"),
        ("تراجع بشكل كبير وارتفع بشكل سريع.", "", "بشكل"),
        ("بلغ العدد في حدود الساعة الواحدة ألفا.", "", "حدود الساعة الواحدة"),
        ("سقط على الحدود أمس وعاد إلى الحدود اليوم.", "الحدود", ""),
        ("عاد منذ جانفي وسافر في جانفي.", "", "جانفي"),
        # Adjectives without their noun.
        ("رأى سيارة محملة بالوقود وشاحنة محملة بالوقود.", "الوقود", "محملة"),
        ("دفع عشرين جنيها استرلينيا ثم تسعين جنيها استرلينيا.", "", "استرلينيا"),
    ],
)
def test_words_are_taken_apart_by_the_others(sentence: str, found: str, wrong: str) -> None:
    text = f"{sentence}\nوبقي الأمر على ما هو عليه حتى المساء."
    terms = _terms(parse_document(text, "ar"), 40)
    assert not found or found in terms, list(terms)
    assert wrong not in terms


def test_a_name_of_three_words_is_not_cut_behind_the_first() -> None:
    story = [
        ["ترك الرئيس منصبه لطالب من مدرسة محمد عاكف أرصوي الابتدائية في العاصمة، وهي أقدم مدارس المدينة."],
        ["وزار خالد درويش مدرسة محمد عاكف أرصوي، وقال إن خالد درويش تعلم فيها قبل ثلاثين عاما."],
        ["وقال محمد إن المدرسة ستبقى مفتوحة."],
    ]
    terms = _terms(document_of(story), 60)
    assert {"مدرسة محمد عاكف أرصوي", "خالد درويش"} <= set(terms)
    assert not {"مدرسة محمد", "خالد"} & set(terms)


def test_contractions_and_pronouns_are_no_terms() -> None:
    story = [
        ["Plumbers are rare in Calder, and they're older every year.", "Nobody in Calder trains plumbers now."],
        ["If they're asked, plumbers say we've lost a trade and I'll never see it again.", "Don't blame Nobody."],
    ]
    found = {text.lower() for text in _terms(document_of(story, "en"), 60)}
    assert "plumbers" in found
    assert not any(word in ("they're", "we've", "i'll", "don't", "nobody") for text in found for word in text.split())


@pytest.mark.parametrize(
    ("story", "found", "wrong"),
    [
        # The company is the same without its form; the sign of an exchange is not its name.
        ("Calder Inc CLD rose. The Calder of old fell. Then Calder Inc rose.", {"Calder Inc": 3}, ("Calder Inc CLD",)),
        # A possessive parts two names, but for those that have one.
        ("He met Norway's Petra Lund in Oslo. They saw King's College.", {"Petra Lund": 1, "King's College": 1}, ()),
        # What small words join is one name behind a head, or where it comes again.
        ("Ann won for Closer with Tom Reed for Monster.", {"Tom Reed": 1}, ("Tom Reed for Monster",)),
        ("The Centre for Harbour Studies is new.", {"Centre for Harbour Studies": 1}, ()),
        ("Critics love Song of the Heron, and we love Song of the Heron.", {"Song of the Heron": 2}, ("Heron",)),
        ("A man met Lund of Calder Research. The clerk saw Lund there.", {"Lund": 2}, ("Lund of Calder Research",)),
        ("He left J.P. Lund Partners. They like J.P. Lund Partners.", {"J.P. Lund Partners": 2}, ("J.P",)),
        # Numbers in names, what is counted, adjectives of countries, buttons.
        ("The coach Jan Ten Loo spoke.", {"Jan Ten Loo": 1}, ("Loo",)),
        ("It was 43 mln then, 12 mln now, and 7 mln soon, at 1141 GMT or 1200 GMT.", {}, ("mln", "GMT")),
        ("The British vet saw a British cow and a British goat.", {}, ("British",)),
        ("Facebook Twitter Pinterest Petra Lund walks in Oslo.", {"Petra Lund": 1}, ()),
        # A compound is not cut, nor a body whose head stands alone behind its article; what was done is no thing.
        ("A 14-year-old girl fell. The 15-year-old girl ran. An old tree stood.", {}, ("old girl",)),
        (
            "He sends e-mails, she reads e-mails. Two off-duty drivers met an off-duty driver.",
            {},
            ("mails", "duty drivers"),
        ),
        ("The Bureau of Harbours knew. Then the Bureau wrote.", {"Bureau of Harbours": 1}, ("Harbours",)),
        (
            "Lund was fired. Two men were fired. The gas produced here is the gas produced there.",
            {},
            ("fired", "gas produced"),
        ),
        ("A riverbed dried. The riverbed and other riverbeds dried.", {"riverbed": 3}, ()),
    ],
)
def test_english_names(story: str, found: dict[str, int], wrong: tuple[str, ...]) -> None:
    terms = _terms(parse_document(story + "\nNothing else was heard until the evening.", "en"), 30)
    assert {text: len(terms.get(text, ())) for text in found} == found, list(terms)
    assert not set(wrong) & set(terms)
    assert not any("Facebook" in text or (text.startswith("Norway") and "Lund" in text) for text in terms)


def test_a_name_at_the_head_of_a_sentence_is_one_where_it_is_one_elsewhere() -> None:
    story = "An old clerk asked Norrlys. Norrlys refused. Norrlys left.\nThe old clerk slept, and one old clerk woke."
    (first, *_) = extract_key_terms(parse_document(story, "en"), max_terms=3)
    assert (first.source_text, len(first.source_spans)) == ("Norrlys", 3)


def test_work_grows_with_the_places_of_terms() -> None:
    short, long = (parse_document("ab cd cd " * times, "en") for times in (500, 4_000))

    def seconds(document: Document) -> float:
        began = time.process_time()
        extract_key_terms(document, max_terms=10)
        return time.process_time() - began

    # Eight times the text; each place held against each other would take 64 times as long.
    most = 24 * min(seconds(short) for _ in range(3))
    assert any(seconds(long) < most for _ in range(3))
