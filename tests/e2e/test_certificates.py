"""Certificates swapped under a running server: a wrong one is told and not used, the next good one is."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from certificates import Authority, needs_openssl
from khulasa.client import Client, TlsOptions
from khulasa.server.doctor import Finding, examine
from server_process import COMMAND, ServerProcess, free_port

FAKE = [sys.executable, str(Path(__file__).parent / "server_without_models.py")]
YEAR_S = 365 * 86400
pytestmark = needs_openssl


@dataclass(frozen=True)
class Guarded:
    """A server that wants TLS both ways, its files, and what a caller and an operator see of it."""

    server: ServerProcess
    folder: Path
    authority: Authority
    settings: dict[str, object]

    @property
    def certificate(self) -> Path:
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        return self.folder / "server.key"

    @property
    def client_ca(self) -> Path:
        return self.folder / "clients.pem"

    @property
    def mine(self) -> tuple[Path, Path]:
        """A caller's certificate and key."""
        return self.folder / "me.pem", self.folder / "me.key"

    def shown(self) -> str:
        """The certificate that a new connection gets to see (PEM)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(*self.mine)
        context.set_alpn_protocols(["h2"])
        with (
            socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as plain,
            context.wrap_socket(plain) as connection,
        ):
            return ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True) or b"")

    def answers(self) -> bool:
        """Whether a caller with a certificate gets an answer over a new connection."""
        certificate, key = self.mine
        tls = TlsOptions(ca=self.authority.certificate, cert=certificate, key=key)
        with Client(f"localhost:{self.server.port}", tls=tls) as client:
            return bool(client.summarize("أعلن المجلس قراره اليوم.").sentences)

    def metric(self, name: str) -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.settings['metrics_port']}/metrics", timeout=10) as page:
            lines = page.read().decode().splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith(f"{name} ")))

    def events(self, name: str) -> list[dict[str, str]]:
        # gRPC writes lines of its own.
        lines = [json.loads(line) for line in list(self.server.log) if line.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def doctor(self) -> str:
        """What `khulasa-server doctor` says of the certificates."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.settings.items():
                patch.setenv(f"KHULASA_{name.upper()}", str(value))
            return next(line for line in map(Finding.line, examine()) if " TLS: " in line)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("certificates")
    authority = Authority(tmp_path_factory.mktemp("authority"))
    files = {"tls_certificate": "server.pem", "tls_key": "server.key", "tls_client_ca": "clients.pem"}
    settings: dict[str, object] = {name: folder / file for name, file in files.items()}
    settings["metrics_port"] = free_port()
    authority.issue(folder / "server.pem", folder / "server.key")
    authority.issue(folder / "me.pem", folder / "me.key")
    shutil.copy(authority.certificate, folder / "clients.pem")
    with ServerProcess(FAKE, **settings) as server:
        wait_until(lambda: any("is ready" in line for line in server.lines))
        yield Guarded(server, folder, authority, settings)
        assert server.stop() == 0


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def broken(guarded: Guarded) -> str:
    guarded.certificate.write_text("no certificate at all")
    return f"tls_certificate: {guarded.certificate} holds no PEM certificate"


def gone(guarded: Guarded) -> str:
    guarded.key.unlink()
    return f"tls_key: {guarded.key}: No such file or directory"


def of_another_key(guarded: Guarded) -> str:
    guarded.authority.issue(guarded.certificate, guarded.folder / "other.key")
    return f"tls_key: {guarded.key} is not the key of {guarded.certificate}"


def expired(guarded: Guarded) -> str:
    guarded.authority.issue(guarded.certificate, guarded.key, expired=True)
    return f"tls_certificate: {guarded.certificate}: certificate has expired"


def of_the_authority(guarded: Guarded) -> str:
    shutil.copy(guarded.authority.key, guarded.key)
    shutil.copy(guarded.authority.certificate, guarded.certificate)
    return f"tls_certificate: {guarded.certificate} names no host (subjectAltName)"


def without_a_host(guarded: Guarded) -> str:
    # Some clients take the common name for the host, and others, those in Go for one, do not.
    guarded.authority.issue(guarded.certificate, guarded.key, extensions="n")
    return f"tls_certificate: {guarded.certificate} names no host (subjectAltName)"


def clients_without_authority(guarded: Guarded) -> str:
    guarded.client_ca.write_text("")
    return f"tls_client_ca: {guarded.client_ca} holds no PEM certificate"


