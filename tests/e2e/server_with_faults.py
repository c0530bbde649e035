"""The real composition root and the bundled model, with faults on demand: `python server_with_faults.py --port N`.

A segment with the word TROUBLE makes the decoder raise; one with DEATH kills the decoder's thread, once each time it is
decoded. FAULT_CLOCK=1 makes the wall clock jump by a day, there and back, at each reading.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

from khulasa.server.api.interceptors import CallInterceptor
from khulasa.server.config import load_settings
from khulasa.server.core.translation.engine import DecodedSegment, Engine, EngineOptions, SegmentTokens
from khulasa.server.main import serve
from khulasa.server.observability_logs import configure_logs
from khulasa.server.runtime import load_core

_run = Engine.run


def run(
    self: Engine,
    batch: Sequence[SegmentTokens],
    options: EngineOptions,
    cancelled: Callable[[int], bool] | None = None,
) -> list[DecodedSegment]:
    texts = ["".join(work.source).replace("\u2581", "") for work in batch]
    if any("DEATH" in text for text in texts):
        raise SystemExit("a decoder that dies")
    if any("TROUBLE" in text for text in texts):
        raise RuntimeError("a decoder that raises")
    return _run(self, batch, options, cancelled)


def jumping_clock() -> None:
    """The wall clock jumps, but not while gRPC turns a deadline into seconds left: its two clocks are one system's."""
    real, step = time.time, itertools.cycle((0.0, 86_400.0, -86_400.0))
    in_grpc = False
    seconds_left = CallInterceptor._seconds_left

    def with_real_clock(context: Any) -> float | None:
        nonlocal in_grpc
        in_grpc = True
        try:
            return seconds_left(context)
        finally:
            in_grpc = False

    patch.object(CallInterceptor, "_seconds_left", staticmethod(with_real_clock)).start()
    time.time = lambda: real() + (0.0 if in_grpc else next(step))


def main() -> int:
    Engine.run = run
    if os.environ.get("FAULT_CLOCK"):
        jumping_clock()
    settings = load_settings(port=int(sys.argv[sys.argv.index("--port") + 1]))
    configure_logs(settings.log_format, settings.log_level)
    return asyncio.run(serve(settings, load_core, lambda line: print(line, flush=True)))


if __name__ == "__main__":
    sys.exit(main())
