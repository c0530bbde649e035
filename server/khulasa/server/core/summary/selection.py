"""Which sentences make the summary: the best set within the bounds, in document order.

Salience (`salience.py`) is worth its words: a set's value is the sum of salience times length, less what its sentences
say twice. The best set under the bound is found by dynamic programming over the space that is used, so that the bound
is filled as well as the sentences allow. A sentence that leans on another comes with it or not at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from khulasa.server.core.errors import InvalidInputError
from khulasa.server.core.summary.dependence import Lean, leanings
from khulasa.server.core.summary.salience import Floats, Vectors, salience
from khulasa.server.core.summary.types import SelectedSentence, SummaryBounds
from khulasa.server.core.text.types import Document
from khulasa.server.core.text.words import count_words

__all__ = ["best_set", "default_sentences", "room_for", "salience", "select_sentences"]

# Similarity from which two sentences begin to say the same, what saying it again costs of the lesser one's value for
# each step above, and at most: more than the value itself, as a repeated sentence is worse than a shorter summary.
_SAME_FROM, _SAME_COST, _SAME_MOST = 0.68, 4.0, 1.2
# Space of the dynamic programme is cut into at most so many steps, candidates into at most so many sentences; where
# these would not fill so many times the space, the article is long and taken greedily.
_MAX_STEPS, _MAX_CANDIDATES, _MIN_CHOICE = 400, 160, 3
# Sentences of a long summary against which another is compared.
_MAX_COMPARED = 300


def default_sentences(words: int, sentences: int) -> int:
    """How many sentences a summary has when nobody says: grows with the root of the article's length.

    1 for up to 60 words, 4 for 560, 8 for 2,500, never more than 12 nor than a third of a longer article.
    """
    wanted = round(0.17 * math.sqrt(words))
    return max(1, min(12, wanted, max(1, -(-sentences // 3))))


def select_sentences(
    document: Document,
    vectors: Vectors,
    bounds: SummaryBounds,
    *,
    focus_vector: Vectors | None = None,
    title_vector: Vectors | None = None,
    focus: str = "",
    weights: Floats | None = None,
) -> list[SelectedSentence]:
    """The sentences of the summary, in document order; never more than the bounds allow.

    Args:
        document: Read article with N sentences.
        vectors: Shape (N, D), unit rows, row i for sentence i.
        bounds: At most one is set; with none the length follows the article's (`default_sentences`).
        focus_vector: Of what the reader wants to know.
        title_vector: Of the headline.
        focus: What `focus_vector` is of.
        weights: Shape (N,), the `salience` of all of this where it is known already.

    Returns:
        At least one sentence if the document has any, every one for a ratio of 1.

    Raises:
        InvalidInputError: `max_words` or `ratio` leaves no room for even the shortest sentence.
    """
    if not document.sentences:
        return []
    if weights is None:
        weights = salience(document, vectors, title_vector=title_vector, focus_vector=focus_vector, focus=focus)
    counts = np.array([count_words(sentence.span.of(document.text)) for sentence in document.sentences])
    # A sentence without a word takes space all the same; the article's words are what its statistics say.
    words = np.maximum(counts, 1)
    by_words, room = room_for(words, bounds, int(counts.sum()), len(words))
    costs = words if by_words else np.ones(len(words), dtype=words.dtype)
    values = weights * words if by_words else weights
    if bounds.ratio is not None and bounds.ratio >= 1.0:
        # All of an article is all of it, what it says twice as well.
        return [SelectedSentence(index, float(weight)) for index, weight in enumerate(weights)]
    lean = leanings(document)
    chosen = best_set(values, costs, room, lean, vectors)
    if not chosen:
        # Whatever stands alone is too long: better a sentence that leans than none.
        chosen = best_set(values, costs, room, [Lean.NONE] * len(lean), vectors)
    if not chosen:
        # A very long sentence that just fits is lost in the rounding there.
        chosen = _greedy_set(values, costs, room, [Lean.NONE] * len(lean), vectors)
    return [SelectedSentence(index, float(weights[index])) for index in chosen]


def room_for(
    words: npt.NDArray[np.int64], bounds: SummaryBounds, article_words: int, article_sentences: int
) -> tuple[bool, int]:
    """Whether the bound counts words, and how many of them or of sentences it allows.

    Args:
        words: Of each sentence that may be taken.
        bounds: At most one is set.
        article_words: Of the running text, of which `ratio` is a share.
        article_sentences: Of the running text; with no bound the summary's length follows the article's.

    Raises:
        InvalidInputError: `max_words` or `ratio` leaves no room for even the shortest sentence.
    """
    if bounds.max_sentences is not None:
        return False, min(bounds.max_sentences, len(words))
    if bounds.max_words is None and bounds.ratio is None:
        return False, min(default_sentences(article_words, article_sentences), len(words))
    # A ratio comes in 32 bits, which make of 0.7 a hair less.
    room = bounds.max_words if bounds.max_words is not None else int(article_words * (bounds.ratio or 0.0) * (1 + 1e-7))
    shortest = int(words.min())
    if room < shortest:
        field = "options.max_words" if bounds.max_words is not None else "options.ratio"
        allowed = "1 word" if room == 1 else f"{room} words"
        raise InvalidInputError.of(
            field, f"allows {allowed}, but the shortest sentence of the article has {shortest}: allow that many"
        )
    return True, min(room, int(words.sum()))


# Is the anchor in, is the sentence before in, does that one need the next.
_State: TypeAlias = tuple[bool, bool, bool]


@dataclass(slots=True)
class _Table:
    """Best sets by space used; one table for each state.

    Attributes:
        value: Shape (steps + 1,); -inf where no set uses that much space.
        member: Shape (steps + 1, N).
    """

    value: Floats
    member: npt.NDArray[np.bool_]


def best_set(values: Floats, costs: npt.NDArray[np.int64], room: int, lean: list[Lean], vectors: Vectors) -> list[int]:
    """Indices of the best set of total cost at most `room`, in order.

    A knapsack over the sentences in order. Three bits of state carry what leaning needs: whether the latest sentence
    that stands alone (the anchor) was taken, whether the sentence just before was, and whether that one needs the next.
    What a set says twice depends on the whole set and is charged along each table's best path, so the result is very
    good rather than proven best.
    """
    step = max(1, -(-room // _MAX_STEPS))
    steps = room // step
    scaled = -(-costs // step)  # rounded up: the bound holds for the true costs too
    considered = _candidates(values, costs, lean)
    if len(considered) < len(values) and costs[considered].sum() < _MIN_CHOICE * room:
        return _greedy_set(values, costs, room, lean, vectors)
    same = _repetition(vectors[considered] @ vectors[considered].T)
    shared = np.minimum(values[considered][:, None], values[considered][None, :])
    penalty = same * shared
    np.fill_diagonal(penalty, 0.0)

    size = len(considered)
    empty = _Table(np.full(steps + 1, -np.inf), np.zeros((steps + 1, size), dtype=bool))
    start = _Table(empty.value.copy(), empty.member.copy())
    start.value[0] = 0.0
    tables: dict[_State, _Table] = {(False, False, False): start}
    previous = -1
    for at, index in enumerate(considered):
        cost, kind = int(scaled[index]), lean[index]
        adjacent = index == previous + 1
        after: dict[_State, _Table] = {}
        for (anchor, before, owing), table in tables.items():
            before = before and adjacent
            if not owing:
                _keep(after, (anchor and kind is not Lean.NONE, False, False), table)
            held = (kind is not Lean.ANCHOR or anchor) and (kind is not Lean.PREVIOUS or before)
            if held and (adjacent or not owing) and cost <= steps:
                taken = _take(table, at, cost, float(values[index]), penalty[at])
                _keep(after, (kind is Lean.NONE or anchor, True, kind is Lean.NEXT), taken)
        tables = after
        previous = int(index)
    best: tuple[float, npt.NDArray[np.bool_]] | None = None
    for table in (table for (_, _, owing), table in tables.items() if not owing):
        at = int(np.argmax(table.value))
        if np.isfinite(table.value[at]) and table.member[at].any() and (best is None or table.value[at] > best[0]):
            best = float(table.value[at]), table.member[at]
    return [] if best is None else [int(index) for index in considered[best[1]]]


def _repetition(similarity: npt.NDArray[np.float32]) -> Floats:
    """Share of a sentence's value that is lost beside another of that similarity."""
    out: Floats = np.clip((similarity.astype(np.float64) - _SAME_FROM) * _SAME_COST, 0.0, _SAME_MOST)
    return out


