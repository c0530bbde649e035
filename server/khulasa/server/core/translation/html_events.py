"""What `html.parser` meets in a page, in order, with offsets into the page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from khulasa.server.core.translation.references import MOST_DIGITS

__all__ = ["Event", "events_of"]

# An ampersand that begins no reference for the base class, which takes the rest of the page for text at some of them.
_NO_REFERENCE = re.compile(f"&(?!#(?:[0-9]{{1,{MOST_DIGITS}}}|[xX][0-9a-fA-F]+)[^0-9a-fA-F]|[a-zA-Z])")
# What stands for a sign that is text, of the same length; the text itself is taken from the page.
_TEXT = "\ue000"


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
        self._html = html
        # Whether a comment that nothing closes was met.
        self._hidden = False
        page = _NO_REFERENCE.sub(_TEXT, html)
        # Behind the last > no tag ends. The base class would look for one from every < to the end of the page.
        whole = page.rfind(">") + 1
        self.feed(page[:whole])
        self.close()
        if not self._hidden:
            # Within a script or a style there are no comments.
            comment = page.find("<!--", whole) if self.cdata_elem is None else -1
            self.feed(page[whole : comment if comment >= 0 else None].replace("<", _TEXT))
            self.close()
            if comment >= 0:
                self.handle_comment("")
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
            self._hidden = True
        return end

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Where `<![...` ends: at the next >, as in a browser.

        The base class raises an error for some of them, and looks for the end of each to the end of the page.
        """
        return self.parse_bogus_comment(i, report)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._add("start", tag, (values.get("translate") or "").lower() if "translate" in values else "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # A slash closes nothing in HTML, except that foreign elements are opaque here anyway.
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._add("end", tag)

    def handle_data(self, data: str) -> None:
        line, column = self.getpos()
        start = self._lines[line - 1] + column
        self._add("text", text=self._html[start : start + len(data)])

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
