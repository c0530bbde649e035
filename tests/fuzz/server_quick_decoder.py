"""The real server with a decoder that copies: everything around it at a hundred times the speed.

python server_quick_decoder.py --port N
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence

import numpy as np
from khulasa.server.config import load_settings
from khulasa.server.core.translation.engine import (
    DecodedHypothesis,
    DecodedSegment,
    Engine,
    EngineOptions,
    SegmentTokens,
    WorkKind,
)
from khulasa.server.main import serve
from khulasa.server.observability_logs import configure_logs
from khulasa.server.runtime import load_core


def run(
    self: Engine,
    batch: Sequence[SegmentTokens],
    options: EngineOptions,
    cancelled: Callable[[int], bool] | None = None,
) -> list[DecodedSegment]:
    results = []
    for work in batch:
        assert len(work.source) <= self.max_input_tokens
        text = work.source[work.prefix_tokens : len(work.source) - work.suffix_tokens]
        tokens = work.target if options.kind == WorkKind.SCORE else text
        attention = np.eye(len(tokens), len(text), dtype=np.float32) if options.attention else None
        log_probs = (-1.0,) * (len(tokens) + 1) if options.kind == WorkKind.SCORE else ()
        hypotheses = (DecodedHypothesis(tuple(tokens), -1.0),) * max(1, options.num_hypotheses)
        results.append(DecodedSegment(hypotheses, attention, False, log_probs))
    return results


def main() -> int:
    Engine.run = run
    settings = load_settings(port=int(sys.argv[sys.argv.index("--port") + 1]))
    configure_logs(settings.log_format, settings.log_level)
    return asyncio.run(serve(settings, load_core, lambda line: print(line, flush=True)))


if __name__ == "__main__":
    sys.exit(main())
