"""Loads what the settings name and puts the rooms together. Heavy imports happen here, while the server listens."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from khulasa.server.api.ports import ModelDescription, ModelKind, ServingCore
from khulasa.server.config import Settings
from khulasa.server.core.translation.types import ModelReference
from khulasa.server.core_holder import LoadedCore
from khulasa.server.head_start import encoder_ahead, release_what_is_kept
from khulasa.server.huge_pages import use_huge_pages_soon
from khulasa.server.observability import Observability

if TYPE_CHECKING:
    from khulasa.server.core.summary.encoder import SentenceEncoder
    from khulasa.server.core.translation.memory.store import TranslationMemory
    from khulasa.server.core.translation.translator.parts import LoadedPackage

__all__ = ["LoadedModels", "examine_models", "load_core", "put_together"]

# Licence of the encoder's weights: Universal Sentence Encoder, as published by Google.
_ENCODER_LICENCE = "Apache-2.0"
_OWN_LICENCE = "Apache-2.0"


@dataclass(frozen=True, slots=True)
class LoadedModels:
    """Models in memory, what is said of them, and the approved pairs; packages in the order of the settings."""

    packages: tuple[LoadedPackage, ...]
    descriptions: tuple[ModelDescription, ...]
    encoder: SentenceEncoder
    approved: TranslationMemory | None = None


async def load_core(
    settings: Settings, observability: Observability, encoder: Future[SentenceEncoder] | None = None
) -> LoadedCore:
    """Loads models in threads, side by side; the event loop goes on answering health checks.

    Args:
        encoder: Of the process, where it is being loaded or has been; none of the settings that a reload takes says
            anything of it. None loads one.

    Raises:
        OSError: a package is not there or cannot be read.
        EngineError: a package's model cannot be run here.
        TranslationMemoryError: the translation memory is not there or damaged.
    """
    if encoder is None:
        encoder = encoder_ahead(settings.thread_count)
    (packages, descriptions), loaded, approved, _ = await asyncio.gather(
        asyncio.to_thread(_load_packages, settings),
        asyncio.wrap_future(encoder),
        asyncio.to_thread(_open_memory, settings, observability),
        asyncio.to_thread(_warm_up_rules),
    )
    use_huge_pages_soon()
    return put_together(settings, observability, LoadedModels(packages, descriptions, loaded, approved))


def put_together(settings: Settings, observability: Observability, models: LoadedModels) -> LoadedCore:
    """The rooms around the models, the decoder's workers running."""
    from khulasa.server.core.pipeline.abstractive import AbstractiveWriter
    from khulasa.server.core.pipeline.encoding import EncodingQueue
    from khulasa.server.core.pipeline.summarize import SummaryPipeline
    from khulasa.server.core.translation.scheduling.aside import AsideExecutor
    from khulasa.server.core.translation.scheduling.scheduler import BatchPolicy, QueueLimits, Scheduler
    from khulasa.server.core.translation.translator.translator import Translator
    from khulasa.server.detection import TextLanguages
    from khulasa.server.language_rules import language_rules

    threads = settings.thread_count
    executor = AsideExecutor(max(2, threads))
    scheduler = Scheduler(
        workers=settings.decoder_threads[0],
        policy=BatchPolicy(batch_tokens=settings.batch_tokens),
        limits=QueueLimits(tokens=settings.queue_tokens, caller_tokens=settings.queue_tokens_per_caller),
        on_batch=observability.decoder.batch,
    )
    # As many slices at a time as come: the executor has the threads and puts the urgent first.
    encoding = EncodingQueue(models.encoder, executor, width=1_000, threads=threads)
    kinds = [description.kind for description in models.descriptions]
    by_kind = list(zip(models.packages, kinds, strict=True))
    rules = language_rules()
    writers = [
        AbstractiveWriter(package, scheduler, rules, encoding, executor=executor)
        for package, kind in by_kind
        if kind is ModelKind.SUMMARIZATION
    ]
    translator = Translator(
        [package for package, kind in by_kind if kind is ModelKind.TRANSLATION],
        scheduler,
        rules,
        vectors=encoding,
        executor=executor,
        cache_bytes=settings.cache_bytes,
        mend=settings.mend,
        approved=models.approved,
    )
    selection = _selection_model(models.encoder)
    pipeline = SummaryPipeline(
        translator,
        encoding,
        summary_model=ModelReference(selection.name, selection.version, selection.revision),
        executor=executor,
        writer=writers[0] if writers else None,
    )
    translator.start()
    observability.decoder.watch(scheduler.stats, lambda: translator.stats()[1], held_tokens_bound=settings.queue_tokens)

    async def close() -> None:
        await translator.close()
        for writer in writers:
            writer.close()
        await asyncio.to_thread(executor.shutdown)
        release_what_is_kept()

    descriptions = (*models.descriptions, selection, _encoder_model(models.encoder))
    return LoadedCore(ServingCore(translator, pipeline, TextLanguages(executor), descriptions), close)


