"""A tokenizer whose tokens are the words of a text, with no special ones."""

from __future__ import annotations

from collections.abc import Sequence

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.tokenizer import PairTokens, Piece
from khulasa.server.core.translation.types import LanguagePair

__all__ = ["PlainWords"]


class _Spec:
    engine_tokens = 0

    def tokens_of(self, _pair: LanguagePair) -> PairTokens:
        return PairTokens((), (), ())


class PlainWords:
    """White space separates tokens."""

    spec = _Spec()

    def encode(self, text: str, _pair: LanguagePair) -> list[str]:
        return text.split()

    def decode(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens)

    def decode_with_offsets(self, tokens: Sequence[str]) -> tuple[str, list[Span]]:
        return " ".join(tokens), []

    def encode_with_offsets(self, text: str) -> list[Piece]:
        raise AssertionError("no links are wanted")

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def cost_of(self, _word: str) -> tuple[int, float]:
        return 1, 0.0
