"""Sides of a pair that are in a third language of their script."""

from __future__ import annotations

import pytest
from khulasa.server.core.translation.quality.flags import is_mostly_translated, quality_flags
from khulasa.server.core.translation.quality.tongue import is_in_another_language
from khulasa.server.core.translation.types import LanguagePair, QualityFlag

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")
ARABIC = "أعلنت الحكومة يوم الثلاثاء خطة جديدة للمياه."
ENGLISH = "The government announced a new plan for water on Tuesday."
FRENCH = "Le gouvernement a annoncé mardi un nouveau plan pour l'eau."
PERSIAN = "دولت روز سه‌شنبه از برنامه تازه‌ای برای آب خبر داد که گسترده است."


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (FRENCH, "en"),
        ("El gobierno anunció el martes un nuevo plan para el agua.", "en"),
        ("Hükümet salı günü su için yeni bir plan açıkladı.", "en"),
        ("Die Regierung hat am Dienstag in Berlin einen neuen Plan vorgestellt.", "en"),
        ("Правительство объявило во вторник новый план водоснабжения.", "en"),
        ("政府周二宣布了一项新的供水计划。", "en"),
        (PERSIAN, "ar"),
        ("حکومت نے منگل کو پانی کے لیے ایک نئے منصوبے کا اعلان کیا۔", "ar"),
    ],
)
def test_a_third_language_is_told(text: str, code: str) -> None:
    assert is_in_another_language(text, code)
    pair = AR_EN if code == "en" else EN_AR
    source = ARABIC if code == "en" else ENGLISH
    assert QualityFlag.UNTRANSLATED in quality_flags(source, text, pair, similarity=0.9)
    assert not is_mostly_translated(source, text, pair)
    reverse = LanguagePair(pair.target, pair.source)
    assert QualityFlag.GLOSSARY_MISSED in quality_flags(text, source, reverse, similarity=0.9)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ENGLISH, "en"),
        (ARABIC, "ar"),
        # names of other languages, and texts too short to tell
        ("The daily Le Monde diplomatique said that the Parti socialiste du Grand-Bassam left.", "en"),
        ("Russia summons French ambassador in Moscow", "en"),
        ("Saad bin Saad Mohammed al-Kaabi, Hajjaj bin Fahad al-Ajmi", "en"),
        # five words of it are hardly told from French, but no French has `them`
        ('Amin praises Sudan\'s "Hilal," describes them as "conquerors"', "en"),
        ("Bonjour, Paris", "en"),
        ("قالت شركة گوگل إن پاريس وچاد وقعتا أمس اتفاقا", "ar"),
        ("", "en"),
        (FRENCH, "fr"),
    ],
)
def test_names_and_short_texts_are_none(text: str, code: str) -> None:
    assert not is_in_another_language(text, code)


def test_a_right_pair_has_no_flag() -> None:
    assert quality_flags(ARABIC, ENGLISH, AR_EN, similarity=0.9) == ()
    assert quality_flags(ENGLISH, ARABIC, EN_AR, similarity=0.9) == ()


def test_a_sentence_that_stays_as_it_is_has_no_flag() -> None:
    assert QualityFlag.GLOSSARY_MISSED not in quality_flags(ARABIC, ARABIC, EN_AR, similarity=1.0)
    assert quality_flags(FRENCH, FRENCH, AR_EN, similarity=1.0) == ()
