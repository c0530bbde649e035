"""Blocks of a few megabytes that are freed and taken again come without page faults, until they are given back."""

from __future__ import annotations

import asyncio
import platform
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from khulasa.server.core.errors import EngineError
from khulasa.server.core.translation import freed_memory
from khulasa.server.core.translation.engine import Engine

# What a batch does: some blocks at a time, written to, freed, and again; in a process whose heap nobody has shaped.
BLOCKS = """
import ctypes, resource, sys
from khulasa.server.core.translation.freed_memory import keep_freed_memory

library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
library.free.argtypes = (ctypes.c_void_p,)
sizes = [int(mib * 2**20) for mib in (1, 3, 2, 4, 3, 5)]

def batch():
    blocks = [library.malloc(size) for size in sizes]
    for block, size in zip(blocks, sizes):
        ctypes.memset(block, 1, size)
    for block in blocks:
        library.free(block)

if sys.argv[1] == "kept":
    keep_freed_memory()
for _ in range(3):
    batch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    batch()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


# The same, a block that stays at the end of the heap, and what is resident before and after all is given back.
GIVEN_BACK = f"""
{BLOCKS}
from pathlib import Path
from khulasa.server.core.translation.freed_memory import give_back_freed_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

blocks = [library.malloc(size) for size in sizes]
for block, size in zip(blocks, sizes):
    ctypes.memset(block, 1, size)
stays = library.malloc(200_000)
for block in blocks:
    library.free(block)
kept = resident()
give_back_freed_memory()
print(kept - resident())
"""
GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such setting")


async def test_it_is_given_back_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, given = asyncio.get_running_loop(), asyncio.Queue[int]()
    monkeypatch.setattr(
        freed_memory,
        "give_back_freed_memory",
        lambda: loop.call_soon_threadsafe(given.put_nowait, threading.get_ident()),
    )
    giving = asyncio.create_task(freed_memory.give_back_regularly(0.01))
    for _ in range(3):
        # Never by the event loop's own thread, which would answer nobody meanwhile.
        assert await asyncio.wait_for(given.get(), 20) != threading.get_ident()
    giving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await giving


def page_faults(how: str) -> int:
    return int(subprocess.run([sys.executable, "-c", BLOCKS, how], capture_output=True, check=True, text=True).stdout)


@GLIBC
def test_what_is_kept_is_given_back_when_asked() -> None:
    done = subprocess.run([sys.executable, "-c", GIVEN_BACK, "kept"], capture_output=True, check=True, text=True)
    assert int(done.stdout.split()[-1]) > 15 * 2**20


@GLIBC
def test_what_a_batch_frees_is_there_for_the_next() -> None:
    assert page_faults("kept") * 100 < page_faults("as it is")


def test_an_engine_asks_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[bool] = []
    monkeypatch.setattr("khulasa.server.core.translation.engine.keep_freed_memory", lambda: asked.append(True))
    with pytest.raises(EngineError):
        Engine.load(tmp_path, max_input_tokens=10)
    assert asked
