"""Where the sentences of a line end."""

from __future__ import annotations

from collections.abc import Sequence

import regex
from khulasa.server.core.text.types import Span

__all__ = ["sentence_spans"]

_END = regex.compile(r"[.!?؟…]++[\"'”’»)\]]*+(?=\s|$)")


def sentence_spans(line: str, language: str) -> Sequence[Span]:  # noqa: ARG001
    """Sentences of one line, in order, without surrounding white space.

    Args:
        line: Any text; a line break in it ends nothing.
        language: `ar` or `en`; any other has the rules of English.
    """
    spans: list[Span] = []
    start = 0
    for match in _END.finditer(line):
        _add(line, start, match.end(), spans)
        start = match.end()
    _add(line, start, len(line), spans)
    return spans


def _add(line: str, start: int, end: int, spans: list[Span]) -> None:
    piece = line[start:end]
    stripped = piece.strip()
    if stripped:
        first = start + len(piece) - len(piece.lstrip())
        spans.append(Span(first, first + len(stripped)))
