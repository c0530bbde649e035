"""What is decoded a second time: clause by clause, without the source's script; and the links of what was cured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import pytest
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.links import align_words
from khulasa.server.core.translation.engine import (
    DecodedHypothesis,
    DecodedSegment,
    EngineOptions,
    SegmentTokens,
    SuppressedPieces,
)
from khulasa.server.core.translation.scheduling.scheduler import Scheduler
from khulasa.server.core.translation.tokenizer import SegmentTokenizer
from khulasa.server.core.translation.translator.parts import DecodingDefaults, LanguageRules, LoadedPackage
from khulasa.server.core.translation.translator.translator import Translator
from khulasa.server.core.translation.types import (
    DecodingOptions,
    Glossary,
    GlossaryTerm,
    LanguagePair,
    ModelReference,
    RequestContext,
    SegmentTranslation,
)
from plain_words import PlainWords

PAIR = LanguagePair("ar", "en")
ARABIC_PIECES = SuppressedPieces((("ا",), ("ب",)))


class _Words(PlainWords):
    def pieces_in_script_of(self, language: str) -> SuppressedPieces:
        assert language == "ar"
        return ARABIC_PIECES


class _Decoder:
    """Answers each source by what the test says, all hypotheses; keeps what it was asked."""

    def __init__(self, answers: Callable[[str, EngineOptions], Sequence[str]]) -> None:
        self.answers, self.asked = answers, list[tuple[str, EngineOptions]]()

    def run(
        self,
        batch: Sequence[SegmentTokens],
        options: EngineOptions,
        cancelled: Callable[[int], bool] | None = None,
    ) -> list[DecodedSegment]:
        done = []
        for one in batch:
            source = " ".join(one.source)
            self.asked.append((source, options))
            texts = self.answers(source, options)[: options.num_hypotheses]
            hypotheses = (DecodedHypothesis(tuple(text.split()), -0.5 - rank) for rank, text in enumerate(texts))
            done.append(DecodedSegment(tuple(hypotheses)))
        return done


async def mended(
    decoder: _Decoder,
    source: str,
    options: DecodingOptions | None = None,
    glossary: Glossary | None = None,
    pair: LanguagePair = PAIR,
) -> SegmentTranslation:
    package = LoadedPackage(
        ModelReference("script", "1", "r1"),
        (pair,),
        decoder,
        cast("SegmentTokenizer", _Words()),
        64,
        DecodingDefaults(beam_size=2, max_decoding_tokens=64),
    )
    translator = Translator([package], Scheduler(), LanguageRules(lambda line, _language: [Span(0, len(line))]))
    translator.start()
    try:
        (one,) = await translator.translate_segments(
            [source], pair, options or DecodingOptions(), glossary or Glossary(), RequestContext()
        )
        return one
    finally:
        await translator.close()


FIRST = "أعلنت وزارة الصحة على https://example.org/a أن 12 مدرسة ستغلق أبوابها،"
SECOND = "ونشرت التفاصيل كلها على https://example.org/b وقالت إن 30 مدرسة ستبقى مفتوحة."
# Each clause is read with the names that its links have in the whole.
CLAUSES: Mapping[str, str] = {
    "أعلنت وزارة الصحة على @ItemA أن 12 مدرسة ستغلق أبوابها،": (
        "The health ministry announced on @ItemA that 12 schools would close,"
    ),
    "ونشرت التفاصيل كلها على @ItemB وقالت إن 30 مدرسة ستبقى مفتوحة.": (
        "it published all details on @ItemB and said that 30 schools would stay open."
    ),
}


@pytest.mark.parametrize("links", [False, True])
async def test_a_segment_of_which_text_is_lost_is_translated_clause_by_clause(links: bool) -> None:
    decoder = _Decoder(lambda source, _options: [CLAUSES.get(source, "The ministry")] * 4)
    one = await mended(decoder, f"{FIRST} {SECOND}", DecodingOptions(word_alignments=links))
    assert one.target_text == (
        "The health ministry announced on https://example.org/a that 12 schools would close, "
        "it published all details on https://example.org/b and said that 30 schools would stay open."
    )
    assert (one.flags, one.target_span) == ((), Span(0, len(one.target_text)))
    assert (one.source_text, one.source_span) == (f"{FIRST} {SECOND}", Span(0, len(FIRST) + 1 + len(SECOND)))
    # The whole, the whole with more beams, each clause once.
    assert [(source in CLAUSES, options.beam_size) for source, options in decoder.asked] == [
        (False, 2),
        (False, 4),
        (True, 2),
        (True, 2),
    ]
    assert bool(one.word_links) is links


async def test_a_term_of_the_glossary_is_honoured_in_its_clause() -> None:
    decoder = _Decoder(lambda source, _options: [CLAUSES.get(source, "The ministry")] * 4)
    glossary = Glossary((GlossaryTerm("التفاصيل", "the dossier"),))
    one = await mended(decoder, f"{FIRST} {SECOND}", glossary=glossary)
    assert "published all the dossier on https://example.org/b and" in one.target_text
    assert one.flags == ()


SOURCE = "أعلنت الوزارة أن 12 مدرسة ستفتح أبوابها في العاصمة يوم الأحد"
RIGHT = "The ministry announced that 12 schools would open in the capital on Sunday"


async def test_what_is_left_in_the_sources_script_is_decoded_without_it() -> None:
    left = RIGHT.replace("capital", "العاصمة")
    decoder = _Decoder(lambda _source, options: [left if options.suppressed is None else RIGHT])
    one = await mended(decoder, SOURCE)
    assert (one.target_text, one.flags) == (RIGHT, ())
    assert [options.suppressed for _, options in decoder.asked] == [None, ARABIC_PIECES]


async def test_the_links_of_what_was_cured_are_those_of_its_own_text() -> None:
    wrong = f"On Sunday it was said: {RIGHT.replace('12', '15')}"
    decoder = _Decoder(lambda _source, _options: [wrong, RIGHT])
    one = await mended(decoder, SOURCE, DecodingOptions(word_alignments=True))
    assert one.target_text == RIGHT
    assert one.word_links == align_words(SOURCE, RIGHT, PAIR)
    assert ("12", "12") in [(a.source_span.of(SOURCE), a.target_span.of(RIGHT)) for a in one.word_links]
    assert (await mended(decoder, SOURCE)).word_links == ()


async def test_a_pair_of_one_script_is_decoded_again_with_more_beams() -> None:
    source, wrong, right = "Twelve of 12 voted", "Douze sur 15 ont voté", "Douze sur 12 ont voté"
    decoder = _Decoder(lambda _source, options: [right if options.beam_size > 2 else wrong])
    one = await mended(decoder, source, pair=LanguagePair("en", "fr"))
    assert (one.target_text, one.flags) == (right, ())
    assert [options.beam_size for _, options in decoder.asked] == [2, 4]
