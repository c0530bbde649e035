"""The translator over a decoder that upper-cases words, so that nothing but our own logic is under test."""

from __future__ import annotations

import asyncio
import gc
import re
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from khulasa.server.core.errors import DeadlineError, OverloadedError, UnsupportedLanguageError
from khulasa.server.core.translation.engine import SegmentTokens
from khulasa.server.core.translation.glossary.terms import MOST_TERMS, CompiledGlossary, compile_glossary
from khulasa.server.core.translation.scheduling.scheduler import QueueLimits
from khulasa.server.core.translation.translator.layout import segment_spans
from khulasa.server.core.translation.translator.parts import LanguageRules
from khulasa.server.core.translation.translator.translator import Translator
from khulasa.server.core.translation.types import (
    DecodingOptions,
    Glossary,
    GlossaryTerm,
    LanguagePair,
    QualityFlag,
    RequestContext,
    TextFormat,
)
from translator_rig import NO_TERMS, PAIR, PLAIN, Rig, sentences

AR_EN = LanguagePair("ar", "en")


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig()
    yield made
    made.decoder.gate.set()
    await asyncio.wait_for(made.translator.close(), 20)


async def test_everything_between_sentences_is_copied(rig: Rig) -> None:
    text = "\n  One two.   Three four.\r\n\r\n\tfive\n---\n 42 \n"
    (done,) = await rig.translator.translate_texts([text], PAIR, PLAIN, NO_TERMS, RequestContext())
    assert done.text == "\n  ONE TWO.   THREE FOUR.\r\n\r\n\tFIVE\n---\n 42 \n"
    for segment in done.segments:
        assert segment.source_span.of(text) == segment.source_text
        assert segment.target_span.of(done.text) == segment.target_text


async def test_blank_texts_come_back_as_they_are(rig: Rig) -> None:
    assert await rig.texts("", " \n\t", "a") == ["", " \n\t", "A"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="ab. \n\r\t\v\f\x85\u2028\u20291،", max_size=80))
def test_spans_hold_for_any_text(text: str) -> None:
    async def check() -> None:
        rig = Rig()
        (done,) = await rig.translator.translate_texts([text], PAIR, PLAIN, NO_TERMS, RequestContext())
        at = 0
        for segment in done.segments:
            assert segment.source_span.start >= at
            at = segment.source_span.end
            assert segment.source_span.of(text) == segment.source_text
            assert segment.target_span.of(done.text) == segment.target_text
        assert done.text.split() == text.upper().split()
        assert re.findall(r"[\r\n\v\f\x85\u2028\u2029]", done.text) == re.findall(r"[\r\n\v\f\x85\u2028\u2029]", text)
        await rig.translator.close()

    asyncio.run(check())


async def test_a_sentence_longer_than_the_model_takes_is_translated_whole(rig: Rig) -> None:
    words = [f"w{n}" + (";" if n % 9 == 8 else "") for n in range(150)]
    (one,) = await rig.translator.translate_segments([" ".join(words)], PAIR, PLAIN, NO_TERMS, RequestContext())
    assert one.target_text == " ".join(words).upper()
    assert one.source_span == (0, len(one.source_text))
    assert len(rig.decoder.seen) > 1
    assert max(len(work.source) for work in rig.decoder.seen) <= 12


async def test_a_stream_gives_segments_in_order_with_their_places(rig: Rig) -> None:
    texts = ["One. Two. Three.", "", "Four.\nFive."]
    found = [one async for one in rig.translator.stream_texts(texts, PAIR, PLAIN, NO_TERMS, RequestContext())]
    assert [(t, s) for t, s, _, _ in found] == [(0, 0), (0, 1), (0, 2), (2, 0), (2, 1)]
    assert [last for _, _, _, last in found] == [False] * 4 + [True]
    for index in (0, 2):
        sent = "".join(segment.target_text for t, _, segment, _ in found if t == index)
        for t, _, segment, _ in found:
            if t == index:
                assert segment.source_span.of(texts[t]) == segment.source_text
                assert segment.target_span.of(sent) == segment.target_text


