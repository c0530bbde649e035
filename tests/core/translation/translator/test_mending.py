"""Repair inside a request, over a decoder that says what the test tells it to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.engine import DecodedHypothesis, DecodedSegment, EngineOptions, SegmentTokens
from khulasa.server.core.translation.scheduling.scheduler import Scheduler
from khulasa.server.core.translation.tokenizer import SegmentTokenizer
from khulasa.server.core.translation.translator.parts import DecodingDefaults, LanguageRules, LoadedPackage
from khulasa.server.core.translation.translator.translator import Translator
from khulasa.server.core.translation.types import (
    DecodingOptions,
    Glossary,
    LanguagePair,
    ModelReference,
    QualityFlag,
    RequestContext,
    SegmentTranslation,
)
from plain_words import PlainWords

PAIR = LanguagePair("ar", "en")
SOURCE = "أعلنت الوزارة أن 12 مدرسة ستفتح أبوابها في العاصمة يوم الأحد"
RIGHT = "The ministry announced that 12 schools would open in the capital on Sunday"
WRONG = "The ministry announced that 15 schools would open in the capital on Sunday"
WORSE = "The ministry announced"


class _Script:
    """Answers the first decoding with one list of hypotheses and every later one with another."""

    def __init__(self, first: Sequence[str], later: Sequence[str] = ()) -> None:
        self.answers, self.asked = [first, later], list[EngineOptions]()

    def run(
        self,
        batch: Sequence[SegmentTokens],
        options: EngineOptions,
        cancelled: Callable[[int], bool] | None = None,
    ) -> list[DecodedSegment]:
        texts = self.answers[min(len(self.asked), 1)][: options.num_hypotheses]
        self.asked.append(options)
        hypotheses = tuple(DecodedHypothesis(tuple(text.split()), -0.5 - rank) for rank, text in enumerate(texts))
        return [DecodedSegment(hypotheses)] * len(batch)


class _Vectors:
    """The same vector for every text, so that every similarity is 1; keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def encode(
        self, texts: Sequence[str], _context: RequestContext, *, alone: bool = False
    ) -> npt.NDArray[np.float32]:
        self.asked += texts
        return np.tile(np.array([1.0, 0.0], dtype=np.float32), (len(texts), 1))


async def translated(
    script: _Script, *, options: DecodingOptions | None = None, mend: bool = True, compared: bool = True
) -> tuple[SegmentTranslation, _Vectors]:
    package = LoadedPackage(
        ModelReference("script", "1", "r1"),
        (PAIR,),
        script,
        cast("SegmentTokenizer", PlainWords()),
        64,
        DecodingDefaults(beam_size=4, max_decoding_tokens=64),
    )
    scheduler, vectors = Scheduler(), _Vectors()
    rules = LanguageRules(lambda line, _language: [Span(0, len(line))])
    translator = Translator(
        [package], scheduler, rules, vectors=vectors if compared else None, cache_bytes=0, mend=mend
    )
    translator.start()
    try:
        (one,) = await translator.translate_segments(
            [SOURCE], PAIR, options or DecodingOptions(), Glossary(), RequestContext()
        )
        return one, vectors
    finally:
        await translator.close()


async def test_another_hypothesis_of_the_beam_cures_without_decoding_again() -> None:
    script = _Script([WRONG, WORSE, RIGHT])
    one, vectors = await translated(script)
    assert (one.target_text, one.flags, one.score) == (RIGHT, (), -2.5)
    assert one.target_span == Span(0, len(RIGHT))
    assert [options.num_hypotheses for options in script.asked] == [4]
    assert WORSE not in vectors.asked  # it could not have won


async def test_what_the_beam_cannot_cure_is_decoded_once_more_with_twice_the_beams() -> None:
    script = _Script([WRONG, WORSE], [WRONG, RIGHT])
    one, _ = await translated(script)
    assert (one.target_text, one.flags) == (RIGHT, ())
    assert [(options.beam_size, options.num_hypotheses) for options in script.asked] == [(4, 4), (8, 8)]


async def test_without_an_encoder_what_is_cured_has_the_similarity_of_what_is_not_compared() -> None:
    one, _ = await translated(_Script([WRONG, RIGHT]), compared=False)
    assert (one.target_text, one.similarity, one.flags) == (RIGHT, 0.0, ())


async def test_what_stays_doubtful_stays_flagged() -> None:
    script = _Script([WRONG, WRONG, WORSE], [WRONG, WORSE])
    one, vectors = await translated(script)
    assert (one.target_text, one.flags) == (WRONG, (QualityFlag.NUMBER_MISMATCH,))
    assert len(script.asked) == 2
    assert vectors.asked == [SOURCE, WRONG]


async def test_a_clean_translation_and_a_server_that_does_not_mend_take_the_best_of_the_beam() -> None:
    script = _Script([RIGHT, WRONG])
    assert (await translated(script))[0].target_text == RIGHT
    assert len(script.asked) == 1
    script = _Script([WRONG, RIGHT])
    one, _ = await translated(script, mend=False)
    assert (one.target_text, one.flags) == (WRONG, (QualityFlag.NUMBER_MISMATCH,))
    assert [options.num_hypotheses for options in script.asked] == [1]


@pytest.mark.parametrize("wanted", [0, 1, 2])
async def test_the_caller_gets_as_many_hypotheses_as_it_asked_for(wanted: int) -> None:
    one, _ = await translated(_Script([RIGHT, WRONG, WORSE]), options=DecodingOptions(num_hypotheses=wanted))
    assert [hypothesis.target_text for hypothesis in one.hypotheses] == [RIGHT, WRONG][:wanted]


async def test_a_greedy_search_has_no_other_hypotheses() -> None:
    script = _Script([WRONG, RIGHT], [WRONG])
    one, _ = await translated(script, options=DecodingOptions(beam_size=1))
    assert one.target_text == WRONG
    assert [options.num_hypotheses for options in script.asked] == [1, 4]


async def test_the_models_order_decides_among_hypotheses_without_a_flag() -> None:
    script = _Script([WRONG, RIGHT.replace("Sunday", "a Sunday"), RIGHT])
    one, vectors = await translated(script)
    assert one.target_text.endswith("a Sunday")
    assert RIGHT not in vectors.asked


async def test_a_hypothesis_that_comes_twice_keeps_its_first_place() -> None:
    other = RIGHT.replace("Sunday", "a Sunday")
    one, vectors = await translated(_Script([WRONG, RIGHT, other, RIGHT]))
    assert (one.target_text, one.score) == (RIGHT, -1.5)
    assert other not in vectors.asked


async def test_for_a_name_alone_the_beam_is_asked_and_nothing_is_decoded_again() -> None:
    other = RIGHT.replace("ministry", "ministry of Krasnoyarsk")
    script = _Script([other, RIGHT])
    assert (await translated(script))[0].target_text == RIGHT
    script = _Script([other, other.replace("on Sunday", "this Sunday")])
    one, _ = await translated(script)
    assert (one.target_text, one.flags) == (other, (QualityFlag.NAME_MISMATCH,))
    assert len(script.asked) == 1
