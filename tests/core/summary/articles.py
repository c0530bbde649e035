"""Articles built for the tests of this folder, read as the reader would read them."""

from __future__ import annotations

from collections.abc import Sequence

from khulasa.server.core.text.types import Document, Part, PartKind, Sentence, Span

# An anecdote first, the point in the sixth sentence.
ANECDOTE = [
    [
        "كانت أم خالد تعد الشاي في مطبخها الصغير حين سمعت طرقا على الباب.",
        "لم تكن تنتظر أحدا في تلك الساعة من الصباح الباكر.",
        "فتحت الباب فوجدت جارتها تحمل كيسا من الخبز وتبتسم.",
    ],
    ["بهذه العادة البسيطة تعيش نساء الحي منذ سنوات طويلة."],
    [
        "لكن أزمة القمح التي تضرب البلاد غيرت كل شيء في أسواق الخبز.",
        "وأعلنت وزارة التموين رفع سعر الخبز المدعم بنسبة خمسين بالمئة اعتبارا من مطلع الشهر المقبل بسبب أزمة القمح.",
    ],
    ["ويعتمد ملايين المواطنين على الخبز المدعم، وتقول منظمات إن رفع سعر الخبز سيدفع آلاف الأسر إلى الفقر."],
    [
        "وقال خبراء اقتصاد إن أزمة القمح تعود إلى تراجع واردات القمح من البحر الأسود وارتفاع أسعار الشحن.",
        "وتستورد البلاد نحو سبعين بالمئة من حاجتها من القمح.",
    ],
    ["ودعت نقابات العمال الحكومة إلى التراجع عن رفع سعر الخبز المدعم وهددت بالإضراب."],
]

# Background first, the news in the fifth sentence.
BACKGROUND = [
    [
        "تأسست المدينة القديمة في القرن التاسع على ضفاف النهر.",
        "وتشتهر بأسوارها وأبوابها السبعة ومساجدها العتيقة.",
        "وكانت محطة للقوافل التجارية بين الشرق والغرب.",
    ],
    ["وسجلت المدينة على قائمة التراث العالمي عام 1985."],
    [
        "وصباح اليوم اندلع حريق كبير في سوق النحاسين التاريخي وأتى على أكثر من مئتي متجر.",
        "وقال الدفاع المدني إن الحريق نجم عن ماس كهربائي في أحد متاجر سوق النحاسين وإن ثلاثة رجال إطفاء أصيبوا.",
    ],
    [
        "وقدرت غرفة التجارة خسائر الحريق بنحو عشرة ملايين دولار، وطالب تجار سوق النحاسين بتعويضات عاجلة.",
        "وأمر المحافظ بفتح تحقيق في الحريق وفي غياب معدات الإطفاء عن السوق.",
        "ووعد المحافظ بترميم متاجر السوق التي دمرها الحريق خلال ستة أشهر.",
    ],
]

ENGLISH_ANECDOTE = [
    [
        "Maria Lopez was pouring her second coffee when the kettle began to sing.",
        "Outside, two pigeons fought over a crust on the window sill.",
        "She laughed and turned up the radio.",
    ],
    ["Mornings on the sixth floor have always been quiet."],
    [
        "Rents in the city have doubled in five years, and the council will vote on Tuesday on a cap on rents.",
        "The cap on rents would limit yearly rises to three percent for all flats built before 2010.",
    ],
    [
        "Landlords say the cap on rents will stop investment in new flats.",
        "Tenant groups say rents now take half of an average income in the city and want the council to go further.",
    ],
    ["The mayor supports the cap and expects the council to pass it with a narrow majority."],
]

# The point first, as news has it.
NEWS = [
    ["أعلن البنك المركزي رفع سعر الفائدة نقطتين لمواجهة التضخم الذي بلغ أعلى مستوى منذ عشر سنوات."],
    [
        "وقال محافظ البنك المركزي سامي النجار إن رفع سعر الفائدة ضروري لكبح التضخم وحماية العملة.",
        "وأضاف أن البنك لن يتردد في رفع الفائدة مرة أخرى.",
        "وتابع: التضخم عدو الفقراء.",
    ],
    ["وتراجعت أسهم المصارف بعد قرار البنك المركزي رفع سعر الفائدة بنحو ثلاثة بالمئة."],
    ["من جهة أخرى، افتتح وزير الرياضة ملعبا جديدا في ضاحية المدينة."],
]


def document_of(
    paragraphs: Sequence[Sequence[str]], language: str = "ar", *, title: str = "", headings: Sequence[int] = ()
) -> Document:
    """A document with these sentences.

    Args:
        paragraphs: Sentences of each paragraph; of a paragraph in `headings` they are its text.
        language: Of the rules.
        title: First line if given.
        headings: Indices of paragraphs that are headings.
    """
    text = ""
    parts: list[Part] = []
    sentences: list[Sentence] = []
    title_span = None
    section = 0
    lines = ([[title]] if title else []) + [list(paragraph) for paragraph in paragraphs]
    for at, line in enumerate(lines):
        begins = len(text)
        index = at - bool(title)
        kind = PartKind.TITLE if index < 0 else PartKind.HEADING if index in headings else PartKind.BODY
        section += kind is PartKind.HEADING
        for sentence in line:
            start = len(text)
            text += sentence
            if kind is PartKind.BODY:
                sentences.append(Sentence(Span(start, len(text)), at, len(sentences), section))
            text += " "
        text = text[:-1]
        if kind is PartKind.TITLE:
            title_span = Span(begins, len(text))
        text += "\n"
        parts.append(Part(kind, Span(begins, len(text))))
    return Document(text, language, tuple(parts), tuple(sentences), title_span, len(lines))


def texts_of(document: Document) -> list[str]:
    """The sentences of a document."""
    return [sentence.span.of(document.text) for sentence in document.sentences]
