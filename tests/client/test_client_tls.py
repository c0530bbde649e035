"""TLS and mutual TLS from the client's side."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from khulasa.client import NO_RETRIES, AsyncClient, Client, TlsOptions, UnavailableError
from khulasa.client.cli import main
from khulasa.client.connection import ConnectionSettings
from khulasa.client.testing import FakeKhulasa, answers
from khulasa.v1 import model_pb2, model_pb2_grpc

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made with openssl")


class Models(model_pb2_grpc.ModelServiceServicer):
    def ListModels(self, request: object, context: grpc.ServicerContext) -> model_pb2.ListModelsResponse:
        return answers.list_models(preview=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One self-signed pair that serves as authority, server and client."""
    folder = tmp_path_factory.mktemp("tls")
    chain, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=news.test", "-addext", "subjectAltName=DNS:news.test"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(chain)], check=True, capture_output=True)
    return chain, key


@pytest.fixture(scope="module")
def port(certificate: tuple[Path, Path]) -> Iterator[int]:
    chain, key = (path.read_bytes() for path in certificate)
    server = grpc.server(ThreadPoolExecutor(2))
    model_pb2_grpc.add_ModelServiceServicer_to_server(Models(), server)
    credentials = grpc.ssl_server_credentials([(key, chain)], chain, require_client_auth=True)
    bound = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    yield bound
    server.stop(None).wait()


async def test_mutual_tls(port: int, certificate: tuple[Path, Path]) -> None:
    chain, key = certificate
    # Paths and bytes alike.
    tls = TlsOptions(ca=chain, cert=str(chain), key=key.read_bytes(), server_name="news.test")
    with Client(f"127.0.0.1:{port}", tls=tls, token="secret") as client:
        assert client.models()
    async with AsyncClient(f"127.0.0.1:{port}", tls=tls) as async_client:
        assert await async_client.models()
    assert "PRIVATE" not in repr(tls)


@pytest.mark.parametrize("tls", ["none", "public authorities", "another name", "no certificate of one's own"])
def test_no_trust_no_answer(port: int, certificate: tuple[Path, Path], tls: str) -> None:
    chain, key = certificate
    options: dict[str, bool | TlsOptions] = {
        "none": False,
        "public authorities": True,
        "another name": TlsOptions(ca=chain, cert=chain, key=key, server_name="other.test"),
        "no certificate of one's own": TlsOptions(ca=chain, server_name="news.test"),
    }
    with Client(f"127.0.0.1:{port}", tls=options[tls], retry=NO_RETRIES) as client, pytest.raises(UnavailableError):
        client.models(timeout=10)


async def test_what_is_for_this_machine_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment is another machine: it would read the token, and dial its own localhost."""
    with FakeKhulasa() as server, socket.create_server(("127.0.0.1", 0)) as proxy:
        for name in ("http_proxy", "grpc_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        for name in ("no_proxy", "no_grpc_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        with Client(server.target, token="secret", retry=NO_RETRIES) as client:
            assert client.models(timeout=30)
        async with AsyncClient(server.target, token="secret", retry=NO_RETRIES) as async_client:
            assert await async_client.models(timeout=30)
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_a_list_of_servers_goes_through_no_proxy() -> None:
    """gRPC would ask the proxy for one host of that name."""
    several = dict(ConnectionSettings("ipv4:10.0.0.5:50051,10.0.0.6:50051").options())
    assert several["grpc.enable_http_proxy"] == 0
    assert "grpc.enable_http_proxy" not in dict(ConnectionSettings("ipv4:10.0.0.5:50051").options())


def test_a_key_given_as_text_is_told_without_it() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n"
    for given in ({"cert": "me.pem", "key": key}, {"cert": key, "key": "me.key"}, {"ca": key}):
        with pytest.raises(ValueError, match="as bytes") as caught:
            TlsOptions(**given)  # type: ignore[arg-type]
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["ca", "cert", "key"])
def test_what_is_no_certificate_is_told_when_the_client_is_made(
    name: str, certificate: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """gRPC says with each call that no server is there."""
    chain, key = certificate
    wrong = tmp_path / "wrong.pem"
    # Of the other kind: the two are mixed up more often than lost.
    wrong.write_bytes((chain if name == "key" else key).read_bytes())
    given = {"ca": chain, "cert": chain, "key": key} | {name: wrong}
    kind = "private key" if name == "key" else "certificate"
    for tls in (TlsOptions(**given), TlsOptions(**given | {name: wrong.read_bytes()})):
        with pytest.raises(ValueError, match=f"{name}: there is no {kind} in PEM"):
            Client("localhost:1", tls=tls)
    options = [text for option, path in given.items() for text in (f"--{option}", str(path))]
    assert main(["--server", "localhost:1", *options, "models"]) == 2
    assert str(wrong) in capsys.readouterr().err


def test_the_command_alone_tells_of_a_server_without_tls() -> None:
    start = "from khulasa.client_start import main; raise SystemExit(main())"
    environment = {name: value for name, value in os.environ.items() if name != "GRPC_VERBOSITY"}
    with FakeKhulasa() as server:
        command = [sys.executable, "-c", start, "--server", server.target, "--tls", "--timeout", "20", "models"]
        done = subprocess.run(command, capture_output=True, env=environment, text=True, timeout=60)
    assert done.returncode == 3
    first, second = done.stderr.splitlines()
    assert first.startswith("khulasa: "), "gRPC's own log stands before it"
    assert "without TLS leave it out" in second
