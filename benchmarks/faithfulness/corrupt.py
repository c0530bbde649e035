"""Plant one fault in a translation, seeded: the recipe of the corrupted set. No evaluation text is stored."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from fractions import Fraction

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.links import align_words
from khulasa.server.core.translation.alignment.units import fold_arabic
from khulasa.server.core.translation.names.sounds import latin_letters, sound_score
from khulasa.server.core.translation.numbers.comparison import NumberKind, extract_numbers
from khulasa.server.core.translation.numbers.units import Unit, unit_words
from khulasa.server.core.translation.numbers.words import number_words
from khulasa.server.core.translation.types import LanguagePair, QualityFlag

__all__ = ["FAULTS", "Planter"]

# fault -> the flag of its kind
FAULTS: dict[str, QualityFlag] = {
    "echo": QualityFlag.UNTRANSLATED,
    "empty": QualityFlag.EMPTY,
    "cut_tail": QualityFlag.TRUNCATED,
    "repeated_tail": QualityFlag.REPETITION,
    "changed_number": QualityFlag.NUMBER_MISMATCH,
    "changed_number_word": QualityFlag.NUMBER_MISMATCH,
    "dropped_number": QualityFlag.NUMBER_MISMATCH,
    "exchanged_numbers": QualityFlag.NUMBER_MISMATCH,
    "changed_unit": QualityFlag.NUMBER_MISMATCH,
    "lost_currency": QualityFlag.NUMBER_MISMATCH,
    "dropped_clause": QualityFlag.LENGTH_RATIO,
    "dropped_short_clause": QualityFlag.LENGTH_RATIO,
    "dropped_half": QualityFlag.LENGTH_RATIO,
    "doubled_with_neighbour": QualityFlag.LENGTH_RATIO,
    "neighbour": QualityFlag.LOW_SIMILARITY,
    "swapped_name": QualityFlag.NAME_MISMATCH,
    "negation_lost": QualityFlag.NEGATION_MISMATCH,
    "negation_added": QualityFlag.NEGATION_MISMATCH,
    "left_word": QualityFlag.UNTRANSLATED,
}
_CLAUSE = regex.compile(r"(?<=[,،;؛])\s+")
# `No. 11`, غير أن (however) and لم الشمل (reunion) deny nothing.
_NEGATION = {
    "en": regex.compile(r"\b(not|never|no(?!\.\s?\d)|cannot|n['’]t)\b\s?", regex.IGNORECASE),
    "ar": regex.compile(r"\b(لا|لم(?!\s(?:ال)?شمل)|لن|ليس|ليست|غير(?!\sأن)|عدم)\s"),
}
# Where a negation makes the opposite of a sentence: after an auxiliary, before a verb of the present.
_AFFIRMED = {
    "en": regex.compile(
        r"\b(?:is|are|was|were|has|have|had|will|would|can|could|should|may|must|did|do|does)\b(?! not\b|n['’]t)"
    ),
    "ar": regex.compile(r"(?<!\w)(?=[يت]\p{L}{3,}\b)"),
}
_ADDED = {"en": " not", "ar": "لا "}
_NAME = regex.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}")
_SMALL = regex.compile(r"(?<!\p{L})[a-z]{4,}")
_ARABIC_WORD = regex.compile(r"\p{Arabic}{4,}")
# How well an Arabic word must spell the English one that it is linked to, so that both are a name.
_SPELLED = -1.2
_NEXT_WORD = regex.compile(r"[\s-]*([\p{L}\p{M}]+)")
_MONEY_WORD = regex.compile(r"(?:\bUS)?([$€£¥₽₪₹]|(?<!\w)[\p{L}\p{M}]+)")
_MONTHS = frozenset(number_words("en").months)
_DIGITS = regex.compile(r"\d+(?:[.,٬٫]\d+)*")


class Planter:
    """Plants faults into the targets of one direction.

    Args:
        sources: N segments.
        targets: Their N translations.
        pair: The direction.
        seed: Fixes every draw.
    """

    def __init__(self, sources: Sequence[str], targets: Sequence[str], pair: LanguagePair, seed: int) -> None:
        self._sources, self._targets, self._pair, self._seed = sources, targets, pair, seed
        self._language = language = pair.target
        # A word that stands in small letters anywhere in the set is no name: Department, Street.
        self._small = {word for t in targets for word in _SMALL.findall(t)} if language == "en" else set()
        self._spans: dict[int, list[Span]] = {}
        self._names: list[str] | None = None

    def plant(self, fault: str, index: int) -> str | None:
        """The target of segment `index` with the fault, or None where it cannot be planted."""
        chooser = random.Random(f"{self._seed}/{fault}/{index}")
        method: Callable[[int, random.Random], str | None] = getattr(self, f"_{fault}")
        made = method(index, chooser)
        return None if made == self._targets[index] else made

    def _left_word(self, index: int, chooser: random.Random) -> str | None:
        """One content word stands in the target as it stands in the source."""
        source, target = self._sources[index], self._targets[index]
        links = align_words(source, target, self._pair)
        found = [
            (link.source_span.of(source), link.target_span)
            for link in links
            if link.source_span.of(source).isalpha()
            and link.source_span.of(source).islower() == (self._pair.source == "en")
            and min(link.source_span.end - link.source_span.start, link.target_span.end - link.target_span.start) > 3
        ]
        if not found:
            return None
        word, span = chooser.choice(found)
        return target[: span.start] + word + target[span.end :]

    def _echo(self, index: int, _: random.Random) -> str | None:
        return self._sources[index]

    def _empty(self, index: int, _: random.Random) -> str | None:
        del index
        return ""

    def _cut_tail(self, index: int, chooser: random.Random) -> str | None:
        words = self._targets[index].split()
        if len(words) < 8:
            return None
        return " ".join(words[: max(3, int(len(words) * chooser.uniform(0.4, 0.85)))]).rstrip(",،;؛:")

    def _repeated_tail(self, index: int, chooser: random.Random) -> str | None:
        words = self._targets[index].split()
        width = chooser.randint(2, 6)
        if len(words) < 6:
            return None
        return " ".join(words + words[-width:] * chooser.randint(2, 4))

    def _changed_number(self, index: int, chooser: random.Random) -> str | None:
        target = self._targets[index]
        found = [
            m
            for m in extract_numbers(target, self._language)
            if m.digits and m.kind in (NumberKind.CARDINAL, NumberKind.ORDINAL, NumberKind.TIME, NumberKind.DECADE)
        ]
        if not found:
            return None
        mention = chooser.choice(found)
        runs = list(_DIGITS.finditer(target, mention.span.start, mention.span.end))
        if not runs:
            return None
        run = runs[0]
        digits = [place for place in range(run.start(), run.end()) if target[place].isdigit()]
        place = chooser.choice(digits)
        old = int(target[place])
        new = chooser.choice([d for d in range(1, 10) if d != old])
        base = ord(target[place]) - old
        return target[:place] + chr(base + new) + target[place + 1 :]

    def _changed_number_word(self, index: int, chooser: random.Random) -> str | None:
        """A number in one written word, an ordinal, a fraction or a month becomes another of its kind and gender."""
        target, words = self._targets[index], number_words(self._language)
        tables = {
            NumberKind.CARDINAL: words.cardinals,
            NumberKind.ORDINAL: words.ordinals,
            NumberKind.FRACTION: words.fractions,
            NumberKind.MONTH: words.months,
        }
        found = []
        for mention in extract_numbers(target, self._language):
            table, written = tables.get(mention.kind, {}), words.fold(mention.span.of(target))
            least = 2 if mention.kind in (NumberKind.CARDINAL, NumberKind.ORDINAL) else 0
            for prefix in ("", *words.prefixes):
                bare = written.removeprefix(prefix)
                if mention.value >= least and written.startswith(prefix) and table.get(bare) == mention.value:
                    others = [
                        word
                        for word, value in table.items()
                        if value != mention.value and value >= least and word.endswith("ة") == bare.endswith("ة")
                    ]
                    found.append((mention.span, prefix, sorted(others)))
                    break
        if not found:
            return None
        span, prefix, others = chooser.choice(found)
        word = prefix + chooser.choice(others)
        word = word.capitalize() if span.of(target)[0].isupper() else word
        return target[: span.start] + word + target[span.end :]

    def _dropped_number(self, index: int, chooser: random.Random) -> str | None:
        target = self._targets[index]
        found = [m for m in extract_numbers(target, self._language) if m.digits and m.value > Fraction(2)]
        if not found:
            return None
        span = chooser.choice(found).span
        return target[: span.start] + target[span.end :].lstrip()

    def _exchanged_numbers(self, index: int, chooser: random.Random) -> str | None:
        """Two runs of digits change places; their percent signs and scale words stay."""
        target = self._targets[index]
        runs = [
            run
            for m in extract_numbers(target, self._language)
            if m.digits and m.kind is not NumberKind.VAGUE and (run := _DIGITS.search(target, m.span.start, m.span.end))
        ]
        pairs = [
            (one, two) for one, two in itertools.combinations(runs, 2) if one[0] != two[0] and one.end() <= two.start()
        ]
        if not pairs:
            return None
        one, two = chooser.choice(pairs)
        return target[: one.start()] + two[0] + target[one.end() : two.start()] + one[0] + target[two.end() :]

    def _changed_unit(self, index: int, chooser: random.Random) -> str | None:
        """The word after a number that says what it counts becomes another of the same dimension."""
        target = self._targets[index]
        words = unit_words(self._language)
        found = [
            (word, units)
            for number in extract_numbers(target, self._language)
            if (word := _NEXT_WORD.match(target, number.span.end)) and (units := words.get(word[1].lower()))
        ]
        if not found:
            return None
        word, units = chooser.choice(found)
        dimensions = {unit.dimension for unit in units}
        others = [
            other
            for other, meant in words.items()
            if other.isalpha() and meant.isdisjoint(units) and dimensions & {unit.dimension for unit in meant}
        ]
        return target[: word.start(1)] + chooser.choice(others) + target[word.end(1) :]

    def _lost_currency(self, index: int, chooser: random.Random) -> str | None:
        """A currency that a number counts in is named nowhere any more."""
        target, words = self._targets[index], unit_words(self._language)

        def units_of(match: regex.Match[str]) -> frozenset[Unit]:
            return words.get(fold_arabic(match[1]).lower(), frozenset())

        numbers = extract_numbers(target, self._language)
        beside = {number.span.start for number in numbers} | {number.span.end for number in numbers}
        money = [
            match
            for match in _MONEY_WORD.finditer(target)
            if not beside.isdisjoint((match.end(), match.start(1) - 1, match.start(1)))
            and {unit.dimension for unit in units_of(match)} == {"money"}
        ]
        if not money:
            return None
        lost = units_of(chooser.choice(money))
        return _MONEY_WORD.sub(lambda match: match[0] if lost.isdisjoint(units_of(match)) else "", target)

    def _dropped_clause(self, index: int, chooser: random.Random) -> str | None:
        # A clause is at least a third of the sentence; a dropped aside is no fault of length.
        return self.without_clause(index, chooser, 0.33, 0.8)

    def _dropped_short_clause(self, index: int, chooser: random.Random) -> str | None:
        return self.without_clause(index, chooser, 0.2, 0.33)

    def without_clause(self, index: int, chooser: random.Random, least: float, most: float) -> str | None:
        """The target of a segment without a clause of such a share of it, None where it has none."""
        clauses = _CLAUSE.split(self._targets[index])
        whole = len(self._targets[index])
        places = [i for i, c in enumerate(clauses) if whole * least <= len(c) <= whole * most]
        if len(clauses) < 2 or not places:
            return None
        drop = chooser.choice(places)
        kept = " ".join(c for i, c in enumerate(clauses) if i != drop)
        return kept.rstrip(",،;؛") + ("" if kept.endswith((".", "؟", "!")) else ".")

    def _dropped_half(self, index: int, chooser: random.Random) -> str | None:
        words = self._targets[index].split()
        if len(words) < 10:
            return None
        half = len(words) // 2
        return " ".join(words[:half]).rstrip(",،") + "." if chooser.random() < 0.5 else " ".join(words[half:])

    def _doubled_with_neighbour(self, index: int, _: random.Random) -> str | None:
        target, neighbour = self._targets[index], self._targets[(index + 1) % len(self._targets)]
        # As with a dropped clause, less than a third more is no fault of length.
        return f"{target} {neighbour}" if len(neighbour) >= 0.33 * len(target) else None

    def _neighbour(self, index: int, _: random.Random) -> str | None:
        return self._targets[(index + 1) % len(self._targets)]

    def _swapped_name(self, index: int, chooser: random.Random) -> str | None:
        if self._names is None:
            every = range(len(self._targets))
            self._names = sorted({span.of(self._targets[i]) for i in every for span in self._name_spans(i)})
        target, spans = self._targets[index], self._name_spans(index)
        if not spans:
            return None
        span = chooser.choice(spans)
        return target[: span.start] + chooser.choice(self._names) + target[span.end :]

    def _name_spans(self, index: int) -> list[Span]:
        """Names of a target: English by their capitals, Arabic by the sound of the English that they are linked to.

        A month is a number.
        """
        if index not in self._spans:
            source, target = self._sources[index], self._targets[index]
            if self._language == "en":
                spans = [Span(*m.span()) for m in _NAME.finditer(target) if m[0].lower() not in self._small | _MONTHS]
            else:
                spans = [
                    link.target_span
                    for link in align_words(source, target, self._pair)
                    if _NAME.match(source, link.source_span.start)
                    and link.source_span.of(source).lower() not in _MONTHS
                    and _ARABIC_WORD.fullmatch(word := link.target_span.of(target))
                    and sound_score(fold_arabic(word), latin_letters(link.source_span.of(source))) > _SPELLED
                ]
            self._spans[index] = spans
        return self._spans[index]

    def _negation_lost(self, index: int, _: random.Random) -> str | None:
        pattern = _NEGATION[self._language]
        if not pattern.search(self._targets[index]):
            return None
        return pattern.sub("", self._targets[index], count=1)

    def _negation_added(self, index: int, _: random.Random) -> str | None:
        target = self._targets[index]
        found = _AFFIRMED[self._language].search(target)
        return target[: found.end()] + _ADDED[self._language] + target[found.end() :] if found else None
