"""Where sentences end in one line. A bar marks each inner end."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from khulasa.server.core.text.sentences import sentence_spans
from khulasa.server.language_rules import language_rules

ARABIC = [
    # abbreviations, initials, titles
    "زار د. أحمد و أ. د. سالم مقر الشركة.| وغادر م. خالد بعدهما.",
    "وقالت وكالة أ.ف.ب. إن القتال مستمر.| ولم تذكر تفاصيل.",
    "توفي سنة 1436 هـ.| ودفن في مكة.",
    "صدر القرار عام 2015 م.| وبدأ تنفيذه.",
    "يضم المتحف الذي تأسس عام 1968 م. نحو 90 ألف طابع.| وهو مجاني.",
    "ولد سنة 1320 هـ. في مكة.| ودرس فيها.",
    "ولد سنة 1320 هـ.| في المقابل ولد أخوه بعده.",
    "ينتهي القبول في الساعة 10:00 ص. يوم الثلاثاء المقبل.| ولا يمدد.",
    "يبدأ الحفل عند 8 م. الخميس في الحديقة.| والدعوة عامة.",
    "تفتح المظاريف 2:30 م. الموافق 4 صفر.| وتعلن النتائج.",
    "صدر «بلا عنوان..» و«من يوقظ البحر؟» وتضم 34 قصيدة.| ونفد.",
    "قرأ «الأيام» و«أين القمر؟» وعاد إلى بيته.| ثم نام.",
    "وسأل الحضور «من معي؟»| وصمت الجميع.",
    "سجلت هيئة بي.بي.سي الحوار.| ثم بثته.",
    "بلغت سرعة الرياح 40 كلم/س.| والبحر هادئ.",
    # numbers, addresses
    "بلغ السعر 3.5 دولار و1.250.000 ليرة.| وارتفع 0.7%.",
    "زوروا www.example.org/a.html أو راسلوا a.b@example.org.| نرحب بكم.",
    "في الساعة 7:00 a.m. من يوم السبت بدأ السباق.| وفاز زيد.",
    "1. افتح الصندوق.| 2. أخرج الجهاز.",
    # no space after the stop
    "انتهى اللقاء.|وخرج الجمهور.",
    "وصل الوفد إلى القاهرة .| وبدأ المحادثات .",
    # questions and exclamations
    "من أنت؟!| وماذا تريد؟",
    "هل انتهت الحرب؟ ، سأل الصحفي.",
    "الجديد - هل تصدق؟ - أن المشروع عاد.",
    "الكتاب (هل قرأته؟) ممتع.| اقرأه!",
    "وتساءل التاجر: أين الدوريات؟ مؤكدا أن البلاغ سجل.| وغادر.",
    # quotations
    "قال: «تعبت.| لن أعود».| ثم خرج.",
    '"متى نبدأ؟" سأل المدرب.| فضحكوا.',
    "«خسرنا!» صرخ المدرب.| ثم غادر.",
    '"خسرنا." أردف سميث.| ثم غادر.',
    "«خسرنا!»| وقال سميث إن الفريق حزين.",
    'وأضاف "الطريق طويل."| وغادر القاعة.',
    "«هل تسمعني؟» سألته أمه.| فلم يجب.",
    '"هل انتهت الحرب؟" سؤال يطرحه الجميع.| ولا جواب.',
    "«لن ننسى!» بهذه الكلمات ودع اللاعب جمهوره.| ثم بكى.",
    'صدر كتابه "لماذا نكتب؟" في بيروت.| ونفد.',
    "وقال «فزنا!» قبل أن يغادر الملعب.| ثم عاد.",
    'وقال: "فزنا!".| بعد المباراة غادر الملعب.',
    "وسأل «من معي؟»| في المقابل صمت الجميع.",
    "«من هنا؟»| في البيت لم يكن أحد.",
    "قال إن «الأمر انتهى»، مشيرا إلى البيان.| وسكت.",
    "قال « تعبت . »| ثم خرج.",
    # colons, semicolons, commas
    "تنقسم إلى قسمين: الأول قديم؛ والثاني جديد، وكلاهما مهم.",
    # pauses
    "الحب.. والوطن.. والأم.. كلها كلمات كبيرة.",
    "عندما وصلت.. وجدته نائما.",
    "كان البيت صغيرا..| لكنه كان يتسع للجميع.",
    "أما الصبر.. فهو مفتاح الفرج.",
    "لم يتصل أحد..| وقد انتظرنا طويلا أمام الباب.",
    "القراءة ضرورة.. لا لأنها ترف.. بل لأنها حياة.",
    "وقال «الوضع صعب (...) والناس متعبون».",
    "وقال «الوضع صعب (...)| إنهم ينتظرون الحل».",
    "تضم القائمة (خضارا وفواكه..) وأشياء أخرى.",
    "كنت أكتب كل ليلة.. وأبحث عن ناشر يقبل كتابي.| ثم عدت.",
    "كان البيت صغيرا..| ويبحث الناس عن بيت أكبر منه كل يوم.",
    "صرف المدير المبلغ.. وهو يعلم أن العمل لم يكتمل.| ثم استقال.",
    "سجل السهم 54 ريالا..| وهو أعلى مستوى له منذ عام.",
    "لو أن مسؤولا اعتذر.. لهان الأمر..| لكن الاعتذار عندنا عيب كبير.",
    "تكفي السيارة طفلين.. لا أكثر.| أما السعر فمناسب.",
    # a time or a word that joins is no clause yet; one that follows a pause leads to the next clause
    "اليوم.. وبعد ثلاثين عاما.. فتحت الدرج.| ثم أغلقته.",
    "مع ذلك.. لم يعترف أحد بالخطأ.| انتهى الأمر.",
    "لكن.. هل نجح في ذلك؟| ربما.",
    "يا صاحبي.. لا تطل الغياب!| عد إلينا.",
    "زرعت البندورة على السطح..| وبعد شهرين.. جاء الجيران يطلبون حصتهم.",
    "بعد الحرب عاد إلى القرية..| وقد وجد البيت مهدما تماما.",
    # rows of phrases and nouns
    "حدثتني عن مدينة كاملة.. عن سوق وميناء.. عن رجال عادوا ورجال لم يعودوا.",
    "وجدت ساعة بلا عقارب.. ومنديلا.. وصورة لامرأة لا أعرفها..| من هي؟",
    # contrasts, conditions, exceptions, complements
    "المشكلة في الإدارة.. لا في اللاعبين.| هذا رأيي.",
    "خسرنا المباراة أمس..| لا بأس في ذلك عندنا.",
    "تطبخ الشوربة.. على ألا تكون مالحة.| وتقدم ساخنة.",
    "بقي الطفل وحيدا في الدار.. دون أن يكون له من أهله أحد يسأل عنه.| ثم مات.",
    "تجاوز العدد مئتي ألف...| غير أن خبيرا شكك في ذلك.",
    "أما من يستخدم هاتفا أقدم من 2014 م. فعليه زيارة المركز.| وهذا قليل.",
    "«اللؤلؤة الزرقاء»... اسم يتردد منذ أيام.| فما القصة؟",
    "رائحة خبزه ما زالت في الشارع.. تسبقني إلى البيت.. وتوقظ في داخلي طفلا كان ينتظر الرغيف.",
    "الحظ لا يقف مع أحد في الملعب.. ولا يبتسم لمن ينام.| هذا ما نعرفه.",
    # short clauses that are sentences all the same
    "غاب الخباز..| سألت عنه جاره.| لم يجب.",
    "كل واحد يلوم غيره في السوق..| والدولار لا يتكلم!",
    "ارتفع السعر كثيرا..| قلت: ولماذا؟",
    "سافر الرجل وحيدا في الليل..| إلى أين؟",
    "الليل طويل أمام البيت كل يوم...| سأبدأ من الميناء.",
    # stops around quotations
    "صدر له بعد «من أنت؟» و«عودة...».| تبدأ الرواية بجملة قصيرة.",
    'وصف المبلغ بأنه "قليل...".| يذكر أن المبلغ دفع.',
    # a question inside a clause that waits for its answer
    "وحين سئل: لماذا غبت؟ رد: «كنت مريضا».| ثم سكت.",
    "فإن سألت أحدهم: كم تكسب؟ قال: أنت وشأنك.",
    "سألته: لماذا غبت؟| قال: كنت مريضا.",
    'وكتب تحتها: "هل تصدقون؟!" .| وخلال ساعات انتشرت.',
    'وختمت: "من يضمن ذلك؟" .|وغادرت القاعة.',
    "تعمل العيادة حتى 2.30 م. يوميا عدا الجمعة.| والدخول مجاني.",
    'نظمت ورشة بعنوان "كيف تحمي بياناتك؟" قدمها مهندس.| وحضرها كثيرون.',
    "وأجاب عن سؤال: هل يكفي البرنامج ؟ بقوله: لا.| ثم غادر.",
    # what a clause is answered by, and what repeats a word
    "ولأن الشكوى لا تطعم خبزا.. فقد قررت أن أزرع.| وزرعت.",
    "وإذا عدنا يوما إلى الدار.. لم نجد الباب.. ووجدنا الشجرة وحدها..| هي التي لم ترحل.",
    "لكن الحقيقة عندها شيء آخر.. شيء لا تكتبه الأوراق.| هكذا قالت.",
    "وكيف لقاض يعمل بلا سيارة ولا حراسة.. أن يحكم على أصحاب القصور؟",
    "بصراحة.. لم يعجبني الأداء.| خسرنا.",
    "ضاق الحقل علينا جميعا في القرية..| المهم أننا بخير والحمد لله.",
    # marks of notes
    "يبعد السد 42 كم عن مركزها.[1]| بني عام 1961.[2][3]| وتوسع بعدها.",
]
ENGLISH = [
    "Dr. Smith met Mr. Jones at 5 p.m. on Monday.| They talked.",
    "It ended at 5 p.m.| The crowd left.",
    "The U.S. Senate voted.| It failed in the U.S.| The House waits.",
    "He works for Acme Inc. in Ohio.| She does not.",
    'She asked "Why?" and left.| Nobody knew.',
    '"Run!" he shouted.| "Now!"',
    "J. K. Rowling wrote it.| I. Newton did not.",
    "Prices rose 3.5% to $1.25.| Wages fell.",
    "See www.example.com/a.b?c=d for more.| Thanks.",
    "He paused... and went on.| She paused...| Then she spoke.",
    "It cost (he said. Really.) a lot.| We paid.",
    "Yahoo! reported a loss.| Shares fell.",
    "Who owns Yahoo?| Nobody knew.",
    '"Why now?" He asked twice.| Nobody answered.',
    # who spoke, named behind the quotation, and what only looks so
    '"We lost!" Smith said.| He left.',
    '"Did we lose?" Mr. John Smith, the mayor, asked on Monday.| Nobody knew.',
    '"We lost.| We tried!" Al-Masri told reporters.| He left.',
    '"Is it over?" Maria Lopez, 34, asked her neighbor.| Nobody knew.',
    '"What now?" Tom\'s brother said.| He left.',
    '"What now?"| Tom\'s brother left.',
    '"No!"| (He laughed.)| The talk went on.',
    'He said: "We lost.| We tried!" Smith added.',
    'The sign read "Closed!"| Smith said the door was locked.',
    'The sign read "Closed!"| Smith told reporters on Monday.',
    '"We won!"| Smith said he was proud.',
    '"We won!"| Smith told reporters that he was proud.',
    '"We won!"| Smith said: "We are proud."',
    '"We won!"| Then Smith said no more.',
    "The report is out.|The minister resigned.",
    "It ended.|He left.",
    "Vitamin C.| The body needs it.",
    "It was built in 1911.[3][a]| It burned down.[4]| Nobody died.",
]


def split(line: str, language: str) -> str:
    """The line with a bar after each sentence but the last."""
    spans = sentence_spans(line, language)
    out = line
    for span in reversed(spans[:-1]):
        out = out[: span.end] + "|" + out[span.end :]
    return out


@pytest.mark.parametrize("marked", ARABIC)
def test_arabic(marked: str) -> None:
    assert split(marked.replace("|", ""), "ar") == marked


@pytest.mark.parametrize("marked", ENGLISH)
def test_english(marked: str) -> None:
    assert split(marked.replace("|", ""), "en") == marked


def test_both_languages_in_one_line() -> None:
    line = "قال الوزير ذلك أمس. The minister met Dr. Lee. ثم غادر."
    assert split(line, "ar") == "قال الوزير ذلك أمس.| The minister met Dr. Lee.| ثم غادر."


@pytest.mark.parametrize("line", ["", " ", "\t", "\xa0"])
def test_nothing_in_it(line: str) -> None:
    assert list(sentence_spans(line, "ar")) == []


def test_invisible_marks_stay_with_the_sentence_they_close() -> None:
    line = "انتهى\u200f.\u200f\u202c ثم بدأ."
    assert [span.of(line) for span in sentence_spans(line, "ar")] == ["انتهى\u200f.\u200f\u202c", "ثم بدأ."]


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        (". وقال المتحدث إن القرار نهائي.", [". وقال المتحدث إن القرار نهائي."]),
        ("؟! وقال ذلك أمس. ثم غادر.", ["؟! وقال ذلك أمس.", "ثم غادر."]),
        ("... He said so. He left.", ["... He said so.", "He left."]),
        ("؟!\u200cA: He left.", ["؟!\u200cA: He left."]),
        ("He left. " + "- " * 30, ["He left. " + ("- " * 30).rstrip()]),
        ("... - ?!", ["... - ?!"]),
    ],
)
def test_marks_without_a_word_are_no_sentence_beside_one(line: str, sentences: list[str]) -> None:
    assert [span.of(line) for span in sentence_spans(line, "ar")] == sentences


@given(
    st.text(st.sampled_from('ابوقد. ؟!.»«"()-:،aB1\u200f\u064e\n\x00\ud800'), max_size=60),
    st.sampled_from(["ar", "en", "fr"]),
)
@settings(max_examples=400, deadline=None)
def test_sentences_hold_all_that_is_no_white_space(line: str, language: str) -> None:
    spans = sentence_spans(line, language)
    assert all(span.of(line) and span.of(line) == span.of(line).strip() for span in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert "".join("".join(span.of(line).split()) for span in spans) == "".join(line.split())
    assert len(spans) < 2 or all(any(map(str.isalnum, span.of(line))) for span in spans)


def test_the_translator_is_given_the_same_splitter() -> None:
    rules = language_rules()
    line = "قال د. أحمد ذلك. ثم غادر."
    assert list(rules.sentence_spans(line, "ar")) == list(sentence_spans(line, "ar"))
    assert rules.normalize("كتـابٌ ١٢").text == "كتاب 12"
