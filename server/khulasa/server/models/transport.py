"""Which addresses may be fetched, how redirects are followed, and how long to wait after a failure."""

from __future__ import annotations

import ipaddress
import math
import random
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, Any

from khulasa.server.models.errors import DownloadError
from khulasa.server.models.pace import Pace, paced_handlers

__all__ = ["SOCKS", "Retries", "check_address", "one_line", "opener", "retry_after_s", "without_query"]

SOCKS = "the proxy that the environment names speaks SOCKS, which is not spoken here; name one for HTTP in https_proxy"


@dataclass(frozen=True, slots=True)
class Retries:
    """How patient a download is.

    Attributes:
        most: Failures in a row, with less than 256 kB in between, that are borne.
        first_s: Wait after the first; it doubles each time.
        longest_s: Longest wait; a server that asks for more ends the download with its answer.
    """

    most: int = 6
    first_s: float = 0.5
    longest_s: float = 120.0

    def wait_s(self, failures: int) -> float:
        """Seconds after so many failures in a row, drawn so that many clients do not come back at once."""
        return min(self.longest_s, self.first_s * 2.0 ** (failures - 1)) * random.uniform(0.5, 1.0)


def opener(pace: Pace) -> urllib.request.OpenerDirector:
    """Opens one address, by proxy where the environment names one, and follows redirects that may be followed.

    Args:
        pace: That the answer keeps to.
    """
    found = urllib.request.getproxies()
    proxy = found.get("https") or found.get("all")
    # None for plain HTTP: that is for this machine, and a proxy is another one.
    return urllib.request.build_opener(_Redirects(), _Proxies({"https": proxy} if proxy else {}), *paced_handlers(pace))


class _Proxies(urllib.request.ProxyHandler):
    """The proxy that the environment names, unless it is of a kind that urllib takes for another."""

    def proxy_open(self, req: urllib.request.Request, proxy: str, type: str) -> Any:
        if proxy.lower().startswith("socks") and not urllib.request.proxy_bypass(req.host):
            raise DownloadError(f"{req.host}: {SOCKS}")
        return super().proxy_open(req, proxy, type)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, never to a plain address, and takes credentials to no other host."""

    inf_msg = "in circles, or more than ten in a row: "

    def http_error_302(self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any) -> Any:
        """Follows one; an address that cannot be read is an error of the download."""
        # Its body is for people, and may have no end: the library would read it all.
        fp.close()
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except ValueError as error:
            raise DownloadError(f"{without_query(req.full_url)} leads to what is no address: {error}") from error

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        try:
            check_address(newurl)
        except DownloadError as error:
            raise DownloadError(f"{without_query(req.full_url)} leads to {error}") from error
        # A server elsewhere has no business on this machine.
        if _host_of(req.full_url)[0] == "https" and _host_of(newurl)[0] == "http":
            raise DownloadError(f"{without_query(req.full_url)} leads to plain {without_query(newurl)}")
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        if new is not None and _host_of(newurl) != _host_of(req.full_url):
            new.remove_header("Authorization")
        return new


def check_address(url: str) -> None:
    """Refuses what is not HTTPS; plain HTTP is for this machine only.

    Raises:
        DownloadError: it is another scheme or host, or cannot be read as an address.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        _ = parts.port  # read only here, and then refused
    except ValueError as error:
        raise DownloadError(f"{without_query(url)}: no address: {error}") from error
    if not url.isascii() or not url.isprintable() or " " in url:
        raise DownloadError(f"{without_query(url)!r}: no address: only ASCII stands in one, a space as %20")
    if parts.username is not None:
        raise DownloadError(f"{without_query(url)}: credentials in an address are not sent; leave them out")
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return
    raise DownloadError(f"{without_query(url)}: only https is fetched, and http from this machine")


def retry_after_s(value: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or a date; None without one that can be read."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        pass
    else:
        return seconds if 0 <= seconds < math.inf else None
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


def _host_of(url: str) -> tuple[str, str, int | None]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def one_line(text: str) -> str:
    """What a server said, fit for a terminal: one line of bounded length."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()[:300]


def without_query(url: str) -> str:
    """An address without what may be a signature or a password."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        scheme, _, rest = url.partition("?")[0].partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if parts.scheme else repr(parts.path)
