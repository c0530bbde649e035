"""Text to pieces and back with sentencepiece, offsets in code points.

sentencepiece normalises (NFKC in most models) and reports UTF-8 byte offsets into the text as given; here they become
code points of that text. Reference: Kudo and Richardson 2018, arXiv:1808.06226.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import regex
import sentencepiece
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.engine import SuppressedPieces
from khulasa.server.core.translation.types import LanguagePair
from khulasa.server.core.word_cache import word_cache

__all__ = ["PairTokens", "Piece", "SegmentTokenizer", "TokenizationSpec", "piece_ids"]

_REPLACEMENT = "\ufffd"
_ARABIC_LETTER, _LATIN_LETTER = (
    regex.compile(r"[\p{Arabic}&&\p{L}]", regex.V1),
    regex.compile(r"[\p{Latin}&&\p{L}]", regex.V1),
)
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), _REPLACEMENT)


@dataclass(frozen=True, slots=True)
class PairTokens:
    """The special tokens of one direction.

    Attributes:
        source_prefix: Before the source's pieces, for example `("ar",)` or `(">>eng<<",)`.
        source_suffix: After them, for example `("</s>",)`; empty when the engine's config.json adds the end itself.
        target_prefix: What decoding is forced to begin with, for example `("eng_Latn",)`.
    """

    source_prefix: tuple[str, ...] = ()
    source_suffix: tuple[str, ...] = ()
    target_prefix: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenizationSpec:
    """How a package turns text into tokens.

    Attributes:
        source_model: sentencepiece model of the source side.
        target_model: That of the target side, often the same file.
        pairs: Special tokens of each direction that has any.
        strip_tokens: Tokens that are never text and are dropped from what the engine returns.
        engine_tokens: Tokens that the engine adds to each source itself (config.json: `add_source_bos`, `_eos`).
    """

    source_model: Path
    target_model: Path
    pairs: Mapping[LanguagePair, PairTokens] = field(default_factory=dict)
    strip_tokens: frozenset[str] = frozenset({"<s>", "</s>", "<pad>"})
    engine_tokens: int = 0

    def tokens_of(self, pair: LanguagePair) -> PairTokens:
        """The special tokens of `pair`, none when the model needs none."""
        return self.pairs.get(pair, PairTokens())


class Piece(NamedTuple):
    """One piece and its place, code points half open; an empty place belongs to a character shared with a neighbour."""

    piece: str
    start: int
    end: int


class SegmentTokenizer:
    """Encodes and decodes segments of one package; safe to use from several threads.

    Args:
        spec: Where the models are and which tokens surround a segment.

    Raises:
        OSError: a sentencepiece model cannot be read.
    """

    def __init__(self, spec: TokenizationSpec) -> None:
        self.spec = spec
        self._source = sentencepiece.SentencePieceProcessor(model_file=str(spec.source_model))
        self._target = (
            self._source
            if spec.target_model == spec.source_model
            else sentencepiece.SentencePieceProcessor(model_file=str(spec.target_model))
        )
        self.cost_of: Callable[[str], tuple[int, float]] = word_cache(2_000)(self._cost_of)

    def encode(self, text: str, pair: LanguagePair) -> list[str]:
        """The source's tokens with the pair's prefix and suffix."""
        tokens = self.spec.tokens_of(pair)
        pieces: list[str] = self._source.encode(_valid(text), return_type=str)
        return [*tokens.source_prefix, *pieces, *tokens.source_suffix]

    def _cost_of(self, word: str) -> tuple[int, float]:
        """Pieces of a word of the source, and the negative log probability of these."""
        ids: list[int] = self._source.encode(_valid(word))
        return len(ids), -sum(self._source.get_score(ids))

    def encode_target(self, text: str) -> list[str]:
        """A target text's pieces, without prefix."""
        pieces: list[str] = self._target.encode(_valid(text), return_type=str)
        return pieces

    def encode_with_offsets(self, text: str) -> list[Piece]:
        """The source's pieces without special tokens, each with its place in `text` without surrounding white space."""
        return _pieces(self._source.encode(_valid(text), return_type="proto").pieces, _valid(text))

    def encode_target_with_offsets(self, text: str) -> list[Piece]:
        """The same for a target text."""
        return _pieces(self._target.encode(_valid(text), return_type="proto").pieces, _valid(text))

    def decode(self, tokens: Sequence[str]) -> str:
        """The text of target tokens, without special tokens."""
        kept = [token for token in tokens if token not in self.spec.strip_tokens]
        text: str = self._target.decode(kept)
        return text.strip()

    def decode_with_offsets(self, tokens: Sequence[str]) -> tuple[str, list[Span]]:
        """The text and one span for each of `tokens`, empty for special tokens."""
        kept = [(index, token) for index, token in enumerate(tokens) if token not in self.spec.strip_tokens]
        decoded = self._target.decode([token for _, token in kept], return_type="proto")
        text: str = decoded.text
        spans = [Span(0, 0)] * len(tokens)
        for (index, _), piece in zip(kept, _pieces(decoded.pieces, text), strict=True):
            spans[index] = Span(piece.start, piece.end)
        lead = len(text) - len(text.lstrip())
        stripped = text.strip()
        if len(stripped) != len(text):
            spans = [Span(*(min(max(at - lead, 0), len(stripped)) for at in span)) for span in spans]
        return stripped, spans

    @functools.lru_cache(maxsize=8)  # noqa: B019 - a tokenizer lives as long as its package
    def pieces_in_script_of(self, language: str) -> SuppressedPieces:
        """Pieces of the target with a letter of the script of `language`: Arabic for `ar`, Latin for any other."""
        letters = _ARABIC_LETTER if language == "ar" else _LATIN_LETTER
        pieces = [self._target.id_to_piece(number) for number in range(self._target.get_piece_size())]
        # Special tokens (<2en>) have Latin letters in their names.
        return SuppressedPieces(tuple((p,) for p in pieces if letters.search(p) and not p.startswith("<")))

    def count_tokens(self, text: str, pair: LanguagePair | None = None) -> int:
        """Tokens that the engine reads for `text`, special tokens included when `pair` is given."""
        count = len(self._source.encode(_valid(text), return_type=int))
        if pair is None:
            return count
        tokens = self.spec.tokens_of(pair)
        return count + len(tokens.source_prefix) + len(tokens.source_suffix) + self.spec.engine_tokens

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Pieces of each of `texts`, special tokens not counted."""
        return [len(ids) for ids in self._source.encode([_valid(text) for text in texts], return_type=int)]


def piece_ids(model: Path) -> Callable[[str], list[int]]:
    """From a text to the ids of its pieces; safe to use from several threads.

    Raises:
        OSError: the sentencepiece model cannot be read.
    """
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))

    def ids(text: str) -> list[int]:
        found: list[int] = processor.encode(_valid(text), return_type=int)
        return found

    return ids


def _valid(text: str) -> str:
    """`text` with lone surrogates, which UTF-8 cannot hold, replaced one for one."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.translate(_SURROGATES)
    return text


def _pieces(found: Any, text: str) -> list[Piece]:
    """sentencepiece's pieces with byte offsets turned into code points and white space trimmed off."""
    if text.isascii():
        places = [(piece.begin, piece.end) for piece in found]
    else:
        # starts[i] is the byte at which code point i begins.
        starts = [0, *accumulate(_utf8_bytes(char) for char in text)]
        places = [(bisect_right(starts, p.begin) - 1, bisect_right(starts, max(p.end - 1, 0))) for p in found]
        places = [
            (begin, max(begin, end)) if p.end > p.begin else (begin, begin)
            for (begin, end), p in zip(places, found, strict=True)
        ]
    result = []
    for piece, (start, end) in zip(found, places, strict=True):
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        result.append(Piece(piece.piece, start, end))
    return result


def _utf8_bytes(char: str) -> int:
    code = ord(char)
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
