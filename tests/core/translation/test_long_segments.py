"""What one long segment costs."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.engine import DecodedHypothesis, DecodedSegment
from khulasa.server.core.translation.translator.drafts import _links
from khulasa.server.core.translation.types import LanguagePair

PIECES = 50


@pytest.mark.parametrize(("parts", "linked"), [(2, True), (160, False)])
@pytest.mark.parametrize("word", ["a" * 6_000, "a "])
def test_attention_of_a_divided_segment_takes_bounded_memory(parts: int, linked: bool, word: str) -> None:
    pair = LanguagePair("fr", "es")
    part = (word * PIECES)[:PIECES].replace("  ", "a ")
    text = part * parts
    spans = tuple(Span(at, at + PIECES) for at in range(0, len(text), PIECES))
    places = [Span(at, at + 1) for at in range(PIECES)]
    prepared: Any = SimpleNamespace(
        text=text, normalized=SimpleNamespace(text=text, source_span=Span), spans=spans, works=()
    )
    package: Any = SimpleNamespace(tokenizer=SimpleNamespace(encode_with_offsets=lambda _: places))
    attention = np.eye(PIECES, dtype=np.float32)
    decoded = [DecodedSegment((DecodedHypothesis(("a",) * PIECES, -1.0),), attention, False)] * parts
    target = " ".join([part] * parts)
    tracemalloc.start()
    try:
        links = _links(prepared, target, [part] * parts, [places] * parts, decoded, pair, package)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert bool(links) == linked
    # 8,000 pieces a side would be 256 MB, and 100,000 of them more than any machine has.
    assert peak < 64 * 2**20
