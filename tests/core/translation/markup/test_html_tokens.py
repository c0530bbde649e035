"""Tags, comments and text begin and end where html5lib, which follows the standard, has them."""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from khulasa.server.core.translation.markup.events import Event, attributes_of, events_of

_SIGNS = """< </ > /> a b p img script style title textarea plaintext xmp iframe noframes !-- -- --> --!> <!-- ! ? - / =
` ' " alt title= x= [CDATA[ ]]> & &amp; &lt &#65; نص text <script> </script> </p> <!DOCTYPE"""
_BITS = [*_SIGNS.split(), " ", "\n", "<a href='x'>", '<p class="a">']
# Elements whose contents are read otherwise, by the state that html5lib's tree builder puts its tokenizer in.
_STATES = {
    **dict.fromkeys(("title", "textarea"), "rcdataState"),
    **dict.fromkeys(("style", "xmp", "iframe", "noembed", "noframes"), "rawtextState"),
    "script": "scriptDataState",
    "plaintext": "plaintextState",
}


def _theirs(html: str) -> Iterator[tuple[Any, ...]]:
    tokenizer: Any = importlib.import_module("html5lib._tokenizer").HTMLTokenizer(html)
    kinds = {value: name for name, value in importlib.import_module("html5lib.constants").tokenTypes.items()}
    for token in tokenizer:
        kind = kinds[token["type"]]
        if kind == "StartTag":
            yield "start", token["name"], {name: value for name, value in token["data"].items() if value}
            if state := _STATES.get(token["name"]):
                tokenizer.state = getattr(tokenizer, state)
        elif kind == "EndTag":
            yield "end", token["name"]
        elif kind in ("Characters", "SpaceCharacters"):
            yield "text", token["data"]
        elif kind != "ParseError":
            yield ("other",)


def _ours(html: str) -> Iterator[tuple[Any, ...]]:
    for event in events_of(html):
        raw = html[event.start : event.end]
        if event.kind == "start":
            yield "start", event.name, _values(html, event)
        elif event.kind == "end":
            yield "end", event.name
        elif event.kind in ("text", "reference"):
            yield "text", unescape(raw) if event.kind == "reference" else raw
        elif raw != "</>":  # which the standard passes over
            yield ("other",)


def _values(html: str, event: Event) -> dict[str, str]:
    """The first of each name, as it counts."""
    found: dict[str, str] = {}
    for name, span, _ in attributes_of(html, event):
        found.setdefault(name, unescape(span.of(html)))
    return {name: value for name, value in found.items() if value}


def _joined(tokens: Iterator[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """With each run of text as one."""
    found: list[tuple[Any, ...]] = []
    for token in tokens:
        if token[0] == "text" and found and found[-1][0] == "text":
            found[-1] = ("text", found[-1][1] + token[1])
        else:
            found.append(token)
    return found


def test_pages_are_divided_as_html5lib_divides_them() -> None:
    pytest.importorskip("html5lib", reason="html5lib is not installed: pip install html5lib")
    draw = random.Random(1)
    for _ in range(4_000):
        # Behind the last > of a page ours takes a < for text, which a browser does not.
        html = "".join(draw.choices(_BITS, k=draw.randint(1, 14))) + ">"
        assert _joined(_ours(html)) == _joined(_theirs(html)), html
