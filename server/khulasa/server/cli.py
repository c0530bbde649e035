"""`khulasa-server`: serve, and what an operator needs around it. Heavy imports wait until a command needs them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from khulasa.server.config import Settings

__all__ = ["app", "main"]

app = typer.Typer(
    name="khulasa-server",
    help="Khulasa: Arabic-English translation and aligned bilingual summaries over gRPC.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML). Default: KHULASA_CONFIG, or khulasa.toml here.")
]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.")] = None,
    config: _ConfigOption = None,
) -> None:
    """Serve until SIGTERM. Every setting is an environment variable or a line of the settings file, see `config`."""
    from khulasa.server.head_start import encoder_ahead, hold_collector, keep_what_is_loaded

    hold_collector()
    settings = _settings(config, host=host, port=port)
    encoder = encoder_ahead(settings.thread_count)
    import asyncio
    from functools import partial

    from khulasa.server.config import load_settings, settings_file
    from khulasa.server.core_holder import LoadedCore
    from khulasa.server.main import serve as run
    from khulasa.server.observability import Observability
    from khulasa.server.observability_logs import configure_logs
    from khulasa.server.runtime import load_core

    async def load(settings: Settings, observability: Observability) -> LoadedCore:
        loaded = await load_core(settings, observability, encoder)
        keep_what_is_loaded()
        return loaded

    configure_logs(settings.log_format, settings.log_level)
    # The file of the start must be there for each SIGHUP: without it every token would be gone, in silence.
    reread = partial(load_settings, settings_file(config), host=host, port=port)
    raise typer.Exit(asyncio.run(run(settings, load, _say, reread)))


@app.command("config")
def show_config(
    config: _ConfigOption = None,
    markdown: Annotated[bool, typer.Option(help="Print docs/configuration.md: the defaults.")] = False,
) -> None:
    """Print every setting: its value in force, default, environment variable and meaning."""
    from khulasa.server.settings_reference import as_markdown, as_text, settings_table

    typer.echo(as_markdown(settings_table()) if markdown else as_text(settings_table(_settings(config))), nl=False)


@app.command()
def doctor(config: _ConfigOption = None) -> None:
    """Check configuration, models, ports and certificates, and say what is wrong."""
    from khulasa.server.doctor import examine

    findings = examine(config)
    for finding in findings:
        typer.echo(finding.line())
    raise typer.Exit(0 if all(finding.good for finding in findings) else 1)


@app.command()
def healthcheck(
    host: Annotated[str | None, typer.Option(help="Where the server listens; default: by the settings.")] = None,
    port: Annotated[int | None, typer.Option(help="Its port; default: by the settings, the health port first.")] = None,
    service: Annotated[str, typer.Option(help="Full name of one service; empty for the whole server.")] = "",
    timeout_s: Annotated[float, typer.Option(help="How long to wait for the answer.")] = 3.0,
    ca: Annotated[Path | None, typer.Option(help="PEM certificates to trust: ask over TLS, the API's port.")] = None,
    cert: Annotated[Path | None, typer.Option(help="Own PEM certificate, for mutual TLS; with --key.")] = None,
    key: Annotated[Path | None, typer.Option(help="Its private key (PEM).")] = None,
    server_name: Annotated[str, typer.Option(help="A name in the server's certificate, if the host is none.")] = "",
    config: _ConfigOption = None,
) -> None:
    """Ask a running server by the standard health protocol; exit status 0 when it is SERVING."""
    settings = _settings(config) if port is None else None
    from khulasa.server.probe import Probe, ProbeError, ProbeTls

    tls = ProbeTls(ca, cert, key, server_name)
    try:
        tls.check()
        if settings is None:
            probe = Probe(host or "127.0.0.1", port or 0, tls)
        else:
            probe = Probe.by_settings(settings, host, tls)
        status, why = probe.status(service, timeout_s)
    except ProbeError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from error
    typer.echo(status)
    if why:
        typer.echo(why, err=True)
    raise typer.Exit(0 if status == "SERVING" else 1)


@app.command()
def token(name: Annotated[str, typer.Argument(help="Whose token it is; shown in logs and used to revoke it.")]) -> None:
    """Make a token and the lines of the settings that let it in. The token itself is not kept anywhere."""
    from khulasa.server.api.authentication import hash_of_token, new_token

    if not re.fullmatch(r"[\w.-]+", name):
        raise typer.BadParameter("use letters, digits, '-', '_' and '.'")
    secret = new_token()
    typer.echo(f"token (give it to the caller):  {secret}")
    typer.echo(f"environment:                    KHULASA_TOKENS={name}:{hash_of_token(secret)}")
    typer.echo(f'settings file, below [tokens]:  "{name}" = "{hash_of_token(secret)}"')


@app.command()
def tune(
    out: Annotated[Path | None, typer.Option(help="Write the settings to this new file (TOML).")] = None,
    text: Annotated[
        Path | None,
        typer.Option(help="Sentences, one a line; too long ones are left out. Default: 64 of news."),
    ] = None,
    all_types: Annotated[
        bool, typer.Option("--all-types", help="Try other number formats too: they may translate a little differently.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Measure everything this often.")] = 3,
    longest_batch_ms: Annotated[
        int, typer.Option(min=1, help="Prefer batches no longer than this: another request may wait for one.")
    ] = 500,
    config: _ConfigOption = None,
) -> None:
    """Measure threads, batches and number formats with the first model on this machine; print the best settings."""
    settings = _settings(config)
    if out is not None and (problem := _no_new_file(out)):
        typer.echo(f"cannot tune: --out {out}: {problem}", err=True)
        raise typer.Exit(1)
    from khulasa.server.core.errors import EngineError
    from khulasa.server.models.errors import PackageError
    from khulasa.server.tuning_command import (
        TuningPlan,
        all_compute_types,
        run_tuning,
        settings_fragment,
        write_fragment,
    )

    types = all_compute_types(settings.device) if all_types else ()
    try:
        texts = None if text is None else text.read_text("utf-8").splitlines()
        plan = TuningPlan(texts, types, rounds=rounds, longest_batch_s=longest_batch_ms / 1000)
        fragment = settings_fragment(run_tuning(settings, plan, _say), "Found by khulasa-server tune on this machine.")
        if out is not None:
            write_fragment(out, fragment)
    except (EngineError, PackageError, OSError, ValueError) as error:
        typer.echo(f"cannot tune: {error}", err=True)
        raise typer.Exit(1) from error
    _say("")
    _say(fragment.rstrip() if out is None else f"written to {out}")


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as version_of

    typer.echo(f"khulasa-server {version_of('khulasa-server')}")


def _memory_of(folder: Path, config: Path | None) -> int:
    """For `models`, whose room may not know the decoder's."""
    from khulasa.server.footprint import memory_of

    return memory_of(folder, config)


