"""No regular expression of the packages takes more than its share of time on hostile text.

Every expression that a module holds is run over long runs of what it may like. Times are of the processor, the least of
some runs, and count only where they are both long and growing, so that a busy machine fails nothing.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import khulasa.client
import khulasa.server
import pytest
import regex
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.language import detect_language
from khulasa.server.core.translation.glossary.matching import term_pattern
from khulasa.server.core.translation.glossary.terms import compile_glossary
from khulasa.server.core.translation.numbers.scan import extract_numbers
from khulasa.server.core.translation.protect import protected_items
from khulasa.server.core.translation.types import Glossary, GlossaryTerm, LanguagePair
from khulasa.server.core.translation.typography import typeset

# Single characters, then pairs and more that make one item end where the next begins.
_UNITS = (
    *" aAبو0.,-'\"()[]{}<>&@/:;#_=+*!؟?|«»،؛“”`%\n\t\u00a0\u0651\u200f",
    "a ", "ب ", "0.", "0,", "1 ", "a.", "a@", "a@a", "@a.", "a-", "a=", "='", "/a", " -", ". ", ".. ", "! ", "' ", "( ",
    "(a", "<a", "<a ", "&a", "www.", "http://", "1/", "1:", "a'", " و", "،ب", "[a](", "#a", "#a ", "(1", ".)", "\r\n",
)  # fmt: skip
_SIZES = (1_000, 2_000, 4_000)
# Quicker than so at the greatest size, growth says nothing; given up when longer.
_FLOOR_S, _MOST_S = 0.02, 0.3
# Twice the text: 2 where the time is linear, 4 where it is quadratic.
_MOST_GROWTH = 3.0

# What grows faster when searched for all over a long text, and why it never is.
_BOUNDED = {
    "khulasa.server.core.text.sentences._LIST_NUMBER": "matches whole what stands before a stop, 400 characters",
    "khulasa.server.core.text.wrapping._MARKED": "matched at the beginning of a line only",
    "khulasa.server.models.pull._HUB": "matches whole what the operator names",
}
# Characters: of an article's line, and of a segment, which the rules of a translation read more closely.
_LONG, _SEGMENT = 500_000, 20_000
_LIMIT_S = 4.0


class _TooLongError(Exception):
    pass


def modules() -> list[ModuleType]:
    found: list[ModuleType] = []
    for package in (khulasa.server, khulasa.client):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                found.append(importlib.import_module(module.name))
    return found


def expressions(value: Any, name: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The expressions in a value: itself, those of a collection, those of a class of the packages."""
    if isinstance(value, re.Pattern | regex.Pattern):
        if isinstance(value.pattern, str):
            yield name, value
    elif depth < 4 and isinstance(value, dict):
        for key, inner in value.items():
            yield from expressions(inner, f"{name}[{key!r}]", depth + 1)
    elif depth < 4 and isinstance(value, tuple | list | frozenset | set):
        for index, inner in enumerate(value):
            yield from expressions(inner, f"{name}[{index}]", depth + 1)
    elif depth == 0 and isinstance(value, type) and value.__module__.startswith("khulasa."):
        for attribute, inner in list(vars(value).items()):
            yield from expressions(inner, f"{name}.{attribute}", depth + 1)


def all_expressions() -> dict[str, Any]:
    seen: dict[tuple[str, int], tuple[str, Any]] = {}
    for module in modules():
        for variable, value in list(vars(module).items()):
            for name, pattern in expressions(value, f"{module.__name__}.{variable}"):
                seen.setdefault((pattern.pattern, pattern.flags), (name, pattern))
    return dict(seen.values())


_ALL = all_expressions()
_SOURCES = "".join(
    path.read_text(encoding="utf-8")
    for package in (khulasa.server, khulasa.client)
    for folder in package.__path__
    for path in Path(folder).rglob("*.py")
)


def searched(pattern: Any, text: str) -> None:
    for _ in pattern.finditer(text):
        pass


def matched(pattern: Any, text: str) -> None:
    pattern.match(text)


def _give_up(_signal: int, _frame: FrameType | None) -> None:
    raise _TooLongError


def seconds(run: Callable[[], object], times: int = 1, most: float = _MOST_S) -> float:
    """The least processor time of some runs; `most` where one takes longer."""
    least = most
    before = signal.signal(signal.SIGPROF, _give_up)
    try:
        for _ in range(times):
            started = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, most)
            try:
                run()
                signal.setitimer(signal.ITIMER_PROF, 0)
                least = min(least, time.process_time() - started)
            except _TooLongError:
                pass
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return least


