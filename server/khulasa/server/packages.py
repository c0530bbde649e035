"""From a model package on disk to an engine with its tokenizer, and to what ModelService says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from khulasa.server.api.ports import ModelDescription, ModelKind, QualityFigure
from khulasa.server.config import Settings
from khulasa.server.core.errors import EngineError
from khulasa.server.core.translation.engine import Engine
from khulasa.server.core.translation.tokenizer import PairTokens, SegmentTokenizer, TokenizationSpec
from khulasa.server.core.translation.translator.parts import DecodingDefaults, LoadedPackage
from khulasa.server.core.translation.types import LanguagePair, ModelReference
from khulasa.server.models.errors import PackageError, PackageNotFoundError
from khulasa.server.models.installation import reading
from khulasa.server.models.manifest import VOCABULARY_MAP, PackageKind
from khulasa.server.models.registry import Package, Shelves, bundled_folders, select_packages
from khulasa.server.models.verification import faults_of, verify

__all__ = [
    "PackageFiles",
    "describe",
    "examine_packages",
    "files_of",
    "load_packages",
    "open_package",
    "selected_packages",
    "shelves_of",
]

# What Marian, NLLB and the bundled models alike were trained with.
_DEFAULT_INPUT_TOKENS = 512
_STRIP_TOKENS = frozenset({"<s>", "</s>", "<pad>"})


@dataclass(frozen=True, slots=True)
class PackageFiles:
    """A translation package as its manifest describes it.

    Attributes:
        folder: Of the CTranslate2 model.
        revision: SHA-256 of the weights, 64 hex digits.
        digest: SHA-256 of all that decides the output, see the manifest's.
        pairs: Directions served, each with its special tokens.
        source_tokenizer: sentencepiece model of the source side; the target side's may be the same file.
        engine_tokens: Tokens that config.json has added to each source.
        strip_tokens: Tokens of the output that are never text.
        max_input_tokens: Of one segment, special tokens included.
        decoding: How to decode where the caller says nothing.
        kind: Translation, or summarization: then each pair is a language with itself.
        vocabulary_map: SHA-256 of its vocabulary map, empty where it has none.
    """

    name: str
    version: str
    revision: str
    folder: Path
    pairs: Mapping[LanguagePair, PairTokens]
    source_tokenizer: Path
    target_tokenizer: Path
    engine_tokens: int = 0
    strip_tokens: frozenset[str] = _STRIP_TOKENS
    max_input_tokens: int = _DEFAULT_INPUT_TOKENS
    decoding: DecodingDefaults = field(default_factory=DecodingDefaults)
    licence: str = ""
    description: str = ""
    preview: bool = False
    quality: tuple[QualityFigure, ...] = ()
    kind: ModelKind = ModelKind.TRANSLATION
    digest: str = ""
    vocabulary_map: str = ""


def shelves_of(settings: Settings) -> Shelves:
    """Where packages are searched for."""
    return Shelves(settings.model_dirs, settings.download_dir, bundled_folders())


def selected_packages(settings: Settings) -> list[Package]:
    """The packages that the settings mean: those that translate, in order, then the one that writes summaries, if any.

    A summarizer is loaded only when `summary_model` names it: pulling one must not change what a server answers.
    Embedding models are left out, for the encoder is built in.

    Raises:
        PackageError: one is not there, of another kind or its manifest is wrong, or none translates.
    """
    shelves = shelves_of(settings)
    selected = select_packages(shelves, settings.models, setting="models")
    for package in selected if settings.models else ():
        if package.manifest.kind is not PackageKind.TRANSLATION:
            hint = ": name it in summary_model" if package.manifest.kind is PackageKind.SUMMARIZATION else ""
            raise PackageError(f"models: {package.name} is a package for {package.manifest.kind.value}{hint}")
    packages = [package for package in selected if package.manifest.kind is PackageKind.TRANSLATION]
    if not packages:
        folders = ", ".join(str(folder) for folder, _ in shelves)
        raise PackageNotFoundError(
            f"there is no translation package in {folders}; `khulasa-server models list` shows those to pull"
        )
    if settings.summary_model:
        (summarizer,) = select_packages(shelves, [settings.summary_model], setting="summary_model")
        if summarizer.manifest.kind is not PackageKind.SUMMARIZATION:
            raise PackageError(f"summary_model: {summarizer.name} is a package for {summarizer.manifest.kind.value}")
        packages.append(summarizer)
    return packages


def load_packages(
    settings: Settings, workers: int, threads_each: int
) -> tuple[tuple[LoadedPackage, ...], tuple[ModelDescription, ...]]:
    """The packages that the settings mean, verified and in memory, each with what ModelService says of it.

    Nothing is kept from an earlier call, so a reload sees whatever changed on disk.

    Args:
        workers: Batches decoded at a time.
        threads_each: Threads of one batch.

    Raises:
        PackageError: one is not there, or not what its manifest says.
        EngineError: a model cannot be run here.
        OSError: a tokenizer cannot be read.
    """
    loaded: list[LoadedPackage] = []
    descriptions: list[ModelDescription] = []
    try:
        with reading(settings.download_dir):
            for package in selected_packages(settings):
                verify(package.folder, package.manifest)
                files = files_of(package)
                loaded.append(open_package(files, settings, workers, threads_each))
                descriptions.append(describe(files, loaded[-1].reference))
    except BaseException:
        for one in loaded:
            one.close()
        raise
    return tuple(loaded), tuple(descriptions)


def examine_packages(settings: Settings) -> Iterator[tuple[bool, str, str]]:
    """For each package that a start would load: whether it is good, its name, and what was found."""
    try:
        packages = selected_packages(settings)
    except (PackageError, OSError) as error:
        yield False, "packages", str(error)
        return
    for package in packages:
        manifest = package.manifest
        faults = list(faults_of(package.folder, manifest))
        if faults:
            yield False, manifest.name, f"{'; '.join(faults)} ({package.folder}); pull it again or remove it"
            continue
        pairs = ", ".join(f"{pair.source}-{pair.target}" for pair in manifest.pairs)
        size = sum(entry.bytes for entry in manifest.files) / 1e6
        note = "; a preview, not to be relied on" if manifest.preview else ""
        yield True, manifest.name, f"{manifest.version}, {pairs}, {size:,.0f} MB, every file as it should be{note}"


def files_of(package: Package) -> PackageFiles:
    """A package in the words of the translation room."""
    manifest, folder = package.manifest, package.folder
    tokenization = manifest.tokenization
    return PackageFiles(
        name=manifest.name,
        version=manifest.version,
        revision=manifest.revision,
        folder=folder,
        pairs={
            LanguagePair(pair.source, pair.target): PairTokens(
                pair.source_prefix, pair.source_suffix, pair.target_prefix
            )
            for pair in manifest.pairs
        },
        source_tokenizer=folder / tokenization.source,
        target_tokenizer=folder / tokenization.target,
        engine_tokens=len(tokenization.engine_tokens),
        strip_tokens=frozenset(tokenization.strip_tokens),
        max_input_tokens=manifest.limits.max_input_tokens,
        decoding=DecodingDefaults(
            beam_size=manifest.decoding.beam_size,
            repetition_penalty=manifest.decoding.repetition_penalty,
            length_penalty=manifest.decoding.length_penalty,
            max_decoding_tokens=manifest.limits.max_decoding_tokens,
        ),
        licence=manifest.licence,
        description=manifest.description,
        preview=manifest.preview,
        quality=tuple(
            QualityFigure(
                figure.dataset,
                LanguagePair(figure.source, figure.target),
                figure.metric,
                figure.value,
                figure.signature,
            )
            for figure in manifest.quality
        ),
        kind=ModelKind(manifest.kind.value),
        digest=manifest.digest,
        vocabulary_map=next((entry.sha256 for entry in manifest.files if entry.path == VOCABULARY_MAP), ""),
    )


def open_package(files: PackageFiles, settings: Settings, workers: int, threads_each: int) -> LoadedPackage:
    """The package in memory.

    Args:
        workers: Batches decoded at a time.
        threads_each: Threads of one batch.

    Raises:
        EngineError: the model cannot be run here.
        OSError: a tokenizer cannot be read.
    """
    tokenizer = SegmentTokenizer(
        TokenizationSpec(
            source_model=files.source_tokenizer,
            target_model=files.target_tokenizer,
            pairs=files.pairs,
            engine_tokens=files.engine_tokens,
            strip_tokens=files.strip_tokens,
        )
    )
    try:
        engine = Engine.load(
            files.folder,
            max_input_tokens=files.max_input_tokens,
            engine_tokens=files.engine_tokens,
            device=settings.device,
            compute_type=settings.compute_type.value,
            inter_threads=workers,
            intra_threads=threads_each,
            vocabulary_map=settings.vocabulary_map,
        )
    except EngineError as error:
        how = f"device {settings.device}, compute_type {settings.compute_type.value}"
        raise EngineError(f"{files.name} with {how}: {error}") from error
    return LoadedPackage(
        reference=ModelReference(
            files.name,
            files.version,
            files.revision,
            files.digest,
            files.vocabulary_map if engine.has_vocabulary_map else "",
        ),
        pairs=tuple(files.pairs),
        runner=engine,
        tokenizer=tokenizer,
        max_input_tokens=files.max_input_tokens,
        # One number for all packages: it also bounds `num_hypotheses`, which is checked before a package is chosen.
        defaults=replace(files.decoding, beam_size=settings.beam_size),
        close=engine.close,
    )


def describe(files: PackageFiles, loaded: ModelReference) -> ModelDescription:
    """What ModelService says of a package that was loaded as `loaded`."""
    return ModelDescription(
        name=files.name,
        version=files.version,
        revision=files.revision,
        kind=files.kind,
        pairs=tuple(files.pairs) if files.kind is ModelKind.TRANSLATION else (),
        languages=tuple(dict.fromkeys(pair.source for pair in files.pairs)),
        licence=files.licence,
        max_input_tokens=files.max_input_tokens,
        quality=files.quality,
        preview=files.preview,
        description=files.description,
        digest=files.digest,
        vocabulary_map=loaded.vocabulary_map,
    )
