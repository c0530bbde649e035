"""What this processor can do, and that CTranslate2 makes use of it."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

__all__ = ["available_threads", "processor_flags", "use_wide_kernels"]

_CPU_FILE = Path("/proc/cpuinfo")
# Read by CTranslate2 when the process loads its first model.
_KERNELS = "CT2_FORCE_CPU_ISA"
# The first five are what CTranslate2 asks for. The last came with the processors that hardly lower their clock for
# registers of 512 bits; on those before them CTranslate2's own choice is left alone.
_NEEDED = frozenset({"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"})


def processor_flags(file: Path = _CPU_FILE) -> frozenset[str]:
    """Names of what the first processor can do, as Linux gives them; none on other systems."""
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.lower().startswith(("flags", "features")):
                    return frozenset(line.partition(":")[2].split())
    except OSError:
        pass  # no such file on this system
    return frozenset()


def use_wide_kernels(environment: MutableMapping[str, str] = os.environ, file: Path = _CPU_FILE) -> None:
    """Lets what CTranslate2 computes itself (softmax, norms, int8 to float) use AVX-512 where the processor has it.

    CTranslate2 is built with these kernels and never chooses them by itself, see
    https://github.com/OpenNMT/CTranslate2/pull/1108. Measured gain: docs/scheduling.md. Must come before the first
    model of the process is loaded. Whoever has set CT2_FORCE_CPU_ISA keeps it.
    """
    if processor_flags(file) >= _NEEDED:
        environment.setdefault(_KERNELS, "AVX512")


def available_threads() -> int:
    """Cores that this process may use, >= 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1
