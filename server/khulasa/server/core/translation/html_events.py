"""What `html.parser` meets in a page, in order, with offsets into the page."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

__all__ = ["Event", "events_of"]


@dataclass(slots=True)
class Event:
    """One thing met: `text`, `reference`, `start`, `end` or `other`, at `[start, end)` of the page.

    `text` is the data, the name of a reference, or a start tag's `translate` value.
    """

    kind: str
    start: int
    end: int
    name: str = ""
    text: str = ""


class _Events(HTMLParser):
    """Collects what the parser meets, with absolute offsets; `end` is filled in from the next event."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.events: list[Event] = []
        self._lines = [0]
        for place, letter in enumerate(html):
            if letter == "\n":
                self._lines.append(place + 1)
        self.feed(html)
        self.close()
        for one, two in zip(self.events, self.events[1:], strict=False):
            one.end = two.start
        if self.events:
            self.events[-1].end = len(html)

    def _add(self, kind: str, name: str = "", text: str = "") -> None:
        line, column = self.getpos()
        self.events.append(Event(kind, self._lines[line - 1] + column, 0, name, text))

    def parse_comment(self, i: int, report: bool = True) -> int:
        """Where the comment at `i` ends; one that nothing closes hides the rest of the page, as it does from readers.

        The base class takes it for text, in some versions of Python.
        """
        end = super().parse_comment(i, report)
        if end < 0:
            self.handle_comment("")
            end = len(self.rawdata)
        return end

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._add("start", tag, (values.get("translate") or "").lower() if "translate" in values else "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # A slash closes nothing in HTML, except that foreign elements are opaque here anyway.
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._add("end", tag)

    def handle_data(self, data: str) -> None:
        self._add("text", text=data)

    def handle_entityref(self, name: str) -> None:
        self._add("reference", text=name)

    def handle_charref(self, name: str) -> None:
        self._add("reference", text="#" + name)

    def handle_comment(self, data: str) -> None:  # noqa: ARG002 - the name is the base class's
        self._add("other")

    def handle_decl(self, decl: str) -> None:  # noqa: ARG002 - the name is the base class's
        self._add("other")

    def handle_pi(self, data: str) -> None:  # noqa: ARG002 - the name is the base class's
        self._add("other")

    def unknown_decl(self, data: str) -> None:  # noqa: ARG002 - the name is the base class's
        self._add("other")


def events_of(html: str) -> list[Event]:
    """The events of a page; together they tile it from the first one on."""
    return _Events(html).events