def hostile(unit: str, chars: int) -> str:
    return unit * (chars // len(unit)) + "\x00"


def slow_unit(pattern: Any, run: Callable[[Any, str], None] = searched) -> str | None:
    """A unit on whose runs the time is long and grows faster than the text, both times that it is doubled."""
    for unit in _UNITS:
        texts = [hostile(unit, chars) for chars in _SIZES]
        if seconds(lambda text=texts[-1]: run(pattern, text)) < _FLOOR_S:
            continue
        small, middle, large = (seconds(lambda text=text: run(pattern, text), 3) for text in texts)
        if large >= _MOST_S:
            return unit
        if large >= _FLOOR_S and large > _MOST_GROWTH * middle and middle > _MOST_GROWTH * small:
            return unit
    return None


def test_expressions_are_found() -> None:
    assert len(_ALL) > 80
    assert set(_BOUNDED) <= set(_ALL)


@pytest.mark.parametrize("name", sorted(set(_ALL) - set(_BOUNDED)))
def test_time_grows_with_the_text(name: str) -> None:
    assert slow_unit(_ALL[name]) is None, _ALL[name].pattern


@pytest.mark.parametrize("name", sorted(_BOUNDED))
def test_bounded_ones_are_only_matched(name: str) -> None:
    variable = name.rpartition(".")[2]
    uses = set(re.findall(rf"\b{variable}\.(\w+)", _SOURCES))
    assert uses
    assert uses <= {"match", "fullmatch"}
    assert slow_unit(_ALL[name], matched) is None


@pytest.mark.parametrize(("term", "language"), [("United Nations", "en"), ("الأمم المتحدة", "ar"), ("ب", "ar")])
def test_terms_of_glossaries_are_linear(term: str, language: str) -> None:
    assert slow_unit(term_pattern(term, language, case_sensitive=False)) is None


@pytest.mark.parametrize("slow", [r"\s+(?=x)", r"\S+@\S+\.\w+"])
def test_a_slow_expression_is_found(slow: str) -> None:
    assert slow_unit(regex.compile(slow)) is not None


_NASTY = {
    "line of letters": "a" * _LONG,
    "line of words": "word " * (_LONG // 5),
    "at signs": "@" * _LONG,
    "digits": "1" * _LONG,
    "digits and stops": "1." * (_LONG // 2),
    "digits and spaces": "1 " * (_LONG // 2),
    "opened": "(" * _LONG,
    "opened square": "[" * _LONG,
    "closed": ")" * _LONG,
    "addresses": "a@a." * (_LONG // 4),
    "hashtags": "#1" * (_LONG // 2),
    "stops": "." * _LONG,
    "spaces": " " * _LONG + "x",
    "quotes": '"' * _LONG,
    "Arabic line": "ب" * _LONG,
}


def glossed(text: str) -> None:
    glossary = Glossary((GlossaryTerm("a", "ألف"), GlossaryTerm("word", "كلمة"), GlossaryTerm("1", "واحد")))
    compile_glossary(glossary, LanguagePair("en", "ar")).protect(text)


_READERS: dict[str, Callable[[str], object]] = {
    "document": lambda text: parse_document(text, "en"),
    "language": lambda text: detect_language(text, ("ar", "en")),
    "protected items": protected_items,
    "numbers": lambda text: extract_numbers(text, "en"),
    "glossary": glossed,
    "typography": lambda text: typeset(text, "ar"),
}
_OF_ARTICLES = ("document", "language", "protected items")


@pytest.mark.parametrize("reader", sorted(_READERS))
@pytest.mark.parametrize("nasty", sorted(_NASTY))
def test_nasty_texts_are_read_in_time(nasty: str, reader: str) -> None:
    _READERS[reader]("A short text. Rules are read once.")
    text = _NASTY[nasty] if reader in _OF_ARTICLES else _NASTY[nasty][:_SEGMENT]
    # Given up at the limit, so that what is quadratic does not hold up the others.
    assert seconds(lambda: _READERS[reader](text), most=_LIMIT_S) < _LIMIT_S


def test_a_run_of_digits_without_end_is_no_number() -> None:
    assert [int(number.value) for number in extract_numbers("12 and " + "1" * 5_000 + " and 13", "en")] == [12, 13]
