"""Pages of thousands of marks, elements and attributes are put together in bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.units import words_of
from khulasa.server.core.translation.markup.html import parse_html
from khulasa.server.core.translation.markup.render import BlockTranslation, render_html
from khulasa.server.core.translation.types import WordLink


def test_many_copies_of_few_elements_are_told_apart_in_linear_time() -> None:
    def took(copies: int) -> float:
        html = "<p>" + "<code>a</code> " * 60 + "word " * copies + "</p>"
        document = parse_html(html)
        text = "a " * copies
        words = words_of(document.blocks[0].text)
        links = tuple(WordLink(one, two) for one, two in zip(words, words_of(text), strict=False))
        started = time.process_time()
        out, _ = render_html(document, [BlockTranslation(text, links)])
        spent = time.process_time() - started
        assert out.count("<code>a</code>") == 60
        return spent

    took(100)
    assert took(8_000) < 3.0


def test_thousands_of_marks_and_attributes_are_looked_at_a_few_times_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each against all others, 30 KiB of them took 25 s."""
    cut: list[str] = []
    compared = 0

    class Place(int):
        __hash__ = int.__hash__

        def __eq__(self, other: object) -> bool:
            return self.counted(int.__eq__, other)

        def __lt__(self, other: int) -> bool:
            return self.counted(int.__lt__, other)

        def __le__(self, other: int) -> bool:
            return self.counted(int.__le__, other)

        def __gt__(self, other: int) -> bool:
            return self.counted(int.__gt__, other)

        def __ge__(self, other: int) -> bool:
            return self.counted(int.__ge__, other)

        def counted(self, compare: Callable[..., bool], other: object) -> bool:
            nonlocal compared
            compared += 1
            return compare(self, other)

    def words(text: str) -> list[Span]:
        cut.append(text)
        return words_of(text)

    monkeypatch.setattr("khulasa.server.core.translation.markup.render.words_of", words)
    marked = parse_html("<p>" + "<b>a</b> " * 1_000 + "</p>")
    out, _ = render_html(marked, [BlockTranslation("b " * 1_000)])
    assert out.count("<b>") == 1_000
    assert cut == ["b " * 1_000]
    pictures = parse_html('<p><img alt="x">a ' * 1_000)
    attributes = tuple(replace(one, span=Span(*map(Place, one.span))) for one in pictures.attributes)
    html, _ = render_html(
        replace(pictures, attributes=attributes), [BlockTranslation("b") for _ in pictures.blocks], ["y"] * 1_000
    )
    assert html.count('alt="y"') == 1_000
    assert compared < 300 * 1_000
