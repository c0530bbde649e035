"""What the engine gives is judged while it decodes the rest."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from khulasa.server.core.errors import EngineError
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.engine import DecodedHypothesis, DecodedSegment, EngineOptions, SegmentTokens
from khulasa.server.core.translation.scheduling.queue import BatchPolicy
from khulasa.server.core.translation.scheduling.scheduler import Scheduler
from khulasa.server.core.translation.tokenizer import SegmentTokenizer
from khulasa.server.core.translation.translator.flow import gathered
from khulasa.server.core.translation.translator.parts import DecodingDefaults, LanguageRules, LoadedPackage
from khulasa.server.core.translation.translator.translator import Translator
from khulasa.server.core.translation.types import (
    DecodingOptions,
    DigitShape,
    Glossary,
    GlossaryTerm,
    LanguagePair,
    ModelReference,
    Priority,
    QualityFlag,
    RequestContext,
    SegmentTranslation,
)
from plain_words import PlainWords

PAIR = LanguagePair("xx", "yy")


class _Gate:
    """Gives the texts back; the one that holds `last` only after the vectors of another were asked for."""

    def __init__(self) -> None:
        self.judged = threading.Event()
        self.waited: bool | None = None

    def run(
        self,
        batch: Sequence[SegmentTokens],
        options: EngineOptions,
        cancelled: Callable[[int], bool] | None = None,
    ) -> list[DecodedSegment]:
        if any("last" in work.source for work in batch):
            self.waited = self.judged.wait(20)
        if any("broken" in work.source for work in batch):
            raise RuntimeError("broken")
        return [DecodedSegment((DecodedHypothesis(work.source, -1.0),)) for work in batch]


class _Vectors:
    def __init__(self, gate: _Gate, *, opens: bool) -> None:
        self.gate, self.opens, self.groups, self.alone = gate, opens, list[list[str]](), list[bool]()

    async def encode(
        self, texts: Sequence[str], _context: RequestContext, *, alone: bool = False
    ) -> npt.NDArray[np.float32]:
        self.groups.append(list(texts))
        self.alone.append(alone)
        self.gate.judged.set()
        if not self.opens:
            await asyncio.Event().wait()
        return np.tile(np.array([1.0, 0.0], dtype=np.float32), (len(texts), 1))


async def translated(
    segments: Sequence[str],
    gate: _Gate,
    vectors: _Vectors,
    priority: Priority = Priority.INTERACTIVE,
    *,
    options: DecodingOptions | None = None,
    defaults: DecodingDefaults | None = None,
    mend: bool = True,
    pair: LanguagePair = PAIR,
    glossary: Glossary | None = None,
) -> list[SegmentTranslation]:
    package = LoadedPackage(
        ModelReference("gate", "1", "r1"),
        (pair,),
        gate,
        cast("SegmentTokenizer", PlainWords()),
        64,
        defaults or DecodingDefaults(max_decoding_tokens=64),
    )
    # Three tokens a batch, split for idle workers or not: every segment is a batch of its own.
    scheduler = Scheduler(policy=BatchPolicy(batch_tokens=3, split_tokens=3, beside_tokens=3))
    rules = LanguageRules(lambda line, _language: [Span(0, len(line))])
    translator = Translator([package], scheduler, rules, vectors=vectors, cache_bytes=0, mend=mend)
    translator.start()
    try:
        return await translator.translate_segments(
            segments, pair, options or DecodingOptions(), glossary or Glossary(), RequestContext(priority=priority)
        )
    finally:
        gate.judged.set()
        await translator.close()


async def test_a_batch_is_judged_while_the_next_is_decoded_and_the_order_stays() -> None:
    gate = _Gate()
    vectors = _Vectors(gate, opens=True)
    segments = ["a b c", "- -", "d e last", "f g h", "..."]
    done = await translated(segments, gate, vectors)
    assert gate.waited is True
    assert len(vectors.groups) >= 2
    assert sorted(text for group in vectors.groups for text in set(group)) == ["a b c", "d e last", "f g h"]
    assert [one.target_text for one in done] == segments


async def test_when_one_fails_the_rest_of_a_request_leaves_the_queue() -> None:
    futures = [asyncio.get_running_loop().create_future() for _ in range(3)]
    futures[1].set_exception(EngineError("broken"))
    with pytest.raises(EngineError):
        await gathered(futures)
    assert [future.cancelled() for future in futures] == [True, False, True]


@pytest.mark.parametrize("deterministic", [True, False])
async def test_vectors_of_a_deterministic_request_are_made_one_by_one(*, deterministic: bool) -> None:
    gate = _Gate()
    vectors = _Vectors(gate, opens=True)
    await translated(["a b c", "d e f"], gate, vectors, options=DecodingOptions(deterministic=deterministic))
    assert set(vectors.alone) == {deterministic}


async def test_bulk_work_is_judged_in_groups_while_the_rest_is_decoded() -> None:
    gate = _Gate()
    vectors = _Vectors(gate, opens=True)
    segments = [*(f"a b {number}" for number in range(10)), "- -", *(f"c d {number}" for number in range(10)), "e last"]
    assert [one.target_text for one in await translated(segments, gate, vectors, Priority.BULK)] == segments
    assert gate.waited is True
    # Source and target of each; one group has what is left, and what needs no engine counts with the first. Groups are
    # composed in threads, so the one with the rest may reach the encoder before the one formed ahead of it.
    sizes = sorted(len(group) // 2 for group in vectors.groups)
    assert sum(sizes) == 21
    assert 2 <= len(sizes) <= 3
    assert all(size >= 7 for size in sizes[1:])


async def test_little_bulk_work_is_judged_in_one_group() -> None:
    gate = _Gate()
    vectors = _Vectors(gate, opens=True)
    segments = ["a b c", "- -", "d e f", "g h i"]
    assert [one.target_text for one in await translated(segments, gate, vectors, Priority.BULK)] == segments
    assert len(vectors.groups) == 1


async def test_nothing_to_translate_needs_no_engine() -> None:
    gate = _Gate()
    vectors = _Vectors(gate, opens=True)
    done = await translated(["12", "-"], gate, vectors)
    assert [one.target_text for one in done] == ["12", "-"]
    # Nobody decoded it, and it is what it was.
    assert [(one.score, one.similarity, one.flags, one.source_span, one.target_span) for one in done] == [
        (0.0, 1.0, (), Span(0, 2), Span(0, 2)),
        (0.0, 1.0, (), Span(0, 1), Span(0, 1)),
    ]
    assert await translated([], gate, vectors) == []
    assert vectors.groups == []


@pytest.mark.parametrize("priority", list(Priority))
async def test_a_failure_ends_all_of_it_at_once_whatever_is_still_being_judged(priority: Priority) -> None:
    gate = _Gate()
    vectors = _Vectors(gate, opens=False)
    async with asyncio.timeout(20):
        with pytest.raises(EngineError, match="broken"):
            await translated([*(f"a b {number}" for number in range(8)), "broken last"], gate, vectors, priority)
    # The failure came while the others were being judged, which never ends here.
    assert gate.waited is True


async def test_the_package_says_how_it_is_decoded_and_the_caller_with_how_many_beams() -> None:
    asked: list[EngineOptions] = []

    class Decoder(_Gate):
        def run(
            self,
            batch: Sequence[SegmentTokens],
            options: EngineOptions,
            cancelled: Callable[[int], bool] | None = None,
        ) -> list[DecodedSegment]:
            asked.append(options)
            return super().run(batch, options, cancelled)

    gate = Decoder()
    defaults = DecodingDefaults(3, repetition_penalty=1.5, length_penalty=0.25, max_decoding_tokens=48)
    for options in (DecodingOptions(), DecodingOptions(2, num_hypotheses=2, deterministic=True)):
        await translated(["a b c"], gate, _Vectors(gate, opens=True), options=options, defaults=defaults, mend=False)
    package = EngineOptions(repetition_penalty=1.5, length_penalty=0.25, max_decoding_tokens=48)
    assert asked == [
        replace(package, beam_size=3, num_hypotheses=1),
        replace(package, beam_size=2, num_hypotheses=2, deterministic=True),
    ]


@pytest.mark.parametrize(
    ("shape", "written"),
    [(DigitShape.MODEL, "12 / ٣"), (DigitShape.WESTERN, "12 / 3"), (DigitShape.ARABIC_INDIC, "١٢ / ٣")],
)
async def test_a_row_of_figures_has_the_digits_that_the_caller_asked_for(shape: DigitShape, written: str) -> None:
    gate = _Gate()
    options, vectors = DecodingOptions(digit_shape=shape), _Vectors(gate, opens=True)
    (one,) = await translated(["12 / ٣"], gate, vectors, options=options, pair=LanguagePair("en", "ar"))
    assert (one.source_text, one.target_text) == ("12 / ٣", written)
    # Digits of another language than Arabic stay as they are.
    assert [one.target_text for one in await translated(["12 / ٣"], gate, vectors, options=options)] == ["12 / ٣"]


async def test_a_sentence_that_stays_as_it_is_is_held_to_the_glossary() -> None:
    gate = _Gate()
    kept = "قال الوزير إن قرار NATO نهائي."
    glossary = Glossary((GlossaryTerm("NATO", "الناتو"),))
    pair = LanguagePair("en", "ar")
    segments = [kept, "قال الوزير إن القرار نهائي.", "He said."]
    done = await translated(segments, gate, _Vectors(gate, opens=True), pair=pair, glossary=glossary, mend=False)
    assert [(one.target_text, one.flags) for one in done[:2]] == [
        (segments[0], (QualityFlag.GLOSSARY_MISSED,)),
        (segments[1], ()),
    ]


@pytest.mark.parametrize("others", [[], ["12", "@name"], ["Ad"]])
async def test_copies_are_told_where_nothing_is_in_the_language_that_was_declared(others: list[str]) -> None:
    pair, said = LanguagePair("en", "ar"), ["قال الوزير إن القرار نهائي.", "وأضاف أن العمل مستمر حتى نهاية العام."]
    for segments, told in ((said, (QualityFlag.UNTRANSLATED,)), ([*said, "He said that it is"], ())):
        gate = _Gate()
        done = await translated([*others, *segments], gate, _Vectors(gate, opens=True), pair=pair, mend=False)
        assert [one.target_text for one in done] == [*others, *segments]
        flags = {one.source_text: one.flags for one in done}
        assert [flags[text] for text in said] == [told] * len(said)
