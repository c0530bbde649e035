"""Names of both sides, compared by sound and by translation."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from khulasa.server.core.translation.alignment.units import fold_arabic
from khulasa.server.core.translation.names.comparison import (
    LEAST_SCORE,
    arabic_names_found,
    least_name_score,
    names_agree,
)
from khulasa.server.core.translation.names.exchange import (
    Lost,
    arabic_features,
    english_features,
    joint_features,
    logit,
)
from khulasa.server.core.translation.names.shapes import foreign_shape
from khulasa.server.core.translation.names.sounds import latin_letters, load_names, may_sound, sound_score
from khulasa.server.core.translation.names.words import arabic_words, english_words
from khulasa.server.core.translation.quality.flags import quality_flags
from khulasa.server.core.translation.types import LanguagePair, QualityFlag

AR_EN = LanguagePair("ar", "en")
EN_AR = LanguagePair("en", "ar")


@pytest.mark.parametrize(
    ("arabic", "right", "wrong"),
    [
        ("ميركل", "Merkel", "Hollande"),
        ("نتنياهو", "Netanyahu", "Lieberman"),
        ("بوركينافاسو", "Burkina", "Nigeria"),
        ("تشاتام", "Chatham", "Windsor"),
        ("قذافي", "Gaddafi", "Mubarak"),
        ("خوسيه", "Jose", "Pedro"),
    ],
)
def test_a_name_sounds_like_itself(arabic: str, right: str, wrong: str) -> None:
    assert sound_score(arabic, latin_letters(right)) > sound_score(arabic, latin_letters(wrong)) + 0.5


@pytest.mark.parametrize(
    ("arabic", "english", "same"),
    [
        ("وصل الوزير محمد الغنوشي إلى طرابلس أمس.", "The minister, Mohamed Ghannouchi, came to Tripoli.", True),
        ("وصل الوزير محمد الغنوشي إلى طرابلس أمس.", "The minister, Mohamed Ghannouchi, came to Benghazi.", False),
        ("التقى الرئيس نظيره الفرنسي في باريس.", "The president met his French counterpart in Paris.", True),
        ("التقى الرئيس نظيره الفرنسي في باريس.", "The president met his German counterpart in Paris.", False),
        ("فاز المنتخب على الهندوراس بهدف.", "The team beat Honduras by one goal.", True),
        ("فاز المنتخب على الهندوراس بهدف.", "The team beat Colombia by one goal.", False),
        ("زار الوزير مصر أمس.", "The minister visited Egypt yesterday.", True),
        ("وصل يوم الثلاثاء في تشرين الأول.", "He came on Tuesday in October.", True),
        # Months and currencies are compared as numbers are, whatever they sound like.
        ("فر نصف مليون شخص منذ نيسان/أبريل.", "Half a million people have fled since April.", True),
        ("فاز بـ350 ألف جنيه إسترليني في اليانصيب.", "He won 350,000 pounds in the lottery.", True),
        # They are words of the language too: a likeness to one counts less. Other units are asked for as ever.
        ("خسر المسافر 400 دولار في المطار.", "The traveller lost $400 at Delores airport.", False),
        ("بلغت الحرارة 90 درجة فهرنهايت.", "It was up to 90 degrees Delta.", False),
        ("بلغت الحرارة 90 درجة فهرنهايت.", "It was up to 90 F.", True),
        ("يستقبل المسجد المصلين من السنة والشيعة.", "The mosque will welcome worshippers, Sunnis and Shiites.", True),
        ("أعلنت الوزارة ذلك.", "Announced by the Ministry of Agriculture.", True),
    ],
)
def test_an_english_name_must_be_in_the_arabic(arabic: str, english: str, same: bool) -> None:
    assert names_agree(arabic, english, AR_EN) is same
    assert names_agree(english, arabic, EN_AR) is same


@pytest.mark.parametrize(
    ("arabic", "english", "same"),
    [
        # The first word of a sentence has a capital in any case, and is asked for when it is no word of the language.
        ("فازت هندوراس.", "Honduras won.", True),
        ("فازت كولومبيا.", "Honduras won.", False),
        ("رحل السياح.", "Tourists left; Dervishes came.", True),
        # What Arabic leaves in Latin letters, what it translates, what a people is called.
        ("صدرت لعبة Fallujah أمس.", "The game, Fallujah, came out yesterday.", True),
        ("حول زحل حلقات.", "There are rings around Saturn.", True),
        ("حول زحل حلقات.", "There are rings around Venus.", False),
        ("العربات الآشورية خفيفة.", "The light Assyrian chariots.", True),
        # Parts of a compound.
        ("خط ترانس ألاسكا.", "The Trans-Georgia line.", False),
        ("خط ترانس ألاسكا.", "The Trans-Alaska line.", True),
        # A name that the Arabic alone tells: a known one, and one by its spelling.
        ("سافر إلى بيرو أمس.", "He went to Peru yesterday.", True),
        ("سافر إلى بيرو أمس.", "He went to the cliff yesterday.", False),
        ("قالت فيلوسيرابتور ذلك.", "It was said by Velociraptor.", True),
        ("قالت فيلوسيرابتور ذلك.", "It was said by them.", False),
        # Words joined on one side, parts of a compound in Arabic, an abbreviation, a day.
        ("كتيبة نيوهامبشير الأولى.", "The first New Hampshire regiment.", True),
        ("مقياس سفير-سمبسون للأعاصير.", "The Saffir-Simpson scale.", True),
        ("قال مفوض الاتحاد الأفريقي ذلك.", "It was said by the AU commissioner.", True),
        ("قال مفوض الاتحاد الأفريقي ذلك.", "It was said by the commissioner.", False),
        ("وصل يوم الثلاثاء.", "He came on Wednesday.", False),
        # A neighbour that is there by itself does not vouch for the other half of a joined word.
        ("سافر إلى سانتو دومينغو أمس.", "He went to Santo Domingo yesterday.", True),
        ("سافر إلى سانتو دومينغو أمس.", "He went to Santo Utah yesterday.", False),
        # What may be a name, on both sides, without a counterpart; on one side alone it says too little.
        ("سار على درب كوكودا أمس.", "He walked the Kokoda track yesterday.", True),
        ("سار على درب كوكودا أمس.", "He walked the Dumb track yesterday.", False),
        ("سار على درب كوكودا أمس.", "He walked the track yesterday.", True),
        ("سار على الدرب أمس.", "He walked the Dumb track yesterday.", True),
        # The mark of an indefinite noun tells that it is no name.
        ("سقط نيزكًا هناك.", "It fell there.", True),
        ("سقط نيزكا هناك.", "It fell there.", False),
        # A word of the language that is a name as well.
        ("ضربت السيول المدينة.", "Floods hit the city.", True),
        ("وصل إلى سيول أمس.", "He came to Seoul yesterday.", True),
        ("وصل إلى سيول أمس.", "He came there yesterday.", False),
        ("شرب كوبا من الشاي.", "He drank a cup of tea.", True),
        ("يبلغ قطر الأنبوب مترا.", "The pipe is a metre in diameter.", True),
        ("زار قطر أمس.", "He visited there yesterday.", False),
    ],
)
def test_a_name_of_either_side_must_be_in_the_other(arabic: str, english: str, same: bool) -> None:
    assert names_agree(arabic, english, AR_EN) is same
    assert names_agree(english, arabic, EN_AR) is same


@pytest.mark.parametrize(
    ("arabic", "right", "wrong"),
    [
        # `Russian` is one word, the Arabic has two.
        (
            "كانت الطائرة مكونا للجيش الروسي، وتعرضت لحادث في روسيا الشهر الماضي.",
            "The plane was part of the Russian army, and had an accident in Russia last month.",
            "The plane was part of the Russian army, and had an accident in Cliff last month.",
        ),
        (
            "تقع قرب فانكوفر، ويقلع التاكسي المائي من وسط فانكوفر.",
            "It lies near Vancouver, and the water taxi leaves from downtown Vancouver.",
            "It lies near Vancouver, and the water taxi leaves from downtown Typhoon.",
        ),
        # A name may end as an Arabic plural does.
        (
            "ثمة جسم واحد أكثر من تيتان يسمى الأرض.",
            "There is one body more than Titan called Earth.",
            "There is one body more than Highway called Earth.",
        ),
    ],
)
def test_a_word_of_the_language_in_place_of_a_name(arabic: str, right: str, wrong: str) -> None:
    assert names_agree(arabic, right, AR_EN)
    assert not names_agree(arabic, wrong, AR_EN)
    assert not names_agree(wrong, arabic, EN_AR)


def test_a_number_is_no_name_though_the_lexicon_has_it_as_monday() -> None:
    assert names_agree("ارتفع عدد القتلى إلى اثنين وأربعين.", "The death toll rose to 42.", AR_EN)


@pytest.mark.parametrize(
    ("arabic", "right", "wrong"),
    [
        # what only goes with a name in lists of names is no translation of it
        ("فاز بكأس العالم في هولندا", "He won the world cup in the Netherlands", "He won the world cup in Africa"),
        (
            "يقع المسرح في شمال بروكسل",
            "The theatre is in the north of Brussels",
            "The theatre is in the north of Miami",
        ),
        ("قال الملك لكونراد", "The king told Konrad", "The king told Richard"),
        # nor is a likeness that says little for a name that the lexicon translates
        ("أعلنت الصين القرار", "China announced the decision", "The Association announced the decision"),
        ("في الرأس الأخضر", "in Cape Verde", "in Cape Utah"),
        ("جائزة موناكو الكبرى", "the Monaco Grand Prix", "the Monaco Grand Zagreb"),
    ],
)
def test_what_goes_with_a_name_is_no_counterpart(arabic: str, right: str, wrong: str) -> None:
    assert names_agree(arabic, right, AR_EN)
    assert not names_agree(arabic, wrong, AR_EN)


@pytest.mark.parametrize(
    ("arabic", "right", "wrong"),
    [
        ("اتهمت موسكو كييف بقصف المحطة.", "Moscow accused Kyiv of shelling it.", "Kyiv accused Moscow of shelling it."),
        ("اتهمت إيران إسرائيل بالهجوم.", "Iran accused Israel of the attack.", "Israel accused Iran of the attack."),
        ("تزود روسيا تركيا بالغاز.", "Russia supplies Turkey with gas.", "Turkey supplies Russia with gas."),
        ("قال ترامب لماكرون إن الصفقة ألغيت.", "Trump told Macron it was off.", "Macron told Trump it was off."),
    ],
)
def test_names_about_a_verb_may_not_change_places(arabic: str, right: str, wrong: str) -> None:
    for english, same in ((right, True), (wrong, False)):
        assert names_agree(arabic, english, AR_EN) is same
        assert names_agree(english, arabic, EN_AR) is same


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        ("انتقدت إسرائيل من قبل إيران.", "Iran criticised Israel."),
        ("إيران اتهمت من جانب إسرائيل.", "Iran was accused by Israel."),
        ("زار تونس 600 ألف سائح روسي.", "600,000 Russian tourists visited Tunisia."),
        ("زار تونس أمس الرئيس ماكرون.", "Macron visited Tunisia yesterday."),
        ("التقى ماكرون ميركل في باريس.", "Merkel met Macron in Paris."),
        ("استقبلت تونس ألمانيا، ثم زارت تونس فرنسا.", "Germany met Tunisia, then Tunisia visited France."),
    ],
)
def test_other_orders_of_names_are_let_pass(arabic: str, english: str) -> None:
    assert names_agree(arabic, english, AR_EN)


@pytest.mark.parametrize(
    ("english", "arabic", "right", "wrong"),
    [
        (
            "Protests in Poland led the Polish government to wait.",
            "أدت احتجاجات في {} إلى انتظار الحكومة البولندية.",
            "بولندا",
            "كارتر",
        ),
        ("The Russian army saw a serious accident in Russia.", "شهد الجيش الروسي حادثا خطيرا في {}.", "روسيا", "هاريس"),
    ],
)
def test_a_name_that_the_english_says_twice_is_missed_once(english: str, arabic: str, right: str, wrong: str) -> None:
    assert names_agree(english, arabic.format(right), EN_AR)
    assert not names_agree(english, arabic.format(wrong), EN_AR)


def test_a_name_said_once_for_two_mentions_is_let_pass() -> None:
    assert names_agree("Russia said the Russian army had left.", "قالت روسيا إن الجيش غادر.", EN_AR)


def test_a_name_of_three_letters_is_told_where_the_arabic_names_somebody_else() -> None:
    arabic = "هم أبطال أوقيانوسيا للمرة الرابعة."
    assert names_agree(arabic, "They are champions of Oceania for the fourth time.", AR_EN)
    assert not names_agree(arabic, "They are champions of Abu for the fourth time.", AR_EN)


def test_any_letter_of_an_abbreviation_may_be_the_name() -> None:
    assert arabic_names_found("The AG members came.", "وصل أعضاء غينيس.")
    assert not arabic_names_found("The AB members came.", "وصل أعضاء غينيس.")


@pytest.mark.parametrize(
    ("arabic", "right", "wrong"),
    [
        ("الضمانات التي تمنح لكييف كبيرة.", "the guarantees that Kyiv is given", "the guarantees that nice is given"),
        ("زار الوزير الصين أمس.", "The minister visited China", "The minister visited the east"),
        ("اتفقت تركيا وكوبا على ذلك.", "Turkey and Cuba agreed on it", "Turkey and the island agreed on it"),
        ("وصل إلى برلين صباحا.", "He came to Berlin in the morning", "He came to the town in the morning"),
    ],
)
def test_a_place_that_the_lexicon_does_not_show_to_be_one_must_be_there(arabic: str, right: str, wrong: str) -> None:
    assert names_agree(arabic, right, AR_EN)
    assert not names_agree(arabic, wrong, AR_EN)
    assert names_agree(right, arabic, EN_AR)


def test_a_chance_likeness_to_a_common_word_is_no_counterpart() -> None:
    assert not names_agree("قال علي أن من في البلدة.", "He spoke of Soleil in town.", AR_EN)


def test_a_foreign_name_is_told_by_its_spelling() -> None:
    names = ("فيلوسيرابتور", "نيوهامبشير", "برانسون", "جيوفاني", "جينجريتش")
    words = ("يستحقونها", "مسءوليتهم", "متطلبات", "استقلالهم", "يعتقدون")
    assert min(foreign_shape(fold_arabic(name)) for name in names) > 2 > 0 > max(map(foreign_shape, words))


def test_other_languages_are_not_asked_for() -> None:
    assert names_agree("He met Merkel.", "Il a vu Hollande.", LanguagePair("en", "fr"))


def test_a_swapped_name_is_flagged_unless_the_glossary_asked_for_it() -> None:
    source = "التقى الوزير نظيره في مدينة الخرطوم وناقشا التعاون بين البلدين."
    target = "The minister met his counterpart in the city of Stockholm and discussed cooperation between the two."
    assert quality_flags(source, target, AR_EN, similarity=0.8) == (QualityFlag.NAME_MISMATCH,)
    assert quality_flags(source, target, AR_EN, similarity=0.8, kept=("Stockholm",)) == ()
    right = target.replace("Stockholm", "Khartoum")
    assert quality_flags(source, right, AR_EN, similarity=0.8) == ()
    assert quality_flags(target, source, EN_AR, similarity=0.8) == (QualityFlag.NAME_MISMATCH,)
    assert quality_flags(target, source, EN_AR, similarity=0.8, kept=("الخرطوم",)) == ()


@settings(deadline=None)  # The first one reads the tables.
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_texts_are_compared(english: str, arabic: str) -> None:
    assert least_name_score(english, arabic) <= 0.0


def test_a_list_of_names_is_not_judged_but_read_in_linear_time(
    growth: Callable[[Callable[[int], object], int, int], float],
) -> None:
    names = [f"{chr(65 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676 % 26)}kostan" for n in range(17_000)]
    assert growth(lambda n: least_name_score("so " + " ".join(names[:n]), "كلمة " * n), 1_000, 16) < 64
    assert least_name_score("so " + ", ".join(names[:20]), "كلمة " * 20) < LEAST_SCORE


@given(st.text("محمدغنوشيتراباكسلهجف", max_size=12), st.text("abcdefghiklmnorstuwyz", max_size=12))
@example("بنزرتوادارة", "inmahdia")  # What is lost on the way costs as much as the bound, but for a rounding.
def test_a_bound_changes_nothing_above_it_and_stays_below_it(arabic: str, latin: str) -> None:
    exact = sound_score(arabic, latin)
    for least in (-1.0, -1.3, LEAST_SCORE, -4.0):
        bounded = sound_score(arabic, latin, least)
        assert bounded == exact if exact >= least else exact <= bounded < least
        assert exact < least or may_sound({arabic: 0.0}, latin, least)


@settings(deadline=None)  # The first one reads the tables.
@given(
    st.text("محمدغنوشيتراباكسلهجف", min_size=1, max_size=6), st.text("abcdefghiklmnorstuwyz", min_size=1, max_size=7)
)
def test_a_score_is_that_of_the_best_of_all_alignments(arabic: str, latin: str) -> None:
    costs = load_names().costs

    @functools.cache
    def least(i: int, j: int) -> float:
        """What the letters from these on cost; 5.8 for each letter that nothing pairs."""
        if i == len(latin) and j == len(arabic):
            return 0.0
        ways = [5.8 + least(i, j + 1)] if j < len(arabic) else []
        for taken in range(1, min(2, len(latin) - i) + 1):
            row = costs.get(latin[i : i + taken], {})
            for heard in range(min(2, len(arabic) - j) + 1):
                ways.append(
                    row.get(arabic[j : j + heard], 5.8 * taken if heard < 2 else 11.6) + least(i + taken, j + heard)
                )
        return min(ways)

    assert sound_score(arabic, latin) == pytest.approx(-2 * least(0, 0) / (len(arabic) + len(latin)))


@pytest.mark.parametrize(
    ("arabic", "right", "name", "wrong"),
    [
        (
            "زار الوفد ويلينغتون أمس للقاء رئيسة الوزراء.",
            "The delegation visited Wellington yesterday to meet the prime minister.",
            "Wellington",
            ["Friar", "Turtle"],
        ),
        (
            "كتب الشاعر قصائده باللغة السنسكريتية قبل قرون.",
            "The poet wrote his poems in Sanskrit centuries ago.",
            "Sanskrit",
            ["Liberation", "Foundation", "Glory"],
        ),
        (
            "قال المدرب إن الفريق سيلعب في سيرينا غدا.",
            "The coach said the team would play in Serena tomorrow.",
            "Serena",
            ["Harvest"],
        ),
    ],
)
def test_a_word_of_the_language_where_an_arabic_word_has_no_counterpart(
    arabic: str, right: str, name: str, wrong: list[str]
) -> None:
    assert names_agree(arabic, right, AR_EN)
    assert names_agree(right, arabic, EN_AR)
    for word in wrong:
        assert not names_agree(arabic, right.replace(name, word), AR_EN)


def test_an_unknown_word_that_english_may_say_in_its_own_is_no_name() -> None:
    # As a foreign name is spelled; `pennies` has no other counterpart. Without it a name was left out.
    assert names_agree("اشترى الطفل الخبز مقابل قروش.", "The child bought the bread for pennies.", AR_EN)
    assert not names_agree("اشترى الطفل الخبز مقابل قروش.", "The child bought the bread.", AR_EN)


def test_the_weights_fit_the_features() -> None:
    arabic, english = arabic_words("قال كوكودا", 9)[1], next(english_words("Dumb"))
    features = english_features(english, -3.0, beside_capital=False)
    lost = Lost(0.0, logit("english", features)), Lost(0.5, logit("arabic", arabic_features(arabic)))
    near, far = (logit("joint", joint_features(lost[0], one)) for one in (lost[1]._replace(place=0.0), lost[1]))
    assert near > far
    assert logit("joint", joint_features(lost[0], None)) != near


def test_the_quick_verdict_is_that_of_the_scores() -> None:
    arabic = [
        "زار محمد الغنوشي طرابلس ثم عاد إلى باريس.",
        "التقى نتنياهو ميركل في برلين.",
        "فازت الهندوراس على كولومبيا.",
    ]
    english = [
        "Later, Ghannouchi went to Tripoli.",
        "Later, Merkel met Hollande.",
        "Then Honduras beat Colombia in Berlin.",
    ]
    for one in arabic:
        for other in english:
            scored = least_name_score(other, one) >= LEAST_SCORE
            assert names_agree(one, other, AR_EN) is (scored and arabic_names_found(other, one))
