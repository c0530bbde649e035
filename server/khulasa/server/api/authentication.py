"""Who calls: a named token, a signed token, a client certificate or, with neither, the peer's address."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

__all__ = ["AuthenticationError", "Authenticator", "SignedTokens", "caller_of_peer", "hash_of_token", "new_token"]

_SCHEME = "bearer "
# 32 bytes of randomness need no slow hash: there is nothing to guess.
_TOKEN_BYTES = 32
_CERTIFICATE_PREFIX = "cert:"


class AuthenticationError(Exception):
    """No token, or one that is not known."""


def new_token() -> str:
    """A fresh token, 256 bits."""
    return f"kh_{secrets.token_urlsafe(_TOKEN_BYTES)}"


def hash_of_token(token: str) -> str:
    """What the configuration keeps: SHA-256 of the token's UTF-8, 64 hex digits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class SignedTokens(Protocol):
    """Tokens that are not listed here but signed by somebody whom the operator trusts."""

    def name_of(self, token: str) -> str:
        """Whose token it is.

        Raises:
            AuthenticationError: the token is not good.
        """
        ...


class Authenticator:
    """Knows tokens by their hashes or by their signatures.

    Args:
        hashes: Hash of each token by the token's name.
        signed: Asked about tokens that have none of the hashes. With neither, everybody is let in.
    """

    def __init__(self, hashes: Mapping[str, str] | None = None, signed: SignedTokens | None = None) -> None:
        self._hashes = dict(hashes or {})
        self._signed = signed
        self._closed = bool(self._hashes) or signed is not None

    @property
    def required(self) -> bool:
        """Whether a token is needed."""
        return self._closed

    def replace_hashes(self, hashes: Mapping[str, str]) -> None:
        """Takes these tokens from the next call on. A server that asked for tokens goes on asking when none is left."""
        self._hashes = dict(hashes)
        self._closed = self._closed or bool(hashes)

    def name_of(self, metadata: Iterable[tuple[str, str | bytes]]) -> str:
        """The name of the token in the call's metadata, empty when none is needed.

        Every hash is compared, each in constant time, so that the time taken tells nothing.

        Raises:
            AuthenticationError: no `authorization: Bearer TOKEN`, or an unknown token.
        """
        if not self.required:
            return ""
        offered = [str(value) for key, value in metadata if key == "authorization" and isinstance(value, str)]
        if len(offered) != 1 or not offered[0].lower().startswith(_SCHEME):
            raise AuthenticationError("send one token in the metadata, as `authorization: Bearer TOKEN`")
        token = offered[0][len(_SCHEME) :].strip()
        offered_hash = hash_of_token(token)
        known = ""
        for name, token_hash in self._hashes.items():
            if hmac.compare_digest(token_hash, offered_hash):
                known = name
        if not known and self._signed is not None:
            return self._signed.name_of(token)
        if not known:
            raise AuthenticationError("the token is not known to this server")
        return known


def caller_of_peer(peer: str, auth_context: Mapping[str, Sequence[bytes]]) -> str:
    """`cert:` and the common name of the client's certificate, or its first other name; else its address without port.

    The kinds of callers stay apart: no name in a certificate is that of another kind, as `jwt:desk` or `10.1.2.3`.

    Of an IPv6 address the first 64 bits, which is what one machine has all addresses of.
    """
    for names in ("x509_common_name", "x509_subject_alternative_name"):
        # gRPC gives an empty common name where there is none.
        if (found := auth_context.get(names, ())) and found[0]:
            return _CERTIFICATE_PREFIX + bytes(found[0]).decode("utf-8", "replace")
    kind, _, address = peer.partition(":")
    if kind == "ipv4":
        return address.rpartition(":")[0] or address
    if kind == "ipv6":
        return _network_of(address.replace("%5B", "[").replace("%5D", "]").rpartition(":")[0]) or address
    return kind or "unknown"


def _network_of(address: str) -> str:
    """The network of an IPv6 address in brackets, or the IPv4 address inside it; as it is where it has neither."""
    try:
        parsed = ipaddress.IPv6Address(address.strip("[]").replace("%25", "%"))
    except ValueError:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    if parsed.is_loopback or parsed.is_link_local:
        return address
    return f"{ipaddress.IPv6Address(int(parsed) >> 64 << 64)}/64"
