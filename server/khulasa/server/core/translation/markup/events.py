"""What a browser's tokenizer meets in a page, in order, with offsets into the page.

By https://html.spec.whatwg.org/multipage/parsing.html#tokenization. Where a tag, a comment or a script ends must be
where it ends for a browser: what stood inside an attribute must not come to stand outside of it. Python's own parser
differs there, and from one of its versions to the next. Every sign is looked at a fixed number of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.markup.references import MOST_DIGITS, unescape

__all__ = ["Event", "attributes_of", "events_of"]

_SIGN = re.compile("[<&]")
_REFERENCE = re.compile(f"&(#(?:[0-9]{{1,{MOST_DIGITS}}}(?![0-9])|[xX][0-9a-fA-F]+)|[a-zA-Z][a-zA-Z0-9]*+);?")
_TAG = re.compile(r"<(/?)([A-Za-z][^\t\n\f\r />]*+)")
_ATTRIBUTE = re.compile(
    r"[\t\n\f\r /]*+(?P<name>=?[^\t\n\f\r />=]*+)"
    r"(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+"
    r"(?:\"(?P<double>[^\"]*+)(?P<end>\"|\Z)|'(?P<single>[^']*+)(?P<ended>'|\Z)|(?P<bare>[^\t\n\f\r >]*+)))?+"
)
_COMMENT_END = re.compile("--!?>")
# Elements whose contents are no markup, by where they end; of `title` the references count.
_RAW = {
    name: re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE)
    for name in ("style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
}
_IN_SCRIPT = re.compile(r"(?P<open><!--)|(?P<close>-->)|<(?P<slash>/?)script(?=[\t\n\f\r />])", re.IGNORECASE)


@dataclass(slots=True)
class Event:
    """One thing met: `text`, `reference`, `start`, `end` or `other`, at `[start, end)` of the page.

    `text` is the name of a reference, or a start tag's `translate` value.
    """

    kind: str
    start: int
    end: int
    name: str = ""
    text: str = ""


def events_of(html: str) -> list[Event]:
    """The events of a page; together they tile it.

    A tag or comment that nothing closes hides the rest of the page, as it does from readers; but behind the last `>` of
    all a `<` is a sign of the text.
    """
    events: list[Event] = []
    last_close = html.rfind(">")
    at = text = 0
    while (sign := _SIGN.search(html, at)) is not None:
        at = sign.start()
        event = _reference(html, at) if html[at] == "&" else _markup(html, at, last_close)
        if event is None:
            at += 1
            continue
        if text < at:
            events.append(Event("text", text, at))
        events.append(event)
        at = text = event.end
        if event.kind == "start":
            end = _end_of_raw(html, event)
            events.extend(_raw_contents(html, at, end, references=event.name == "title"))
            at = text = end
    if text < len(html):
        events.append(Event("text", text, len(html)))
    return events


def _reference(html: str, at: int) -> Event | None:
    match = _REFERENCE.match(html, at)
    return None if match is None else Event("reference", at, match.end(), text=match[1])


def _markup(html: str, at: int, last_close: int) -> Event | None:
    """What begins with the `<` at `at`, None for nothing."""
    if html.startswith("<!--", at):
        return Event("other", at, _end_of_comment(html, at + 4))
    if at > last_close:
        return None
    match = _TAG.match(html, at)
    if match is not None:
        end, translate = _rest_of_tag(html, match.end())
        if end < 0:
            return Event("other", at, len(html))
        return Event("end" if match[1] else "start", at, end, match[2].lower(), "" if match[1] else translate)
    if html.startswith(("<!", "<?", "</"), at):
        return Event("other", at, html.index(">", at) + 1)
    return None


def _end_of_comment(html: str, at: int) -> int:
    """Where a comment ends whose text begins at `at`."""
    for whole in (">", "->"):
        if html.startswith(whole, at):
            return at + len(whole)
    match = _COMMENT_END.search(html, at)
    return len(html) if match is None else match.end()


def attributes_of(html: str, start: Event) -> Iterator[tuple[str, Span, str]]:
    """Name in small letters, place of the value without quotes, and the quote, of each attribute with a value."""
    tag = _TAG.match(html, start.start)
    at = start.end if tag is None else tag.end()
    while at < start.end - 1 and (match := _ATTRIBUTE.match(html, at)) is not None:
        at = match.end()
        for group, quote in (("double", '"'), ("single", "'"), ("bare", "")):
            if match[group] is not None:
                yield match["name"].lower(), Span(*match.span(group)), quote


def _rest_of_tag(html: str, at: int) -> tuple[int, str]:
    """The end of a tag whose name ends at `at`, -1 where nothing closes it; its first `translate` in small letters."""
    translate: str | None = None
    while (match := _ATTRIBUTE.match(html, at)) is not None:
        at = match.end()
        if at >= len(html):
            return -1, ""
        if translate is None and match["name"].lower() == "translate":
            translate = unescape(match["double"] or match["single"] or match["bare"] or "").lower()
        if html[at] == ">":
            return at + 1, translate or ""
    return -1, ""


def _end_of_raw(html: str, start: Event) -> int:
    """Where the contents of an element end in which no markup counts; at once for any other."""
    if start.name == "script":
        return _end_of_script(html, start.end)
    if start.name == "plaintext":
        return len(html)
    end_tag = _RAW.get(start.name)
    if end_tag is None:
        return start.end
    match = end_tag.search(html, start.end)
    return len(html) if match is None else match.start()


def _end_of_script(html: str, at: int) -> int:
    """Where a script ends: within `<!--`, a `<script` and its end tag are part of it."""
    commented = nested = False
    while (match := _IN_SCRIPT.search(html, at)) is not None:
        at = match.end()
        if match["open"]:
            commented = True
            at -= 2  # `<!-->` closes what it opens
        elif match["close"]:
            commented = nested = False
        elif not match["slash"]:
            nested = commented
        elif nested:
            nested = False
        else:
            return match.start()
    return len(html)


def _raw_contents(html: str, at: int, end: int, *, references: bool) -> Iterator[Event]:
    """Contents without markup: text, and the references in it where they count."""
    for match in _REFERENCE.finditer(html, at, end) if references else ():
        if at < match.start():
            yield Event("text", at, match.start())
        yield Event("reference", match.start(), match.end(), text=match[1])
        at = match.end()
    if at < end:
        yield Event("text", at, end)
