"""What a Hugging Face Hub holds: commit, files, sizes and hashes, through huggingface_hub (HF_ENDPOINT, HF_TOKEN).

The bytes themselves are fetched by `download`: huggingface_hub 1 and later begins a broken file anew in the next
process, and models are large. Addresses are those of the files at one commit, so two files are never of two versions.
"""

from __future__ import annotations

import os
import re
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, TypeVar

from khulasa.server.models.download import Expected
from khulasa.server.models.errors import DownloadError
from khulasa.server.models.manifest import plain_path
from khulasa.server.models.pace import TrickleError, within
from khulasa.server.models.transport import SOCKS, Retries, check_address, one_line, retry_after_s

__all__ = ["HubFile", "HubRepository", "repository"]

_T = TypeVar("_T")
_COMMIT = re.compile("[0-9a-f]{40}")
_SHA256 = re.compile("[0-9a-f]{64}")
_BUSY = {408, 429, 500, 502, 503, 504}
# Of one read, and of a whole answer.
_TIMEOUT_S = 30.0
_ANSWER_S = 120.0
# Of one answer's body: what the hub says of a repository of ten thousand files has one tenth of it.
_ANSWER_BYTES = 8 << 20
# Each is asked for by itself.
_MOST_FILES = 1_000
_ADVICE = {
    401: "; HF_TOKEN is missing or wrong",
    403: "; HF_TOKEN may not see it, or its terms were not accepted on the hub",
    404: "; nothing is there, is HF_ENDPOINT a hub?",
}
_OFFLINE = "unset it, or pull a folder or archive of this machine by its path, as ./FILE"
_OF_NO_USE = ("*.h5", "*.msgpack", "*.ot", "*.onnx", "*.tflite", "*.zip", "*.png", "*.jpg", "benchmark_*", "onnx/*")


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository at one commit."""

    path: str
    url: str
    expected: Expected


@dataclass(frozen=True, slots=True)
class HubRepository:
    """Files of a repository at one commit.

    Attributes:
        commit: 40 hex digits.
        headers: To send along when fetching.
    """

    name: str
    commit: str
    files: tuple[HubFile, ...]
    headers: dict[str, str]


def repository(
    name: str,
    revision: str = "main",
    *,
    include: Sequence[str] = (),
    retries: Retries | None = None,
    on_wait: Callable[[str], None] | None = None,
) -> HubRepository:
    """The files of a repository that match `include`, with what the hub says of each.

    Args:
        name: As `owner/repository`.
        revision: A commit, branch or tag; what it means now holds for all files.
        include: Patterns of paths, each of which must match; empty for what is of use here, weights in one form only.
        retries: How patient to be.
        on_wait: Told why and for how long, before a pause of a second or more.

    Raises:
        DownloadError: the hub cannot be reached, has no such repository, revision or file, or asks for a token.
    """
    from huggingface_hub import HfApi, constants
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined] # exported lazily

    try:
        check_address(constants.ENDPOINT)
    except DownloadError as error:
        raise DownloadError(f"HF_ENDPOINT: {error}; unset it for huggingface.co") from error
    if constants.ENDPOINT.startswith("http:"):
        _spare_this_machine(constants.ENDPOINT)
    with _named(name):
        _guard_session()
    ask = _Asker(name, retries or Retries(), on_wait)
    info = ask(lambda: HfApi(endpoint=constants.ENDPOINT).model_info(name, revision=revision, timeout=_TIMEOUT_S))
    commit = str(info.sha or "")
    if not _COMMIT.fullmatch(commit) or (_COMMIT.fullmatch(revision) and commit != revision):
        raise DownloadError(f"{name}: the hub gives commit {one_line(commit) or 'none'!r} for revision {revision!r}")
    paths = sorted(_plain(name, sibling.rfilename) for sibling in info.siblings or ())
    wanted = [path for path in paths if _matches(path, include)] if include else _of_use(paths)
    missing = [pattern for pattern in include if not any(fnmatchcase(path, pattern) for path in wanted)]
    if missing:
        raise DownloadError(f"{name} at {commit}: there is no {', '.join(missing)}")
    if not wanted:
        raise DownloadError(f"{name} at {commit}: it holds no file that is of use here")
    if len(wanted) > _MOST_FILES:
        most = f"more than the {_MOST_FILES:,} of the largest models; include those that you want"
        raise DownloadError(f"{name} at {commit}: {len(wanted):,} files, {most}")
    files = tuple(_file_of(name, commit, path, ask) for path in wanted)
    with _named(name):
        headers = {str(key): str(value) for key, value in build_hf_headers().items()}
    return HubRepository(name, commit, files, headers)


def _spare_this_machine(endpoint: str) -> None:
    """A proxy is another machine: what is for this one, the token with it, is not to go there."""
    spared = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    host = urllib.parse.urlsplit(endpoint).hostname or ""
    if host not in spared.split(","):
        os.environ["no_proxy"] = f"{spared},{host}".lstrip(",")


def _guard_session() -> None:
    """Has huggingface_hub's own requests and answers looked at: it follows redirects, and keeps whatever it is sent."""
    from huggingface_hub.utils import get_session  # type: ignore[attr-defined] # exported lazily

    session: Any = get_session()
    for event, look in (("request", _check_request), ("response", _check_response)):
        hooks = session.event_hooks
        if look not in hooks[event]:
            session.event_hooks = {**hooks, event: [*hooks[event], look]}


