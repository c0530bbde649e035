"""What an article says in short before it begins: lines without stops below `Key points`, on which its head follows."""

from __future__ import annotations

from collections.abc import Sequence

from khulasa.server.core.text.looks import Line, Look
from khulasa.server.core.text.rules import part_rules, plain
from khulasa.server.core.text.run_in import dateline_end

__all__ = ["key_points"]

# Points have so many words, labels between them and their head fewer; so many points and labels.
_LEAST_WORDS, _MOST_WORDS, _FEWEST, _MOST, _LABELS = 4, 30, 2, 8, 2
_LOOKS = (Look.SHORT, Look.BODY, Look.CAPTION)
_HEADS = (Look.SHORT, Look.LEAD, Look.FURNITURE)


def key_points(lines: Sequence[Line]) -> list[tuple[int, Look]]:
    """Places and looks of heads of key points, of labels below them, and of the points, which have no stop.

    Of such lines right above a paragraph the last one is its heading, unless the paragraph begins with a dateline.
    """
    heads = part_rules().point_heads
    longest = max(head.count(" ") for head in heads) + 1
    out: list[tuple[int, Look]] = []
    for at, line in enumerate(lines):
        if line.words > longest or line.look not in _HEADS or line.stopped or plain(line.seen) not in heads:
            continue
        begin = at + 1
        while begin < min(at + 1 + _LABELS, len(lines)) and lines[begin].words < _LEAST_WORDS:
            begin += 1
        end = begin
        while end < min(begin + _MOST, len(lines)) and _may_be_point(lines[end]):
            end += 1
        below = lines[end] if end < len(lines) else None
        if below is not None and below.look is Look.BODY and not dateline_end(below.seen):
            end -= 1
        if end - begin >= _FEWEST:
            out.append((at, Look.SHORT))
            out += [(label, Look.FURNITURE) for label in range(at + 1, begin)]
            out += [(point, Look.BODY) for point in range(begin, end)]
    return out


def _may_be_point(line: Line) -> bool:
    return line.look in _LOOKS and not line.stopped and _LEAST_WORDS <= line.words <= _MOST_WORDS
