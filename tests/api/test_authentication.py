"""Who calls."""

from __future__ import annotations

import hmac
from contextlib import suppress

import pytest
from khulasa.server.api.authentication import (
    AuthenticationError,
    Authenticator,
    caller_of_peer,
    hash_of_token,
    new_token,
)


def test_tokens_are_long_and_never_the_same() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) > 40 for token in tokens)


def test_the_name_of_the_token_is_found_and_nothing_else_passes() -> None:
    token = new_token()
    authenticator = Authenticator({"one": hash_of_token(token), "two": hash_of_token(new_token())})
    assert authenticator.required
    assert authenticator.name_of([("authorization", f"Bearer {token}")]) == "one"
    for wrong in (token[:-1], token + "x", token.upper(), hash_of_token(token), ""):
        with pytest.raises(AuthenticationError):
            authenticator.name_of([("authorization", f"Bearer {wrong}")])


def test_every_token_takes_the_same_way_whether_it_is_the_first_the_last_or_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tokens = [new_token() for _ in range(4)]
    authenticator = Authenticator({f"t{number}": hash_of_token(token) for number, token in enumerate(tokens)})
    compared: list[tuple[int, int]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for offered in (*tokens, new_token(), "", "x" * 10_000):
        compared.clear()
        with suppress(AuthenticationError):
            authenticator.name_of([("authorization", f"Bearer {offered}")])
        # Each is compared by the function that takes the same time for all of one length, and all have one length.
        assert compared == [(64, 64)] * len(tokens)


def test_a_token_that_is_no_utf8_is_refused() -> None:
    authenticator = Authenticator({"one": hash_of_token("a")})
    with pytest.raises(AuthenticationError):
        authenticator.name_of([("authorization", "Bearer \ud800")])


def test_without_tokens_everybody_is_let_in() -> None:
    assert Authenticator().name_of([]) == ""
    assert not Authenticator().required


@pytest.mark.parametrize(
    ("peer", "caller"),
    [
        ("ipv4:10.1.2.3:51234", "10.1.2.3"),
        ("ipv6:%5B::1%5D:51234", "[::1]"),
        ("ipv6:[fe80::1]:1", "[fe80::1]"),
        ("ipv6:%5Bfe80::1%25eth0%5D:1", "[fe80::1%25eth0]"),
        # One machine has 2 to the power of 64 of these: they are one caller.
        ("ipv6:%5B2001:db8:1:2:3:4:5:6%5D:1", "2001:db8:1:2::/64"),
        ("ipv6:%5B2001:db8:1:2::9%5D:2", "2001:db8:1:2::/64"),
        ("ipv6:%5B::ffff:10.1.2.3%5D:51234", "10.1.2.3"),
        ("unix:/tmp/socket", "unix"),
        ("", "unknown"),
    ],
)
def test_a_peer_is_its_address_without_the_port(peer: str, caller: str) -> None:
    assert caller_of_peer(peer, {}) == caller


def test_a_certificates_name_comes_before_the_address() -> None:
    assert caller_of_peer("ipv4:10.1.2.3:5", {"x509_common_name": [b"newsroom"]}) == "cert:newsroom"


@pytest.mark.parametrize("name", ["jwt:desk", "10.1.2.3", "unix", "2001:db8:1:2::/64"])
def test_no_name_in_a_certificate_is_that_of_another_kind_of_caller(name: str) -> None:
    for names in ("x509_common_name", "x509_subject_alternative_name"):
        assert caller_of_peer("ipv4:10.9.9.9:5", {names: [name.encode()]}) == f"cert:{name}"


def test_a_certificate_without_a_common_name_names_its_caller_too() -> None:
    """All of those were one caller without a name, and shared its quota."""
    context = {"x509_common_name": [b""], "x509_subject_alternative_name": [b"spiffe://news/desk", b"desk.example"]}
    assert caller_of_peer("ipv4:10.1.2.3:5", context) == "cert:spiffe://news/desk"
    assert caller_of_peer("ipv4:10.1.2.3:5", {"x509_common_name": [b""]}) == "10.1.2.3"
