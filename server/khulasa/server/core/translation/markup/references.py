"""References to characters (`&amp;`, `&#1587;`), as HTML reads them."""

from __future__ import annotations

import html
import re

__all__ = ["MOST_DIGITS", "unescape"]

# Python raises an error for a decimal number of more than 4,300 digits. No character has one of more than seven, but
# nothing forbids noughts before it.
MOST_DIGITS = 4_000
_ENDLESS = re.compile(f"(&#[0-9]{{{MOST_DIGITS + 1},}})")


def unescape(text: str) -> str:
    """`html.unescape`, except that a number of more than `MOST_DIGITS` digits stands as it is."""
    if _ENDLESS.search(text) is None:
        return html.unescape(text)
    return "".join(part if place % 2 else html.unescape(part) for place, part in enumerate(_ENDLESS.split(text)))
