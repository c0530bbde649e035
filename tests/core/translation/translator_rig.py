"""A translator over a decoder that upper-cases words, so that nothing but our own logic is under test."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from typing import cast

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.engine import (
    DecodedHypothesis,
    DecodedSegment,
    EngineOptions,
    SegmentTokens,
    WorkKind,
)
from khulasa.server.core.translation.memory.store import TranslationMemory
from khulasa.server.core.translation.scheduling.scheduler import QueueLimits, Scheduler
from khulasa.server.core.translation.tokenizer import PairTokens, Piece, SegmentTokenizer
from khulasa.server.core.translation.translator.parts import DecodingDefaults, LanguageRules, LoadedPackage
from khulasa.server.core.translation.translator.translator import Translator
from khulasa.server.core.translation.types import (
    DecodingOptions,
    Glossary,
    LanguagePair,
    ModelReference,
    RequestContext,
)

PAIR = LanguagePair("xx", "yy")
PLAIN, NO_TERMS = DecodingOptions(), Glossary()


def sentences(line: str, _language: str) -> list[Span]:
    return [Span(*match.span()) for match in re.finditer(r"\S[^.]*\.?(?<!\s)", line)]


class WordSpec:
    engine_tokens = 0

    def tokens_of(self, _pair: LanguagePair) -> PairTokens:
        return PairTokens(("<xx>",), ("</s>",), ("<yy>",))


class WordTokenizer:
    """White space separates tokens."""

    spec = WordSpec()

    def encode(self, text: str, _pair: LanguagePair) -> list[str]:
        return ["<xx>", *text.split(), "</s>"]

    def encode_target(self, text: str) -> list[str]:
        return text.split()

    def encode_with_offsets(self, text: str) -> list[Piece]:
        return [Piece(match[0], *match.span()) for match in re.finditer(r"\S+", text)]

    def decode(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens)

    def decode_with_offsets(self, tokens: Sequence[str]) -> tuple[str, list[Span]]:
        text = " ".join(tokens)
        return text, [Span(p.start, p.end) for p in self.encode_with_offsets(text)]

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def cost_of(self, _word: str) -> tuple[int, float]:
        return 1, 0.0


class UpperDecoder:
    """Gives words back in capitals; waits at a gate."""

    def __init__(self) -> None:
        self.seen: list[SegmentTokens] = []
        self.gate = threading.Event()
        self.gate.set()

    def run(
        self,
        batch: Sequence[SegmentTokens],
        options: EngineOptions,
        cancelled: Callable[[int], bool] | None = None,
    ) -> list[DecodedSegment]:
        assert cancelled is not None
        self.seen += batch
        assert self.gate.wait(20)
        if options.kind == WorkKind.SCORE:
            return [
                DecodedSegment((DecodedHypothesis(w.target, -1.0),), None, False, (-9.0, *[-1.0] * len(w.target)))
                for w in batch
            ]
        results = []
        for one in batch:
            words = tuple(token.upper() for token in one.source[1:-1])
            best = [DecodedHypothesis(words, -0.5 - rank) for rank in range(options.num_hypotheses)]
            results.append(DecodedSegment(tuple(best), truncated="CUT" in words))
        return results


class Rig:
    def __init__(
        self,
        *,
        cache_bytes: int = 0,
        limits: QueueLimits | None = None,
        approved: TranslationMemory | None = None,
        pairs: tuple[LanguagePair, ...] = (PAIR, LanguagePair("xx", "zz")),
    ) -> None:
        self.decoder = UpperDecoder()
        self.package = LoadedPackage(
            ModelReference("upper", "1", "r1"),
            pairs,
            self.decoder,
            cast("SegmentTokenizer", WordTokenizer()),
            12,
            DecodingDefaults(max_decoding_tokens=64),
        )
        self.scheduler = Scheduler(limits=limits)
        self.translator = Translator(
            [self.package],
            self.scheduler,
            LanguageRules(sentences),
            cache_bytes=cache_bytes,
            mend=False,
            approved=approved,
        )
        self.translator.start()

    async def texts(self, *texts: str) -> list[str]:
        return [t.text for t in await self.translator.translate_texts(texts, PAIR, PLAIN, NO_TERMS, RequestContext())]
