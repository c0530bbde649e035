"""A client closed, or cancelled, under its calls: every one ends, and by the name that the documentation gives it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from typing import Any

import grpc
import pytest
from khulasa.client import AsyncClient, CallCancelledError, Client, DeadlineError, RetryPolicy, sync_client
from khulasa.client.testing import FakeKhulasa

PATIENT = RetryPolicy(initial_backoff=600.0, max_backoff=600.0)


async def arrived(server: FakeKhulasa) -> None:
    """A request has reached the server, whose threads know nothing of this loop."""
    while not server.requests:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_an_asynchronous_stream_that_is_closed_under_its_reader_says_so(server: FakeKhulasa) -> None:
    """grpc raises CancelledError here, which of a task that nobody cancelled would be a lie, and no Exception."""
    client = AsyncClient(server.target)
    stream = client.translate_stream(["واحد. اثنان. ثلاثة."], request_id="s-1")
    await anext(stream)
    await client.close()
    with pytest.raises(CallCancelledError) as caught:
        await anext(stream)
    assert caught.value.request_id == "s-1"


async def test_every_call_that_closing_ends_says_so(server: FakeKhulasa) -> None:
    """Some said `Stream removed (Channel closed!)`: nobody knows by that what to look for."""

    def read(client: Client) -> None:
        stream = client.translate_stream(["واحد. اثنان. ثلاثة."])
        next(stream)
        client.close()
        list(stream)

    with pytest.raises(CallCancelledError, match="the client is closed"):
        read(Client(server.target))
    for call in (lambda client: client.summarize("نص."), lambda client: list(client.translate_stream(["نص."]))):
        server.clear_requests()
        server.delay_next(30.0)
        client = Client(server.target)
        waiting = asyncio.create_task(asyncio.to_thread(call, client))
        await arrived(server)
        client.close()
        with pytest.raises(CallCancelledError, match="the client is closed"):
            await waiting


async def test_a_stream_whose_task_is_cancelled_stays_cancelled(server: FakeKhulasa) -> None:
    async with AsyncClient(server.target) as client:
        server.delay_next(30.0)

        async def read() -> None:
            async for _ in client.translate_stream(["واحد."]):
                pass

        task = asyncio.create_task(read())
        await arrived(server)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_an_asynchronous_pause_ends_with_the_client(server: FakeKhulasa) -> None:
    client = AsyncClient(server.target, retry=PATIENT)
    server.fail_next("RESOURCE_EXHAUSTED", reason="OVERLOADED", retry_after=500)
    call = asyncio.create_task(client.translate(["واحد."], timeout=5000, request_id="p-1"))
    await arrived(server)
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await client.close()
    with pytest.raises(CallCancelledError) as caught:
        await call
    assert caught.value.request_id == "p-1"
    assert time.monotonic() - began < 60, "hundreds of seconds were left of the pause"


def test_the_pauses_of_an_archive_end_with_the_client(server: FakeKhulasa) -> None:
    """An article waited for its own end alone: for as long as the server had asked."""
    client = Client(server.target)
    server.fail_next("RESOURCE_EXHAUSTED", reason="OVERLOADED", retry_after=500, times=2)

    def close_when_both_were_refused() -> None:
        while len(server.requests) < 2:
            time.sleep(0.01)
        client.close()

    began = time.monotonic()
    threading.Thread(target=close_when_both_were_refused).start()
    outcomes = list(client.summarize_many(["one.", "two."], timeout=5000))
    assert time.monotonic() - began < 60, "hundreds of seconds were left of the pause"
    assert [type(outcome.error) for outcome in outcomes] == [CallCancelledError, CallCancelledError]
    assert {one.request["request_id"] for one in server.requests} == {
        outcome.error.request_id for outcome in outcomes if outcome.error
    }


def test_another_event_loop_is_named(server: FakeKhulasa) -> None:
    client = AsyncClient(server.target)

    async def call() -> str:
        (translation,) = await client.translate(["واحد."])
        return translation.text

    runner = asyncio.Runner()
    assert runner.run(call())
    with pytest.raises(RuntimeError, match="another event loop"):
        asyncio.run(call())
    assert runner.run(call()), "the first loop's client goes on"
    runner.run(client.close())
    runner.close()


_FORKED = """
import os, signal, sys
from khulasa.client import Client

client = Client(sys.argv[1])
segments = client.translate_stream(["one. two. three."])
next(segments)
child = os.fork()
if child == 0:
    signal.alarm(50)
    found = client.models(timeout=40)
    client.close()
    os._exit(0 if found else 1)
ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert list(segments) and client.models(timeout=40)
sys.exit(ended)
"""


def test_a_fork_in_the_middle_of_a_stream_leaves_both_processes_a_client(server: FakeKhulasa) -> None:
    """gRPC's threads do not come along: on its parent's channel the child waited for ever, whatever the deadline.

    On a busy machine gRPC itself aborts such a child now and then, see docs/client.md; that one is begun anew.
    """
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", _FORKED, server.target], timeout=60, capture_output=True, text=True, check=False
        )
        if "Check failed" not in done.stderr:
            break
    assert done.returncode == 0, done.stderr


_LEFT_OPEN = """
import math, sys
from khulasa.client import Client

client = Client(sys.argv[1], timeout=math.inf)
outcomes = client.summarize_many(["one.", "two."], concurrency=2, ordered=False)
print(next(outcomes).article_id)
"""


def test_a_program_ends_with_an_archive_in_its_hand(server: FakeKhulasa) -> None:
    """It waited for what was on its way, without a deadline for ever."""
    server.delay_next(0.0)
    server.delay_next(600.0)
    done = subprocess.run(
        [sys.executable, "-c", _LEFT_OPEN, server.target], timeout=60, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("article-")


@pytest.mark.parametrize("archive", [False, True])
def test_a_deadline_holds_where_grpc_stands_still(archive: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that was forked while other threads called: its call waited for ever, whatever the deadline."""

    class Still(grpc.Channel):  # type: ignore[misc]
        def unary_unary(self, *arguments: Any, **options: Any) -> Any:
            return self

        def future(self, *arguments: Any, **options: Any) -> Any:
            return self

        def add_done_callback(self, callback: Any) -> None:
            pass

        def result(self, timeout: float | None = None) -> Any:
            threading.Event().wait(timeout)
            raise grpc.FutureTimeoutError

        def cancel(self) -> None:
            pass

        def close(self) -> None:
            pass

        stream_stream = stream_unary = subscribe = unary_stream = unsubscribe = None
        __enter__ = __exit__ = None

    monkeypatch.setattr(sync_client, "_GRACE_S", 0.1)
    monkeypatch.setattr(Client, "_new_channel", lambda _: Still())
    client = Client("localhost:1", timeout=0.2)
    call = (lambda: next(client.summarize_many(["a."])).result()) if archive else (lambda: client.summarize("a."))
    with pytest.raises(DeadlineError, match=r"^no answer within 0\.2 s") as caught:
        call()
    assert caught.value.request_id
