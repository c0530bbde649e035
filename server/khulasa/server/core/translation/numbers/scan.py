"""Find the numbers of a text: digits of any shape, number words with their grammar, months, times, percentages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.numbers.context import with_context
from khulasa.server.core.translation.numbers.months import month_at
from khulasa.server.core.translation.numbers.shares import half_before_scale, share_at
from khulasa.server.core.translation.numbers.tokens import (
    NumberKind,
    NumberMention,
    Token,
    may_hold_number,
    readings_of,
    tokens_of,
    with_parts_apart,
)
from khulasa.server.core.translation.numbers.words import NumberWords, number_words
from khulasa.server.core.word_cache import word_cache

__all__ = ["extract_numbers"]

_SUFFIX_SCALE = {"k": 1_000, "bn": 1_000_000_000, "m": 1_000_000, "tn": 1_000_000_000_000}
_CURRENCY_SIGNS = "$€£¥₪"
_HUNDRED = Fraction(100)
_THOUSAND = Fraction(1000)
_MILLION = Fraction(1_000_000)
_ONE, _WORD_THOUSAND = "واحد", "الف"


class _Word(NamedTuple):
    """A word read as a number word: its bare form and what came before it in the same written word."""

    bare: str
    joined: bool
    article: bool


@word_cache(1_000)
def _read_text(text: str, words: NumberWords) -> _Word | None:
    if text in words.percent:
        return None
    if text in words.every:
        return _Word(text, joined=False, article=False)
    for prefix in words.prefixes:
        if text.startswith(prefix) and text[len(prefix) :] in words.every:
            return _Word(text[len(prefix) :], joined=prefix.startswith("و"), article=prefix.endswith(("ال", "لل")))
    return None


def _read_word(token: Token, words: NumberWords) -> _Word | None:
    return _read_text(token.text, words) if token.kind == "word" else None


@dataclass
class _Scanner:
    """Walks over the tokens once; `at` is the next token to read."""

    tokens: list[Token]
    words: NumberWords
    apart: bool = False
    at: int = 0

    def word(self, ahead: int = 0) -> _Word | None:
        place = self.at + ahead
        if place >= len(self.tokens):
            return None
        text = self.tokens[place].text
        if text in self.words.hundredth and (place == 0 or self.tokens[place - 1].text != "في"):
            return _Word(text.removeprefix("ال"), joined=False, article=True)  # الذكرى المئة, not في المئة
        return _read_word(self.tokens[place], self.words)

    def below_thousand(self) -> tuple[Fraction, NumberKind] | None:
        """Reads a spelled-out number below a thousand, English scale `hundred` included."""
        words, total, kind, last = self.words, Fraction(0), NumberKind.CARDINAL, None
        begun = self.at
        while (word := self.word()) is not None:
            kept = kind
            joined = word.joined or last is None
            following = self.word(1)
            value: Fraction | None = None
            step = 1
            if word.bare == _ONE and not word.joined and words.language == "ar":
                # Folded, وأحد is واحد: before عشر, or after another number, it is the former.
                eleven = following is not None and following.bare in words.teen_tails and not following.joined
                value, step = (Fraction(11), 2) if eleven else (Fraction(1), 1)
                joined = True
            elif (
                word.bare in words.teen_units
                and following is not None
                and following.bare in words.teen_tails
                and not following.joined
            ):
                value, step = words.teen_units[word.bare] + 10, 2
                if word.bare in words.ordinals:
                    kind = NumberKind.ORDINAL
            elif (
                word.bare in words.compound_units
                and following is not None
                and following.joined
                and 20 <= words.cardinals.get(following.bare, 0) <= 90
            ):
                value = words.compound_units[word.bare]
            elif word.bare in words.cardinals:
                value = words.cardinals[word.bare]
            elif word.bare in words.ordinals:
                value, kind = words.ordinals[word.bare], NumberKind.ORDINAL
            elif words.scales.get(word.bare) == _HUNDRED:
                total, last = (total if total else Fraction(1)) * 100, _HUNDRED
                self.at += 1
                continue
            if value is None or (last is not None and not self._may_follow(total, last, value, joined)):
                kind = kept  # one third is no ordinal
                break
            if last is not None and last < 10 and value in (_HUNDRED, _THOUSAND) and not word.joined:
                total *= value
            else:
                total += value
            last = value
            self.at += step
            if kind is NumberKind.ORDINAL and self.words.language != "ar":
                break
        if self.at == begun:
            return None
        return total, kind

    def _may_follow(self, total: Fraction, last: Fraction, value: Fraction, joined: bool) -> bool:
        if self.words.language == "ar":
            if not joined:
                return last < 10 and value == _HUNDRED
            if total % 100 == 0 and total:
                return value < 100
            if total > 20 and total % 10 and total < 100 and value >= _HUNDRED:
                return True  # ثلاث وسبعين وتسعمئة, units first; with fewer parts it may be a list: بين خمسين ومئة
            return total % 100 < 10 and 20 <= value <= 90 and value % 10 == 0
        if total % 100 == 0 and total:
            return value < 100
        if value in (_HUNDRED, _THOUSAND):
            return last < 10 and total < 10  # two hundredth
        return 20 <= last <= 90 and 0 < value < 10


def extract_numbers(text: str, language: str, *, apart: bool = False) -> list[NumberMention]:
    """The numbers of `text`, in order.

    Args:
        text: A segment.
        language: `ar` or `en`, whose number words are read; digits are read in any case.
        apart: What may be one number or two is two: the parts of `12،5`, `3 آلاف و20`, `16 000`.
    """
    words = number_words(language)
    if not may_hold_number(text, words):
        return []
    tokens = tokens_of(with_parts_apart(text) if apart else text, words)
    scanner = _Scanner(tokens, words, apart)
    mentions: list[NumberMention] = []
    first, count, telling = 0, len(tokens), words.telling
    while first < count:
        token = tokens[first]
        # Most tokens are plain words; they are passed over at the cost of one look-up.
        if token.kind in ("mark", "entity") or (token.kind == "word" and token.text not in telling):
            first += 1
            continue
        scanner.at = first
        month = month_at(tokens, first, words, text, after_number=mentions != [])
        made = [month.mention] if month else None
        if month is not None:
            scanner.at += month.length
        else:
            made = _read_number(scanner)
            alone = scanner.at == first + 1 and token.text in words.vague and token.text not in words.every
            if made is not None and (alone or _is_in_name(tokens, first, scanner.at, text)):
                made = [replace(mention, kind=NumberKind.VAGUE) for mention in made]
        if made is None and token.kind == "word":
            bare = _vague(token.text, words)
            if bare is None and text[token.start : token.end].isupper():
                bare = words.roman.get(token.text)
            if bare is not None:
                made = [NumberMention(Span(token.start, token.end), bare, NumberKind.VAGUE)]
                scanner.at += 1
        if made is not None:
            mentions.extend(made)
        first = first + 1 if made is None else scanner.at
    return with_context(text, mentions, words)


def _is_in_name(tokens: Sequence[Token], begun: int, end: int, text: str) -> bool:
    """Whether a number in words has a capital, as the word after it and unlike the one before it: `to Six Flags`."""
    around = [*tokens[max(0, begun - 1) : begun + 1], *tokens[end : end + 1]]
    if len(around) < 3 or any(token.kind != "word" for token in around):
        return False
    return [text[token.start].isupper() for token in around] == [False, True, True]


def _vague(word: str, words: NumberWords) -> Fraction | None:
    if word in words.vague:
        return words.vague[word]
    for prefix in words.prefixes:
        if word.startswith(prefix) and word[len(prefix) :] in words.vague:
            return words.vague[word[len(prefix) :]]
    return None


def _read_number(scanner: _Scanner) -> list[NumberMention] | None:
    tokens, words = scanner.tokens, scanner.words
    begun = scanner.at
    token = tokens[begun]
    kind, digits, alternatives, scale = NumberKind.CARDINAL, False, frozenset[Fraction](), _HUNDRED
    if token.kind == "time":
        scanner.at += 1
        hour, minute = (int(part) for part in token.text.split(":")[:2])
        value = Fraction(hour * 60 + minute)
        return [NumberMention(Span(token.start, token.end), value, NumberKind.TIME, digits=True)]
    if token.kind == "digits":
        readings = readings_of(token.text, words.language)
        scanner.at += 1
        if not _is_one_number(token.text, readings):
            span = Span(token.start, token.end)
            return [NumberMention(span, r, NumberKind.CARDINAL, digits=True, readings=frozenset([r])) for r in readings]
        factor = Fraction(_SUFFIX_SCALE.get(token.suffix.lower(), 1))
        value, alternatives, digits = readings[0] * factor, frozenset(r * factor for r in readings), True
        if token.suffix in ("m", "M") and (begun == 0 or tokens[begun - 1].text not in _CURRENCY_SIGNS):
            alternatives |= set(readings)  # the 100m race
        if token.suffix in ("st", "nd", "rd", "th"):
            kind = NumberKind.ORDINAL
        elif token.suffix == "s":
            kind = NumberKind.DECADE
            if value % _HUNDRED == 0:
                alternatives |= {value / _HUNDRED + 1}  # the 1700s are the 18th century
        elif token.glued and value < 4:
            kind = NumberKind.VAGUE  # km2, CO2, G7 is above
    else:
        word = scanner.word()
        if word is None:
            return None
        if word.bare in words.decades:
            scanner.at += 1
            return [_read_decade(scanner, token, words.decades[word.bare])]
        if word.bare in words.dual_scales:
            scanner.at += 1
            value = words.dual_scales[word.bare]
            scale = value / 2
        elif word.bare in words.fractions:
            scanner.at += 1
            value, kind = words.fractions[word.bare], NumberKind.FRACTION
            # half a million, a quarter of a million, ربع مليون
            between = [token.text for token in tokens[scanner.at : scanner.at + 2]] if words.language != "ar" else []
            skipped = 2 if between == ["of", "a"] else int(between[:1] == ["a"])
            following = scanner.word(skipped)
            scanner.at += skipped * (following is not None and following.bare in words.scales)
        elif word.bare in words.scales and words.scales[word.bare] > _HUNDRED:
            scale = words.scales[word.bare]
            scanner.at += 1
            # مليونا is the accusative of one million, or two of them before what they count
            dual = words.language == "ar" and word.bare.endswith("ا")
            value, alternatives = scale, frozenset([scale, 2 * scale] if dual else [scale])
            # A bare `thousand` is as often a verb, a name (Alpha) or an idiom; what follows may make it a number.
            kind = NumberKind.VAGUE if scale == _THOUSAND else kind
        else:
            read = scanner.below_thousand()
            if read is None:
                return None
            value, kind = read
            share = share_at(tokens, begun, scanner.at, value, kind, words)
            if share is not None:
                value, scanner.at = share.value, share.end
                # خمس is five as well as a fifth, and a third of two names may be the third one
                kind, alternatives = share.kind, frozenset([value, 1 / value])
    if kind is NumberKind.CARDINAL and (half := half_before_scale(tokens, scanner.at, words)):
        value, alternatives, scanner.at = value + half.value, frozenset(), half.end
    alternatives = alternatives or frozenset([value])
    return [_finish(scanner, begun, value, kind, digits=digits, alternatives=alternatives, scale=scale)]


def _read_decade(scanner: _Scanner, token: Token, value: Fraction) -> NumberMention:
    """`سبعينيات القرن العشرين` is the 1970s; without a century, the two digits of the decade."""
    kept, end = scanner.at, token.end
    scanner.at += scanner.at < len(scanner.tokens) and scanner.tokens[scanner.at].text == "من"
    if scanner.at < len(scanner.tokens) and scanner.tokens[scanner.at].text in ("القرن", "قرن"):
        scanner.at += 1
        read = scanner.below_thousand()
        if read is not None:
            value += (read[0] - 1) * 100
            end = scanner.tokens[scanner.at - 1].end
        else:
            scanner.at = kept
    else:
        scanner.at = kept
    return NumberMention(Span(token.start, end), value, NumberKind.DECADE)


def _is_one_number(written: str, readings: tuple[Fraction, ...]) -> bool:
    """Whether digits with marks are one number that may be read in two ways, not several."""
    return len(readings) == 1 or "ر" in written or (len(readings) == 2 and max(readings) == min(readings) * 1000)


def _finish(
    scanner: _Scanner,
    begun: int,
    value: Fraction,
    kind: NumberKind,
    *,
    digits: bool,
    alternatives: frozenset[Fraction],
    scale: Fraction = _HUNDRED,
) -> NumberMention:
    """Scale words after the number, the smaller parts that follow them, and percent."""
    tokens, words = scanner.tokens, scanner.words
    while (word := scanner.word()) is not None and not (word.joined and scanner.at > begun):
        factor = words.scales.get(word.bare)
        if factor is None or (factor <= _HUNDRED and kind is not NumberKind.CARDINAL):
            break
        value *= factor
        alternatives = frozenset(a * factor for a in alternatives)
        kind, scale = NumberKind.CARDINAL, factor
        scanner.at += 1
    if [token.text for token in tokens[scanner.at : scanner.at + 2]] == ["م", "د"]:
        alternatives |= {value * _MILLION}  # million dinars; 5 MD says it no other way
    word = scanner.word()
    # A year with its units first: ثلاث وسبعين وتسعمئة وألف. A round hundred before it may be a list.
    year = not digits and _HUNDRED < value < _THOUSAND and value % _HUNDRED
    if year and word is not None and word.joined and word.bare == _WORD_THOUSAND:
        scanner.at += 1
        value, alternatives = value + _THOUSAND, frozenset()
    rest = _smaller_parts(scanner, scale)
    if rest:
        value, kind, alternatives = value + rest, NumberKind.CARDINAL, frozenset()
    last = tokens[scanner.at - 1]
    unit = "percent" if last.percent else ""
    end = last.end
    for place in range(scanner.at, min(scanner.at + 2, len(tokens))):
        if not unit and tokens[place].text in words.percent:
            unit, end = "percent", tokens[place].end
            scanner.at = place + 1
            break
    return NumberMention(Span(tokens[begun].start, end), value, kind, unit, digits, alternatives or frozenset([value]))


def _smaller_parts(scanner: _Scanner, scale: Fraction) -> Fraction:
    """What follows `three million`: `(و)خمسمئة ألف`, `ونصف`, `five hundred`; 0 if nothing does."""
    if scale < _THOUSAND:
        return Fraction(0)
    words, kept = scanner.words, scanner.at
    word = scanner.word()
    arabic = words.language == "ar"
    if word is not None and (word.joined or not arabic):
        if word.bare in words.fractions and arabic:
            scanner.at += 1
            again = scanner.word()
            # مليونا ونصف المليون
            scanner.at += again is not None and words.scales.get(again.bare) == scale
            return words.fractions[word.bare] * scale
        part: Fraction | None = None
        part_scale = Fraction(1)
        if word.bare in words.dual_scales:
            part, part_scale = words.dual_scales[word.bare], words.dual_scales[word.bare] / 2
            scanner.at += 1
        elif arabic and words.scales.get(word.bare, Fraction(0)) > _HUNDRED:
            part = part_scale = words.scales[word.bare]
            scanner.at += 1
        else:
            read = scanner.below_thousand()
            following = scanner.word()
            if read is not None and read[1] is NumberKind.CARDINAL:
                part = read[0]
                if following is not None and not following.joined and following.bare in words.scales:
                    part_scale = words.scales[following.bare]
                    part *= part_scale
                    scanner.at += 1
        if part is not None and part_scale < scale and part < scale:
            return part + _smaller_parts(scanner, part_scale)
    scanner.at = kept
    return _digits_behind(scanner, scale) if arabic and not scanner.apart else Fraction(0)


def _digits_behind(scanner: _Scanner, scale: Fraction) -> Fraction:
    """Digits that go on with a number, 0 if none do: `6 آلاف و467`, `مليون و250 ألف`, `80 ألفا 696`."""
    tokens, kept = scanner.tokens, scanner.at
    place = kept + (kept < len(tokens) and tokens[kept].text == "و")
    number = tokens[place] if place < len(tokens) else None
    if number is None or number.kind != "digits" or number.percent or (place == kept and len(number.text) != 3):
        return Fraction(0)
    value, part_scale = readings_of(number.text, "ar")[0], _HUNDRED
    scanner.at = place + 1
    following = scanner.word()
    if following is not None and not following.joined and scanner.words.scales.get(following.bare, 0) >= _THOUSAND:
        part_scale = scanner.words.scales[following.bare]
        value *= part_scale
        scanner.at += 1
    if 0 < value < scale and part_scale < scale:
        return value + _smaller_parts(scanner, part_scale)
    scanner.at = kept
    return Fraction(0)
