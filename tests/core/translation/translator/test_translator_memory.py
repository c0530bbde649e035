"""Approved pairs of a translation memory in what the translator gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.memory.store import MemoryPair, TranslationMemory
from khulasa.server.core.translation.scheduling.scheduler import Scheduler
from khulasa.server.core.translation.translator.parts import LanguageRules
from khulasa.server.core.translation.translator.translator import Translator
from khulasa.server.core.translation.types import (
    DecodingOptions,
    DigitShape,
    Glossary,
    GlossaryTerm,
    LanguagePair,
    Origin,
    QualityFlag,
    RequestContext,
    SegmentTranslation,
    TextFormat,
)
from translator_rig import NO_TERMS, PAIR, PLAIN, Rig, sentences


async def test_an_approved_pair_is_used_and_marked_and_goes_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "approved.memory"
    writing = TranslationMemory(path, create=True)
    writing.store([MemoryPair(PAIR, "Three  four.", "Trois quatre."), MemoryPair(PAIR, "In 12 cases.", "En 13 cas.")])
    rig = Rig(cache_bytes=100_000, approved=TranslationMemory(path))
    text = "One two.  Three four. In 12 cases.\nthree four."
    (done,) = await rig.translator.translate_texts([text], PAIR, PLAIN, NO_TERMS, RequestContext())
    assert done.text == "ONE TWO.  Trois quatre. En 13 cas.\nTHREE FOUR."
    assert [s.origin for s in done.segments] == [Origin.MODEL, Origin.MEMORY, Origin.MEMORY, Origin.MODEL]
    assert [s.source_span.of(text) for s in done.segments] == [s.source_text for s in done.segments]
    # Approved or not, a wrong number is said.
    assert [QualityFlag.NUMBER_MISMATCH in s.flags for s in done.segments] == [False, False, True, False]
    assert len(rig.decoder.seen) == 2
    # Seen at once, and never from the cache; the other direction knows nothing of it.
    writing.store([MemoryPair(PAIR, "Three four.", "Three, four!")])
    assert await rig.texts("Three four.") == ["Three, four!"]
    (other,) = await rig.translator.translate_segments(
        ["Three four."], LanguagePair("xx", "zz"), PLAIN, NO_TERMS, RequestContext()
    )
    assert (other.target_text, other.origin) == ("THREE FOUR.", Origin.MODEL)
    writing.close()
    await rig.translator.close()


async def test_an_approved_pair_gives_way_to_the_callers_own_glossary(tmp_path: Path) -> None:
    path = tmp_path / "approved.memory"
    with TranslationMemory(path, create=True) as writing:
        writing.store(
            [MemoryPair(PAIR, "The bank said.", "La banque a dit."), MemoryPair(PAIR, "A bank.", "UNE RIVE.")]
        )
    rig = Rig(approved=TranslationMemory(path))
    terms = Glossary((GlossaryTerm("bank", "RIVE"),))
    done = await rig.translator.translate_segments(["The bank said.", "A bank."], PAIR, PLAIN, terms, RequestContext())
    assert [s.origin for s in done] == [Origin.MODEL, Origin.MEMORY]
    assert "RIVE" in done[0].target_text
    await rig.translator.close()


async def test_approved_pairs_fill_pages_and_streams(tmp_path: Path) -> None:
    path = tmp_path / "approved.memory"
    with TranslationMemory(path, create=True) as writing:
        writing.store([MemoryPair(PAIR, "One two.", "Un & deux.")])
    rig = Rig(approved=TranslationMemory(path))
    (page,) = await rig.translator.translate_texts(
        ["<p>One <b>two</b>. Three.</p>"], PAIR, PLAIN, NO_TERMS, RequestContext(), format=TextFormat.HTML
    )
    assert re.sub(r"</?b>", "", page.text) == "<p>Un &amp; deux. THREE.</p>"
    assert [s.origin for s in page.segments] == [Origin.MEMORY, Origin.MODEL]
    stream = rig.translator.stream_texts(["Three. One two."], PAIR, PLAIN, NO_TERMS, RequestContext())
    assert [(s.target_text, s.origin) async for _, _, s, _ in stream] == [
        ("THREE.", Origin.MODEL),
        ("Un & deux.", Origin.MEMORY),
    ]
    await rig.translator.close()


class _Vectors:
    """The two sides of each pair are 0.6 alike."""

    async def encode(
        self, texts: Sequence[str], _context: RequestContext, *, alone: bool = False
    ) -> npt.NDArray[np.float32]:
        rows = [[1.0, 0.0]] * (len(texts) // 2) + [[0.6, 0.8]] * (len(texts) // 2)
        return np.array(rows, dtype=np.float32)


SOURCE = "The team opened 12 schools with open source tools in Tunis on Sunday."
TARGET = "افتتح الفريق 12 مدرسة بأدوات open source في تونس يوم الأحد."


async def approved_one(
    tmp_path: Path, options: DecodingOptions, glossary: Glossary = NO_TERMS, vectors: _Vectors | None = None
) -> SegmentTranslation:
    """What a caller gets for `SOURCE`, of which `TARGET` is approved."""
    pair = LanguagePair("en", "ar")
    path = tmp_path / "approved.memory"
    with TranslationMemory(path, create=True) as writing:
        writing.store([MemoryPair(pair, SOURCE, TARGET)])
    rig = Rig()
    translator = Translator(
        [replace(rig.package, pairs=(pair,))],
        Scheduler(),
        LanguageRules(sentences),
        vectors=vectors,
        approved=TranslationMemory(path),
    )
    translator.start()
    try:
        (one,) = await translator.translate_segments([SOURCE], pair, options, glossary, RequestContext())
    finally:
        await translator.close()
        await rig.translator.close()
    assert (one.origin, one.source_text, rig.decoder.seen) == (Origin.MEMORY, SOURCE, [])
    return one


@pytest.mark.parametrize("links", [False, True])
async def test_an_approved_pair_has_its_places_and_no_score(tmp_path: Path, links: bool) -> None:
    one = await approved_one(tmp_path, DecodingOptions(word_alignments=links), vectors=_Vectors())
    assert (one.target_text, one.score) == (TARGET, 0.0)
    assert (one.source_span, one.target_span) == (Span(0, len(SOURCE)), Span(0, len(TARGET)))
    assert one.similarity == pytest.approx(0.6)
    linked = {(link.source_span.of(SOURCE), link.target_span.of(TARGET)) for link in one.word_links}
    assert {("12", "12"), ("Tunis", "تونس")} <= linked if links else linked == set()
    assert (await approved_one(tmp_path, DecodingOptions())).similarity == 0.0


async def test_an_approved_pair_has_the_digits_that_the_caller_asked_for(tmp_path: Path) -> None:
    one = await approved_one(tmp_path, DecodingOptions(digit_shape=DigitShape.ARABIC_INDIC))
    assert one.target_text == TARGET.replace("12", "١٢")
    assert QualityFlag.NUMBER_MISMATCH not in one.flags


async def test_what_the_glossary_keeps_is_not_left_untranslated_in_an_approved_pair(tmp_path: Path) -> None:
    alone = await approved_one(tmp_path, DecodingOptions())
    kept = await approved_one(tmp_path, DecodingOptions(), Glossary((GlossaryTerm("open source", "open source"),)))
    assert QualityFlag.UNTRANSLATED in alone.flags
    assert kept.flags == ()
