"""Exit codes, and what to tell the person in front of the terminal."""

from __future__ import annotations

from khulasa.client.errors import (
    AuthenticationError,
    DeadlineError,
    InvalidRequestError,
    KhulasaError,
    MessageTooLargeError,
    NotFoundError,
    NothingToSummarizeError,
    NotServingError,
    OverloadedError,
    PermissionDeniedError,
    PreconditionError,
    QuotaExceededError,
    ServerError,
    UnavailableError,
    UnsupportedLanguageError,
    UnsupportedMethodError,
)

__all__ = ["BAD_INPUT", "EXIT_CODES", "INTERRUPTED", "OK", "USAGE", "advice", "code_for", "is_final"]

OK = 0
BAD_INPUT = 1
USAGE = 2
UNREACHABLE = 3
BUSY = 4
REFUSED = 5
SERVER_FAULT = 6
INTERRUPTED = 130

EXIT_CODES = f"""exit codes:
  {OK}  done
  {BAD_INPUT}  at least one article or text could not be read or used, the others are done;
     or the output could not be written
  {USAGE}  the command line is wrong, or the server says so of an option or the glossary
  {UNREACHABLE}  no server answers, or it is not serving yet
  {BUSY}  the server is overloaded, a quota is used up, or the deadline passed
  {REFUSED}  no token, a wrong one, or one without permission
  {SERVER_FAULT}  the server failed, or is too old for this command
  {INTERRUPTED}  interrupted"""

# The most specific class wins.
_CODES: dict[type[KhulasaError], int] = {
    KhulasaError: SERVER_FAULT,
    InvalidRequestError: BAD_INPUT,
    PreconditionError: BAD_INPUT,
    NotFoundError: BAD_INPUT,
    UnavailableError: UNREACHABLE,
    OverloadedError: BUSY,
    DeadlineError: BUSY,
    AuthenticationError: REFUSED,
    PermissionDeniedError: REFUSED,
}


def _is_of_command_line(error: KhulasaError, source: str) -> bool:
    """Whether the fault is in what all texts were given along. How much room a summary needs depends on the article."""
    if isinstance(error, UnsupportedLanguageError):
        return _is_of_no_pair(error, source)
    if not isinstance(error, InvalidRequestError) or not error.violations:
        return False
    fields = [one.field.removeprefix("article.") for one in error.violations]
    return all(
        one.startswith(("options.", "glossary", "language_code", "source_language_code", "target_language_code"))
        and one not in ("options.max_words", "options.ratio")
        for one in fields
    )


def _is_of_no_pair(error: UnsupportedLanguageError, source: str) -> bool:
    """Whether an option names a language that no pair has: `--target`, or `source`, for one article may be of any."""
    target = error.facts.metadata.get("target_language_code", "")
    sources, targets = zip(*error.available_pairs, strict=True) if error.available_pairs else ((), ())
    return bool((source and source not in sources) or (target and target not in targets))


def code_for(error: KhulasaError, source: str = "") -> int:
    """The exit code of an error; `source` is the language that the command line gives all texts, empty for none."""
    if _is_of_command_line(error, source):
        return USAGE
    return next(_CODES[cls] for cls in type(error).__mro__ if cls in _CODES)


def is_final(error: KhulasaError, source: str = "") -> bool:
    """Whether the next article would fail in the same way, so that going on is no use; `source` as for `code_for`."""
    return code_for(error, source) in (USAGE, UNREACHABLE, REFUSED) or isinstance(error, UnsupportedMethodError)


def advice(error: KhulasaError, server: str) -> str:
    """What to do about an error; empty when its message says it all."""
    match error:
        case NotServingError():
            return f"The server at {server} is loading its models or shutting down. Try again in a few seconds."
        case UnavailableError():
            return (
                f"No server answers at {server}. Start one with `khulasa-server serve`, or name another with "
                "--server HOST:PORT or KHULASA_SERVER. Does it want TLS? Then add --tls; without TLS leave it out."
            )
        case QuotaExceededError() | OverloadedError():
            when = f" in {error.retry_after:.0f} s" if error.retry_after and error.retry_after >= 1 else " later"
            return f"Try again{when}" + (", or lower --concurrency." if type(error) is OverloadedError else ".")
        case DeadlineError():
            return "Give it more time with --timeout SECONDS, or send a shorter text."
        case AuthenticationError():
            return "Give the server's token with --token-file FILE or KHULASA_TOKEN."
        case PermissionDeniedError():
            return "This token may not do that; ask whoever runs the server."
        case UnsupportedLanguageError():
            pairs = ", ".join(f"{source} to {target}" for source, target in error.available_pairs)
            return f"Served are: {pairs}." if pairs else ""
        case NothingToSummarizeError():
            return "Is this a menu or a caption? An article needs at least one sentence of running text."
        case MessageTooLargeError():
            return "Send the text in parts." if "metadata" not in error.message else "The token is too long."
        case UnsupportedMethodError():
            return f"What answers at {server} is no Khulasa server, or an older one than this command."
        case ServerError():
            return "The server's log has the reason" + (
                f" under request {error.request_id}." if error.request_id else "."
            )
    return ""
