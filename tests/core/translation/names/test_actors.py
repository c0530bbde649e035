"""People about a verb, who may not change places."""

import pytest
from khulasa.server.core.translation.names.comparison import names_agree
from khulasa.server.core.translation.types import LanguagePair

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")


@pytest.mark.parametrize(
    ("arabic", "right", "wrong"),
    [
        (
            "أنقذ الجنود الصحفيين من الحصار.",
            "The soldiers rescued the journalists from the siege.",
            "The journalists rescued the soldiers from the siege.",
        ),
        (
            "اتهم اللاعبون المدرب بإهمال التدريب.",
            "The players accused the coach of neglecting training.",
            "The coach accused the players of neglecting training.",
        ),
        (
            "المحكمة استدعت الوزير أمس.",
            "The court summoned the minister yesterday.",
            "The minister summoned the court yesterday.",
        ),
    ],
)
def test_people_about_a_verb_may_not_change_places(arabic: str, right: str, wrong: str) -> None:
    for english, same in ((right, True), (wrong, False)):
        assert names_agree(arabic, english, AR_EN) is same
        assert names_agree(english, arabic, EN_AR) is same


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        ("هاجم المدينة مسلحون.", "Gunmen attacked the city."),
        ("انتقد اللاعبون من قبل المدرب.", "The coach criticised the players."),
        ("وأبلغ بذلك للصحفيين الوزير.", "The minister told the journalists so."),
        ("شكر المدرب الوزير واللاعبين.", "The coach thanked the minister and the players."),
    ],
)
def test_other_orders_of_people_are_let_pass(arabic: str, english: str) -> None:
    assert names_agree(arabic, english, AR_EN)
