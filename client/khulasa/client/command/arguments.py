"""The command line."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from khulasa.client.command.exits import EXIT_CODES
from khulasa.client.connection import TlsOptions

__all__ = ["ArgumentError", "parse", "tls_of", "token_of"]

DEFAULT_SERVER = "localhost:50051"
_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


class ArgumentError(Exception):
    """Arguments that argparse takes and we do not."""


class _FilesAnywhere(argparse.ArgumentParser):
    """Takes files before, between and behind options; argparse by itself those of one place, and refuses the others."""

    _mixes = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """The arguments, and what is none of them."""
        # Behind `--` all is files, of which the mixed way loses count.
        if self._mixes or (args is not None and "--" in args):
            return super().parse_known_args(args, namespace)
        self._mixes = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._mixes = False


def _positive_int(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, is {text}")
    return number


def _positive_float(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not number > 0:
        raise argparse.ArgumentTypeError(f"must be a number above 0, is {text}")
    return number


def _version() -> str:
    try:
        return version("khulasa")
    except PackageNotFoundError:
        return "unknown"


def _connection() -> argparse.ArgumentParser:
    """Options that may stand before the command's name or after it."""
    parser = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = parser.add_argument_group("connection")
    group.add_argument(
        "--server", metavar="HOST:PORT", help=f"where the server is (KHULASA_SERVER; default {DEFAULT_SERVER})"
    )
    group.add_argument("--token", help="bearer token (others on this machine see it; better KHULASA_TOKEN)")
    group.add_argument("--token-file", metavar="FILE", type=Path, help="a file that holds the token")
    group.add_argument("--insecure-token", action="store_true", help="send the token to other machines without TLS too")
    group.add_argument("--tls", action="store_true", help="encrypted connection, public authorities")
    group.add_argument("--ca", metavar="FILE", type=Path, help="trust this authority (PEM); implies --tls")
    group.add_argument(
        "--cert", metavar="FILE", type=Path, help="own certificate for mutual TLS (PEM); with --key, implies --tls"
    )
    group.add_argument("--key", metavar="FILE", type=Path, help="its private key (PEM)")
    group.add_argument(
        "--timeout", metavar="SECONDS", type=_positive_float, help="for each call (default 60 s, more for long texts)"
    )
    return parser


def _input(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", help=f"{what} in UTF-8; - or none reads standard input")
    parser.add_argument("--target", metavar="LANGUAGE", default="", help="into this language, for example en")
    parser.add_argument("--source", metavar="LANGUAGE", default="", help="the text's language (default: detected)")
    parser.add_argument(
        "--input-format", choices=("text", "html"), default="text", help="how files are read (default text)"
    )
    parser.add_argument("--glossary", metavar="FILE", type=Path, help="required translations, SOURCE<tab>TARGET a line")
    parser.add_argument(
        "--deterministic", action="store_true", help="same answer whatever else the server does; slower"
    )


def _parser() -> argparse.ArgumentParser:
    connection = _connection()
    parser = argparse.ArgumentParser(
        prog="khulasa",
        description="Aligned bilingual summaries and translations of Arabic and English texts.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[connection],
        # `--insecure` is not meant for `--insecure-token`, and a later option would change what a script says.
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"khulasa {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_FilesAnywhere)
    shared = {
        "allow_abbrev": False,
        "parents": [connection],
        "epilog": EXIT_CODES,
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }

    summarize = commands.add_parser("summarize", help="summarise articles, pair by pair", **shared)  # type: ignore[arg-type]
    _input(summarize, "articles")
    length = summarize.add_mutually_exclusive_group()
    length.add_argument("--max-sentences", metavar="N", type=_positive_int, help="at most N sentences, 1 to 100")
    length.add_argument("--max-words", metavar="N", type=_positive_int, help="at most N words of the source")
    length.add_argument("--ratio", metavar="R", type=_positive_float, help="at most this share of the article, (0, 1]")
    summarize.add_argument("--focus", metavar="TEXT", default="", help="what the reader wants to know")
    summarize.add_argument("--full", action="store_true", help="translate the whole article as well")
    summarize.add_argument("--key-terms", metavar="N", type=int, help="at most N key terms (default 0; 12 for --html)")
    summarize.add_argument("--concurrency", metavar="N", type=_positive_int, default=4, help="articles at a time (4)")
    output = summarize.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="one JSON object a line for each article")
    output.add_argument("--markdown", action="store_true", help="Markdown")
    output.add_argument(
        "--html", metavar="OUT", help="a page to read (- for standard output); a folder, with an index, of several"
    )

    translate = commands.add_parser("translate", help="translate texts", **shared)  # type: ignore[arg-type]
    _input(translate, "texts")
    translate.add_argument("--text", action="append", default=[], metavar="TEXT", help="translate this; repeatable")
    shape = translate.add_mutually_exclusive_group()
    shape.add_argument("--pairs", action="store_true", help="segment by segment, source and translation")
    shape.add_argument("--json", action="store_true", help="one JSON object a line for each text")

    models = commands.add_parser("models", help="list the server's models", **shared)  # type: ignore[arg-type]
    models.add_argument("--json", action="store_true", help="one JSON object a line for each model")
    return parser


def _switch(environment: Mapping[str, str], name: str) -> bool:
    """A variable that is on or off; empty is off. What is neither is refused: texts would go out unencrypted."""
    value = environment.get(name, "").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"", "0", "false", "no", "off"}:
        return False
    raise ArgumentError(f"{name} must be 1 or 0, is {environment[name]!r}")


