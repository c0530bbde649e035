"""Names of methods that are no UTF-8 and requests that are no messages, by whoever reaches a port: refused, no more."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from khulasa.v1 import translation_pb2, translation_pb2_grpc
from raw_http2 import RawConnection
from server_process import ServerProcess, free_port, until

LIGHT = str(Path(__file__).parent / "server_without_models.py")
HEALTH = "/grpc.health.v1.Health/Check"
TRANSLATE = "/khulasa.v1.TranslationService/Translate"
UNIMPLEMENTED, INVALID_ARGUMENT, RESOURCE_EXHAUSTED = "12", "3", "8"
# Each `\udcXX` is sent as the one byte XX.
NAMES = ["/\udcff\udcfe", "\udc80", f"{HEALTH}\udcc3", f"{TRANSLATE}\udcff", "/khulasa.v1.Nope/\udced\udca0\udc80"]
# gRPC's server ends by itself, as it does after an error in its own loop.
ENDING = f"""
import asyncio, runpy
from grpc.aio import _server

start = _server.Server.start

async def start_and_end(self):
    await start(self)
    asyncio.get_running_loop().call_later(1, lambda: asyncio.ensure_future(self._server.shutdown(None)))

_server.Server.start = start_and_end
runpy.run_path({LIGHT!r}, run_name="__main__")
"""


@pytest.fixture(scope="module")
def light() -> Iterator[ServerProcess]:
    health_port = free_port()
    with ServerProcess([sys.executable, LIGHT], health_port=health_port) as server:
        server.health_port = health_port  # type: ignore[attr-defined]
        server.wait_until("SERVING")
        yield server
        assert server.stop() == 0
        for line in server.log:
            json.loads(line)


def without(name: str) -> str:
    """The server over another version of gRPC, of which something that is not public is gone."""
    return f"""
import runpy, sys, types
import grpc.aio
from grpc._cython import cygrpc

others = {{name: value for name, value in vars(cygrpc).items() if name != {name!r}}}
sys.modules[cygrpc.__name__] = types.SimpleNamespace(**others)
runpy.run_path({LIGHT!r}, run_name="__main__")
"""


def status_of(port: int, method: str, message: bytes = b"", metadata: tuple[tuple[str, str], ...] = ()) -> str:
    with RawConnection(port) as connection:
        stream = connection.open(method, metadata)
        connection.message(stream, message)
        return connection.status(stream)


def test_names_that_cannot_be_read_end_neither_a_server_nor_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_WORK_S", "2")
    health_port = free_port()
    with ServerProcess([sys.executable, LIGHT], health_port=health_port) as server:
        server.wait_until("SERVING")
        translation = translation_pb2_grpc.TranslationServiceStub(server.channel)
        call = translation.Translate.future(translation_pb2.TranslateRequest(texts=["A small text."]), timeout=60)
        until(lambda: "at work\n" in server.lines)
        for port in (server.port, health_port):
            assert [status_of(port, name) for name in NAMES] == [UNIMPLEMENTED] * len(NAMES)
            assert status_of(port, "/khulasa.v1.Nope/Nope") == UNIMPLEMENTED
            assert status_of(port, HEALTH) == "0"
        assert len(call.result().translations) == 1
        assert server.stop() == 0
        for line in server.log:
            json.loads(line)


@pytest.mark.parametrize("message", [b"\x0a\x02\xff\xfe", b"\xff" * 11, b"\x0b" * 300, b"\x0f"])
def test_what_is_no_message_is_the_callers_fault_to_standard_services_too(light: ServerProcess, message: bytes) -> None:
    health_port = light.health_port  # type: ignore[attr-defined]
    for port, method in (
        (light.port, HEALTH),
        (light.port, "/grpc.health.v1.Health/Watch"),
        (light.port, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"),
        (health_port, HEALTH),
        (health_port, "/grpc.health.v1.Health/Watch"),
    ):
        assert status_of(port, method, message) == INVALID_ARGUMENT, (port == health_port, method)
        assert status_of(port, HEALTH) == "0"


@pytest.mark.parametrize("metadata", [(("a", "b"),) * 600, (("abc", "v" * 380),) * 40], ids=["many", "long"])
def test_metadata_is_bounded_on_a_connection_that_acknowledged_no_settings_too(
    light: ServerProcess, metadata: tuple[tuple[str, str], ...]
) -> None:
    """There gRPC's own bound is 16 MiB, and 100,000 fields of one byte each stopped all answers for two seconds."""
    health_port = light.health_port  # type: ignore[attr-defined]
    request = translation_pb2.TranslateRequest(texts=["A small text."]).SerializeToString()
    reflection = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    for port, method, message in (
        (light.port, TRANSLATE, request),
        (light.port, "/khulasa.v1.SummaryService/SummarizeStream", b""),
        (light.port, reflection, b""),
        (light.port, HEALTH, b""),
        (health_port, HEALTH, b""),
    ):
        assert status_of(port, method, message, metadata) == RESOURCE_EXHAUSTED, (port == health_port, method)
    # What is within the bound passes.
    assert status_of(light.port, TRANSLATE, request, metadata[: len(metadata) * 3 // 4]) == "0"


def test_another_version_of_grpc_answers_less_and_does_not_end() -> None:
    with ServerProcess([sys.executable, "-c", without("_handle_rpc")]) as server:
        server.wait_until("SERVING")
        for name in ("/khulasa.v1.Nope/Nope", *NAMES):
            assert status_of(server.port, name) in ("reset", "1")
        assert status_of(server.port, HEALTH) == "0"
        assert server.stop() == 0


def test_a_process_whose_server_has_ended_ends_too() -> None:
    """Else its metrics and its other port say that it serves, and nobody starts it again."""
    with ServerProcess([sys.executable, "-c", ENDING]) as server:
        assert server.wait() == 1
        assert "gRPC's server has ended by itself" in server.written()


def test_a_process_whose_server_a_name_has_ended_ends_after_its_calls_whatever_stream_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """gRPC tells of the end only when the last call has ended, and a Watch never does."""
    monkeypatch.setenv("FAKE_WORK_S", "8")
    with ServerProcess([sys.executable, "-c", without("get_working_loop")]) as server:
        server.wait_until("SERVING")
        translation = translation_pb2_grpc.TranslationServiceStub(server.channel)
        call = translation.Translate.future(translation_pb2.TranslateRequest(texts=["A small text."]), timeout=60)
        until(lambda: "at work\n" in server.lines)
        watch = health_pb2_grpc.HealthStub(server.channel).Watch(health_pb2.HealthCheckRequest())
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        with RawConnection(server.port) as connection:
            connection.message(connection.open(NAMES[0]), b"")
            assert server.wait() == 1
        assert len(call.result().translations) == 1
        written = server.written()
        assert written.count("this version of gRPC is not known") == 1
        assert "gRPC's server has ended by itself" in written
