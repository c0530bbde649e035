"""Where a long text is cut, and where a target is so that its parts answer to those of the source."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.links import align_words
from khulasa.server.core.translation.splitting import divided_alike, fitting_spans
from khulasa.server.core.translation.types import LanguagePair, WordLink

AR_EN = LanguagePair("ar", "en")


def spans_of(text: str, *parts: str) -> list[Span]:
    found, at = [], 0
    for part in parts:
        start = text.index(part, at)
        at = start + len(part)
        found.append(Span(start, at))
    return found


def test_parts_answer_to_each_other_whatever_their_lengths() -> None:
    source = "قال الوزير إن الاجتماع انتهى، وغادر الوفد القاهرة صباح الثلاثاء"
    target = (
        "The minister said, in a statement that his office published at length, that the meeting was over, and the "
        "delegation left Cairo on Tuesday morning"
    )
    first, second = spans_of(source, "قال الوزير إن الاجتماع انتهى،", "وغادر الوفد القاهرة صباح الثلاثاء")
    one, two = divided_alike([first, second], target, align_words(source, target, AR_EN))
    assert one.of(target).rstrip().endswith("the meeting was over,")
    assert two.of(target).startswith("and the delegation")


def test_without_links_the_share_of_the_text_decides() -> None:
    target = "one two three four five six seven eight"
    one, two = divided_alike([Span(0, 50), Span(51, 100)], target, ())
    assert (one.of(target), two.of(target)) == ("one two three four ", "five six seven eight")


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="ab \n", max_size=40),
    st.lists(st.integers(0, 60), min_size=2, max_size=6, unique=True).map(sorted),
    st.lists(st.tuples(st.integers(0, 59), st.integers(0, 39)), max_size=12),
)
def test_the_parts_tile_the_target(target: str, cuts: list[int], links: list[tuple[int, int]]) -> None:
    sources = [Span(start, end) for start, end in pairwise(cuts)]
    made = [WordLink(Span(s, s + 1), Span(t, t + 1)) for s, t in links]
    found = divided_alike(sources, target, made)
    assert len(found) == len(sources)
    assert "".join(span.of(target) for span in found) == target


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab،;. و\u0651", max_size=200), st.integers(1, 9))
def test_fitting_spans_leave_out_nothing_but_white_space(text: str, limit: int) -> None:
    def count(part: str) -> int:
        return len(part.replace(" ", ""))

    spans = fitting_spans(text, count, limit)
    at = 0
    for span in spans:
        assert not text[at : span.start].strip()
        assert span.end > span.start
        assert count(span.of(text)) <= limit or span.end - span.start == 1
        at = span.end
    assert not text[at:].strip()
