"""The command `khulasa-server archive`."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from khulasa.server.api.limits import RequestLimits
    from khulasa.server.archive.articles import JobPlan
    from khulasa.server.config import Settings

__all__ = ["archive_command"]

_REFUSED = 2


def archive_command(
    source: Annotated[Path, typer.Argument(metavar="IN.jsonl", help="Articles, one JSON object a line.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the parts; made if it is not there.")],
    target_language: Annotated[str, typer.Option(help="Into this language. Default: the other one of the pair.")] = "",
    max_sentences: Annotated[int, typer.Option(help="At most this many sentences, 1 to 100.")] = 0,
    max_words: Annotated[int, typer.Option(help="At most this many words of the article, 1 to 10,000.")] = 0,
    ratio: Annotated[float, typer.Option(help="At most this share of the article's words, above 0, at most 1.")] = 0.0,
    focus: Annotated[str, typer.Option(help="What the reader wants to know.")] = "",
    full_translation: Annotated[bool, typer.Option("--full-translation", help="Translate every sentence.")] = False,
    key_terms: Annotated[int, typer.Option(help="At most this many key terms, 0 to 50.")] = 12,
    deterministic: Annotated[bool, typer.Option(help="Every run gives the same rows, at a cost in throughput.")] = True,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="A Parquet file beside each part (extra `archive`).")
    ] = False,
    ignore_other_fields: Annotated[
        bool, typer.Option("--ignore-other-fields", help="Take lines with fields that articles do not have.")
    ] = False,
    part_articles: Annotated[int, typer.Option(min=1, max=100_000, help="Articles of one part.")] = 100,
    concurrency: Annotated[
        int, typer.Option(min=0, max=256, help="Articles at work at a time. 0: the setting stream_articles.")
    ] = 0,
    force: Annotated[bool, typer.Option("--force", help="Throw away the parts of another job in OUT.")] = False,
    ray: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Work on this Ray cluster: HOST:PORT, or auto (extra `ray`)."),
    ] = "",
    workers: Annotated[
        int, typer.Option(min=0, max=10_000, help="Workers in the cluster. 0: as many as its nodes hold.")
    ] = 0,
    worker_cpus: Annotated[
        int, typer.Option(min=0, max=1_024, help="Cores of each. 0: those of the smallest node, at most 4.")
    ] = 0,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Settings file (TOML). Default: KHULASA_CONFIG, or khulasa.toml here."),
    ] = None,
) -> None:
    """Summarise a file of articles into a folder, here or on a cluster. Run again, it goes on where it stopped.

    Exit status: 0 when every article has its summary, 1 when some have an error row, 2 when the job could not run,
    128 and the signal's number when it was stopped.
    """
    from khulasa.server.archive.articles import JobPlan
    from khulasa.server.archive.errors import ArchiveError
    from khulasa.server.archive.execution import Cluster, Job, run_job
    from khulasa.server.archive.parquet import require_pyarrow
    from khulasa.server.archive.ray_workers import check_address, require_ray
    from khulasa.v1 import common_pb2, summary_pb2

    with _failing_clearly():
        settings = _settings(config)
        options = summary_pb2.SummaryOptions(
            target_language_code=target_language,
            max_sentences=max_sentences,
            max_words=max_words,
            ratio=ratio,
            focus=focus,
            full_translation=full_translation,
            max_key_terms=key_terms,
            translation=common_pb2.TranslationOptions(deterministic=deterministic),
        )
        plan = JobPlan(
            options=options,
            limits=_limits(settings),
            concurrency=concurrency or settings.stream_articles,
            max_line_bytes=settings.max_message_bytes,
            ignore_other_fields=ignore_other_fields,
            parquet=parquet,
        )
        _check_options(plan)
        if parquet:
            require_pyarrow()
        if ray:
            check_address(ray)
            require_ray()
        elif workers or worker_cpus:
            raise ArchiveError("--workers and --worker-cpus say how to use a cluster: name one with --ray")
        with source.open("rb") as file, _held(source, out):
            job = Job(file, out, plan, part_articles, settings, force=force)
            status = asyncio.run(run_job(job, Cluster(ray, workers, worker_cpus) if ray else None))
    raise typer.Exit(status)


def _settings(config: Path | None) -> Settings:
    from khulasa.server.archive.errors import ArchiveError
    from khulasa.server.config import load_settings
    from khulasa.server.settings_errors import SettingsError

    try:
        return load_settings(config)
    except SettingsError as error:
        raise ArchiveError(str(error)) from error


def _limits(settings: Settings) -> RequestLimits:
    from khulasa.server.api.limits import RequestLimits

    return RequestLimits(max_article_chars=settings.max_article_chars, default_beam_size=settings.beam_size)


def _check_options(plan: JobPlan) -> None:
    """Wrong options are said once, not in a row for each article."""
    from khulasa.server.api.convert_summary import summarize_request
    from khulasa.v1 import summary_pb2

    article = summary_pb2.Article(text="any")
    summarize_request(summary_pb2.SummarizeRequest(article=article, options=plan.options), plan.limits)


@contextmanager
def _held(source: Path, out: Path) -> Iterator[None]:
    """The folder, for this process alone: two jobs in one folder would take each other's files away."""
    from khulasa.server.archive.errors import ArchiveError

    out.mkdir(parents=True, exist_ok=True)
    if source.resolve().parent == out.resolve():
        raise ArchiveError("the input lies in the folder of the output: name another folder")
    folder = os.open(out, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ArchiveError(f"another job is at work in {out}") from error
        yield
    finally:
        os.close(folder)


@contextmanager
def _failing_clearly() -> Iterator[None]:
    """One line and exit status 2 in place of a traceback."""
    from khulasa.server.archive.errors import ArchiveError
    from khulasa.server.core.errors import CoreError, InvalidInputError
    from khulasa.server.core.translation.memory.store import TranslationMemoryError
    from khulasa.server.models.errors import PackageError

    try:
        yield
    except InvalidInputError as error:
        for one in error.violations:
            _say(f"{_option(one.field)}: {one.description}")
        raise typer.Exit(_REFUSED) from error
    except OSError as error:
        _say(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
        raise typer.Exit(_REFUSED) from error
    except (ArchiveError, CoreError, PackageError, TranslationMemoryError) as error:
        _say(str(error))
        raise typer.Exit(_REFUSED) from error


def _option(field: str) -> str:
    """The option that sets a field of SummaryOptions."""
    name = field.removeprefix("options.").removesuffix("_code").replace("max_key_terms", "key_terms")
    return f"--{name.replace('_', '-')}"


def _say(line: str) -> None:
    """A line for people; standard output has the result alone."""
    typer.echo(line, err=True)
