"""Memory that is full is put into huge pages, memory that is not stays as small as it was."""

from __future__ import annotations

import asyncio
import ctypes
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest
from khulasa.server import huge_pages, runtime
from khulasa.server.config import Settings
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.huge_pages import use_huge_pages
from khulasa.server.observability import Observability

SWITCH = Path("/sys/kernel/mm/transparent_hugepage/enabled")
on_linux = pytest.mark.skipif(
    not SWITCH.is_file() or "[never]" in SWITCH.read_text("ascii") or not Path("/proc/self/pagemap").is_file(),
    reason="no huge pages here",
)

# Blocks of 64 MiB: one is full, of the other every second page is in use.
BLOCKS = """
import mmap
from khulasa.server.huge_pages import use_huge_pages

def shown(name, file):
    return sum(int(line.split()[1]) for line in open("/proc/self/" + file) if line.startswith(name + ":"))

size = 64 * 2**20
full, sparse = (mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for _ in range(2))
full[:] = bytes([1]) * size
for at in range(0, size, 8_192):
    sparse[at] = 1
before = shown("VmRSS", "status")
done = use_huge_pages()
print(done // 1024, shown("AnonHugePages", "smaps"), shown("VmRSS", "status") - before)
assert full[::4_096] == bytes([1]) * (size // 4_096) and sparse[::8_192] == bytes([1]) * (size // 8_192)
"""


@on_linux
def test_full_memory_lies_in_huge_pages_and_the_rest_stays_small() -> None:
    done = subprocess.run([sys.executable, "-c", BLOCKS], capture_output=True, check=True, text=True)
    asked, huge, more = map(int, done.stdout.split())
    assert asked >= 60 * 1024
    # An old kernel comes to it in its own time.
    assert huge >= 60 * 1024 or huge == 0
    assert more < 4 * 1024


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[int, int, int]]:
    """What the system is asked for, all of which it refuses; a process with one block of three full huge pages."""
    asked: list[tuple[int, int, int]] = []

    def madvise(*call: int) -> int:
        asked.append(call)
        return -1

    monkeypatch.setattr(
        huge_pages,
        "ctypes",
        SimpleNamespace(**vars(ctypes) | {"CDLL": lambda *_, **__: SimpleNamespace(madvise=madvise)}),
    )
    (tmp_path / "maps").write_text(
        "00100000-00900000 rw-p 00000000 00:00 0 \n00a00000-00e00000 r--p 00000000 00:00 0 \n"
    )
    (tmp_path / "pagemap").write_bytes((2**63).to_bytes(8, "little") * 0x900)
    (tmp_path / "enabled").write_text("always [madvise] never\n")
    return asked


def test_a_refusal_changes_nothing(calls: list[tuple[int, int, int]], tmp_path: Path) -> None:
    assert use_huge_pages(tmp_path, tmp_path / "enabled") == 0
    assert calls == [(0x200000, 0x600000, 25), (0x200000, 0x600000, 14)]


def test_nothing_is_asked_for_where_the_system_says_never(calls: list[tuple[int, int, int]], tmp_path: Path) -> None:
    (tmp_path / "enabled").write_text("always madvise [never]\n")
    assert use_huge_pages(tmp_path, tmp_path / "enabled") == 0
    assert not calls


@pytest.mark.parametrize("missing", ["maps", "pagemap", "enabled"])
def test_nothing_is_asked_for_where_the_system_does_not_tell(
    missing: str, calls: list[tuple[int, int, int]], tmp_path: Path
) -> None:
    (tmp_path / missing).unlink()
    assert use_huge_pages(tmp_path, tmp_path / "enabled") == 0
    assert not calls


def test_memory_that_went_meanwhile_is_left_alone(calls: list[tuple[int, int, int]], tmp_path: Path) -> None:
    (tmp_path / "pagemap").write_bytes(bytes(8 * 0x500))
    assert use_huge_pages(tmp_path, tmp_path / "enabled") == 0
    assert not calls


def test_it_is_done_when_the_models_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(runtime, "_load_packages", lambda _: (order.append("models"), ((), ()))[1])
    for name in ("_open_memory", "_warm_up_rules", "put_together"):
        monkeypatch.setattr(runtime, name, lambda *_: None)
    encoder: Future[SentenceEncoder] = Future()
    encoder.set_result(SentenceEncoder())
    monkeypatch.setattr(runtime, "use_huge_pages_soon", lambda: order.append("pages"))
    asyncio.run(runtime.load_core(Settings(), Observability(), encoder))
    assert order == ["models", "pages"]
