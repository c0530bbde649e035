"""The files of rules: every list is read, none stands twice, and verbs are written short."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from khulasa.server.core.text import rules
from khulasa.server.core.text.arabic_verbs import is_arabic_verb
from khulasa.server.core.text.normalize import view
from verb_forms import shortened

FOLDER = Path(rules.__file__).parent / "rules"


@pytest.mark.parametrize("language", ["ar", "en", "fr"])
def test_each_list_of_a_language_is_read_and_stands_in_one_file(language: str) -> None:
    files = [FOLDER / f"{language}.yaml", FOLDER / f"site.{language}.yaml"]
    keys = Counter(key for file in files for key in re.findall(r"(?m)^(\w+):", file.read_text("utf-8")))
    read = set(re.findall(r'"(\w+)"\)', inspect.getsource(rules)))
    assert len(keys) > 5
    assert set(keys) <= read
    assert set(keys.values()) == {1}


def test_files_hold_words_and_are_of_a_size_to_be_read() -> None:
    for file in FOLDER.iterdir():
        assert file.stat().st_size < 50_000, file.name
        if file.suffix == ".yaml":
            assert all(isinstance(words, str) and words.strip() for words in yaml.safe_load(file.read_bytes()).values())


def test_a_verb_with_a_star_is_read_as_both_its_forms() -> None:
    forms = ["يكتب", "قال", "تكتب", "يسبق", "يسبقها", "قالت", "قالوا", "تعد", "بات"]
    assert shortened(forms) == ["*كتب", "قال*", "يسبق", "تعد", "بات"]
    verbs = rules.arabic_clauses().verbs
    assert {"يكون", "تكون", "قال", "قالت", "كان"} <= verbs
    assert not any("*" in verb for verb in verbs)
    assert all(is_arabic_verb(verb) for verb in (*forms, "تسبقها", "يجعلونه"))


def test_phrases_of_a_list_are_read_at_once_as_each_by_itself() -> None:
    odd = "iPhone 12|ـ| ـ |Σ|ئ|a/b - 3.5|100%||\u200f|“x” - | - \t y|É|１２|(c) 20|®|don't ٔ|ٔ a|يٓـ|ﷺ|1️⃣|"
    lists = [odd, *(words for raw in rules._raw() for words in raw.values())]
    for words in lists:
        phrases = {rules.plain(view(phrase).text) for phrase in words.split("|")}
        assert rules._phrases([{"some": words}], "some") == phrases - {""}
