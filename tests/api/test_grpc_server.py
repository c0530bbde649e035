"""The server over versions of gRPC that lack what is not public of it: it serves all the same, and says so once."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import grpc
import pytest
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from khulasa.server.api import grpc_server

CYGRPC, AIO_SERVER = "grpc._cython.cygrpc", "grpc.aio._server"
UNKNOWN = "this version of gRPC is not known"


class Health(health_pb2_grpc.HealthServicer):
    async def Check(self, request: Any, context: Any) -> health_pb2.HealthCheckResponse:
        return health_pb2.HealthCheckResponse(status="SERVING")


@pytest.fixture(autouse=True)
def nothing_told() -> Iterator[None]:
    grpc_server._tell_once.cache_clear()
    yield
    grpc_server._tell_once.cache_clear()


def another(module: str, *, without: str = "", **changed: object) -> types.SimpleNamespace:
    names = {name: value for name, value in vars(import_module(module)).items() if name != without}
    return types.SimpleNamespace(**names | changed)


async def answers() -> tuple[str, list[str]]:
    """The code of a call of a name that there is not, and the warnings of two servers; other calls are answered."""
    with structlog.testing.capture_logs() as log:
        grpc_server.new_server([])
        server = grpc_server.new_server([])
        health_pb2_grpc.add_HealthServicer_to_server(Health(), server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                code = "OK"
                try:
                    await channel.unary_unary("/khulasa.v1.Nope/Nope")(b"", timeout=30)
                except grpc.aio.AioRpcError as error:
                    code = error.code().name
                answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=30)
                assert answer.status == health_pb2.HealthCheckResponse.SERVING
        finally:
            await server.stop(0)
    return code, [entry["event"] for entry in log]


async def test_the_version_that_is_installed_is_known() -> None:
    assert await answers() == ("UNIMPLEMENTED", [])


@pytest.mark.parametrize(
    ("module", "without"),
    [
        (CYGRPC, "AioServer"),
        (CYGRPC, "get_working_loop"),
        (AIO_SERVER, "Server"),
        (AIO_SERVER, "_augment_channel_arguments"),
    ],
)
async def test_what_takes_calls_in_may_lack(monkeypatch: pytest.MonkeyPatch, module: str, without: str) -> None:
    monkeypatch.setitem(sys.modules, module, another(module, without=without))
    code, warnings = await answers()
    assert (code, len(warnings)) == ("UNIMPLEMENTED", 1)
    assert UNKNOWN in warnings[0]


@pytest.mark.parametrize("lacks", ["_make_request_call_future", "_request_call"])
async def test_a_server_that_takes_calls_in_otherwise_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, lacks: str
) -> None:
    kept = {name: None for name in ("_make_request_call_future", "_request_call") if name != lacks}
    monkeypatch.setitem(sys.modules, CYGRPC, another(CYGRPC, AioServer=type("AioServer", (), kept)))
    code, warnings = await answers()
    assert (code, len(warnings)) == ("UNIMPLEMENTED", 1)


async def test_a_module_may_be_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, AIO_SERVER, None)
    code, warnings = await answers()
    assert (code, len(warnings)) == ("UNIMPLEMENTED", 1)


@pytest.mark.parametrize("without", ["_handle_rpc", "_schedule_rpc_coro", "_MethodResolver"])
async def test_what_answers_may_lack(monkeypatch: pytest.MonkeyPatch, without: str) -> None:
    monkeypatch.setitem(sys.modules, CYGRPC, another(CYGRPC, without=without))
    code, warnings = await answers()
    assert (code, len(warnings)) == ("CANCELLED", 1)
    assert UNKNOWN in warnings[0]


async def test_before_names_were_read_where_calls_are_taken_in_nothing_is_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grpc, "__version__", "1.83.2")
    monkeypatch.setitem(sys.modules, CYGRPC, another(CYGRPC, without="AioServer"))
    assert await answers() == ("UNIMPLEMENTED", [])