def _check_request(request: Any) -> None:
    check_address(str(request.url))
    request.headers["Accept-Encoding"] = "identity"


def _check_response(response: Any) -> None:
    """Bounds the body, which is not read yet, be it of an answer, an error or a redirect.

    Raises:
        _OddAnswerError: it is packed, for a few bytes may then become any number.
    """
    # It is printed as it came.
    response.headers.pop("X-HF-Warning", None)
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if response.request.method != "HEAD" and packing not in ("", "identity"):
        raise _OddAnswerError(f"Content-Encoding: {one_line(packing)}, which was not asked for")
    response.iter_raw = partial(_bounded, response.iter_raw)


def _bounded(read: Callable[[int | None], Iterator[bytes]], chunk_size: int | None = None) -> Iterator[bytes]:
    size = 0
    for chunk in read(chunk_size):
        size += len(chunk)
        if size > _ANSWER_BYTES:
            raise _OddAnswerError(f"more than {_ANSWER_BYTES:,} bytes where it should say what it has")
        yield chunk


def _file_of(name: str, commit: str, path: str, ask: _Asker) -> HubFile:
    """A file with what the hub says of it: the tag of a large file is its SHA-256, that of a small one git's hash.

    Raises:
        DownloadError: the hub has it of another commit, or does not say.
    """
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(name, path, revision=commit, endpoint=constants.ENDPOINT)
    metadata = ask(lambda: get_hf_file_metadata(url, timeout=_TIMEOUT_S), path)
    if metadata.commit_hash not in (None, commit):
        raise DownloadError(f"{name}: {path} is of commit {one_line(metadata.commit_hash)}, {commit} was asked for")
    etag = metadata.etag or ""
    expected = Expected(
        bytes=metadata.size,
        sha256=etag if _SHA256.fullmatch(etag) else "",
        git_blob=etag if _COMMIT.fullmatch(etag) else "",
    )
    return HubFile(path, url, expected)


def _plain(name: str, path: Any) -> str:
    try:
        return plain_path(path if isinstance(path, str) else "")
    except ValueError as error:
        raise DownloadError(f"{name}: {error}") from error


def _of_use(paths: Sequence[str]) -> list[str]:
    """Without hidden files and weights of other frameworks; safetensors rather than pickles where both are."""
    safe = any(path.endswith(".safetensors") for path in paths)
    return [
        path
        for path in paths
        if not any(part.startswith(".") for part in path.split("/"))
        and not _matches(path, _OF_NO_USE)
        and not (safe and fnmatchcase(path, "pytorch_model*.bin*"))
    ]


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


