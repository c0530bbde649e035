"""What a worker on another machine does: it loads the models once, says what it loaded, and makes rows of lines."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from khulasa.server.archive.articles import JobPlan, RowMaker
from khulasa.server.archive.errors import ArchiveError
from khulasa.server.archive.identity import library_versions, settings_identity
from khulasa.server.archive.reading import Line
from khulasa.server.config import Settings
from khulasa.server.core_holder import LoadedCore
from khulasa.server.processor import processor_flags, use_wide_kernels

__all__ = [
    "BlockResult",
    "NodeOrder",
    "NodeReport",
    "NodeWork",
    "settings_to_send",
]

# Arithmetic that libraries choose by the processor.
_VECTOR_FLAGS = frozenset({"avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "asimd", "sve"})
# What a summary does not need stays here: above all every secret and who may call.
_SENT_SETTINGS = (
    "models", "summary_model", "model_dirs", "download_dir", "device", "compute_type", "inter_threads", "beam_size",
    "batch_tokens", "vocabulary_map", "cache_bytes", "mend", "memory_path", "max_article_chars", "queue_tokens",
    "log_texts",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NodeOrder:
    """What a worker is to do.

    Attributes:
        settings: Of `settings_to_send`.
        plan: How to go about it.
        part_articles: Articles of one part.
    """

    settings: dict[str, Any]
    plan: JobPlan
    part_articles: int


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What a worker loaded.

    Attributes:
        node: Name of the machine, for people.
        identity: As `settings_identity` gives it there.
        libraries: Versions by name, None for what is not installed.
        processor: Kind of machine and its vector arithmetic: rows may differ in their last digits between kinds.
        targets: Codes of languages translated into.
        warnings: Lines on models that are not to be relied on.
    """

    node: str
    identity: dict[str, Any]
    libraries: dict[str, str | None]
    processor: str
    targets: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BlockResult:
    """Of one block.

    Attributes:
        rows: One for each line, in order.
        faults: Line and description of what was not the article's fault, for the log.
    """

    rows: list[dict[str, Any]]
    faults: list[tuple[int, dict[str, Any]]]


class NodeWork:
    """Lives in a worker's process for as long as the job.

    Args:
        order: What it is to do.
    """

    def __init__(self, order: NodeOrder) -> None:
        self._order = order
        self._rows: RowMaker | None = None
        self._faults: dict[int, dict[str, Any]] = {}
        self._core: LoadedCore | None = None

    async def prepare(self) -> NodeReport:
        """Loads the models.

        Raises:
            ArchiveError: they cannot be loaded here; the message names the machine.
        """
        from khulasa.server.core.errors import CoreError
        from khulasa.server.core.translation.memory.store import TranslationMemoryError
        from khulasa.server.models.errors import PackageError
        from pydantic import ValidationError

        try:
            return await self._load()
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False)
            raise ArchiveError(f"{socket.gethostname()}: settings: {faults[0]['msg']}") from None
        except (CoreError, PackageError, TranslationMemoryError, OSError) as error:
            # Without the cause: its class may not travel.
            raise ArchiveError(f"{socket.gethostname()}: {error}") from None

    async def _load(self) -> NodeReport:
        from khulasa.server.observability import Observability
        from khulasa.server.observability_logs import failure
        from khulasa.server.previews import preview_lines
        from khulasa.server.runtime import load_core

        use_wide_kernels()
        order = self._order
        settings = Settings(**order.settings)

        def on_fault(line: int, error: Exception) -> None:
            self._faults[line] = failure(error, with_messages=settings.log_texts)

        self._core = await load_core(settings, Observability(log_texts=settings.log_texts))
        serving = self._core.serving
        self._rows = RowMaker(order.plan, serving.summarizer, on_fault)
        return NodeReport(
            f"{socket.gethostname()} (process {os.getpid()})",
            await asyncio.to_thread(settings_identity, order.plan, order.part_articles, settings, serving.models),
            await asyncio.to_thread(library_versions),
            _processor(),
            tuple(dict.fromkeys(pair.target for pair in serving.translator.pairs)),
            tuple(preview_lines(serving.models)),
        )

    async def summarize(self, lines: Sequence[Line]) -> BlockResult:
        """The rows of these lines, in order; an article's fault is its row.

        Raises:
            ArchiveError: nothing is loaded.
        """
        if self._rows is None:
            raise ArchiveError("a worker was asked before it was ready")
        rows = await asyncio.gather(*map(self._rows.row, lines))
        faults = [(line.number, self._faults.pop(line.number)) for line in lines if line.number in self._faults]
        return BlockResult(rows, faults)


def settings_to_send(settings: Settings, threads: int) -> dict[str, Any]:
    """The settings that every worker works with, in place of those of its own machine.

    Args:
        threads: Of one worker, >= 1.
    """
    sent = {name: getattr(settings, name) for name in _SENT_SETTINGS}
    # A worker has another working folder. A home folder stays the one of its own machine.
    sent["model_dirs"] = tuple(map(_absolute, settings.model_dirs))
    sent["download_dir"] = _absolute(settings.download_dir)
    sent["memory_path"] = None if settings.memory_path is None else _absolute(settings.memory_path)
    for name in ("models", "summary_model"):
        value = getattr(settings, name)
        sent[name] = tuple(map(_named, value)) if isinstance(value, tuple) else _named(value)
    return {**sent, "threads": threads}


def _absolute(path: Path) -> Path:
    return path if path.parts[:1] and path.parts[0].startswith("~") else path.absolute()


def _named(package: str) -> str:
    """A package's name, or its path made absolute."""
    return str(_absolute(Path(package))) if "/" in package or package.startswith(".") else package


def _processor() -> str:
    # Where the flags are not known, the kind of machine has to do.
    return " ".join([platform.machine(), *sorted(_VECTOR_FLAGS & processor_flags())])
