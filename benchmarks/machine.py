"""What a page must say of the machine that its figures were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

__all__ = ["cores", "describe"]

_PACKAGES = ("ctranslate2", "grpcio", "numpy")


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def describe() -> str:
    """Processor, cores, memory and versions, in one line."""
    fields = dict(
        line.split(":", 1)
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith(("model name", "flags"))
    )
    names = {key.strip(): value.strip() for key, value in fields.items()}
    flags = names.get("flags", "").split()
    vectors = next((name for name in ("avx512f", "avx2", "avx") if name in flags), "no AVX").upper()
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"{names.get('model name', platform.machine())}, {cores()} cores, {vectors}, {memory_gib:.0f} GiB;"
        f" Python {platform.python_version()}, {versions}"
    )