def examine_models(settings: Settings) -> Iterator[tuple[bool, str, str]]:
    """What `doctor` says of the packages: whether it is good, the name, and what was found."""
    from khulasa.server.packages import examine_packages

    return examine_packages(settings)


def _load_packages(settings: Settings) -> tuple[tuple[LoadedPackage, ...], tuple[ModelDescription, ...]]:
    from khulasa.server.packages import load_packages

    packages, descriptions = load_packages(settings, *settings.decoder_threads)
    for package in packages:
        # Brings in what reads places of pieces.
        package.tokenizer.encode_with_offsets("a")
    return packages, descriptions


def _open_memory(settings: Settings, observability: Observability) -> TranslationMemory | None:
    """The translation memory, if there is to be one; what it cannot read later is logged and left to the model."""
    if settings.memory_path is None:
        return None
    from khulasa.server.core.translation.memory.store import TranslationMemory

    return TranslationMemory(settings.memory_path, on_fault=observability.memory_fault)


def _warm_up_rules() -> None:
    """Tables that the first request would otherwise wait for; each is read when first needed."""
    import numpy as np
    from khulasa.server.core.summary.salience import salience
    from khulasa.server.core.text.document import parse_document
    from khulasa.server.core.text.language import warm_up
    from khulasa.server.core.text.normalize import normalize
    from khulasa.server.core.translation.alignment.links import align_words
    from khulasa.server.core.translation.quality.flags import quality_flags
    from khulasa.server.core.translation.types import LanguagePair

    warm_up()
    normalize("قال")
    into_english, into_arabic = LanguagePair("ar", "en"), LanguagePair("en", "ar")
    # What each test of a pair looks at: a negation, a number with what limits it, names, one of them too many.
    for arabic, english in (
        (
            "لم يحضر الوزير أكثر من 3 اجتماعات يوم الاثنين.",
            "The minister did not attend more than 3 meetings on Monday.",
        ),
        ("قال زيلينسكي ذلك في كييف.", "There Zelenskyy and Brown said that in Kyiv."),
    ):
        for source, target, pair in ((arabic, english, into_english), (english, arabic, into_arabic)):
            align_words(source, target, pair)
            quality_flags(source, target, pair, similarity=None)
            document = parse_document(f"{source}\n{source}", pair.source)
            salience(document, np.eye(len(document.sentences), dtype=np.float32))


def _selection_model(encoder: SentenceEncoder) -> ModelDescription:
    """What chooses sentences: the encoder and the weights of the features, so its revision covers both."""
    from importlib import resources

    weights = resources.files("khulasa.server.core.summary").joinpath("weights.json").read_bytes()
    return ModelDescription(
        name="khulasa-selection",
        version=version("khulasa-server"),
        revision=hashlib.sha256(encoder.revision.encode("ascii") + weights).hexdigest(),
        kind=ModelKind.SUMMARIZATION,
        languages=("ar", "en"),
        licence=_OWN_LICENCE,
        description="Chooses sentences of the article by their place and by what they share with its rest.",
    )


def _encoder_model(encoder: SentenceEncoder) -> ModelDescription:
    return ModelDescription(
        name=encoder.name,
        version=encoder.version,
        revision=encoder.revision,
        kind=ModelKind.EMBEDDING,
        languages=("ar", "en"),
        licence=_ENCODER_LICENCE,
        description="Universal Sentence Encoder, multilingual, version 3: vectors for selection and similarity.",
    )
