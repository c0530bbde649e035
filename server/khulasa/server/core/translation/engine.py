"""The decoder: CTranslate2 behind an interface that never cuts an input and never hides a cut output.

Facts measured with CTranslate2 4.8: `score` of a translation and of `score_batch` is the mean over the target's
tokens and the end token; `max_decoding_length` counts the target prefix; attention covers forced prefixes and leaves
out the tokens that config.json adds; an input over `max_input_length` is cut without a word, so it is 0 here.
A vocabulary map (`vmap.txt`) makes CTranslate2 score only some pieces of the vocabulary. It keeps the places of pieces
among those from one batch to the next and never corrects them, so it may take others for forced and suppressed ones,
unless their places never change: pieces from the start of the vocabulary, up to the first that is not always scored, or
all that are scored where every sentence has the same list.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import numpy.typing as npt
from khulasa.server.core.errors import EngineError
from khulasa.server.core.translation.freed_memory import keep_freed_memory

__all__ = [
    "VOCABULARY_MAP",
    "Attention",
    "DecodedHypothesis",
    "DecodedSegment",
    "Engine",
    "EngineOptions",
    "SegmentTokens",
    "SuppressedPieces",
    "WorkKind",
    "usable_gpus",
]

Attention = npt.NDArray[np.float32]

# CTranslate2's name for the map; its line with an empty key lists what is always scored.
VOCABULARY_MAP = "vmap.txt"

# What CTranslate2 looks up by its place, as config.json names it.
_SPECIAL = (("bos", "<s>"), ("eos", "</s>"), ("unk", "<unk>"))

# A translation longer than this many tokens for each source token is a loop, not a translation.
_TARGET_TOKENS_PER_SOURCE_TOKEN = 3.0
_TARGET_TOKENS_SLACK = 32


class WorkKind:
    """What is asked of the engine."""

    TRANSLATE = "translate"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class SegmentTokens:
    """One unit of work.

    Attributes:
        source: All source tokens, special ones included, but not those the engine adds itself.
        target: Translate: the prefix that decoding begins with. Score: the whole target, prefix included.
        prefix_tokens: Leading special tokens of `source`, which carry no text.
        suffix_tokens: Trailing ones.
    """

    source: tuple[str, ...]
    target: tuple[str, ...] = ()
    prefix_tokens: int = 0
    suffix_tokens: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class SuppressedPieces:
    """Pieces that a target must not hold; equal only to itself, so that options compare quickly."""

    sequences: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How to decode; only segments with equal options share a batch.

    Attributes:
        beam_size: 1 is greedy search, which alone can be stopped in the middle.
        num_hypotheses: At least 1, at most `beam_size`.
        attention: Return attention matrices.
        repetition_penalty: Keskar et al. 2019, arXiv:1909.05858; 1 for none.
        length_penalty: Exponent of the length that a hypothesis' log probability is divided by.
        no_repeat_ngram_size: No run of this many tokens stands twice in a target; 0 for no such rule.
        max_decoding_tokens: Tokens of a target, prefix included; the limit for a segment is smaller when its source
            is short.
        deterministic: Decode each segment alone.
        kind: One of `WorkKind`.
        suppressed: Pieces that are never written; with some, every piece is scored.
        all_pieces: Score every piece of the vocabulary, whatever the model's vocabulary map says.
    """

    beam_size: int = 4
    num_hypotheses: int = 1
    attention: bool = False
    repetition_penalty: float = 1.0
    length_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    max_decoding_tokens: int = 512
    deterministic: bool = False
    kind: str = WorkKind.TRANSLATE
    suppressed: SuppressedPieces | None = None
    all_pieces: bool = False


@dataclass(frozen=True, slots=True)
class DecodedHypothesis:
    """Target tokens without the prefix, and their mean log probability, end token included.

    `truncated`: it reached the length limit.
    """

    tokens: tuple[str, ...]
    score: float
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class DecodedSegment:
    """What the engine gives for one segment.

    Attributes:
        hypotheses: Best first, at least one.
        attention: Rows: target tokens of the best hypothesis; columns: source tokens that carry text. None when not
            asked for.
        truncated: The best hypothesis reached the length limit: its end may be missing.
        log_probs: Score only: of each target token and the end token.
    """

    hypotheses: tuple[DecodedHypothesis, ...]
    attention: Attention | None = None
    truncated: bool = False
    log_probs: tuple[float, ...] = ()


