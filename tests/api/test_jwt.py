"""Signed tokens: the good one passes, every forgery and every slip of an issuer does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import jwt
import pytest
from api_rig import ARABIC, Rig, refused, start_rig
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fake_core import FakeCore
from khulasa.server import json_web_tokens
from khulasa.server.api.authentication import AuthenticationError, Authenticator, hash_of_token
from khulasa.server.config import Settings
from khulasa.server.doctor import examine
from khulasa.server.json_web_tokens import JwtSettingsError, JwtVerifier, verifier_of
from khulasa.v1 import summary_pb2
from pydantic import ValidationError

ISSUER, AUDIENCE = "https://login.example", "khulasa"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    kinds = {rsa.RSAPrivateKey: jwt.algorithms.RSAAlgorithm, ec.EllipticCurvePrivateKey: jwt.algorithms.ECAlgorithm}
    kind = next((one for base, one in kinds.items() if isinstance(key, base)), jwt.algorithms.OKPAlgorithm)
    return kind.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "use": "sig"} | more


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [public(RSA, "r"), public(EC, "e"), public(ED, "o")]}))
    return file


@pytest.fixture
def make(keys: Path) -> Callable[..., JwtVerifier]:
    def build(**more: Any) -> JwtVerifier:
        values = {"jwt_jwks_file": keys, "jwt_issuer": ISSUER, "jwt_audience": AUDIENCE} | more
        verifier = verifier_of(Settings(**values))
        assert verifier is not None
        return verifier

    return build


def claims(**changes: Any) -> dict[str, Any]:
    """Of a good token; a change to None takes the claim out."""
    now = int(time.time())
    whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "desk", "exp": now + 36_000, "nbf": now - 5} | changes
    return {name: value for name, value in whole.items() if value is not None}


def token(
    key: Any = RSA,
    algorithm: str = "RS256",
    kid: str | None = "r",
    header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    headers = ({} if kid is None else {"kid": kid}) | (header or {})
    return str(jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers))


def signed(payload: bytes, **header: Any) -> str:
    """Any bytes, under the good key."""
    head = json.dumps({"alg": "RS256", "kid": "r"} | header).encode()
    parts = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (head, payload))
    signature = RSA.sign(parts, padding.PKCS1v15(), hashes.SHA256())
    return f"{parts.decode()}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def by_hand(header: dict[str, Any], payload: bytes, key: bytes = b"") -> str:
    """A token that no library would make: HMAC with `key`, or no signature."""
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (json.dumps(header).encode(), payload)]
    signature = hmac.new(key, b".".join(parts), hashlib.sha256).digest() if key else b""
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


@pytest.mark.parametrize(
    "good",
    [
        lambda: token(),
        lambda: token(EC, "ES256", "e"),
        lambda: token(ED, "EdDSA", "o"),
        lambda: token(aud=["other", AUDIENCE]),
        lambda: token(nbf=None),
        lambda: token(exp=int(time.time()) - 2),  # within the leeway
        lambda: token(header={"typ": "at+jwt"}),
        lambda: token(header={"typ": "application/AT+JWT"}),
        lambda: token(header={"typ": None}),
    ],
)
def test_a_good_token_names_its_subject(make: Callable[..., JwtVerifier], good: Callable[[], str]) -> None:
    assert make(jwt_leeway_s=60).name_of(good()) == "jwt:desk"


def _public_pem() -> bytes:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return RSA.public_key().public_bytes(serialization.Encoding.PEM, kind)


def _changed_payload() -> str:
    header, _, signature = token().split(".")
    payload = base64.urlsafe_b64encode(json.dumps(claims(sub="chief")).encode()).rstrip(b"=").decode()
    return f"{header}.{payload}.{signature}"


PAYLOAD = json.dumps(claims()).encode()
UNKNOWN = "not known to this server"
BAD = {
    "expired": (token(exp=int(time.time()) - 60), "has expired"),
    # Made before the first test of a run; the run must not overtake it.
    "not yet": (token(nbf=int(time.time()) + 18_000), "not valid yet"),
    "no exp": (token(exp=None), UNKNOWN),
    "no sub": (token(sub=None), UNKNOWN),
    "empty sub": (token(sub=""), "`sub` must have"),
    "long sub": (token(sub="x" * 257), "`sub` must have"),
    "sub is no text": (signed(json.dumps(claims(sub=7)).encode()), UNKNOWN),
    "no aud": (token(aud=None), UNKNOWN),
    "wrong aud": (token(aud="another-service"), UNKNOWN),
    "part of aud": (token(aud="khulas"), UNKNOWN),
    "no iss": (token(iss=None), UNKNOWN),
    "wrong iss": (token(iss="https://evil.example"), UNKNOWN),
    "another's key": (token(STRANGER), UNKNOWN),
    "unknown kid": (token(kid="x"), UNKNOWN),
    "no kid": (token(kid=None), UNKNOWN),
    "kid of another kind of key": (token(kid="e"), UNKNOWN),
    "kid that is a path": (token(kid="../../etc/passwd"), UNKNOWN),
    "kid that is no text": (by_hand({"alg": "RS256", "kid": ["r"]}, PAYLOAD), UNKNOWN),
    "algorithm not allowed": (token(algorithm="PS256"), UNKNOWN),
    "expired by a stranger": (token(STRANGER, exp=1), UNKNOWN),
    "none": (by_hand({"alg": "none", "kid": "r"}, PAYLOAD), UNKNOWN),
    "None": (by_hand({"alg": "None", "kid": "r"}, PAYLOAD), UNKNOWN),
    "HS256 with the public key": (by_hand({"alg": "HS256", "kid": "r"}, PAYLOAD, _public_pem()), UNKNOWN),
    "payload changed": (_changed_payload(), UNKNOWN),
    "signature cut": (token()[:-4], UNKNOWN),
    "no signature": (token().rpartition(".")[0] + ".", UNKNOWN),
    "empty": ("", UNKNOWN),
    "dots": ("..", UNKNOWN),
    "words": ("let me in", UNKNOWN),
    "no base64": ("!!.!!.!!", UNKNOWN),
    "lone surrogate": ("\ud800.a.b", UNKNOWN),
    "Arabic": ("مرحبا.مرحبا.مرحبا", UNKNOWN),
    "deep": (base64.urlsafe_b64encode(b"[" * 100_000).decode().rstrip("=") + ".e30.AA", UNKNOWN),
    "exp without end": (signed(json.dumps(claims(exp=float("inf"))).encode()), UNKNOWN),
    "no object": (signed(b"[]"), UNKNOWN),
    "made for logging out": (token(header={"typ": "logout+jwt"}), UNKNOWN),
    "typ is no text": (signed(PAYLOAD, typ=7), UNKNOWN),
    "crit": (signed(PAYLOAD, crit=["exp"], exp=1), UNKNOWN),
    "bound to a key": (token(cnf={"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}), "bound to a key"),
    "deep and signed": (signed(b"[" * 100_000), UNKNOWN),
}


@pytest.mark.parametrize("case", BAD)
def test_every_other_token_is_refused(make: Callable[..., JwtVerifier], case: str) -> None:
    bad, why = BAD[case]
    with pytest.raises(AuthenticationError, match=why):
        make().name_of(bad)


def test_a_key_for_one_algorithm_signs_with_no_other(make: Callable[..., JwtVerifier], keys: Path) -> None:
    keys.write_text(json.dumps({"keys": [public(RSA, "r", alg="PS256")]}))
    verifier = make(jwt_algorithms=("RS256", "PS256"))
    assert verifier.name_of(token(algorithm="PS256")) == "jwt:desk"
    with pytest.raises(AuthenticationError):
        verifier.name_of(token(algorithm="RS256"))


@pytest.mark.parametrize("said", [{"use": "enc"}, {"key_ops": ["encrypt"]}, {"key_ops": "verify"}])
def test_a_key_that_is_not_for_signatures_is_left_aside(
    make: Callable[..., JwtVerifier], keys: Path, said: dict[str, Any]
) -> None:
    keys.write_text(json.dumps({"keys": [public(RSA, "r", **said), public(EC, "e", key_ops=["verify"])]}))
    verifier = make()
    assert verifier.name_of(token(EC, "ES256", "e")) == "jwt:desk"
    with pytest.raises(AuthenticationError, match=UNKNOWN):
        verifier.name_of(token())


def test_tokens_of_both_kinds_stand_side_by_side(make: Callable[..., JwtVerifier]) -> None:
    authenticator = Authenticator({"news": hash_of_token("kh_one")}, make())
    assert authenticator.name_of([("authorization", "Bearer kh_one")]) == "news"
    assert authenticator.name_of([("authorization", f"bearer {token()}")]) == "jwt:desk"
    for bad in ([("authorization", "Bearer kh_two")], [("authorization", token())], []):
        with pytest.raises(AuthenticationError):
            authenticator.name_of(bad)
    assert Authenticator(None, make()).required


def test_keys_follow_their_file(make: Callable[..., JwtVerifier], keys: Path) -> None:
    verifier = make()
    stranger = token(STRANGER, kid="new")
    with pytest.raises(AuthenticationError):
        verifier.name_of(stranger)
    keys.write_text("{ half of a file")
    assert verifier.name_of(token()) == "jwt:desk"
    keys.unlink()
    assert verifier.name_of(token()) == "jwt:desk"
    # Whoever reads one waits for a writer.
    os.mkfifo(keys)
    assert verifier.name_of(token()) == "jwt:desk"
    keys.unlink()
    keys.write_text(json.dumps({"keys": [public(STRANGER, "new")]}))
    assert verifier.name_of(stranger) == "jwt:desk"
    with pytest.raises(AuthenticationError):
        verifier.name_of(token())


def test_keys_that_could_not_be_read_are_taken_when_they_can_be(
    make: Callable[..., JwtVerifier], keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new file that belonged to root was never looked at again once its rights were right: they are no part of it."""
    verifier = make()
    monkeypatch.setattr(json_web_tokens, "_LOOK_AGAIN_S", 0.0)
    told: list[str] = []
    monkeypatch.setattr(
        json_web_tokens.structlog,
        "get_logger",
        lambda _: SimpleNamespace(
            error=lambda _, error: told.append(error), info=lambda _, keys: told.append(f"{keys} keys")
        ),
    )
    keys.write_text(json.dumps({"keys": [public(STRANGER, "new")]}))
    with monkeypatch.context() as closed:
        closed.setattr(Path, "read_bytes", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
        for _ in range(3):
            assert verifier.name_of(token()) == "jwt:desk"
    assert verifier.name_of(token(STRANGER, kid="new")) == "jwt:desk"
    assert told == [f"jwt_jwks_file {keys}: Permission denied", "1 keys"]


def small_points() -> list[str]:
    """Every way to write an Ed25519 point of order 1, 2, 4 or 8: both signs, and y beyond the field, too."""
    p = 2**255 - 19
    of_order_8 = int.from_bytes(
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
    )
    ys = [0, 1, p - 1, p, p + 1, of_order_8, p - of_order_8]
    written = [(y | sign << 255).to_bytes(32, "little") for y in ys for sign in (0, 1)]
    return [base64.urlsafe_b64encode(point).rstrip(b"=").decode() for point in written]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("no json", "no JSON Web Key Set"),
        ('{"keys": [7]}', "no JSON Web Key Set"),
        ('{"keys": []}', "no public key"),
        (json.dumps({"keys": [public(RSA, "r")]}) + " " * 2**20, "no plain file of at most 1,048,576 bytes"),
        (json.dumps({"keys": [public(RSA, "r", use="enc")]}), "no public key"),
        (json.dumps({"keys": [public(RSA, "r", alg="HS256")]}), "no public key"),
        (json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "h"}]}), "symmetric"),
        (json.dumps({"keys": [public(RSA, "r", d="AA")]}), "private"),
        (json.dumps({"keys": [public(RSA, "r"), public(EC, "r")]}), "one kid"),
        (json.dumps({"keys": [public(EC, "e"), public(RSA, "r", e="AQ")]}), "the key of kid 'r' is none"),
        (json.dumps({"keys": [public(EC, "e", x="AAAA")]}), "the key of kid 'e' is none"),
        (json.dumps({"keys": [public(rsa.generate_private_key(65537, 1024), "r")]}), "2048"),
        *((json.dumps({"keys": [public(ED, "o", x=point)]}), "'o' is of small order") for point in small_points()),
    ],
)
def test_a_file_of_no_use_stops_the_start(make: Callable[..., JwtVerifier], keys: Path, content: str, why: str) -> None:
    keys.write_text(content)
    with pytest.raises(JwtSettingsError, match=why):
        make()


