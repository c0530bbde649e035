"""Fetches one file over HTTPS: goes on where it stopped, waits when told to, and gives nothing that was not checked.

What has arrived lies in `NAME.part`, with `NAME.part.json` beside it for the address and entity tag it came with. The
rest is asked for with Range and If-Range (RFC 9110, 13.1.5 and 14.2), so a file that changed meanwhile starts again.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, NoReturn

from khulasa.server.models.errors import DownloadError, VerificationError
from khulasa.server.models.manifest import file_sha256
from khulasa.server.models.pace import Pace
from khulasa.server.models.transport import Retries, check_address, one_line, opener, retry_after_s, without_query

__all__ = ["Expected", "Progress", "download"]

# Told the bytes there are now and those there will be, None while that is not known.
Progress = Callable[[int, int | None], None]

_BLOCK_BYTES = 1 << 18
_TIMEOUT_S = 30.0
_CREDENTIALS = (
    "but for HF_TOKEN to a hub no credentials are sent: fetch it with yours and pull the file by its path, ./FILE"
)
_GONE = "there is no such file, or no longer: look at the address"
_ADVICE = {401: _CREDENTIALS, 403: _CREDENTIALS, 407: "the proxy wants credentials", 404: _GONE, 410: _GONE}
# With less between them failures count as being in a row.
_FRESH_BYTES = 1 << 18
_RETRIABLE = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file must be. Whatever is given is checked.

    Attributes:
        bytes: Its size.
        sha256: 64 hex digits.
        git_blob: Name of the file as a git blob (SHA-1), which hubs give for small files.
        most_bytes: Upper bound of its size where that is not known.
    """

    bytes: int | None = None
    sha256: str = ""
    git_blob: str = ""
    most_bytes: int = 32 * 2**30


class _PassingError(Exception):
    """A failure that may pass.

    Args:
        after_s: Seconds that the server asks to wait.
    """

    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


def download(
    url: str,
    target: Path,
    expected: Expected,
    *,
    headers: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    retries: Retries | None = None,
    on_wait: Callable[[str], None] | None = None,
    pace: Callable[[], Pace] = Pace,
    keep_tag: bool = False,
) -> str:
    """Fetches `url` to `target`, whole and checked, or not at all; what arrived stays for the next try.

    One process at a time may fetch to a target.

    Args:
        headers: Sent along, credentials only to the host of `url`.
        on_wait: Told why and for how long, before a pause of a second or more.
        pace: What each answer has to keep to; one that trickles is a failure like one that breaks off.
        keep_tag: Leave `.part.json` beside a file that no hash vouches for, so that it need not come a second time.

    Returns:
        The file's SHA-256.

    Raises:
        DownloadError: it cannot be had, now or at all.
        VerificationError: it is not what was expected; nothing of it is kept.
    """
    check_address(url)
    # Some hosts turn away the name that the standard library gives itself.
    sent = {"User-Agent": f"khulasa-server/{version('khulasa-server')}", **(headers or {})}
    fetch = _Fetch(url, target, expected, sent, progress, retries or Retries(), on_wait, pace, keep_tag)
    try:
        return _fetched(fetch, target, progress)
    except OSError as error:
        reason = error.strerror or error
        raise DownloadError(f"{target.name}: cannot be written to {target.parent}: {reason}") from error


def _fetched(fetch: _Fetch, target: Path, progress: Progress | None) -> str:
    if target.is_file() and (found := fetch.known_good(target)):
        if progress is not None:
            progress(target.stat().st_size, target.stat().st_size)
        return found
    target.parent.mkdir(parents=True, exist_ok=True)
    fetch.reopen()
    return fetch.run()