@pytest.mark.parametrize(
    "swap", [broken, gone, of_another_key, expired, of_the_authority, without_a_host, clients_without_authority]
)  # fmt: skip
def test_a_wrong_one_is_told_and_the_old_goes_on_until_a_good_one_comes(
    guarded: Guarded, swap: Callable[[Guarded], str]
) -> None:
    before, told, taken = guarded.shown(), "certificates refused, the old ones go on", "certificates reloaded"
    expiry = guarded.metric("khulasa_certificate_expiry_timestamp_seconds")
    assert abs(expiry - time.time() - YEAR_S) < 3600
    assert guarded.metric("khulasa_certificate_refused") == 0
    refusals, renewals = len(guarded.events(told)), len(guarded.events(taken))

    fault = swap(guarded)
    for _ in range(3):
        assert guarded.shown() == before
        assert guarded.answers()
    # Prometheus sees it even where nobody calls.
    assert guarded.metric("khulasa_certificate_refused") == 1
    assert guarded.metric("khulasa_certificate_expiry_timestamp_seconds") == expiry
    wait_until(lambda: len(guarded.events(told)) > refusals)
    (event,) = guarded.events(told)[refusals:]
    assert event["level"] == "error"
    assert event["error"].startswith(fault)
    assert "PRIVATE" not in str(event)
    assert guarded.doctor().startswith(f"WRONG TLS: {fault}")

    shutil.copy(guarded.authority.certificate, guarded.client_ca)
    guarded.authority.issue(guarded.certificate, guarded.key)
    assert guarded.shown() == guarded.certificate.read_text("ascii")
    assert guarded.answers()
    assert guarded.metric("khulasa_certificate_refused") == 0
    assert guarded.metric("khulasa_certificate_expiry_timestamp_seconds") >= expiry
    wait_until(lambda: len(guarded.events(taken)) > renewals)
    assert guarded.doctor().startswith("ok    TLS: ")


def test_a_renewal_in_two_steps_is_taken_when_both_files_are_there(guarded: Guarded) -> None:
    before, key = guarded.shown(), guarded.folder / "next.key"
    guarded.authority.issue(guarded.certificate, key)
    assert guarded.shown() == before
    key.replace(guarded.key)
    assert guarded.shown() == guarded.certificate.read_text("ascii")
    assert guarded.metric("khulasa_certificate_refused") == 0


def health(guarded: Guarded, *options: str | Path, **settings: object) -> tuple[int, str, str]:
    """What `khulasa-server healthcheck` says with the server's own settings: exit status, output, errors."""
    told = {f"KHULASA_{name.upper()}": str(value) for name, value in (guarded.settings | settings).items()}
    command = [COMMAND[0], "healthcheck", "--timeout-s", "20", *map(str, options)]
    environment = os.environ | {"KHULASA_PORT": str(guarded.server.port)} | told
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def test_the_health_check_shows_a_certificate_of_its_own(guarded: Guarded) -> None:
    certificate, key = guarded.mine
    mine = ("--ca", guarded.authority.certificate, "--cert", certificate, "--key", key)
    assert health(guarded, *mine) == (0, "SERVING", "")
    # Where there is a listener for probes these still ask the other, which speaks TLS.
    assert health(guarded, *mine, health_port=free_port()) == (0, "SERVING", "")
    # The way to the server need not be a name of its certificate; which one must be said then.
    elsewhere = (*mine, "--host", "0.0.0.0")
    assert health(guarded, *elsewhere)[:2] == (1, "UNAVAILABLE")
    assert health(guarded, *elsewhere, "--server-name", "localhost") == (0, "SERVING", "")


def test_the_health_check_says_what_it_lacks(guarded: Guarded, tmp_path: Path) -> None:
    certificate, key = guarded.mine
    ca = ("--ca", guarded.authority.certificate)
    either = "; or set health_port, which speaks no TLS"
    assert health(guarded) == (2, "", f"the settings have tls_certificate: give --ca{either}")
    assert health(guarded, *ca) == (2, "", f"the settings have tls_client_ca: give --cert and --key{either}")
    assert health(guarded, *ca, "--cert", certificate) == (2, "", "--cert and --key come together")
    for alone in (("--cert", certificate, "--key", key), ("--server-name", "localhost")):
        assert health(guarded, *alone) == (2, "", "--cert, --key and --server-name need --ca")
    assert health(guarded, *ca, "--cert", certificate, "--key", tmp_path) == (
        2, "", f"--key {tmp_path}: Is a directory",
    )  # fmt: skip
    stranger = Authority(tmp_path / "stranger")
    stranger.issue(tmp_path / "s.pem", tmp_path / "s.key")
    status, said, why = health(guarded, *ca, "--cert", tmp_path / "s.pem", "--key", tmp_path / "s.key")
    assert (status, said) == (1, "UNAVAILABLE")
    assert why


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="no IPv6 here")
@pytest.mark.parametrize(("host", "at"), [("[::1]", "[::1]"), ("[::]", "[::1]"), ("127.0.0.2", "127.0.0.2")])
def test_the_health_check_asks_where_the_settings_say_that_the_server_listens(host: str, at: str) -> None:
    with ServerProcess(FAKE, host=host) as server:
        wait_until(lambda: any("is ready" in line for line in server.lines))
        command, port = [COMMAND[0], "healthcheck", "--timeout-s", "20"], str(server.port)
        # A container may get proxies for its way out.
        by_settings = os.environ | {"KHULASA_HOST": host, "KHULASA_PORT": port, "http_proxy": "http://127.0.0.1:1"}
        done = subprocess.run(command, env=by_settings, capture_output=True, text=True)
        assert (done.returncode, done.stdout.strip()) == (0, "SERVING")
        # People leave the brackets out.
        by_options = [*command, "--host", at.strip("[]"), "--port", port]
        assert subprocess.run(by_options, capture_output=True, text=True).stdout.strip() == "SERVING"
        assert server.stop() == 0
    done = subprocess.run(command, env=by_settings, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (1, "UNAVAILABLE")
    assert at in done.stderr
