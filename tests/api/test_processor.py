"""What is read of the processor, and what CTranslate2 makes of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from khulasa.server.processor import processor_flags, use_wide_kernels

_ALL = "avx512f avx512cd avx512bw avx512dq avx512vl avx512_vnni"
_MODEL = Path(__file__).parents[2] / "models/khulasa-base"
_LOADED = (
    "import ctranslate2; from khulasa.server.processor import use_wide_kernels; use_wide_kernels();"
    f" ctranslate2.Translator({str(_MODEL)!r})"
)


def _file(folder: Path, flags: str) -> Path:
    path = folder / "cpuinfo"
    path.write_text(f"processor\t: 0\nmodel name\t: one\nflags\t\t: {flags}\n\nprocessor\t: 1\nflags\t\t: other\n")
    return path


def test_flags_are_those_of_the_first_processor(tmp_path: Path) -> None:
    assert processor_flags(_file(tmp_path, "fpu avx2 avx512f")) == {"fpu", "avx2", "avx512f"}


def test_no_flags_where_the_system_has_no_such_file(tmp_path: Path) -> None:
    assert processor_flags(tmp_path / "cpuinfo") == frozenset()


@pytest.mark.parametrize("missing", ["", *_ALL.split()])
def test_wide_kernels_are_asked_for_where_the_processor_has_all_that_they_need(tmp_path: Path, missing: str) -> None:
    environment: dict[str, str] = {}
    use_wide_kernels(environment, _file(tmp_path, " ".join(flag for flag in _ALL.split() if flag != missing)))
    assert environment == ({} if missing else {"CT2_FORCE_CPU_ISA": "AVX512"})


def test_what_the_environment_says_stays(tmp_path: Path) -> None:
    environment = {"CT2_FORCE_CPU_ISA": "AVX2"}
    use_wide_kernels(environment, _file(tmp_path, _ALL))
    assert environment == {"CT2_FORCE_CPU_ISA": "AVX2"}


@pytest.mark.parametrize("forced", ["", "AVX2"])
def test_ctranslate2_takes_the_kernels_that_were_asked_for(forced: str) -> None:
    if not processor_flags().issuperset(_ALL.split()):
        pytest.skip("this processor has no AVX-512 with VNNI, so CTranslate2 chooses by itself")
    environment = {name: value for name, value in os.environ.items() if name != "CT2_FORCE_CPU_ISA"}
    environment |= {"CT2_VERBOSE": "1"} | ({"CT2_FORCE_CPU_ISA": forced} if forced else {})
    done = subprocess.run(
        [sys.executable, "-c", _LOADED], env=environment, capture_output=True, text=True, check=True, timeout=300
    )
    assert f"Selected ISA: {forced or 'AVX512'}" in done.stderr
