"""Negations of both sides, counted and compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from khulasa.server.core.translation.polarity import negations as polarity
from khulasa.server.core.translation.polarity.negations import NegationCount, count_negations, same_polarity
from khulasa.server.core.translation.quality.flags import quality_flags
from khulasa.server.core.translation.types import LanguagePair, QualityFlag

AR_EN = LanguagePair("ar", "en")
EN_AR = LanguagePair("en", "ar")


@pytest.mark.parametrize(
    ("text", "plain", "partial"),
    [
        ("لم يحضر الوزير", 1, 0),
        ("ولن نتراجع، فلا رجعة", 2, 0),
        ("قرر بعدم التصديق وبدون شروط", 2, 0),
        ("لَمْ يحضر", 1, 0),
        ("أمر ألا يطلق أحد النار", 1, 0),
        ("لا يحتاج إلى ذلك إلا المقيمون", 0, 1),
        ("ليس فقط هنا", 1, 0),
        ("رفض الوزير", 0, 1),
        ("لا يزال قائما", 0, 0),
        ("ما لا يقل عن مئة، لا سيما هنا", 0, 0),
        ("غير أنه قال", 0, 0),
        ("عمل غير قانوني", 1, 0),
        ("إلا أن الوزير قال", 0, 0),
        ("كلا الطرفين", 0, 1),
        ("هذا فقط", 0, 0),
    ],
)
def test_arabic_is_counted(text: str, plain: int, partial: int) -> None:
    count = count_negations(text, "ar")
    assert (count.plain, count.partial, count.orphans) == (plain, partial, ())


@pytest.mark.parametrize(
    ("text", "plain", "partial"),
    [
        ("He did not come, and never will.", 2, 0),
        ("They don't, won’t and can&#39;t.", 3, 0),
        ("No one knows; nobody cares.", 2, 0),
        ("Cosmonaut No. 11 said no.", 1, 0),
        ("Not only here; no doubt, at least.", 1, 0),
        ("He denied it; it is impossible.", 0, 2),
        ("An illegal, unknown deal under the United Nations", 1, 1),
        ("Unemployment is endless.", 0, 2),
        ("Nonetheless, a notable note.", 0, 0),
    ],
)
def test_english_is_counted(text: str, plain: int, partial: int) -> None:
    count = count_negations(text, "en")
    assert (count.plain, count.partial, count.orphans) == (plain, partial, ())


@pytest.mark.parametrize(
    ("arabic", "english", "same"),
    [
        ("لم يحضر الوزير الجلسة.", "The minister did not attend.", True),
        ("لم يحضر الوزير الجلسة.", "The minister attended.", False),
        ("حضر الوزير الجلسة.", "The minister did not attend.", False),
        ("لم يحضر الوزير الجلسة.", "The minister refused to attend.", True),
        ("رفض الوزير الحضور.", "The minister would not attend.", True),
        ("رفض الوزير الحضور.", "The minister attended.", False),
        ("عمل غير قانوني", "An illegal act", True),
        ("عمل قانوني", "An illegal act", False),
        ("لم يحضر ولم يعتذر.", "He did not come and apologised.", False),
        ("لا يتعلق الأمر بالمال فقط.", "It is not only about money.", True),
        ("لا يتعلق الأمر بالمال فقط.", "It is only about money.", False),
        ("يتعلق الأمر بالمال فقط.", "It is not only about money.", False),
        ("يتعلق الأمر بالمال فقط.", "It is only about money.", True),
        # What stands only after a negation, but for the passive of the verb that is written alike.
        ("لا يزال الوزير هنا.", "The minister is still here.", True),
        ("يزال الوزير هنا.", "The minister is still here.", False),
        ("لا بد أن يحضر.", "He must come.", True),
        ("بد أن يحضر.", "He must come.", False),
        ("يزال الورم غدا.", "The tumour will be removed tomorrow.", True),
        # A word that might answer does not where the other side has the like of it.
        ("رفض الوزير الحضور ولم يعتذر.", "The minister refused to attend and did not apologise.", True),
        ("رفض الوزير الحضور ولم يعتذر.", "The minister refused to attend and apologised.", False),
        ("النشاط محظور والتذاكر قابلة للتحويل.", "It is prohibited and tickets are non-transferable.", False),
        ("على عكس غيرهم، لم يعودوا هنا.", "Unlike others they are here.", False),
        # Some words ask for an answer of any kind.
        ("رفض الوزير الحضور.", "The minister did not come.", True),
        ("قرار مفاجئ", "An unexpected decision", True),
        ("الأدلة لا يمكن دحضها ولم تقدم.", "The evidence is irreversible and was presented.", False),
        ("قرار متوقع", "An unexpected decision", False),
        ("بسبب رفع القيد", "Because of the failure to lift the restraint", False),
        ("بسبب عدم رفع القيد", "Because of the failure to lift the restraint", True),
        ("أفاد المكتب بغياب النشاط.", "The office reported activity.", False),
        # Opposites by their beginning, which the Arabic says with غير or with a word of its own.
        ("الحقائب غير المراقبة هدف.", "Unattended bags are a target.", True),
        ("الحقائب المراقبة هدف.", "Unattended bags are a target.", False),
        ("الإجابة غير صحيحة.", "The answer is incorrect.", True),
        ("الإجابة خاطئة.", "The answer is incorrect.", True),
        ("الإجابة صحيحة.", "The answer is incorrect.", False),
        ("الصراع حتمي.", "The conflict is inevitable.", True),
        ("عدد محدود من الطلبات", "An unlimited number of requests", False),
        ("عدد غير محدود من الطلبات", "An unlimited number of requests", True),
        ("هو عاجز عن ذلك.", "He is incapable of it.", True),
        ("هو قادر على ذلك.", "He is incapable of it.", False),
        ("ليست ظاهرة حديثة.", "It is far from a modern phenomenon.", True),
        ("إنها ظاهرة حديثة.", "It is far from a modern phenomenon.", False),
        ("بيته بعيد عن المدينة.", "His house is far from the city.", True),
        # No fewer than is not fewer than.
        ("قتل ما لا يقل عن عشرين.", "At least twenty were killed.", True),
        ("قتل ما يقل عن عشرين.", "At least twenty were killed.", False),
        ("قتل ما لا يقل عن عشرين.", "Fewer than twenty were killed.", False),
        ("قتل أقل من عشرين.", "Fewer than twenty were killed.", True),
        # What restricts needs something to restrict.
        ("لا تدار الهجرة إلا بالتعاون.", "Migration is managed only through cooperation.", True),
        ("تدار الهجرة إلا بالتعاون.", "Migration is managed only through cooperation.", False),
        ("تظهر سوى الرأس.", "Only the head is visible.", False),
        ("هل يظهر سوى الرأس؟", "Is anything but the head visible?", True),
        ("حضر جميع الوزراء إلا واحدا.", "All ministers came save one.", True),
        # `Unless` asks for a word of its own, which answers nothing else.
        ("لن نوقع ما لم تتغير الشروط.", "We will not sign unless the terms change.", True),
        ("لن نوقع ما تتغير الشروط.", "We will not sign unless the terms change.", False),
        ("سنوقع ما لم تتغير الشروط.", "We will not sign unless the terms change.", False),
        ("لا نوقع إلا إذا تغيرت الشروط.", "We will not sign unless the terms change.", True),
        ("سنوقع إلا إذا تغيرت الشروط.", "We will not sign unless the terms change.", False),
        # Opposites that Arabic says with غير or by a word of its own.
        ("رحلة غير مأهولة", "An unmanned flight", True),
        ("رحلة بدون طيار", "An unmanned flight", True),
        ("رحلة مأهولة", "An unmanned flight", False),
        ("مرض غير قابل للعلاج", "An incurable disease", True),
        ("مرض قابل للعلاج", "An incurable disease", False),
        ("عدسات رخيصة", "Inexpensive lenses", True),
        ("عدسات مكلفة", "Inexpensive lenses", False),
        ("أجبان غير صالحة للاستهلاك", "Cheese unfit for consumption", True),
        ("الأخ غير الشقيق للرئيس", "The half-brother of the president", True),
        ("الأخ الشقيق للرئيس", "The half-brother of the president", False),
        ("صاروخ لم يختبر بعد", "A rocket that has yet to be tested", True),
        ("صاروخ يختبر بعد", "A rocket that has yet to be tested", False),
        ("نادرا ما يسافر.", "He rarely travels.", True),
        ("كثيرا ما يسافر.", "He rarely travels.", False),
        ("ظروف غير إنسانية وبيئة غير مضيافة", "Inhuman conditions and an inhospitable place", True),
        ("بيئة مضيافة", "An inhospitable place", False),
        ("اتصال لا يستوجب التسجيل", "A connectionless service", True),
        ("اتصال يستوجب التسجيل", "A connectionless service", False),
        ("الشعب الفلسطيني الأعزل", "The defenceless Palestinian people", True),
        ("حكومة كفؤة", "An incompetent government", False),
        ("أنا لا أوافق", "I disagree", True),
        ("أنا أوافق", "I disagree", False),
        ("اختلف الوزيران", "The two ministers disagreed", True),
        ("امتنعت الصين عن التصويت", "China abstained from voting", True),
        ("امتنعت الصين عن التصويت", "China voted", False),
        ("صوتت الصين على القرار", "China abstained from voting", False),
        ("احتفظ نائبان بصوتهما", "Two deputies abstained", True),
        ("بالكاد يكفي الراتب", "The salary is hardly enough", True),
        ("بالكاد يكفي الراتب", "The salary is enough", False),
        ("يكفي الراتب", "The salary is hardly enough", False),
        ("ما كان الوزير يعلم بالقرار.", "The minister was not aware of the decision.", True),
        # A bound that is not passed is `at most`, what cannot be escaped inevitable, what is ruled out unlikely.
        ("لا يتجاوز عددهم مئة.", "They number at most a hundred.", True),
        ("لا يتجاوز الحدود.", "He crosses the border.", False),
        ("لا مفر من الحرب.", "War is inevitable.", True),
        ("استبعد المحللون الحرب.", "Analysts said war was unlikely.", True),
        ("فاز الفريق بهدفين دون رد.", "The team won 2-0.", True),
        # A word that is said of another one answers no negation.
        ("السعودية تمنع غير مواطنيها من العمل.", "Saudi Arabia bars non-citizens from working.", True),
        ("السعودية تمنع مواطنيها من العمل.", "Saudi Arabia bars non-citizens from working.", False),
        # What stands only after a negation, as far as no other one is near.
        ("كل ذلك يؤثر لا محالة على الآخر.", "All of that surely affects the other.", True),
        ("كل ذلك يؤثر محالة على الآخر.", "All of that surely affects the other.", False),
        ("لا شك أن الركاب كانوا متوترين.", "No doubt the passengers were tense.", True),
        ("شك أن الركاب كانوا متوترين.", "No doubt the passengers were tense.", False),
        ("ثمة شك أن الركاب كانوا متوترين.", "There is a doubt that the passengers were tense.", True),
        ("كان على وشك أن يغادر.", "He was going to leave.", True),
        ("عمل بلا هوادة", "He worked tirelessly", True),
        ("عمل هوادة", "He worked hard", False),
        ("وأشار إلى أن البورصة تساهم سوى بعشرة بالمئة.", "He noted that it contributes only 10 percent.", False),
        ("الفندق سوي بالأرض.", "The hotel was flattened.", True),
        # Words that only begin like a negative one.
        ("الأسباب غير واضحة.", "The reasons are unclear.", True),
        ("الأسباب واضحة.", "The reasons are unclear.", False),
        ("مبادرة لم الشمل", "A reunification initiative", True),
        ("فشل التنظيم في دخول المدينة.", "The group failed to enter the city.", True),
        ("أحب البلاد كما لم يحبها أحد.", "I love the country as no one has.", True),
        ("القرار يحول دون الشراء ولم ينشر.", "The decision prevents buying and was published.", False),
        ("ما هي إلا أيام.", "It is nothing but days.", True),
        ("اعمل وإلا ستندم.", "Work, or you will regret it.", True),
        ("ظروف لاإنسانية", "Inhumane conditions", True),
        # Idioms that deny nothing; a word that goes on with a negation; دون before digits is `under`.
        ("ما إن بدأت الهدنة حتى تجدد القصف.", "No sooner had the truce begun than shelling resumed.", True),
        ("يسافر سواء فاز أو خسر.", "He will travel whether he wins or not.", True),
        ("لا بد أن يعترف بذلك.", "He cannot but admit it.", True),
        ("كونوا حذرين من السفر.", "Be careful not to travel.", True),
        ("لا يعترف بالدولة ولا بمؤسساتها.", "He does not recognize the state or its institutions.", True),
        ("يعترف بالدولة ومؤسساتها.", "He does not recognize the state or its institutions.", False),
        ("كلهم دون الـ15.", "All of them are under 15.", True),
        ("أليس الأمر واضحا؟ إنه مهم.", "The matter is plain, is it not? It is important.", True),
        # Other ways to say the same, and their loss.
        ("كذبت المنظمة الخبر.", "The organization denied the news.", True),
        ("أكد الوزير اللقاء.", "The minister denied the meeting.", False),
        ("يدعو إلى مكافحة الهجرة السرية.", "He calls for fighting illegal migration.", True),
        ("يدعو إلى مكافحة الهجرة.", "He calls for fighting illegal migration.", False),
        ("وهي فرضية مستبعدة.", "This is an unlikely hypothesis.", True),
        ("لذلك بد لنا من الحذر.", "So we must be careful.", False),
        # A word that may say no has its own counterpart: mention, slightly, both, curfew, disability, Alice.
        ("تذكر الوثيقة العدد.", "The document does not give the number.", False),
        ("تذكر أن الباب مغلق.", "Do not forget that the door is closed.", True),
        ("لا تنس أن الباب مغلق.", "Remember that the door is closed.", True),
        ("تنس أن الباب مغلق.", "Do not forget that the door is closed.", False),
        ("الجملة صحيحة قليلا.", "The sentence is slightly incorrect.", False),
        ("كلا الطرفين حضر.", "Both sides did not attend.", False),
        ("خرجوا رغم حظر التجول.", "They did not go out despite the curfew.", False),
        ("هو في حالة عجز.", "He is not in a state of disability.", False),
        ("ليس في حالة عجز.", "He is in a state of disability.", False),
        ("أليس تريد ذلك.", "Alice does not want it.", False),
        ("ادفع وإلا خسرت.", "Pay, or else you will not win.", False),
        ("الخادم متصل.", "The server is offline.", False),
        ("الخادم غير متصل.", "The server is offline.", True),
    ],
)
def test_each_side_must_answer_the_other(arabic: str, english: str, same: bool) -> None:
    assert same_polarity(arabic, english, AR_EN) is same
    assert same_polarity(english, arabic, EN_AR) is same


FAR = (
    "قالت وزارة الداخلية إن الشرطة اعتقلت عشرة أشخاص في العاصمة أمس، وأضافت أن الحكومة لم تعلن عن أسماء الضحايا.",
    "The Interior Ministry said that the police refused to arrest ten people in the capital yesterday, and it added "
    "that the government announced the names of the victims.",
    "The Interior Ministry said that the police arrested ten people in the capital yesterday, and it added that the "
    "government refused to announce the names of the victims.",
)


def test_what_denies_from_afar_is_no_answer() -> None:
    arabic, far, near = FAR
    assert not same_polarity(arabic, far, AR_EN)
    assert not same_polarity(far, arabic, EN_AR)
    assert same_polarity(arabic, near, AR_EN)
    assert same_polarity(near, arabic, EN_AR)


def test_clauses_may_change_their_order() -> None:
    turned = (
        "The government did not announce the names of the victims, the Interior Ministry added, and said that the "
        "police arrested ten people in the capital yesterday."
    )
    assert same_polarity(FAR[0], turned, AR_EN)


def test_the_places_of_thousands_of_negations_are_not_compared(
    growth: Callable[[Callable[[int], object], int, int], float],
) -> None:
    assert growth(lambda n: same_polarity("لا شيء " * n, "not so " * n, AR_EN), 1_000, 16) < 64


def test_a_beginning_is_of_one_kind() -> None:
    # In two lists, the kind that is listed first hid the other: `unattended` asked for no answer.
    lists = yaml.safe_load(Path(polarity.__file__).with_name("negations.yaml").read_text("utf-8"))["en"]["beginnings"]
    kinds: dict[str, list[str]] = {}
    for kind, some in lists.items():
        for beginning in some:
            kinds.setdefault(beginning, []).append(kind)
    assert not {beginning: some for beginning, some in kinds.items() if len(some) > 1}


def test_a_language_without_lists_is_held_to_nothing() -> None:
    assert count_negations("Il ne vient pas.", "fr") == NegationCount(0, 0)
    assert same_polarity("He does not come.", "Il vient.", LanguagePair("en", "fr"))


def test_a_lost_negation_is_flagged() -> None:
    source = "أعلنت وزارة الصحة أن الحادث لم يسفر عن إصابات بين العمال."
    flags = quality_flags(source, "The Ministry of Health said the accident caused injuries.", AR_EN, similarity=0.8)
    assert flags == (QualityFlag.NEGATION_MISMATCH,)
    whole = "The Ministry of Health said nobody among the workers was hurt in the accident."
    assert quality_flags(source, whole, AR_EN, similarity=0.8) == ()


@given(st.text(max_size=80), st.sampled_from(["ar", "en"]))
def test_any_text_is_counted(text: str, language: str) -> None:
    count = count_negations(text, language)
    assert count.plain >= 0
    assert count.partial >= 0


def test_negations_by_the_thousand_are_counted_in_linear_time(
    growth: Callable[[Callable[[int], object], int, int], float],
) -> None:
    assert growth(lambda n: count_negations("لا " * n + "إلا " * n, "ar"), 1_000, 16) < 64
    assert growth(lambda n: count_negations("نص إلا سوى " * n, "ar"), 1_000, 16) < 64


def test_two_texts_of_one_language_are_compared_by_number() -> None:
    english = LanguagePair("en", "en")
    assert same_polarity("He did not come and never wrote.", "He never wrote and did not come.", english)
    assert not same_polarity("He did not come and never wrote.", "He came and wrote.", english)


@pytest.mark.parametrize(
    "item", ["https://ex-ample.org/not?never=1", "no-reply@ex-bank.com", "#NeverAgain", "`not_no`"]
)
def test_what_stands_in_a_link_denies_nothing(item: str) -> None:
    assert same_polarity(f"اقرأ {item} قبل السفر.", f"Read {item} before the trip.", AR_EN)
    assert same_polarity(f"لا تقرأ {item} قبل السفر.", f"Do not read {item} before the trip.", AR_EN)
    assert not same_polarity(f"لا تقرأ {item} قبل السفر.", f"Read {item} before the trip.", AR_EN)
