"""TLS and mutual TLS through real channels, with certificates that change while the server runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
import structlog
from api_rig import ARABIC, Rig
from certificates import Authority, needs_openssl
from fake_core import FakeCore
from khulasa.server.tls import CertificateError, CertificateFiles, FollowedCertificates, server_credentials
from khulasa.v1 import summary_pb2, summary_pb2_grpc

pytestmark = needs_openssl
ARTICLE = summary_pb2.SummarizeRequest(article=summary_pb2.Article(text=ARABIC))
MakeRig = Callable[..., object]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "first")


@pytest.fixture
def files(tmp_path: Path, authority: Authority) -> CertificateFiles:
    files = CertificateFiles(tmp_path / "server.pem", tmp_path / "server.key")
    authority.issue(files.certificate, files.key)
    return files


async def ask(rig: Rig, trusted: bytes, key: bytes | None = None, chain: bytes | None = None) -> None:
    """One summary over a new connection.

    Raises:
        grpc.aio.AioRpcError: UNAVAILABLE when the two do not trust each other.
    """
    credentials = grpc.ssl_channel_credentials(trusted, key, chain)
    address = rig.address.replace("127.0.0.1", "localhost")
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.secure_channel(address, credentials, options=options) as channel:
        await summary_pb2_grpc.SummaryServiceStub(channel).Summarize(ARTICLE, timeout=30)


async def test_tls_answers_those_who_trust_it_and_nobody_in_plain_text(
    make_rig: MakeRig, files: CertificateFiles, authority: Authority
) -> None:
    rig: Rig = await make_rig(FakeCore(), credentials=server_credentials(FollowedCertificates(files)))  # type: ignore[misc]
    await ask(rig, authority.certificate.read_bytes())
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await rig.summary.Summarize(ARTICLE, timeout=2)
    assert error.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


async def test_a_renewed_certificate_is_used_without_a_restart(
    make_rig: MakeRig, files: CertificateFiles, authority: Authority, tmp_path: Path
) -> None:
    rig: Rig = await make_rig(FakeCore(), credentials=server_credentials(FollowedCertificates(files)))  # type: ignore[misc]
    await ask(rig, authority.certificate.read_bytes())
    other = Authority(tmp_path / "second")
    other.issue(files.certificate, files.key)
    await ask(rig, other.certificate.read_bytes())
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await ask(rig, authority.certificate.read_bytes())
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_broken_renewal_leaves_the_old_certificate_in_use(
    make_rig: MakeRig, files: CertificateFiles, authority: Authority
) -> None:
    rig: Rig = await make_rig(FakeCore(), credentials=server_credentials(FollowedCertificates(files)))  # type: ignore[misc]
    files.certificate.unlink()
    await ask(rig, authority.certificate.read_bytes())
    files.certificate.write_text("no certificate at all")
    await ask(rig, authority.certificate.read_bytes())


async def test_a_secret_that_is_swapped_by_a_link_is_followed_as_it_stands(
    make_rig: MakeRig, authority: Authority, tmp_path: Path
) -> None:
    """As Kubernetes does it: all names lead through one link, and another is renamed over that."""
    others = [authority, Authority(tmp_path / "second")]
    for number, one in enumerate(others):
        (folder := tmp_path / f"at-{number}").mkdir()
        one.issue(folder / "tls.crt", folder / "tls.key")
    (tmp_path / "..data").symlink_to("at-0")
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    followed = FollowedCertificates(CertificateFiles(tmp_path / "tls.crt", tmp_path / "tls.key"))
    rig: Rig = await make_rig(FakeCore(), credentials=server_credentials(followed))  # type: ignore[misc]
    for number in (0, 1, 0):
        (tmp_path / "..new").symlink_to(f"at-{number}")
        (tmp_path / "..new").rename(tmp_path / "..data")
        await ask(rig, others[number].certificate.read_bytes())
        with pytest.raises(grpc.aio.AioRpcError):
            await ask(rig, others[1 - number].certificate.read_bytes())
        assert followed.refused() == ""


@pytest.mark.parametrize(
    ("signer", "order", "said"),
    [
        ("good", "own signer", ""),
        ("good", "own", ""),
        ("good", "own signer old", ""),
        ("expired", "own", ""),
        ("expired", "own signer", "certificate has expired; of the authorities in the file: between$"),
        ("good", "signer own", "of whose certificates the server's own must be the first"),
    ],
)
async def test_a_chain_that_clients_would_refuse_is_refused(
    make_rig: MakeRig, files: CertificateFiles, authority: Authority, tmp_path: Path, signer: str, order: str, said: str
) -> None:
    between, old = authority.below(tmp_path / "between", expired=signer == "expired"), tmp_path / "old.pem"
    between.issue(files.certificate, files.key)
    authority.issue(old, tmp_path / "old.key", name="old", expired=True, extensions="a")
    parts = {"own": files.certificate.read_text(), "signer": between.certificate.read_text(), "old": old.read_text()}
    files.certificate.write_text("".join(parts[part] for part in order.split()))
    if said:
        with pytest.raises(CertificateError, match=said):
            files.check()
        return
    followed = FollowedCertificates(files)
    if "signer" in order:
        rig: Rig = await make_rig(FakeCore(), credentials=server_credentials(followed))  # type: ignore[misc]
        await ask(rig, authority.certificate.read_bytes())


def test_an_authority_that_runs_out_before_the_certificate_counts(
    files: CertificateFiles, authority: Authority, tmp_path: Path
) -> None:
    between = authority.below(tmp_path / "between")
    # The certificates of one second differ by it at most: the authority's comes first.
    time.sleep(1.1)
    between.issue(files.certificate, files.key)
    alone = files.check().expires
    files.certificate.write_text(files.certificate.read_text() + between.certificate.read_text())
    assert files.check().expires < alone


def test_clients_authorities_that_have_all_expired_are_refused(
    files: CertificateFiles, authority: Authority, tmp_path: Path
) -> None:
    between = authority.below(tmp_path / "between", expired=True)
    mutual = CertificateFiles(files.certificate, files.key, client_ca=between.certificate)
    with pytest.raises(CertificateError, match=r"^tls_client_ca: .*every certificate in it has expired"):
        mutual.check()
    between.certificate.write_text(between.certificate.read_text() + authority.certificate.read_text())
    mutual.check()


def test_one_that_runs_out_in_use_is_told_of_once_and_the_next_is_taken(
    files: CertificateFiles, authority: Authority
) -> None:
    """On a clock that jumps by hours, there and back, nothing else is said and nothing changes."""
    # A run of an archive in this process may have left a level above that of what is told here.
    structlog.reset_defaults()
    now = [time.time()]
    with structlog.testing.capture_logs() as log:
        followed = FollowedCertificates(files, clock=lambda: now[-1])
        expires = followed.expires()
        for moment in (now[0] + 6 * 3600, now[0] - 6 * 3600, 0.0, expires - 1):
            now.append(moment)
            assert followed() is None
        assert not log
        now.append(expires)
        for _ in range(3):
            assert followed() is None
            assert followed.expires() == expires
        (event,) = log
        assert event["log_level"] == "error"
        assert "expired" in event["event"]
        authority.issue(files.certificate, files.key)
        now.append(expires - 1)
        assert followed() is not None
        assert [one["event"] for one in log[1:]] == ["certificates reloaded"]


async def test_mutual_tls_names_the_caller_and_refuses_strangers(
    make_rig: MakeRig, files: CertificateFiles, authority: Authority, tmp_path: Path
) -> None:
    mutual = CertificateFiles(files.certificate, files.key, client_ca=authority.certificate)
    core = FakeCore()
    rig: Rig = await make_rig(core, credentials=server_credentials(FollowedCertificates(mutual)))  # type: ignore[misc]
    key, certificate = tmp_path / "news.key", tmp_path / "news.pem"
    authority.issue(certificate, key, name="newsroom")
    trusted = authority.certificate.read_bytes()
    await ask(rig, trusted, key.read_bytes(), certificate.read_bytes())
    assert core.contexts[-1].caller == "cert:newsroom"
    stranger = Authority(tmp_path / "stranger")
    stranger.issue(certificate, key, name="newsroom")
    for credentials in ((key.read_bytes(), certificate.read_bytes()), (None, None)):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await ask(rig, trusted, *credentials)
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE
    assert len(core.contexts) == 1