def _as_utf8(text: str) -> str:
    """Bytes that the locale has no letters for, as under POSIX, are UTF-8; what is not even that the client refuses."""
    if text.isascii() or not any("\udc80" <= letter <= "\udcff" for letter in text):
        return text
    try:
        return os.fsencode(text).decode()
    except UnicodeError:
        return text


def _settle_pages(given: argparse.Namespace) -> None:
    """What `--html` names: `html_out` for standard output, `html_folder` for a folder.

    Raises:
        ArgumentError: it can be neither.
    """
    out = given.html
    given.html_out = out == "-"
    given.html_folder = out is not None and not given.html_out and (len(given.files) > 1 or out.endswith(_SEPARATORS))
    if out is None:
        return
    if not out:
        raise ArgumentError("--html names no file")
    if given.html_out and len(given.files) > 1:
        raise ArgumentError("--html - writes one page; name a folder for several")
    given.html = Path(out)
    given.html_folder = given.html_folder or (not given.html_out and given.html.is_dir())


def parse(arguments: Sequence[str] | None, environment: Mapping[str, str]) -> argparse.Namespace:
    """The command line with everything filled in.

    Raises:
        SystemExit: with 2 for a wrong command line, 0 for --help.
        ArgumentError: arguments that contradict each other, or an environment variable that cannot be understood.
    """
    defaults = {
        "server": environment.get("KHULASA_SERVER") or DEFAULT_SERVER,
        "token": environment.get("KHULASA_TOKEN") or None,
        "token_file": None,
        "insecure_token": False,
        "tls": _switch(environment, "KHULASA_TLS"),
        "ca": None,
        "cert": None,
        "key": None,
        "timeout": None,
    }
    given = _parser().parse_args(arguments)
    for name, value in defaults.items():
        if not hasattr(given, name):
            setattr(given, name, value)
    # An editor's shell or a log of a build shows the escapes of other terminals as signs.
    given.escapes = environment.get("TERM") != "dumb"
    given.colour = given.escapes and not environment.get("NO_COLOR")
    if (given.cert is None) != (given.key is None):
        raise ArgumentError("--cert and --key come together")
    if getattr(given, "text", None) and given.files:
        raise ArgumentError("give files or --text, not both")
    if getattr(given, "ratio", None) is not None and given.ratio > 1:
        raise ArgumentError("--ratio is a share, at most 1")
    if (getattr(given, "key_terms", None) or 0) < 0:
        raise ArgumentError("--key-terms must be 0 or more")
    if list(getattr(given, "files", [])).count("-") > 1:
        raise ArgumentError("standard input (-) can be read once")
    if given.command == "summarize":
        given.focus = _as_utf8(given.focus)
        _settle_pages(given)
    if given.command == "translate":
        given.text = [_as_utf8(text) for text in given.text]
    return given


def tls_of(given: argparse.Namespace) -> bool | TlsOptions:
    """TLS settings of a command line."""
    if given.ca or given.cert:
        return TlsOptions(ca=given.ca, cert=given.cert, key=given.key)
    return bool(given.tls)


def token_of(given: argparse.Namespace) -> str | None:
    """The token of a command line.

    Raises:
        ArgumentError: its file cannot be read.
    """
    if given.token_file is None:
        return given.token  # type: ignore[no-any-return]
    try:
        return str(given.token_file.read_text(encoding="utf-8-sig")).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"cannot read the token: {error}") from error
