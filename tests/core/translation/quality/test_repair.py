"""What is tried again and what is kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from khulasa.server.core.translation.quality.repair import (
    _WEIGHTS,
    MOST_RETRIES,
    Candidate,
    Retry,
    RetryKind,
    burden,
    choose,
    clause_spans,
    is_lighter,
    repair_segment,
    retries_for,
)
from khulasa.server.core.translation.types import QualityFlag

LONG = "أعلنت وزارة الصحة عن ارتفاع عدد المصابين، وقال المتحدث باسمها إن الوضع تحت السيطرة؛ ودعا المواطنين إلى الهدوء."


def candidate(text: str, *flags: QualityFlag, score: float = -1.0, similarity: float | None = 0.7) -> Candidate:
    return Candidate(text, score, similarity, flags)


def test_clauses_are_cut_at_punctuation() -> None:
    parts = [span.of(LONG) for span in clause_spans(LONG)]
    assert len(parts) == 3
    assert all(len(part) >= 25 for part in parts)
    assert " ".join(parts) == LONG
    assert len(clause_spans("جملة قصيرة، جدا")) == 1


@given(st.text(alphabet="اب ،;.1,", max_size=200))
def test_clauses_lose_nothing_but_space(source: str) -> None:
    joined = "".join(span.of(source) for span in clause_spans(source))
    assert joined.replace(" ", "") == source.replace(" ", "")


def test_retries_are_few_and_fit_the_fault() -> None:
    def kinds(source: str, *flags: QualityFlag) -> list[RetryKind]:
        return [retry.kind for retry in retries_for(source, source, flags, 4)]

    assert kinds(LONG, QualityFlag.REPETITION) == [RetryKind.NO_REPEAT]
    assert kinds(LONG, QualityFlag.LENGTH_RATIO) == [RetryKind.WIDER_BEAM, RetryKind.CLAUSES]
    assert kinds("قصيرة", QualityFlag.NUMBER_MISMATCH) == [RetryKind.WIDER_BEAM]
    assert kinds("قصيرة", QualityFlag.UNTRANSLATED, QualityFlag.EMPTY) == [
        RetryKind.OWN_SCRIPT,
        RetryKind.WIDER_BEAM,
    ]
    assert kinds(LONG, QualityFlag.GLOSSARY_MISSED) == kinds(LONG, QualityFlag.NAME_MISMATCH) == []
    assert all(len(retries_for(LONG, LONG, list(QualityFlag), beams)) == MOST_RETRIES for beams in (1, 4, 8))
    wider = [retries_for("قصيرة", "", [QualityFlag.NUMBER_MISMATCH], beams)[0].beam_size for beams in (1, 2, 3, 4, 8)]
    assert wider == [4, 4, 6, 8, 8]
    assert [retries_for(LONG, LONG, [QualityFlag.LENGTH_RATIO], beams)[1].beam_size for beams in (1, 4)] == [2, 4]
    assert retries_for(LONG, LONG, [QualityFlag.REPETITION], 4)[0].no_repeat_ngram_size == 3
    hypotheses = [r for flag in QualityFlag for r in retries_for(LONG, LONG, [flag], 8)]
    assert all(1 <= r.num_hypotheses <= r.beam_size <= 8 for r in hypotheses)


def test_the_choice() -> None:
    clean, number = candidate("clean", similarity=0.5), candidate("number", QualityFlag.NUMBER_MISMATCH, similarity=0.9)
    assert choose([number, clean]) is clean
    near = candidate("near", similarity=0.6)
    assert choose([clean, near]) is near
    assert choose([clean, candidate("same", similarity=0.5)]) is clean
    surer = candidate("surer", similarity=0.5, score=-0.2)
    assert choose([clean, surer]) is choose([surer, clean]) is surer
    assert (
        choose([candidate("a", similarity=None, score=-0.4), candidate("b", similarity=None, score=-0.1)]).score == -0.1
    )
    assert choose([surer, near]) is near  # 0.1 of similarity outweighs 0.8 of the score
    empty, repeated = candidate("", QualityFlag.EMPTY), candidate("x x", QualityFlag.REPETITION)
    assert choose([empty, repeated]) is repeated
    with pytest.raises(ValueError, match="candidate"):
        choose([])


class _Tests:
    def __init__(self, *found: QualityFlag, mostly_translated: bool = False) -> None:
        self.found, self.mostly_translated, self.asked = found, mostly_translated, list[QualityFlag]()

    def has(self, flag: QualityFlag) -> bool:
        self.asked.append(flag)
        return flag in self.found


@given(st.sets(st.sampled_from(sorted(_WEIGHTS, key=lambda f: f.value))), st.booleans())
def test_what_is_lighter_is_what_has_less_burden(found: set[QualityFlag], mostly_translated: bool) -> None:
    whole = Candidate("target", -1.0, None, tuple(found), mostly_translated)
    for flag in _WEIGHTS:
        best = candidate("best", flag)
        assert is_lighter(best, _Tests(*found, mostly_translated=mostly_translated)) == (burden(whole) < burden(best))


def test_the_flags_of_the_best_are_tested_first_and_no_more_than_decides() -> None:
    name, number = QualityFlag.NAME_MISMATCH, QualityFlag.NUMBER_MISMATCH
    same = _Tests(name)
    assert not is_lighter(candidate("best", name), same)
    assert same.asked == [name]
    one_of_two = _Tests(number)
    assert is_lighter(candidate("best", name, number), one_of_two)
    assert one_of_two.asked[:2] == [name, number]
    assert len(one_of_two.asked) == len(set(one_of_two.asked)) == len(_WEIGHTS)


class _Decoder:
    def __init__(self, *answers: list[Candidate]) -> None:
        self.answers, self.asked, self.given = list(answers), list[RetryKind](), list[Candidate]()

    async def __call__(self, retry: Retry, best: Candidate) -> Sequence[Candidate]:
        self.asked.append(retry.kind)
        self.given.append(best)
        return self.answers.pop(0)


async def test_a_clean_translation_is_not_decoded_again() -> None:
    decoder = _Decoder()
    first = candidate("good")
    assert await repair_segment(LONG, first, [], 4, decoder) is first
    assert decoder.asked == []


async def test_another_hypothesis_costs_no_decoding() -> None:
    decoder = _Decoder()
    other = candidate("other")
    assert await repair_segment(LONG, candidate("bad", QualityFlag.TRUNCATED), [other], 4, decoder) is other
    assert decoder.asked == []


async def test_it_stops_at_the_first_clean_one_and_decodes_twice_only_what_is_grave() -> None:
    short, number = candidate("bad", QualityFlag.LENGTH_RATIO), candidate("number", QualityFlag.NUMBER_MISMATCH)
    lost, good = candidate("lost", QualityFlag.LOW_SIMILARITY), candidate("good")
    decoder = _Decoder([good])
    assert await repair_segment(LONG, short, [], 4, decoder) is good
    assert decoder.asked == [RetryKind.WIDER_BEAM]
    decoder = _Decoder([lost])
    assert await repair_segment(LONG, short, [], 4, decoder) is short
    assert len(decoder.asked) == 1
    cut = candidate("cut", QualityFlag.TRUNCATED)
    decoder = _Decoder([], [good])
    assert await repair_segment(LONG, cut, [], 4, decoder) is good
    assert len(decoder.asked) == 2
    decoder = _Decoder([], [number, short])
    assert await repair_segment(LONG, lost, [], 4, decoder) is number
    assert decoder.asked == [RetryKind.WIDER_BEAM, RetryKind.CLAUSES]
    assert decoder.given == [lost, lost]
    decoder = _Decoder([number])
    assert await repair_segment(LONG, lost, [], 4, decoder) is number
    assert len(decoder.asked) == 1


def test_long_figures_that_are_lost_are_stood_in_for_first() -> None:
    source, number = "بلغ السعر 1,250.75 دولارا في عام 2019.", [QualityFlag.NUMBER_MISMATCH]
    first, second = retries_for(source, "The price was $1,50.75 in 2019.", number, 4)
    assert (first.kind, second.kind) == (RetryKind.PLAIN_NUMBERS, RetryKind.WIDER_BEAM)
    # Years stay where they are there; other figures are stood in for beside one that is lost.
    assert [span.of(source) for span in first.figures] == ["1,250.75"]
    (more, _) = retries_for("سقط 1,342 قتيلا و5,678 جريحا", "1,342 dead and 678 wounded", number, 4)
    assert len(more.figures) == 2
    assert first.beam_size == 4
    # Figures that are there are not what differs, and without the flag nothing does.
    assert [r.kind for r in retries_for(source, "It was 1250.75 in 2019, or 3.", number, 4)] == [RetryKind.WIDER_BEAM]
    assert RetryKind.PLAIN_NUMBERS not in [r.kind for r in retries_for(source, "", [QualityFlag.TRUNCATED], 4)]


def test_a_lost_figure_weighs_more_than_another_unit() -> None:
    number = (QualityFlag.NUMBER_MISMATCH,)
    lost = Candidate("1,500 realsions", -0.1, 0.9, number, figures_lost=True)
    there = Candidate("1,500,000 realsions", -0.9, 0.5, number)
    assert choose([lost, there]) is there
    left = Candidate("1,500,000 ريال", -0.9, 0.5, (QualityFlag.UNTRANSLATED, *number), mostly_translated=True)
    assert (
        burden(there) < burden(left) < burden(lost) < burden(candidate("another meaning", QualityFlag.LOW_SIMILARITY))
    )
    # Where no number differs the figure is there in words.
    assert burden(Candidate("one and a half million", -0.1, 0.9, (), figures_lost=True)) == 0


async def test_more_beams_follow_short_numbers_only_where_something_is_lost_still() -> None:
    source = "بلغ السعر 1,250.75 دولارا."
    wrong = candidate("It was 50.75.", QualityFlag.NUMBER_MISMATCH, QualityFlag.NAME_MISMATCH)
    name, good = candidate("It was 1,250.75.", QualityFlag.NAME_MISMATCH), candidate("The price was 1,250.75.")
    decoder = _Decoder([name])
    assert await repair_segment(source, wrong, [], 4, decoder) is name
    assert decoder.asked == [RetryKind.PLAIN_NUMBERS]
    decoder = _Decoder([], [good])
    assert await repair_segment(source, wrong, [], 4, decoder) is good
    assert decoder.asked == [RetryKind.PLAIN_NUMBERS, RetryKind.WIDER_BEAM]
    assert decoder.given == [wrong, wrong]


def test_words_left_as_they_are_are_retried_in_the_targets_script_and_weigh_less_than_a_number() -> None:
    kinds = [r.kind for r in retries_for("قصيرة", "", [QualityFlag.UNTRANSLATED], 4)]
    assert kinds == [RetryKind.OWN_SCRIPT]
    some = Candidate("some", -1.0, 0.7, (QualityFlag.UNTRANSLATED,), mostly_translated=True)
    whole = Candidate("whole", -1.0, 0.7, (QualityFlag.UNTRANSLATED,))
    number = candidate("number", QualityFlag.NUMBER_MISMATCH)
    assert choose([number, some]) is some
    assert choose([whole, number]) is number
