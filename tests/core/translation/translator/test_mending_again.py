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
    QualityFlag,
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


PRICE = "قالت الوزارة على https://example.org/a إن السعر ارتفع إلى 1,250.75 دولارا يوم الأحد"
READ = "قالت الوزارة على @ItemA إن السعر ارتفع إلى 325 دولارا يوم الأحد"


def _price(of: str) -> str:
    return f"The ministry said on @ItemA that the price rose to {of} dollars on Sunday"


async def test_a_long_figure_that_was_lost_is_decoded_as_a_short_one() -> None:
    decoder = _Decoder(lambda source, _options: [_price("325" if source == READ else "1,50.75")])
    one = await mended(decoder, PRICE, DecodingOptions(word_alignments=True))
    assert one.target_text == _price("1,250.75").replace("@ItemA", "https://example.org/a")
    assert one.flags == ()
    assert [(source == READ, options.beam_size) for source, options in decoder.asked] == [(False, 2), (True, 2)]
    assert ("1,250.75", "1,250.75") in [
        (link.source_span.of(PRICE), link.target_span.of(one.target_text)) for link in one.word_links
    ]


async def test_a_short_number_that_is_lost_too_is_a_wrong_one() -> None:
    decoder = _Decoder(lambda source, _options: [_price("32" if source == READ else "1,50.75")])
    one = await mended(decoder, PRICE)
    assert one.target_text == _price("1,50.75").replace("@ItemA", "https://example.org/a")
    assert one.flags == (QualityFlag.NUMBER_MISMATCH,)
    # More beams are tried after it.
    assert [(source == READ, options.beam_size) for source, options in decoder.asked] == [
        (False, 2),
        (True, 2),
        (False, 4),
    ]


async def test_a_figure_that_a_glossary_answers_for_is_left_to_it() -> None:
    glossary = Glossary((GlossaryTerm("1,250.75 دولارا", "a fortune"),))
    decoder = _Decoder(lambda _source, _options: [_price("1,50.75")])
    await mended(decoder, PRICE, glossary=glossary)
    assert all("325" not in source for source, _ in decoder.asked)


async def test_a_figure_that_the_model_parts_is_closed() -> None:
    decoder = _Decoder(lambda _source, _options: [_price("1250 000")])
    one = await mended(decoder, PRICE.replace("1,250.75", "1,250,000"))
    assert "rose to 1,250,000 dollars" in one.target_text
    assert len(decoder.asked) == 1
