"""What callers send never makes a cache grow without bound: every cache of the server is looked at and added up."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from khulasa.server.api.admission import _MAX_CALLERS
from khulasa.server.core.summary.lexicon import _stem_ar
from khulasa.server.core.translation.alignment.cues import name_similarity
from khulasa.server.core.translation.alignment.units import fold_arabic
from khulasa.server.core.word_cache import LONGEST_WORD, word_cache

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "server/khulasa/server").rglob("*.py"))
# Plain caches without a bound, with parameters that no caller chooses.
FIXED = {"_twin_class": "messages of the API", "_twin_pool": "files of the API"}
# Plain caches whose entries may be large are small; all others of what callers write hold words.
MOST_PLAIN = 2_000


def decorated(tree: ast.AST) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str, ast.expr]]:
    """Functions that keep their answers: each with the name and the expression of what keeps them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for how in node.decorator_list:
                named = how.func if isinstance(how, ast.Call) else how
                name = named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", "")
                if name in ("cache", "lru_cache", "word_cache"):
                    yield node, name, how


def bound_of(how: ast.expr) -> int | None:
    """The greatest number of entries, None where there is none."""
    if not isinstance(how, ast.Call):
        return None
    values = [*how.args, *(keyword.value for keyword in how.keywords if keyword.arg == "maxsize")]
    found = values[0].value if values and isinstance(values[0], ast.Constant) else None
    return found if isinstance(found, int) else None


def unbounded(source: str) -> list[str]:
    """Functions of a module whose caches grow with what they are asked, and containers that a module holds empty."""
    tree = ast.parse(source)
    found = []
    for node, name, how in decorated(tree):
        bound = bound_of(how)
        takes = bool(node.args.args or node.args.vararg or node.args.kwonlyargs) and node.name not in FIXED
        if name != "word_cache" and takes and (bound is None or bound > MOST_PLAIN):
            found.append(node.name)
    bodies = [tree.body, *(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    for body in bodies:
        for line in body:
            if isinstance(line, ast.Assign | ast.AnnAssign) and _is_empty_container(line.value):
                found.append(ast.unparse(line))
    return found


def _is_empty_container(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Dict):
        return not value.keys
    if isinstance(value, ast.List | ast.Set):
        return not value.elts
    if isinstance(value, ast.Call):
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        return name in ("dict", "list", "set", "defaultdict", "OrderedDict", "Counter", "deque") and not any(
            keyword.arg == "maxlen" for keyword in value.keywords
        )
    return False


def test_no_module_has_a_cache_without_a_bound() -> None:
    found = {path.name: unbounded(path.read_text("utf-8")) for path in SOURCES}
    assert {name: names for name, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "source",
    [
        "@cache\ndef of(word): ...",
        "@functools.lru_cache(maxsize=None)\ndef of(word): ...",
        "@functools.lru_cache(maxsize=20_000)\ndef of(word): ...",
        "_SEEN: dict[str, int] = {}",
        "_SEEN = defaultdict(list)",
        "class One:\n    seen = set()",
    ],
)
def test_an_unbounded_one_is_found(source: str) -> None:
    assert unbounded(source)


def test_the_page_on_operations_names_the_bounds() -> None:
    page = (ROOT / "docs/operations.md").read_text("utf-8")
    rows = {row[0]: row[1] for row in re.findall(r"^\| ([^|]+?) \| ([\d,]+) \|", page, re.MULTILINE)}
    bounds: dict[str, int] = {}
    words = 0
    for path in SOURCES:
        for node, name, how in decorated(ast.parse(path.read_text("utf-8"))):
            bound = bound_of(how) or 0
            bounds[node.name] = bound
            words += bound * (name == "word_cache")
    told = {
        name: int(rows[name].replace(",", ""))
        for name in ("single words", "glossaries", "patterns of terms", "callers")
    }
    assert told == {
        "single words": words,
        "glossaries": bounds["compile_glossary"],
        "patterns of terms": bounds["term_pattern"],
        "callers": _MAX_CALLERS,
    }


def test_it_answers_as_without_a_cache_and_asks_once() -> None:
    asked: list[tuple[str, int]] = []

    @word_cache(2)
    def repeated(word: str, times: int = 1) -> str:
        asked.append((word, times))
        return word * times

    assert [repeated("a"), repeated("a"), repeated("a", 2), repeated("b", 3), repeated("a", 2)] == [
        "a", "a", "aa", "bbb", "aa",
    ]  # fmt: skip
    assert asked == [("a", 1), ("a", 2), ("b", 3)]
    assert repeated.cache_info().currsize == 2
    repeated("a")
    assert asked[-1] == ("a", 1)


def test_what_is_too_long_for_a_word_is_answered_and_not_kept() -> None:
    for function in (fold_arabic, _stem_ar):
        function.cache_clear()
        for number in range(50):
            long = "كتاب" * (LONGEST_WORD // 4) + "ا" * (number + 1)
            assert function(long)[:3] == "كتا"
        assert function.cache_info().currsize == 0
        function("ك" * LONGEST_WORD)
        assert function.cache_info().currsize == 1
    name_similarity.cache_clear()
    name_similarity("كتاب", "k" * (LONGEST_WORD + 1))
    assert name_similarity.cache_info().currsize == 0


def test_several_words_are_answered_as_one_by_one() -> None:
    fold_arabic.cache_clear()
    words = ["إلى", "كِتاب", "إلى"]
    assert fold_arabic.each(words) == [fold_arabic(word) for word in words] == ["الي", "كتاب", "الي"]
    assert fold_arabic.cache_info().misses == 2
    assert fold_arabic.each([]) == []
    long = ["إ" * (LONGEST_WORD + 1), "إلى"]
    assert fold_arabic.each(long) == ["ا" * (LONGEST_WORD + 1), "الي"]
    assert fold_arabic.cache_info().currsize == 2
    name_similarity.cache_clear()
    assert name_similarity.each(["كتاب"], "k" * (LONGEST_WORD + 1)) == [0.0]
    assert name_similarity.cache_info().currsize == 0