class _Asker:
    """Asks the hub again while it is busy, and puts its errors in words."""

    def __init__(self, name: str, retries: Retries, on_wait: Callable[[str], None] | None) -> None:
        self._name, self._retries, self._on_wait = name, retries, on_wait

    def __call__(self, call: Callable[[], _T], what: str = "") -> _T:
        failures = 0
        while True:
            try:
                with _named(self._name, what):
                    return within(_ANSWER_S, call)
            except _BusyError as busy:
                failures += 1
                wait = self._retries.wait_s(failures) if busy.after_s is None else busy.after_s
                if failures > self._retries.most or wait > self._retries.longest_s:
                    raise DownloadError(f"{self._name}: {busy}, {failures} times in a row") from busy
                if wait >= 1 and self._on_wait is not None:
                    self._on_wait(f"{self._name}: {busy}; trying again in {wait:,.0f} s")
                time.sleep(wait)


class _OddAnswerError(Exception):
    """What no hub answers."""


class _BusyError(Exception):
    def __init__(self, message: str, after_s: float | None) -> None:
        super().__init__(message)
        self.after_s = after_s


@contextmanager
def _named(name: str, what: str = "") -> Iterator[None]:
    """huggingface_hub's errors as ours.

    Args:
        what: The file that is asked for, if it is one.
    """
    from huggingface_hub import errors

    try:
        yield
    except DownloadError as error:
        raise DownloadError(f"{name}: the hub leads to {error}") from error
    except _OddAnswerError as error:
        raise DownloadError(f"{name}: the hub answers with {error}; is HF_ENDPOINT one?") from error
    except TrickleError as error:
        raise _BusyError(f"the hub gives {error}", None) from error
    except errors.GatedRepoError as error:
        raise DownloadError(f"{name}: gated; accept its terms on the hub and set HF_TOKEN") from error
    except errors.RepositoryNotFoundError as error:
        raise DownloadError(f"{name}: the hub has no such repository, or HF_TOKEN may not see it") from error
    except errors.RevisionNotFoundError as error:
        raise DownloadError(f"{name}: the hub has no such revision") from error
    except errors.EntryNotFoundError as error:
        missing = f"{what} is not there, though the hub lists it"
        raise DownloadError(f"{name}: {missing if what else _first_line(error)}") from error
    except errors.OfflineModeIsEnabled as error:
        raise DownloadError(f"{name}: HF_HUB_OFFLINE is set, so no hub is asked: {_OFFLINE}") from error
    except errors.HfHubHTTPError as error:
        response: Any = error.response
        status = getattr(response, "status_code", None)
        if status in _BUSY:
            after_s = retry_after_s(response.headers.get("Retry-After")) or None
            raise _BusyError(f"the hub answers {status}", after_s) from error
        what = f"the hub answers {status}{_ADVICE[status]}" if status in _ADVICE else _first_line(error)
        raise DownloadError(f"{name}: {what}") from error
    except errors.HFValidationError as error:
        raise DownloadError(f"{name!r} is no repository name: {_first_line(error)}") from error
    except ImportError as error:
        # All that may be missing, for there is no extra without it, is what speaks to such a proxy.
        raise DownloadError(f"{name}: {SOCKS}" if "SOCKS" in str(error) else f"{name}: {error}") from error
    except Exception as error:
        # The transport's own errors; huggingface_hub has changed it from one major version to the next.
        if type(error).__module__.partition(".")[0] in ("httpx", "httpx2", "httpcore", "requests", "urllib3"):
            raise _BusyError(f"the hub cannot be reached: {_first_line(error)}", None) from error
        # What the library makes of an answer that is no hub's: a page to sign in, say, or a proxy's error.
        reason = f"{type(error).__name__}: {_first_line(error)}"
        raise DownloadError(f"{name}: what the hub answers cannot be read, is HF_ENDPOINT one? ({reason})") from error


def _first_line(error: Exception) -> str:
    return one_line(str(error).strip().partition("\n")[0]) or type(error).__name__
