# ruff: noqa: N802, ARG002 - gRPC fixes names and arguments of these methods
"""TranslationService."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import grpc
from khulasa.server.api.admission import Admission
from khulasa.server.api.calls import CallObserver, current_call
from khulasa.server.api.convert_translation import (
    TranslateInput,
    assess_request,
    assess_response,
    segment_to_proto,
    translate_request,
    translate_response,
)
from khulasa.server.api.limits import RequestLimits
from khulasa.server.api.ports import CoreSource, ServingCore
from khulasa.server.api.status import REQUEST_ID_KEY
from khulasa.server.core.errors import UnsupportedLanguageError
from khulasa.server.core.translation.types import (
    LanguagePair,
    Priority,
    QualityFlag,
    RequestContext,
    TextFormat,
    pairs_of,
)
from khulasa.v1 import translation_pb2

__all__ = ["TranslationServicer"]

_Context = grpc.aio.ServicerContext[Any, Any]


class TranslationServicer:
    """Converts, hands over, converts back."""

    def __init__(self, core: CoreSource, limits: RequestLimits, admission: Admission, observer: CallObserver) -> None:
        self._core, self._limits = core, limits
        self._admission, self._observer = admission, observer

    async def Translate(
        self, request: translation_pb2.TranslateRequest, context: _Context
    ) -> translation_pb2.TranslateResponse:
        """Texts in, translations out, same order and count."""
        call = current_call()
        wanted = translate_request(request, self._limits)
        self._admission.charge(call.caller, sum(map(len, wanted.texts)))
        asked = call.context(wanted.priority)
        with self._core.lend() as core, _estimated(core, wanted.texts, asked, wanted.format):
            pair, detected = await _pair(core, wanted)
            translations = await core.translator.translate_texts(
                wanted.texts,
                pair,
                wanted.options,
                wanted.glossary,
                asked,
                format=wanted.format,
            )
            model = core.translator.model_of(pair)
        call.timings.total_ms = call.elapsed_ms()
        flags = [flag for text in translations for segment in text.segments for flag in segment.flags]
        self._observer.answered(call.method, call.timings, flags, model.name)
        return translate_response(translations, detected, model, call.timings)

    async def TranslateStream(self, request: translation_pb2.TranslateStreamRequest, context: _Context) -> None:
        """One message for each segment, in order, as soon as each is done."""
        call = current_call()
        wanted = translate_request(request.request, self._limits)
        self._admission.charge(call.caller, sum(map(len, wanted.texts)))
        flags: list[QualityFlag] = []
        asked = call.context(wanted.priority)
        with self._core.lend() as core, _estimated(core, wanted.texts, asked, wanted.format):
            pair, _ = await _pair(core, wanted)
            await context.send_initial_metadata(((REQUEST_ID_KEY, call.request_id),))
            segments = core.translator.stream_texts(
                wanted.texts,
                pair,
                wanted.options,
                wanted.glossary,
                asked,
                format=wanted.format,
            )
            async with contextlib.aclosing(segments):
                async for text_index, segment_index, segment, last in segments:
                    flags.extend(segment.flags)
                    await context.write(
                        translation_pb2.TranslateStreamResponse(
                            text_index=text_index,
                            segment_index=segment_index,
                            segment=segment_to_proto(segment),
                            last=last,
                        )
                    )
            model = core.translator.model_of(pair)
        call.timings.total_ms = call.elapsed_ms()
        self._observer.answered(call.method, call.timings, flags, model.name)

    async def Assess(self, request: translation_pb2.AssessRequest, context: _Context) -> translation_pb2.AssessResponse:
        """One assessment for each pair, same order."""
        call = current_call()
        wanted = assess_request(request, self._limits)
        self._admission.charge(call.caller, sum(len(source) + len(target) for source, target in wanted.pairs))
        asked = call.context(Priority.INTERACTIVE)
        with self._core.lend() as core, _estimated(core, [text for both in wanted.pairs for text in both], asked):
            sources = [source for source, _ in wanted.pairs]
            pair, _ = await _told_pair(core, sources, wanted.source, wanted.target)
            if pair is None:
                # A score is of one model in one direction: none is taken for the caller.
                raise UnsupportedLanguageError("", wanted.target, pairs_of(core.translator.pairs))
            assessments = await core.translator.assess(
                wanted.pairs,
                pair,
                wanted.glossary,
                asked,
                word_alignments=wanted.word_alignments,
            )
            model = core.translator.model_of(pair)
        call.timings.total_ms = call.elapsed_ms()
        flags = [flag for one in assessments for flag in one.flags]
        self._observer.answered(call.method, call.timings, flags, model.name)
        return assess_response(assessments, model, call.timings)


def _estimated(
    core: ServingCore, texts: Sequence[str], context: RequestContext, text_format: TextFormat = TextFormat.PLAIN_TEXT
) -> AbstractContextManager[object]:
    """Room for them while their language is told in a thread; how much of a page is markup is not known before."""
    seen = [""] * len(texts) if text_format is TextFormat.HTML else ()
    return core.translator.estimated(texts, context, seen)


async def _pair(core: ServingCore, wanted: TranslateInput) -> tuple[LanguagePair, str]:
    """The direction, and the language detected, empty when the caller gave it or there is nothing to translate."""
    pair, detected = await _told_pair(core, wanted.texts, wanted.source, wanted.target, wanted.format)
    if pair is not None:
        return pair, detected
    # Any direction copies what holds no word.
    for served in core.translator.pairs:
        if wanted.target in ("", served.target):
            return served, ""
    raise UnsupportedLanguageError("", wanted.target, pairs_of(core.translator.pairs))


async def _told_pair(
    core: ServingCore, texts: Sequence[str], source: str, target: str, text_format: TextFormat = TextFormat.PLAIN_TEXT
) -> tuple[LanguagePair | None, str]:
    """The direction, None when no language was given and there is nothing to translate, and the language detected.

    Raises:
        UnsupportedLanguageError: no model for the language or pair, or the language cannot be told.
    """
    if source:
        return core.translator.resolve_pair(source, target), ""
    served = core.translator.pairs
    # All of them, whatever the target: a text in the target's own language is to be told, not taken for another.
    candidates = sorted({pair.source for pair in served})
    detected = await core.detect_language(texts, candidates, format=text_format)
    if detected is None:
        return None, ""
    if not detected:
        raise UnsupportedLanguageError("", target, pairs_of(served))
    return core.translator.resolve_pair(detected, target), detected