class _Fetch:
    """One file on its way."""

    def __init__(
        self,
        url: str,
        target: Path,
        expected: Expected,
        headers: dict[str, str],
        progress: Progress | None,
        retries: Retries,
        on_wait: Callable[[str], None] | None,
        pace: Callable[[], Pace],
        keep_tag: bool,
    ) -> None:
        self._url, self._target, self._expected, self._headers = url, target, expected, headers
        self._progress, self._retries, self._on_wait = progress, retries, on_wait
        self._part = target.with_name(target.name + ".part")
        self._notes = target.with_name(target.name + ".part.json")
        self._pace = pace
        self._keep_tag = keep_tag and not (expected.sha256 or expected.git_blob)
        self._encoding = ""

    def run(self) -> str:
        """Until it is there; a file put together from several answers that turns out wrong is fetched once anew."""
        for last in (False, True):
            pieces = self._until_whole()
            try:
                found = self._verified(self._part)
            except VerificationError as error:
                self._forget()
                if last or pieces == 1:
                    if self._encoding not in ("", "identity"):
                        sent = (
                            f"it was sent with Content-Encoding: {one_line(self._encoding)}, which is kept as it came"
                        )
                        raise VerificationError(f"{error}; {sent}") from error
                    raise
                continue
            self._part.replace(self._target)
            if not self._keep_tag:
                self._notes.unlink(missing_ok=True)
            return found
        raise AssertionError("unreachable")

    def reopen(self) -> None:
        """A finished file that only its tag tells from another: its last byte is asked for again, on that condition."""
        if self._keep_tag and self._target.is_file() and self._noted().get("etag"):
            os.truncate(self._target, max(0, self._target.stat().st_size - 1))
            self._target.replace(self._part)

    def known_good(self, path: Path) -> str:
        """SHA-256 of `path` when it is the expected file beyond doubt, else empty."""
        if not (self._expected.sha256 or self._expected.git_blob):
            return ""
        try:
            return self._verified(path)
        except VerificationError:
            return ""

    def _until_whole(self) -> int:
        """Answers that the file was put together from."""
        failures, pieces, most = 0, 0, self._size()
        if self._size() and not self._notes.is_file():
            self._forget()
        if self._size():
            pieces += 1
        while True:
            before = self._size()
            try:
                if self._whole_already(before):
                    return max(1, pieces)
                pieces += 1
                self._answer(before)
                return pieces
            except _PassingError as error:
                # More than ever before, and not byte by byte: a server that has another file each time, or sends
                # next to nothing of it, would be asked for ever.
                fresh = self._size() >= most + _FRESH_BYTES
                failures = 1 if fresh else failures + 1
                most = self._size() if fresh else most
                wait = self._retries.wait_s(failures) if error.after_s is None else error.after_s
                if failures > self._retries.most:
                    raise DownloadError(f"{self._name}: {error}, {failures} times in a row; try again later") from error
                if wait > self._retries.longest_s:
                    raise DownloadError(f"{self._name}: {error}, and asks to come back in {wait:,.0f} s") from error
                if wait >= 1 and self._on_wait is not None:
                    self._on_wait(f"{self._target.name}: {error}; trying again in {wait:,.0f} s")
                time.sleep(wait)

    def _whole_already(self, have: int) -> bool:
        noted = self._noted()
        # Of another address it may be another file of the same size.
        return have > 0 and noted.get("url") == self._url and have == (self._expected.bytes or noted.get("bytes"))

    def _answer(self, have: int) -> None:
        """Asks for the rest and writes it down.

        Raises:
            _PassingError: it broke off, or the server is busy.
            DownloadError: for good.
        """
        headers = dict(self._headers)
        noted = self._noted()
        etag = str(noted.get("etag", ""))
        # Without a tag only a known hash tells in the end whether both halves were of one file.
        if have and noted.get("url") == self._url and (etag or self._expected.sha256 or self._expected.git_blob):
            headers["Range"] = f"bytes={have}-"
            if etag:
                headers["If-Range"] = etag
        else:
            have = 0
        request = urllib.request.Request(self._url, headers=headers)  # noqa: S310 - check_address has seen it
        pace = self._pace()
        try:
            response = opener(pace).open(request, timeout=_TIMEOUT_S)
        except urllib.error.HTTPError as error:
            # Of a redirect it is closed already, which it does not like to be entered with.
            with closing(error):
                self._refused(error)
        except (http.client.HTTPException, OSError) as error:
            reason = getattr(error, "reason", None) or error
            message = f"the connection failed: {one_line(str(reason))}"
            if isinstance(reason, ssl.SSLCertVerificationError | http.client.InvalidURL):
                raise DownloadError(f"{self._name}: {message}") from error
            raise _PassingError(message) from error
        else:
            pace.body_begins()
            with response:
                self._receive(response, have, noted, pace)

    def _refused(self, error: urllib.error.HTTPError) -> NoReturn:
        # At once is no pause, and a date that is past here may be one to come there.
        after_s = retry_after_s(error.headers.get("Retry-After")) or None
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            # Either everything is here already or what is here is of another file: begin again.
            self._forget()
            raise _PassingError("the server has no more bytes than are here", 0.0) from error
        if error.code in _RETRIABLE:
            raise _PassingError(f"the server answers {error.code} {one_line(error.reason)}", after_s) from error
        advice = f"; {_ADVICE[error.code]}" if error.code in _ADVICE else ""
        raise DownloadError(
            f"{self._name}: the server answers {error.code} {one_line(error.reason)}{advice}"
        ) from error

    def _receive(self, response: Any, have: int, noted: dict[str, Any], pace: Pace) -> None:
        found, etag = str(response.headers.get("ETag", "")), str(noted.get("etag", ""))
        length = _number(response.headers.get("Content-Length"))
        if response.status == HTTPStatus.PARTIAL_CONTENT and have:
            start, total = _content_range(response.headers.get("Content-Range", ""))
            if start != have or (found and etag and found != etag) or total not in (None, noted.get("bytes") or total):
                self._forget()
                raise _PassingError("the server sends another part than was asked for", 0.0)
            total = total or _whole(noted.get("bytes"))
        elif response.status == HTTPStatus.OK:
            have, total = 0, length
        else:
            raise DownloadError(f"{self._name}: the server answers {response.status}")
        self._check_size(total)
        self._encoding = str(response.headers.get("Content-Encoding", "")).strip().lower()
        # A weak tag does not promise the same bytes (RFC 9110, 8.8.1).
        tag = "" if found.startswith("W/") else found
        notes = {"url": self._url, "etag": tag or (etag if have else ""), "bytes": total}
        self._notes.write_text(json.dumps(notes), encoding="utf-8")
        with self._part.open("r+b" if have else "wb") as file:
            file.seek(have)
            file.truncate()
            self._write(response, file, have, total, pace)
        total = self._expected.bytes if total is None else total
        if total is not None and self._size() < total:
            raise _PassingError(f"the connection broke after {self._size():,} of {total:,} bytes")

    def _write(self, response: Any, file: IO[bytes], have: int, total: int | None, pace: Pace) -> None:
        limit = total or self._expected.bytes or self._expected.most_bytes
        self._tell(have, total)
        try:
            while block := self._block(response):
                have += len(block)
                pace.gave(len(block))
                if have > limit:
                    self._forget()
                    raise DownloadError(f"{self._name}: more than the {limit:,} bytes announced or allowed")
                file.write(block)
                self._tell(have, total)
        finally:
            file.flush()
            os.fsync(file.fileno())

    def _block(self, response: Any) -> bytes:
        try:
            # What there is, without waiting for a full block: it would be lost when the connection breaks.
            block: bytes = response.read1(_BLOCK_BYTES)
        except (http.client.HTTPException, OSError) as error:
            raise _PassingError(f"the connection broke: {one_line(str(error))}") from error
        return block

    def _check_size(self, total: int | None) -> None:
        expected = self._expected
        if total is None:
            return
        if expected.bytes is not None and total != expected.bytes:
            self._forget()
            raise VerificationError(f"{self._name}: {expected.bytes:,} bytes expected, the server has {total:,}")
        if total > expected.most_bytes:
            raise DownloadError(f"{self._name}: {total:,} bytes, more than the {expected.most_bytes:,} allowed")
        free = shutil.disk_usage(self._part.parent).free + self._size()
        if total > free:
            raise DownloadError(f"{self._name}: {total:,} bytes, but {free:,} are free in {self._part.parent}")

    def _verified(self, path: Path) -> str:
        """SHA-256 of `path`.

        Raises:
            VerificationError: it is not what was expected.
        """
        expected, size = self._expected, path.stat().st_size
        if expected.bytes is not None and size != expected.bytes:
            raise VerificationError(f"{self._name}: {expected.bytes:,} bytes expected, {size:,} found")
        found = file_sha256(path)
        if expected.sha256 and found != expected.sha256:
            raise VerificationError(f"{self._name}: sha256 {expected.sha256} expected, {found} found")
        if expected.git_blob and (blob := _git_blob(path)) != expected.git_blob:
            raise VerificationError(f"{self._name}: git blob {expected.git_blob} expected, {blob} found")
        return found

    @property
    def _name(self) -> str:
        return f"{self._target.name} from {without_query(self._url)}"

    def _tell(self, have: int, total: int | None) -> None:
        if self._progress is not None:
            self._progress(have, self._expected.bytes if total is None else total)

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.is_file() else 0

    def _noted(self) -> dict[str, Any]:
        try:
            notes = json.loads(self._notes.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return notes if isinstance(notes, dict) else {}

    def _forget(self) -> None:
        self._part.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)


def _git_blob(path: Path) -> str:
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _content_range(value: str) -> tuple[int | None, int | None]:
    """Start and total of `bytes START-END/TOTAL`."""
    unit, _, rest = value.partition(" ")
    place, _, total = rest.partition("/")
    return (_number(place.partition("-")[0]), _number(total)) if unit == "bytes" else (None, None)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() else None
