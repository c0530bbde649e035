"""`khulasa-server tune`: measures the loaded package on this machine and writes the settings that run it fastest."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from khulasa.server.config import Settings
from khulasa.server.core.errors import EngineError
from khulasa.server.core.translation.engine import VOCABULARY_MAP, Engine, EngineOptions, SegmentTokens
from khulasa.server.core.translation.translator.parts import LoadedPackage
from khulasa.server.core.translation.tuning import Measurement, TunedSettings, compare, tune
from khulasa.server.packages import PackageFiles, files_of, open_package, selected_packages

__all__ = ["TuningPlan", "all_compute_types", "run_tuning", "settings_fragment", "write_fragment"]

_CPU_TYPES = ("int8", "int8_float32", "int16", "float32")
_GPU_TYPES = ("int8_float16", "float16", "int8", "float32")
_BEAMS = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class TuningPlan:
    """What is tried.

    Attributes:
        texts: Sentences to translate, None for the ones that come with the server.
        compute_types: Number formats; empty for the package's own alone.
        batch_tokens: Source tokens decoded together.
        rounds: Each combination is measured this often, in turn.
        longest_batch_s: No faster setting wins with batches longer than this: another request may wait for one.
    """

    texts: Sequence[str] | None = None
    compute_types: Sequence[str] = ()
    batch_tokens: Sequence[int] = (64, 128, 256, 512, 1024)
    rounds: int = 3
    longest_batch_s: float = 0.5


def run_tuning(settings: Settings, plan: TuningPlan, say: Callable[[str], None]) -> TunedSettings:
    """Measures and prints a table.

    Args:
        say: Prints one line.

    Raises:
        PackageError: the package is not there, or not what its manifest says.
        EngineError: it cannot be run here.
        ValueError: no sentence to measure with.
    """
    files = next((files_of(package) for package in selected_packages(settings)), None)
    if files is None:
        raise EngineError("no package to tune")
    package = open_package(files, settings, 1, 1)
    package.close()
    samples = _samples(package, plan.texts)
    options = EngineOptions(
        beam_size=settings.beam_size,
        repetition_penalty=files.decoding.repetition_penalty,
        length_penalty=files.decoding.length_penalty,
        max_decoding_tokens=files.decoding.max_decoding_tokens,
    )
    cores = settings.thread_count
    tokens = sum(len(one.source) for one in samples)
    say(f"{files.name} {files.version}, {len(samples)} sentences, {tokens:,} source tokens, {cores} threads")
    say("")
    say(_row("compute type", "batches", "threads", "batch tokens", "tokens/s", "longest batch"))

    def load(compute_type: str, inter_threads: int, intra_threads: int) -> Engine:
        return _engine(files, settings.device, compute_type, inter_threads, intra_threads)

    def report(one: Measurement) -> None:
        tuned = one.settings
        counts = (str(value) for value in (tuned.inter_threads, tuned.intra_threads, tuned.batch_tokens))
        say(_row(tuned.compute_type, *counts, f"{one.tokens_per_s:,.0f}", f"{one.batch_s * 1000:,.0f} ms"))

    best, _ = tune(
        load,
        samples,
        cores=cores,
        compute_types=plan.compute_types or (settings.compute_type.value,),
        batch_tokens=plan.batch_tokens,
        options=options,
        rounds=plan.rounds,
        longest_batch_s=plan.longest_batch_s,
        report=report,
    )
    variants = {f"{beams} beam{'s'[: beams - 1]}": replace(options, beam_size=beams) for beams in _BEAMS}
    mapped = settings.vocabulary_map and (files.folder / VOCABULARY_MAP).is_file()
    if mapped:
        variants["without map"] = replace(options, all_pieces=True)
    say("")
    say(_row("variant", "tokens/s", "times as fast", "mean score"))
    base = None
    for name, (speed, score) in zip(
        variants, compare(load, samples, best, list(variants.values()), rounds=plan.rounds), strict=True
    ):
        base = base or speed
        say(_row(name, f"{speed:,.0f}", f"{speed / base:.2f}", f"{score:.3f}"))
    say("")
    say("beam_size is left alone: fewer beams are faster and translate worse.")
    if mapped:
        say(f"`without map` scores every piece, {options.beam_size} beams: its scores are lower for that reason alone.")
    return best


def all_compute_types(device: str) -> tuple[str, ...]:
    """Formats worth a try on a device."""
    return _GPU_TYPES if device == "cuda" else _CPU_TYPES


def settings_fragment(best: TunedSettings, comment: str) -> str:
    """Lines for the settings file."""
    return (
        f"# {comment}\n"
        f'compute_type = "{best.compute_type}"\n'
        f"threads = {best.inter_threads * best.intra_threads}\n"
        f"inter_threads = {best.inter_threads}\n"
        f"batch_tokens = {best.batch_tokens}\n"
    )


def write_fragment(path: Path, fragment: str) -> None:
    """Writes the file whole or not at all.

    Raises:
        FileExistsError: there is one; somebody may have written it by hand.
        OSError: it cannot be written.
    """
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=path.name, delete=False) as file:
        file.write(fragment)
    try:
        # A link does not replace what is there, as a rename would.
        os.link(file.name, path)
    finally:
        Path(file.name).unlink()


def _samples(package: LoadedPackage, texts: Sequence[str] | None) -> list[SegmentTokens]:
    """Sentences of the package's first direction, tokenised."""
    pair = package.pairs[0]
    if texts is None:
        folder = resources.files("khulasa.server").joinpath("tuning_samples")
        file = folder.joinpath(f"{pair.source}.txt")
        if not file.is_file():
            raise ValueError(f"no sentences in {pair.source!r} come with the server: name a file with --text")
        texts = file.read_text("utf-8").splitlines()
    samples = list(_tokenised(package, [text.strip() for text in texts if text.strip()]))
    if not samples:
        raise ValueError("the file of --text holds no sentence")
    return samples


def _tokenised(package: LoadedPackage, texts: Sequence[str]) -> Iterator[SegmentTokens]:
    pair = package.pairs[0]
    special = package.tokenizer.spec.tokens_of(pair)
    for text in texts:
        source = tuple(package.tokenizer.encode(text, pair))
        if len(source) + package.tokenizer.spec.engine_tokens <= package.max_input_tokens:
            yield SegmentTokens(source, special.target_prefix, len(special.source_prefix), len(special.source_suffix))


def _engine(files: PackageFiles, device: str, compute_type: str, inter_threads: int, intra_threads: int) -> Engine:
    return Engine.load(
        files.folder,
        max_input_tokens=files.max_input_tokens,
        engine_tokens=files.engine_tokens,
        device=device,
        compute_type=compute_type,
        inter_threads=inter_threads,
        intra_threads=intra_threads,
    )


def _row(*cells: str) -> str:
    return "  ".join(f"{cell:>14}" for cell in cells)