async def test_a_stream_gives_what_is_done_while_the_rest_is_decoded(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    run, rest = rig.decoder.run, threading.Event()

    def in_two_steps(batch: Sequence[SegmentTokens], *arguments: Any) -> Any:
        # All of it is more than one batch holds.
        assert any("First." in work.source for work in batch) or rest.wait(20)
        return run(batch, *arguments)

    monkeypatch.setattr(rig.decoder, "run", in_two_steps)
    text = " ".join(["First.", *(f"And then came word number {n}." for n in range(100))])
    stream = rig.translator.stream_texts([text], PAIR, PLAIN, NO_TERMS, RequestContext())
    try:
        first = await asyncio.wait_for(anext(stream), 10)
    finally:
        rest.set()
    assert first.segment.target_text == "FIRST."
    assert len([one async for one in stream]) == 100


async def test_places_of_a_streamed_page_count_in_what_was_sent_of_it_too(rig: Rig) -> None:
    texts = ["<p>One <b>two</b>.  Three.</p>\r\n<ul><li>Four.</li></ul>", "<p>Five.</p>"]
    stream = rig.translator.stream_texts(texts, PAIR, PLAIN, NO_TERMS, RequestContext(), format=TextFormat.HTML)
    found = [one async for one in stream]
    assert [(t, s, last) for t, s, _, last in found] == [(0, 0, False), (0, 1, False), (0, 2, False), (1, 0, True)]
    for t, s, segment, _ in found:
        sent = "".join(one.target_text for index, number, one, _ in found if index == t and number <= s)
        assert segment.source_span.of(texts[t]) == segment.source_text
        assert segment.target_span == (len(sent) - len(segment.target_text), len(sent))


async def test_a_stream_left_early_leaves_nothing_in_the_queue(rig: Rig) -> None:
    stream = rig.translator.stream_texts(
        [". ".join(f"Word{n}" for n in range(500))], PAIR, PLAIN, NO_TERMS, RequestContext()
    )
    await anext(stream)
    await stream.aclose()
    stats = rig.scheduler.stats()
    assert (stats.queued_segments, stats.held_tokens, stats.held_texts) == (0, 0, 0)


async def test_cancelling_the_caller_empties_the_queue(rig: Rig) -> None:
    rig.decoder.gate.clear()
    texts = [f"Text number {n}." for n in range(300)]
    asking = asyncio.create_task(rig.texts(*texts))
    while not rig.scheduler.stats().queued_segments:  # noqa: ASYNC110 - threads fill it, no event tells
        await asyncio.sleep(0.005)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    stats = rig.scheduler.stats()
    assert (stats.queued_segments, stats.held_tokens) == (0, 0)


async def test_the_deadline_ends_the_waiting(rig: Rig) -> None:
    rig.decoder.gate.clear()
    context = RequestContext(deadline=time.monotonic() + 0.2)
    with pytest.raises(DeadlineError):
        await rig.translator.translate_segments(["Some words."], PAIR, PLAIN, NO_TERMS, context)
    assert rig.scheduler.stats().held_tokens == 0


async def test_overload_is_said_before_anything_is_tokenised(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(limits=QueueLimits(tokens=50, tokens_per_char=1.0))
    rig.decoder.gate.clear()
    first = asyncio.create_task(rig.texts("Forty characters or so are in this text."))
    while not rig.decoder.seen:  # noqa: ASYNC110 - a thread fills it, no event tells
        await asyncio.sleep(0.005)
    took = []
    with monkeypatch.context() as patched:
        # All work on a text is done in threads.
        patched.setattr(asyncio.get_running_loop(), "run_in_executor", None)
        for text in ["Another forty characters or so are here.", *["Much more of it. " * 60_000] * 5]:
            began = time.perf_counter()
            with pytest.raises(OverloadedError):
                await rig.texts(text)
            took.append(time.perf_counter() - began)
    assert min(took[1:]) < 0.02
    # A row of figures is copied: it waits for nobody.
    assert await rig.texts("2,450 | 3,120 | 4,007") == ["2,450 | 3,120 | 4,007"]
    rig.decoder.gate.set()
    assert await first
    await rig.translator.close()


async def test_what_a_request_needs_takes_the_place_of_what_was_estimated() -> None:
    rig, context = Rig(limits=QueueLimits(tokens=60, tokens_per_char=1.0)), RequestContext(caller="a")
    text = "Forty characters or so are in this text."
    with rig.translator.estimated([text], context):
        # Twice as much has no room.
        with pytest.raises(OverloadedError):
            rig.translator.estimated([text], RequestContext(caller="a"))
        (done,) = await rig.translator.translate_texts([text], PAIR, PLAIN, NO_TERMS, context)
    assert done.text == text.upper()
    assert rig.scheduler.stats().held_tokens == 0
    await rig.translator.close()


async def test_the_cache_answers_what_was_asked_before_and_nothing_else() -> None:
    rig = Rig(cache_bytes=100_000)
    await rig.texts("Once.")
    await rig.texts("Once.")
    assert len(rig.decoder.seen) == 1
    deterministic = DecodingOptions(deterministic=True)
    await rig.translator.translate_texts(["Once."], PAIR, deterministic, NO_TERMS, RequestContext())
    await rig.translator.translate_texts(["Once."], LanguagePair("xx", "zz"), PLAIN, NO_TERMS, RequestContext())
    assert len(rig.decoder.seen) <= 3
    assert rig.translator.stats()[1].hits == 1
    await rig.translator.close()


async def test_the_cache_tells_glossaries_apart_and_holds_none_of_them() -> None:
    rig = Rig(cache_bytes=10_000_000)

    async def asked(number: int) -> None:
        terms = tuple(GlossaryTerm(f"{number}x{i}" + "y" * 150, "z" * 150 + str(i)) for i in range(MOST_TERMS))
        await rig.translator.translate_texts(["Once."], PAIR, PLAIN, Glossary(terms), RequestContext())

    await asked(0)
    await asked(0)
    assert len(rig.decoder.seen) == 1
    tracemalloc.start()
    for number in range(1, 11):
        await asked(number)
    compile_glossary.cache_clear()
    gc.collect()
    kept_bytes = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(rig.decoder.seen) == 11
    assert rig.translator.stats()[1].entries == 11
    # One glossary alone has a third of a million.
    assert kept_bytes < 300_000
    await rig.translator.close()


async def test_hypotheses_truncation_and_timings_are_reported(rig: Rig) -> None:
    context = RequestContext()
    options = DecodingOptions(beam_size=3, num_hypotheses=3)
    (one,) = await rig.translator.translate_segments(["This was cut"], PAIR, options, NO_TERMS, context)
    assert [round(h.score, 3) for h in one.hypotheses] == [-0.5, -1.5, -2.5]
    assert QualityFlag.TRUNCATED in one.flags
    assert context.timings.translate_ms > 0


async def test_assess_scores_the_given_text_without_the_forced_prefix(rig: Rig) -> None:
    good, empty = await rig.translator.assess(
        [("One two.", "Un deux."), ("One.", "")], PAIR, NO_TERMS, RequestContext()
    )
    assert good.score == pytest.approx(-1.0)
    assert empty.score == 0.0
    assert QualityFlag.EMPTY in empty.flags


async def test_a_link_that_was_lost_is_flagged_and_one_alone_is_copied(rig: Rig) -> None:
    lost, there = await rig.translator.assess(
        [("See https://a.org/b now.", "Voir."), ("See https://a.org/b now.", "Voir https://a.org/b.")],
        PAIR,
        NO_TERMS,
        RequestContext(),
    )
    assert QualityFlag.GLOSSARY_MISSED in lost.flags
    assert QualityFlag.GLOSSARY_MISSED not in there.flags
    assert await rig.texts("@some_name #tag", "see @some_name") == ["@some_name #tag", "SEE @some_name"]


async def test_a_sentence_in_the_target_language_stays_as_it_is() -> None:
    rig, text = Rig(pairs=(AR_EN,)), "قال Omar إن القرار نهائي. The minister said the decision was final."
    (done,) = await rig.translator.translate_texts([text], AR_EN, PLAIN, NO_TERMS, RequestContext())
    await asyncio.wait_for(rig.translator.close(), 20)
    assert done.text == "قال OMAR إن القرار نهائي. The minister said the decision was final."
    kept = done.segments[1]
    assert (kept.source_text, kept.score, kept.similarity, kept.flags) == (kept.target_text, 0.0, 1.0, ())


async def test_a_large_glossary_is_compiled_aside_and_only_for_a_request_that_has_room(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def compiled(glossary: Glossary, pair: LanguagePair) -> CompiledGlossary:
        threads.append(threading.current_thread())
        return compile_glossary(glossary, pair)

    monkeypatch.setattr("khulasa.server.core.translation.translator.translator.compile_glossary", compiled)
    for count in (1, MOST_TERMS):
        glossary = Glossary(tuple(GlossaryTerm(f"term{n}", "x") for n in range(count)))
        await rig.translator.translate_texts(["One."], PAIR, PLAIN, glossary, RequestContext())
    assert threads[0] is threading.main_thread() is not threads[1]
    late = RequestContext(deadline=time.monotonic() - 1)
    with pytest.raises(DeadlineError):
        await rig.translator.translate_texts(["One."], PAIR, PLAIN, glossary, late)
    assert len(threads) == 2


async def test_assess_says_where_a_term_of_the_glossary_is_missing(rig: Rig) -> None:
    terms = Glossary((GlossaryTerm("bank", "rive"),))
    pairs = [("The bank said.", "La banque a dit."), ("The bank said.", "La rive a dit."), ("He said.", "Il a dit.")]
    found = await rig.translator.assess(pairs, PAIR, terms, RequestContext())
    assert [QualityFlag.GLOSSARY_MISSED in one.flags for one in found] == [True, False, False]


async def test_assess_scores_a_pair_in_parts_where_a_side_is_too_long(rig: Rig) -> None:
    source = " ".join(f"w{n}" for n in range(40))
    target = " ".join(f"v{n}" for n in range(150))
    pairs = [("One.", "Un."), (source, "Un deux."), ("One.", target), (source, target), (source, "")]
    found = await rig.translator.assess(pairs, PAIR, NO_TERMS, RequestContext(), word_alignments=True)
    assert [one.score for one in found] == [-1.0, -1.0, -1.0, -1.0, 0.0]
    limits = [(len(work.source), len(work.target)) for work in rig.decoder.seen]
    assert max(limit for limit, _ in limits) <= rig.package.max_input_tokens
    assert max(limit for _, limit in limits) < rig.package.defaults.max_decoding_tokens
    # Nothing of either side is left out, nor read twice where the other is short enough.
    read = [word for work in rig.decoder.seen for word in work.source if word.startswith("w")]
    assert sorted(set(read)) == sorted(source.split())
    written = Counter(word for work in rig.decoder.seen for word in work.target if word.startswith("v"))
    assert written == Counter(dict.fromkeys(target.split(), 2))


async def test_an_empty_target_is_that_of_the_only_pair_from_a_language(rig: Rig) -> None:
    assert rig.translator.resolve_pair("xx", "yy") == PAIR
    assert rig.translator.resolve_pair("xx", "zz") == LanguagePair("xx", "zz")
    with pytest.raises(UnsupportedLanguageError, match="xx goes into several languages: name the target; served: xx"):
        rig.translator.resolve_pair("xx", "")
    package = replace(rig.package, pairs=(PAIR, LanguagePair("yy", "xx")))
    translator = Translator([package, package], rig.scheduler, LanguageRules(sentences))
    assert translator.resolve_pair("xx", "") == PAIR
    assert rig.translator.model_of(PAIR).name == "upper"
    with pytest.raises(UnsupportedLanguageError, match="no model translates qq") as caught:
        rig.translator.resolve_pair("qq", "")
    assert caught.value.available == (("xx", "yy"), ("xx", "zz"))


def test_segments_do_not_cross_lines() -> None:
    assert segment_spans("a b\r\n \nc. d", "xx", sentences) == [(0, 3), (7, 9), (10, 11)]
    # What the API says separates paragraphs; a summary's lines end there too.
    assert segment_spans("a\vb\fc\x85d\u2028e\u2029f", "xx", sentences) == [(n, n + 1) for n in range(0, 11, 2)]


async def test_a_page_keeps_its_markup_and_its_places(rig: Rig) -> None:
    page = '<h1>one &amp; two</h1>\n<p>Three <b>four</b> five. Six.</p><script>var x = 1;</script><img alt="seven">'
    (done,) = await rig.translator.translate_texts(
        [page], PAIR, PLAIN, NO_TERMS, RequestContext(), format=TextFormat.HTML
    )
    assert "<script>var x = 1;</script>" in done.text
    assert "ONE &amp; TWO" in done.text
    assert 'alt="SEVEN"' in done.text
    assert re.sub(r"<[^>]*>", "", done.text.replace("var x = 1;", "")) == "ONE &amp; TWO\nTHREE FOUR FIVE. SIX."
    assert re.findall(r"</?\w+", done.text) == re.findall(r"</?\w+", page)
    assert len(done.segments) == 3
    for segment in done.segments:
        assert segment.source_span.of(page) == segment.source_text
        assert segment.target_span.of(done.text) == segment.target_text
        assert segment.word_links == ()


async def test_markup_does_not_count_as_text_that_a_deadline_must_leave_time_for(rig: Rig) -> None:
    for _ in range(5):
        rig.scheduler._throughput.record(100, 1.0)
    page = f"<p>One two.</p>{'<div class=wide><br></div>' * 400}"
    soon = RequestContext(deadline=time.monotonic() + 20)
    with pytest.raises(DeadlineError):
        await rig.translator.translate_texts([page], PAIR, PLAIN, NO_TERMS, soon)
    (done,) = await rig.translator.translate_texts([page], PAIR, PLAIN, NO_TERMS, soon, format=TextFormat.HTML)
    assert done.text == page.replace("One two", "ONE TWO")
    # One that is long is looked through aside.
    (done,) = await rig.translator.translate_texts([page * 6], PAIR, PLAIN, NO_TERMS, soon, format=TextFormat.HTML)
    assert done.text.count("ONE TWO") == 6
