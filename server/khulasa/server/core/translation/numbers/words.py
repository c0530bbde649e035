"""Number words of a language, from `numbers/words.yaml`, ready to look up. Read once, on first use."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from khulasa.server.core.data_files import parse_yaml
from khulasa.server.core.translation.alignment.units import fold_arabic

__all__ = ["MONTH_PREFIXES", "NumberWords", "number_words"]

Values = Mapping[str, Fraction]

# Letters that may stand before a month in one written word.
MONTH_PREFIXES = "وفبل"


@dataclass(frozen=True, eq=False)
class NumberWords:
    """The lists of `numbers/words.yaml` turned round: folded word to value.

    Attributes:
        prefixes: What may stand before a number word in one written word, longest first.
        cardinals: Up to nine hundred.
        teen_units: First words of 11 to 19, Arabic.
        teen_tails: Second words of 11 to 19, Arabic.
        scales: Words that multiply.
        dual_scales: Two thousand, two million, in one word.
        ordinals: First to tenth, and higher in English.
        compound_units: Units that occur before tens only.
        fractions: Half, third, quarter.
        parts: Thirds, quarters, by how many make a whole.
        decades: The sixties.
        vague: Words that may stand for a number, but need not.
        months: One or two words.
        months_after_number: Words that are months only beside a number.
        percent: Words for percent.
    """

    language: str
    prefixes: tuple[str, ...]
    cardinals: Values
    teen_units: Values
    teen_tails: frozenset[str]
    scales: Values
    dual_scales: Values
    ordinals: Values
    compound_units: Values
    fractions: Values
    parts: Values
    decades: Values
    vague: Values
    months: Values
    months_after_number: Values
    percent: frozenset[str]

    @functools.cached_property
    def every(self) -> frozenset[str]:
        """All words that belong to numbers, vague ones and months aside."""
        tables = (
            self.cardinals, self.scales, self.dual_scales, self.ordinals, self.teen_units, self.fractions, self.decades,
            self.compound_units,
        )  # fmt: skip
        return frozenset(word for table in tables for word in table) | self.teen_tails

    @functools.cached_property
    def hundredth(self) -> frozenset[str]:
        """Words for percent that after anything but `في` say a hundred: المئة."""
        return frozenset(word for word in self.percent if word.removeprefix("ال") in self.cardinals)

    @functools.cached_property
    def roman(self) -> Values:
        """Roman numerals from two to 39, which stand for ordinals in names: Henry III, هنري الثالث."""
        ones = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
        return {
            self.fold("X" * tens + one): Fraction(10 * tens + unit)
            for tens in range(4)
            for unit, one in enumerate(ones)
            if tens or unit > 1
        }

    @functools.cached_property
    def month_openings(self) -> frozenset[str]:
        """First words of the months."""
        return frozenset(name.split()[0] for name in (*self.months, *self.months_after_number))

    @functools.cached_property
    def telling(self) -> frozenset[str]:
        """All folded words, with their prefixes, at which a number or a month may begin: a text's other words, nearly
        all of it, are passed over."""
        prefixes = ("", *self.prefixes)
        counted = {prefix + word for prefix in prefixes for word in self.every} - self.percent
        vague = {prefix + word for prefix in prefixes for word in self.vague}
        months = {prefix + word for prefix in ("", *MONTH_PREFIXES) for word in self.month_openings}
        return frozenset(counted | vague | months | self.hundredth | self.roman.keys())

    @functools.cached_property
    def fold(self) -> Callable[[str], str]:
        """From a word to the form in which it is looked up."""
        return fold_arabic if self.language == "ar" else str.lower


@functools.lru_cache(maxsize=16)
def number_words(language: str) -> NumberWords:
    """The words of `ar` or of `en`; any other language is read as `en`, which leaves digits to do the work."""
    language = language if language == "ar" else "en"
    raw: dict[str, Any] = parse_yaml(Path(__file__).with_name("words.yaml").read_text("utf-8"))[language]

    def fold(word: str) -> str:
        return fold_arabic(word) if language == "ar" else word.lower()

    def values(name: str) -> dict[str, Fraction]:
        lists: dict[int | float | str, list[str]] = raw.get(name) or {}
        return {fold(word): Fraction(str(value)) for value, words in lists.items() for word in words}

    return NumberWords(
        language=language,
        prefixes=tuple(sorted(map(fold, raw["prefixes"]), key=lambda prefix: -len(prefix))),
        cardinals=values("cardinals"),
        teen_units=values("teen_units"),
        teen_tails=frozenset(map(fold, raw.get("teen_tails") or [])),
        scales=values("scales"),
        dual_scales=values("dual_scales"),
        ordinals=values("ordinals"),
        compound_units=values("compound_units"),
        fractions=values("fractions"),
        parts=values("parts"),
        decades=values("decades"),
        vague=values("vague"),
        months=values("months"),
        months_after_number=values("months_after_number"),
        percent=frozenset(map(fold, raw["percent"])),
    )
