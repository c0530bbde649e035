"""Approved pairs of a translation memory in what the translator gives."""

from __future__ import annotations

import re
from pathlib import Path

from khulasa.server.core.translation.memory import MemoryPair, TranslationMemory
from khulasa.server.core.translation.types import (
    Glossary,
    GlossaryTerm,
    LanguagePair,
    Origin,
    QualityFlag,
    RequestContext,
    TextFormat,
)
from translator_rig import NO_TERMS, PAIR, PLAIN, Rig


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
    assert [(s.target_text, s.origin) async for _, _, s in stream] == [
        ("THREE.", Origin.MODEL),
        ("Un & deux.", Origin.MEMORY),
    ]
    await rig.translator.close()
