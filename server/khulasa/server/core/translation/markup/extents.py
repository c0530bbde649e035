"""From where to where elements of a page reach that are not read as the others are."""

from __future__ import annotations

from collections.abc import Sequence

import regex
from khulasa.server.core.translation.markup.elements import INLINE, OPAQUE, VOID
from khulasa.server.core.translation.markup.events import Event
from khulasa.server.core.translation.markup.references import unescape

__all__ = ["RAISED", "end_of", "end_of_raised", "opened_again"]

_LETTER = regex.compile(r"\p{L}")
# A note or a power behind a word (2019<sup>3</sup>, [1], km², 10<sup>6</sup>): as text of the line it would be read as
# part of the word or number. Fractions are text (<sup>1</sup>/<sub>2</sub>), formulas too (CO<sub>2</sub>).
RAISED = frozenset(["sup", "sub"])
_LONGEST_RAISED = 20


def end_of_raised(html: str, events: Sequence[Event], at: int, before: Sequence[str]) -> int:
    """Index of the end tag of a raised or lowered sign without letters behind the word that it belongs to, else 0."""
    last = before[-1] if before else " "
    if events[at].kind != "start" or not (last.isdigit() or (events[at].name == "sup" and last not in " /⁄")):
        return 0
    written, stop = "", at + 1
    while stop < len(events) and events[stop].name not in RAISED:
        event = events[stop]
        if event.kind in ("text", "reference"):
            written += unescape(html[event.start : event.end])
        elif event.name not in INLINE or event.name in OPAQUE:
            return 0
        if len(written) > _LONGEST_RAISED:
            return 0
        stop += 1
    is_sign = written.strip() and not _LETTER.search(written)
    if stop == len(events) or events[stop].kind != "end" or events[stop].name != events[at].name or not is_sign:
        return 0
    return 0 if html.startswith(("/", "&frasl;", "⁄", "&#8260;"), events[stop].end) else stop


def end_of(events: Sequence[Event], at: int) -> int:
    """Index of the end tag that closes the element at `at`, or the last event if none does."""
    name, depth = events[at].name, 0
    for place in range(at, len(events)):
        event = events[place]
        if event.name == name:
            depth += {"start": 1, "end": -1}.get(event.kind, 0)
            if depth == 0:
                return place
    return len(events) - 1


def opened_again(events: Sequence[Event], at: int, stop: int) -> list[tuple[int, int]]:
    """From where to where `translate="yes"` holds within `[at, stop)`."""
    found: list[tuple[int, int]] = []
    while at < stop:
        end = at + 1
        if events[at].kind == "start" and events[at].text == "yes" and events[at].name not in OPAQUE | VOID:
            end = min(stop, end_of(events, at) + 1)
            found.append((at, end))
        at = end
    return found