def usable_gpus() -> int:
    """GPUs that models can run on here; 0 without a driver, too."""
    return int(ctranslate2.get_cuda_device_count())


class Engine:
    """One loaded model. Several threads may call it; at most `inter_threads` calls are decoded at a time.

    Made by `load`; `close` must be called before the interpreter exits.
    """

    def __init__(
        self, translator: Any, *, max_input_tokens: int, engine_tokens: int, steady: frozenset[str] = frozenset()
    ) -> None:
        """Args:
        steady: Pieces with a place that never changes under the model's vocabulary map; empty where there is no
            map to be used.
        """
        self._translator: Any = translator
        self.max_input_tokens, self._engine_tokens = max_input_tokens, engine_tokens
        self._steady = steady

    @classmethod
    def load(
        cls,
        path: Path,
        *,
        max_input_tokens: int,
        engine_tokens: int = 0,
        device: str = "cpu",
        compute_type: str = "default",
        inter_threads: int = 1,
        intra_threads: int = 1,
        vocabulary_map: bool = True,
    ) -> Engine:
        """Loads a CTranslate2 model.

        Args:
            path: Its folder.
            max_input_tokens: Tokens of a source, special ones included, that the model was made for.
            engine_tokens: Tokens that config.json has added to each source.
            inter_threads: Batches decoded at a time.
            intra_threads: Threads of one batch; the product should not exceed the cores.
            vocabulary_map: Use the folder's map of which target pieces a source piece may need, where there is one.

        Raises:
            EngineError: the folder holds no model that can be run here.
        """
        keep_freed_memory()
        try:
            translator = ctranslate2.Translator(
                str(path),
                device=device,
                compute_type=compute_type,
                inter_threads=inter_threads,
                intra_threads=intra_threads,
            )
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"cannot load the model: {error}") from error
        steady = _steady_pieces(path) if vocabulary_map else frozenset()
        return cls(translator, max_input_tokens=max_input_tokens, engine_tokens=engine_tokens, steady=steady)

    @property
    def has_vocabulary_map(self) -> bool:
        """Whether translations score only the pieces that a map names."""
        return bool(self._steady)

    @property
    def compute_type(self) -> str:
        """Number format in use."""
        return str(self._translator.compute_type)

    def run(
        self,
        batch: Sequence[SegmentTokens],
        options: EngineOptions,
        cancelled: Callable[[int], bool] | None = None,
    ) -> list[DecodedSegment]:
        """Translates or scores, as `options.kind` says. N segments in, N results out, same order.

        Args:
            cancelled: Told an index into `batch`, says whether its result is no longer wanted; asked between tokens
                of a greedy search of one segment. What a cancelled segment gives is unfinished.

        Raises:
            EngineError: a source is longer than the model takes, or decoding failed.
        """
        translator = self._translator
        if translator is None:
            raise EngineError("the engine is closed")
        if not batch:
            return []
        for work in batch:
            self._check(work)
        try:
            if options.kind == WorkKind.SCORE:
                return self._score(translator, batch, options)
            return self._translate(translator, batch, options, cancelled)
        except (RuntimeError, ValueError, MemoryError) as error:
            raise EngineError(f"decoding failed: {error}") from error

    def close(self) -> None:
        """Frees the model; calls running in other threads keep it until they return."""
        self._translator = None

    def _check(self, work: SegmentTokens) -> None:
        tokens = len(work.source) + self._engine_tokens
        if tokens > self.max_input_tokens:
            raise EngineError(f"a segment has {tokens:,} tokens, the model takes {self.max_input_tokens:,}")

    def _translate(
        self,
        translator: Any,
        batch: Sequence[SegmentTokens],
        options: EngineOptions,
        cancelled: Callable[[int], bool] | None,
    ) -> list[DecodedSegment]:
        longest = max(len(work.source) for work in batch)
        prefix = max(len(work.target) for work in batch)
        limit = min(
            options.max_decoding_tokens,
            prefix + _TARGET_TOKENS_SLACK + int(_TARGET_TOKENS_PER_SOURCE_TOKEN * longest),
        )
        extra: dict[str, Any] = {}
        if options.suppressed is not None:
            extra["suppress_sequences"] = [list(sequence) for sequence in options.suppressed.sequences]
        elif self._steady and not options.all_pieces:
            extra["use_vmap"] = all(token in self._steady for work in batch for token in work.target)
        # With a callback a greedy batch took more than twice as long; alone there is nothing to lose.
        if cancelled is not None and options.beam_size == 1 and len(batch) == 1:
            extra["callback"] = lambda step: cancelled(step.batch_id)
        results = translator.translate_batch(
            [list(work.source) for work in batch],
            target_prefix=[list(work.target) for work in batch] if prefix else None,
            max_batch_size=0,
            max_input_length=0,
            max_decoding_length=limit,
            beam_size=options.beam_size,
            num_hypotheses=max(1, options.num_hypotheses),
            repetition_penalty=options.repetition_penalty,
            length_penalty=options.length_penalty,
            no_repeat_ngram_size=options.no_repeat_ngram_size,
            return_scores=True,
            return_attention=options.attention,
            **extra,
        )
        return [_decoded(work, result, limit) for work, result in zip(batch, results, strict=True)]

    def _score(self, translator: Any, batch: Sequence[SegmentTokens], options: EngineOptions) -> list[DecodedSegment]:
        sources = [list(work.source) for work in batch]
        targets = [list(work.target) for work in batch]
        results = translator.score_batch(sources, targets, max_batch_size=0, max_input_length=0)
        attention: list[Attention | None] = [None] * len(batch)
        if options.attention:
            # score_batch knows no attention; a greedy search forced through the whole target does.
            forced = translator.translate_batch(
                sources,
                target_prefix=targets,
                max_batch_size=0,
                max_input_length=0,
                max_decoding_length=max(map(len, targets)) + 1,
                beam_size=1,
                return_attention=True,
            )
            attention = [
                _columns(work, one.attention[0])[: len(work.target)] if work.target and one.attention else None
                for work, one in zip(batch, forced, strict=True)
            ]
        scored = []
        for work, result, matrix in zip(batch, results, attention, strict=True):
            log_probs = tuple(float(value) for value in result.log_probs)
            mean = sum(log_probs) / len(log_probs) if log_probs else 0.0
            scored.append(DecodedSegment((DecodedHypothesis(work.target, mean),), matrix, False, log_probs))
        return scored