@pytest.mark.parametrize(
    "wrong",
    [
        {"jwt_issuer": ""},
        {"jwt_audience": ""},
        {"jwt_jwks_file": None},
        {"jwt_algorithms": ("none",)},
        {"jwt_algorithms": ("RS256", "HS256")},
        {"jwt_algorithms": ()},
        {"jwt_leeway_s": -1},
    ],
)
def test_settings_that_would_let_too_much_in_are_refused(keys: Path, wrong: dict[str, Any]) -> None:
    good = {"jwt_jwks_file": keys, "jwt_issuer": ISSUER, "jwt_audience": AUDIENCE}
    assert Settings(**good).jwt_algorithms == ("RS256", "ES256", "EdDSA")
    with pytest.raises(ValidationError):
        Settings(**good | wrong)


def test_without_the_library_the_extra_is_named(
    make: Callable[..., JwtVerifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("jwt", "cryptography"):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, None)
            with pytest.raises(JwtSettingsError, match=r"khulasa-server\[jwt\]"):
                make()


def test_nothing_is_asked_of_the_library_without_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jwt", None)
    assert verifier_of(Settings()) is None


def test_the_doctor_looks_at_the_keys(keys: Path, tmp_path: Path) -> None:
    config = tmp_path / "khulasa.toml"
    config.write_text(f'jwt_jwks_file = "{keys}"\njwt_issuer = "{ISSUER}"\njwt_audience = "{AUDIENCE}"\n')
    (good,) = [one for one in examine(config) if one.subject == "signed tokens"]
    assert good.good
    assert "3 public keys" in good.description
    keys.unlink()
    (bad,) = [one for one in examine(config) if one.subject == "signed tokens"]
    assert not bad.good


@pytest.fixture
async def closed(make: Callable[..., JwtVerifier]) -> AsyncIterator[Rig]:
    rig = await start_rig(FakeCore(), authenticator=Authenticator(None, make()))
    yield rig
    await rig.close()


ARTICLE = summary_pb2.SummarizeRequest(article=summary_pb2.Article(text=ARABIC))


async def test_a_call_with_a_good_token_is_answered(closed: Rig) -> None:
    await closed.summary.Summarize(ARTICLE, metadata=(("authorization", f"Bearer {token()}"),))
    assert closed.core.contexts[-1].caller == "jwt:desk"


@pytest.mark.parametrize(
    "case", ["expired", "wrong aud", "another's key", "none", "HS256 with the public key", "words"]
)
async def test_a_call_with_a_bad_token_is_told_nothing(closed: Rig, case: str) -> None:
    bad = BAD[case][0]
    failure = await refused(closed.summary.Summarize(ARTICLE, metadata=(("authorization", f"Bearer {bad}"),)))
    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
    assert bad not in failure.message
    assert closed.core.contexts == []
