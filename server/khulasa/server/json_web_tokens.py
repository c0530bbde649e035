"""Signed tokens (JWT) of an identity provider, checked against its public keys in a file. Needs the extra `jwt`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from stat import S_ISREG
from typing import Any

import structlog
from khulasa.server.api.authentication import AuthenticationError
from khulasa.server.config import Settings

__all__ = ["CALLER_PREFIX", "JwtRules", "JwtSettingsError", "JwtVerifier", "verifier_of"]

# Keeps subjects of the provider apart from names of tokens.
CALLER_PREFIX = "jwt:"
_MAX_SUBJECT = 256
_MIN_RSA_BITS = 2048
# The field of Ed25519 (RFC 8032, 5.1), and y of its points of order 8; those of lower orders have 0, 1 and -1.
_ED25519_P = 2**255 - 19
_ED25519_Y8 = int("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7", 16)
_ED25519_SMALL = {0, 1, _ED25519_P - 1, _ED25519_Y8, _ED25519_P - _ED25519_Y8}
_MAX_BYTES = 1 << 20
# What could not be read may become readable as it is: its rights are no part of its stamp.
_LOOK_AGAIN_S = 1.0
# What `typ` says of a token to call with, if it says anything (RFC 8725, 3.11; RFC 9068). Tokens for other ends, as for
# logging out, have the same claims and the same key.
_TYPES = ("jwt", "at+jwt")
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
# What a key can sign with, by its kty and crv. A key takes part in nothing else, whatever a token's header says.
_ALGORITHMS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("RSA", ""): _RSA,
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}


class JwtSettingsError(Exception):
    """The library is missing, or the file of keys is of no use."""


@dataclass(frozen=True, slots=True)
class JwtRules:
    """Which tokens are good.

    Attributes:
        jwks_file: JSON Web Key Set with the public keys of the provider.
        issuer: What `iss` must be.
        audience: What `aud` must be or hold.
        algorithms: Allowed signatures, asymmetric ones only.
        leeway_s: Seconds that clocks may differ, >= 0.
    """

    jwks_file: Path
    issuer: str
    audience: str
    algorithms: Sequence[str]
    leeway_s: float


@dataclass(frozen=True, slots=True)
class _Key:
    public: Any
    algorithms: tuple[str, ...]


class JwtVerifier:
    """Checks signature, issuer, audience and times; follows the file of keys.

    Raises:
        JwtSettingsError: as above, at the start only. Later an unreadable file leaves the old keys in use.
    """

    def __init__(self, rules: JwtRules) -> None:
        try:
            # PyJWT checks no signature of these kinds without cryptography.
            import_module("cryptography")
            self._jwt: Any = import_module("jwt")
        except ImportError as error:
            raise JwtSettingsError(
                "jwt_jwks_file is set, and the extra `jwt` is not installed: pip install 'khulasa-server[jwt]'"
            ) from error
        self._rules = rules
        self._stamp = self._current_stamp()
        self._keys = self._read()
        self._refused, self._refused_stamp, self._refused_at = "", self._stamp, 0.0

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Of the keys in use."""
        return tuple(self._keys)

    def name_of(self, token: str) -> str:
        """The caller: `jwt:` and the token's `sub`.

        Raises:
            AuthenticationError: the token is not good. It says why only when the signature was.
        """
        self._follow_file()
        jwt, rules = self._jwt, self._rules
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys[header["kid"]]
            claims = jwt.decode(
                token,
                key.public,
                algorithms=list(key.algorithms),
                issuer=rules.issuer,
                audience=rules.audience,
                leeway=rules.leeway_s,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
            subject = claims["sub"]
            # What `crit` names must be understood (RFC 7515, 4.1.11), and nothing is here; old libraries do not look.
            if "crit" in header or not _is_to_call_with(header):
                raise ValueError("a token for something else")
        except jwt.ExpiredSignatureError as error:
            raise AuthenticationError("the token has expired") from error
        except jwt.ImmatureSignatureError as error:
            raise AuthenticationError("the token is not valid yet") from error
        except Exception as error:
            # Whatever a hostile token makes a parser raise, deep nesting for one: it is no good token.
            raise AuthenticationError("the token is not known to this server") from error
        if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUBJECT:
            raise AuthenticationError(f"the token's `sub` must have 1 to {_MAX_SUBJECT} characters")
        if "cnf" in claims:
            # Whoever has stolen it could use it, which it was bound to prevent.
            raise AuthenticationError("the token is bound to a key (`cnf`), which nobody asks for here")
        return CALLER_PREFIX + subject

    def _follow_file(self) -> None:
        stamp = self._current_stamp()
        if stamp == self._stamp:
            self._refused = ""
            return
        now = time.monotonic()
        if self._refused and stamp == self._refused_stamp and now < self._refused_at + _LOOK_AGAIN_S:
            return
        log = structlog.get_logger("khulasa.server")
        try:
            self._keys = self._read()
        except JwtSettingsError as error:
            # A broken file is told of once and not at each call.
            if str(error) != self._refused:
                log.error("keys of tokens unreadable, the old ones go on", error=str(error))
            self._refused, self._refused_stamp, self._refused_at = str(error), stamp, now
            return
        self._stamp, self._refused = stamp, ""
        log.info("keys of tokens reloaded", keys=len(self._keys))

    def _current_stamp(self) -> tuple[int, int, int] | None:
        try:
            stat = self._rules.jwks_file.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _read(self) -> dict[str, _Key]:
        """Keys by their `kid`, without those that can sign nothing allowed here."""
        file = self._rules.jwks_file
        try:
            # It is read while calls wait: a pipe would hold them up for ever, a file of a gigabyte for long.
            stat = file.stat()
            if not S_ISREG(stat.st_mode) or stat.st_size > _MAX_BYTES:
                raise JwtSettingsError(f"no plain file of at most {_MAX_BYTES:,} bytes")
            entries = json.loads(file.read_bytes())["keys"]
            keys = [(entry["kid"], self._key(entry)) for entry in entries if _is_for_signatures(entry)]
        except OSError as error:
            raise JwtSettingsError(f"jwt_jwks_file {file}: {error.strerror or error}") from error
        except JwtSettingsError as error:
            raise JwtSettingsError(f"jwt_jwks_file {file}: {error}") from error
        except Exception as error:
            raise JwtSettingsError(f"jwt_jwks_file {file}: no JSON Web Key Set whose keys have a kid") from error
        found = {name: key for name, key in keys if isinstance(name, str) and key.algorithms}
        if not found:
            raise JwtSettingsError(f"jwt_jwks_file {file}: no public key for {', '.join(self._rules.algorithms)}")
        if len({name for name, _ in keys}) != len(keys):
            raise JwtSettingsError(f"jwt_jwks_file {file}: two keys have one kid")
        return found

    def _key(self, entry: Mapping[str, Any]) -> _Key:
        kind = entry["kty"]
        if kind == "oct":
            raise JwtSettingsError("it holds a symmetric key, with which tokens can be made: public keys only")
        if "d" in entry:
            raise JwtSettingsError("it holds a private key: public keys only")
        able = _ALGORITHMS.get((kind, "" if kind == "RSA" else entry.get("crv", "")), ())
        said = entry.get("alg")
        algorithms = tuple(one for one in able if one in self._rules.algorithms and said in (None, one))
        if not algorithms:
            return _Key(None, ())
        try:
            public = self._jwt.PyJWK(dict(entry), algorithm=algorithms[0]).key
        except Exception as error:
            # A point that is not on its curve, an exponent of 1: whatever the libraries take for no key.
            raise JwtSettingsError(f"the key of kid {entry['kid']!r} is none") from error
        if kind == "RSA" and public.key_size < _MIN_RSA_BITS:
            raise JwtSettingsError(f"an RSA key has fewer than {_MIN_RSA_BITS} bits")
        if kind == "OKP" and _is_of_small_order(public):
            raise JwtSettingsError(f"the key of kid {entry['kid']!r} is of small order: anybody can sign under it")
        return _Key(public, algorithms)


def _is_of_small_order(public: Any) -> bool:
    """Whether 8 times the point of an Ed25519 key is nothing, however it is written; the libraries take such keys."""
    forms: Any = import_module("cryptography.hazmat.primitives.serialization")
    point = public.public_bytes(forms.Encoding.Raw, forms.PublicFormat.Raw)
    return (int.from_bytes(point, "little") & (2**255 - 1)) % _ED25519_P in _ED25519_SMALL


def _is_to_call_with(header: Mapping[str, Any]) -> bool:
    said = header.get("typ")
    return said is None or (isinstance(said, str) and said.lower().removeprefix("application/") in _TYPES)


def _is_for_signatures(entry: Mapping[str, Any]) -> bool:
    operations = entry.get("key_ops", ["verify"])
    return entry.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def verifier_of(settings: Settings) -> JwtVerifier | None:
    """What the settings ask for, None when they ask for no signed tokens.

    Raises:
        JwtSettingsError: the library is missing, or the file of keys is of no use.
    """
    if settings.jwt_jwks_file is None:
        return None
    return JwtVerifier(
        JwtRules(
            settings.jwt_jwks_file,
            settings.jwt_issuer,
            settings.jwt_audience,
            settings.jwt_algorithms,
            settings.jwt_leeway_s,
        )
    )