def _no_new_file(path: Path) -> str:
    """Why nothing can be written there, found before minutes of measuring; empty if it can."""
    if path.exists():
        return "it is there already and may hold other settings; name a new file"
    return "" if path.absolute().parent.is_dir() else "there is no such folder"


def _say(line: str) -> None:
    """A line for people, on its way at once even into a pipe."""
    # A full disk under the output must not stop a server.
    with suppress(OSError):
        typer.echo(line)
        sys.stdout.flush()


def _settings(config: Path | None, *, host: str | None = None, port: int | None = None) -> Settings:
    """The settings, or a message that names what is wrong with them and exit status 2."""
    from khulasa.server.config import load_settings
    from khulasa.server.settings_errors import SettingsError

    try:
        return load_settings(config, host=host, port=port)
    except SettingsError as error:
        for fault in error.faults:
            typer.echo(fault.line(), err=True)
        raise typer.Exit(2) from error


def main(imported: Callable[[], object] = lambda: None) -> None:
    """Run `khulasa-server`; `khulasa.server.start` is its entry point.

    Args:
        imported: Called when what is imported before any command has been.
    """
    _add_sub_commands()
    imported()
    app(prog_name="khulasa-server", obj=_memory_of)


def _add_sub_commands() -> None:
    """`models`, `memory` and `archive` have modules of their own, imported only when they may be asked for."""
    if len(sys.argv) < 2 or sys.argv[1] in ("models", "--help", "-h"):
        from khulasa.server.models.commands import models_app

        app.add_typer(models_app, name="models")
    if len(sys.argv) < 2 or sys.argv[1] in ("memory", "--help", "-h"):
        from khulasa.server.memory_commands import memory_app

        app.add_typer(memory_app, name="memory")
    if len(sys.argv) < 2 or sys.argv[1] in ("archive", "--help", "-h"):
        from khulasa.server.archive.command import archive_command

        app.command("archive")(archive_command)
