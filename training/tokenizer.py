"""The pruned sentencepiece unigram: e5's pieces that Arabic and English text uses, plus two language tokens.

Ids: 0 `<s>`, 1 `<pad>`, 2 `</s>`, 3 `<unk>`, then pieces by falling frequency, then single characters needed for
coverage, then `<2en>` and `<2ar>` (control pieces: no text can produce them).
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence

import numpy as np
import sentencepiece as spm

from training.e5 import E5Weights
from training.spm_file import CONTROL, NORMAL, UNKNOWN, unigram

BOS, PAD, EOS, UNK = 0, 1, 2, 3
LANGUAGE_TOKENS = {"en": "<2en>", "ar": "<2ar>"}
# In the package, what begins a source by its language: each is `<s>` to the encoder, and tells the vocabulary map which
# language is to be written.
SOURCE_STARTS = {"ar": "<s:ar>", "en": "<s:en>"}


def build_model(pieces: Sequence[str], scores: np.ndarray, keep: Sequence[int], extra: Sequence[str] = ()) -> bytes:
    """A serialised sentencepiece model of the pieces with ids `keep`, in that order, then control pieces `extra`.

    The first four of `keep` must be e5's `<s>`, `<pad>`, `</s>`, `<unk>` (0 to 3).

    Raises:
        ValueError: The special pieces do not come first.
    """
    if list(keep[:4]) != [BOS, PAD, EOS, UNK]:
        raise ValueError("the four special pieces must come first")
    rows = [(pieces[i], float(scores[i]), UNKNOWN if i == UNK else CONTROL if i < UNK else NORMAL) for i in keep]
    rows += [(piece, 0.0, CONTROL) for piece in extra]
    return unigram(rows, bos=BOS, pad=PAD, eos=EOS, unk=UNK)


def choose_pieces(e5: E5Weights, texts: Iterable[tuple[str, int]], size: int) -> tuple[list[int], float]:
    """The `size` most used pieces of the weighted `texts`, plus every single character among them.

    Args:
        e5: Supplies the full unigram.
        texts: Lines with a whole-number weight each.
        size: Pieces to keep, specials included.

    Returns:
        Ids in e5's vocabulary (specials first), and the share of piece occurrences covered.
    """
    full = spm.SentencePieceProcessor(model_proto=build_model(e5.pieces, e5.scores, range(len(e5.pieces))))
    counts: collections.Counter[int] = collections.Counter()
    by_weight: dict[int, list[str]] = collections.defaultdict(list)
    for text, weight in texts:
        by_weight[weight].append(text)
    for weight, lines in by_weight.items():
        for ids in full.encode(lines, num_threads=2):
            for piece, n in collections.Counter(ids).items():
                counts[piece] += n * weight
    common = [i for i, _ in counts.most_common() if i > UNK]
    keep = [BOS, PAD, EOS, UNK, *common[: size - 4]]
    position = {piece: i for i, piece in enumerate(e5.pieces)}
    have = set(keep)
    letters = sorted({c for i in keep[4:] for c in e5.pieces[i]})
    keep += [position[c] for c in letters if c in position and position[c] not in have]
    return keep, sum(counts[i] for i in keep) / max(1, sum(counts.values()))


def prune(e5: E5Weights, texts: Iterable[tuple[str, int]], size: int) -> tuple[bytes, np.ndarray, float]:
    """Build the pruned model.

    Returns:
        The serialised model, the kept ids in e5's vocabulary (int32; the language tokens are not among them), and
        the coverage, 0 to 1.
    """
    keep, coverage = choose_pieces(e5, texts, size)
    model = build_model(e5.pieces, e5.scores, keep, list(LANGUAGE_TOKENS.values()))
    return model, np.array(keep, dtype=np.int32), coverage


def kept_ids(e5: E5Weights, sp: spm.SentencePieceProcessor) -> np.ndarray:
    """The ids in e5's vocabulary of the pieces of an earlier pruned model, language tokens left out (int32).

    Raises:
        KeyError: A piece is not e5's.
    """
    position = {piece: i for i, piece in enumerate(e5.pieces)}
    pieces = [sp.id_to_piece(i) for i in range(sp.get_piece_size() - len(LANGUAGE_TOKENS))]
    return np.array([position[piece] for piece in pieces], dtype=np.int32)