def _greedy_set(
    values: Floats, costs: npt.NDArray[np.int64], room: int, lean: list[Lean], vectors: Vectors
) -> list[int]:
    """A good set for a long article: best value for its cost first, each with all that it leans on."""
    worth = values / costs
    lost = np.zeros(len(values))
    taken: set[int] = set()
    compared = 0
    order = sorted(range(len(values)), key=lambda index: -worth[index])
    for most in (0.5, 1.0):  # at first without what has lost half of its value to repetition
        for index in order:
            if index in taken or lost[index] >= most:
                continue
            group = _with_support(index, lean, taken)
            cost = int(costs[group].sum())
            if cost > room:
                continue
            room -= cost
            taken.update(group)
            for member in group:
                if compared < _MAX_COMPARED:
                    compared += 1
                    lost = np.maximum(lost, _repetition(vectors @ vectors[member]))
    return sorted(taken)


def _with_support(index: int, lean: list[Lean], taken: set[int]) -> list[int]:
    """A sentence and what it needs beside it that is not taken yet."""
    group: list[int] = []
    wanted = [index]
    while wanted:
        at = wanted.pop()
        if at in group:
            continue
        if at not in taken:
            group.append(at)
        if lean[at] is Lean.NEXT:
            wanted += [at + 1] if at + 1 < len(lean) else []
        elif lean[at] is not Lean.NONE and at > 0:
            before = at - 1
            while lean[at] is Lean.ANCHOR and before > 0 and lean[before] is not Lean.NONE:
                before -= 1
            wanted.append(before)
    return group


def _take(table: _Table, at: int, cost: int, value: float, penalty: Floats) -> _Table:
    """The table after taking the candidate `at` in every set of it."""
    gained = value - table.member @ penalty
    out = _Table(np.full_like(table.value, -np.inf), np.zeros_like(table.member))
    end = len(table.value) - cost
    out.value[cost:] = table.value[:end] + gained[:end]
    out.member[cost:] = table.member[:end]
    out.member[cost:, at] = True
    return out


def _keep(tables: dict[_State, _Table], key: _State, new: _Table) -> None:
    """Merges `new` into the table of that state: the better set for each space."""
    old = tables.get(key)
    if old is None:
        tables[key] = _Table(new.value.copy(), new.member.copy())
        return
    better = new.value > old.value
    old.value[better] = new.value[better]
    old.member[better] = new.member[better]


def _candidates(values: Floats, costs: npt.NDArray[np.int64], lean: list[Lean]) -> npt.NDArray[np.int64]:
    """Sentences worth considering, in order: all of a usual article, the best of a long one and what they lean on."""
    if len(values) <= _MAX_CANDIDATES:
        return np.arange(len(values))
    best = np.argsort(-(values / costs), kind="stable")[:_MAX_CANDIDATES]
    wanted = {at for index in best for at in _with_support(int(index), lean, set())}
    return np.array(sorted(wanted), dtype=np.int64)