def _steady_pieces(folder: Path) -> frozenset[str]:
    """Pieces whose place never changes under the folder's vocabulary map; none where there is no map that can be used.

    Raises:
        EngineError: the map or the vocabulary cannot be read.
    """
    if not (folder / VOCABULARY_MAP).is_file():
        return frozenset()
    try:
        always: set[str] = set()
        keys = False
        with (folder / VOCABULARY_MAP).open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                # Nearly all of some ten thousand lines have a key, and say nothing here.
                if line[0] not in "\t\n":
                    keys = True
                else:
                    always.update(line.rstrip("\n").removeprefix("\t").split(" "))
        vocabulary = _target_vocabulary(folder)
        steady = set(itertools.takewhile(lambda piece: piece in always, vocabulary))
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError(f"cannot read {VOCABULARY_MAP} or what it goes with: {error}") from error
    begin, *special = (config.get(f"{name}_token") or default for name, default in _SPECIAL)
    if not keys and (begin in always or begin not in vocabulary):
        # Every sentence has the same list, so that each piece in it keeps its place.
        steady = always.intersection(vocabulary)
    return frozenset(steady) if steady.issuperset(special) else frozenset()


def _target_vocabulary(folder: Path) -> list[str]:
    for name in ("shared_vocabulary", "target_vocabulary"):
        if (folder / f"{name}.json").is_file():
            return list(json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))
        if (folder / f"{name}.txt").is_file():
            return (folder / f"{name}.txt").read_text(encoding="utf-8").split("\n")
    raise OSError("there is no vocabulary")


def _decoded(work: SegmentTokens, result: Any, limit: int) -> DecodedSegment:
    skip = len(work.target)
    scores = result.scores or [0.0] * len(result.hypotheses)
    hypotheses = tuple(
        DecodedHypothesis(tuple(tokens[skip:]), float(score), len(tokens) >= limit)
        for tokens, score in zip(result.hypotheses, scores, strict=True)
    )
    attention = _columns(work, result.attention[0])[skip:] if result.attention else None
    return DecodedSegment(hypotheses, attention, hypotheses[0].truncated)


def _columns(work: SegmentTokens, attention: Any) -> Attention:
    """Attention without the columns of special tokens; shape (target tokens, source pieces)."""
    matrix = np.asarray(attention, dtype=np.float32)
    if matrix.ndim != 2:  # an empty target
        return np.zeros((0, len(work.source) - work.prefix_tokens - work.suffix_tokens), dtype=np.float32)
    return matrix[:, work.prefix_tokens : len(work.source) - work.suffix_tokens]
