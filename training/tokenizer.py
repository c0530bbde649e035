"""The pruned sentencepiece unigram: e5's pieces that Arabic and English text uses, plus two language tokens.

Ids: 0 `<s>`, 1 `<pad>`, 2 `</s>`, 3 `<unk>`, then pieces by falling frequency, then single characters needed for
coverage, then `<2en>` and `<2ar>` (control pieces: no text can produce them).
"""

from __future__ import annotations

import collections
import io
from collections.abc import Iterable, Sequence

import numpy as np
import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as model_pb2

from training.e5 import E5Weights

BOS, PAD, EOS, UNK = 0, 1, 2, 3
LANGUAGE_TOKENS = {"en": "<2en>", "ar": "<2ar>"}
_NORMAL, _UNKNOWN, _CONTROL = 1, 2, 3


def _nmt_nfkc() -> model_pb2.NormalizerSpec:
    """The compiled `nmt_nfkc` normaliser (XLM-R's), taken from a throw-away model."""
    buffer = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(["a b c d e f g h i j k l m n o p q r s t u v w x y z"] * 20),
        model_writer=buffer,
        vocab_size=32,
        hard_vocab_limit=False,
        normalization_rule_name="nmt_nfkc",
        minloglevel=2,
    )
    proto = model_pb2.ModelProto()
    proto.ParseFromString(buffer.getvalue())
    return proto.normalizer_spec


def build_model(pieces: Sequence[str], scores: np.ndarray, keep: Sequence[int], extra: Sequence[str] = ()) -> bytes:
    """A serialised sentencepiece model of the pieces with ids `keep`, in that order, then control pieces `extra`.

    The first four of `keep` must be e5's `<s>`, `<pad>`, `</s>`, `<unk>` (0 to 3).

    Raises:
        ValueError: The special pieces do not come first.
    """
    if list(keep[:4]) != [BOS, PAD, EOS, UNK]:
        raise ValueError("the four special pieces must come first")
    proto = model_pb2.ModelProto()
    proto.normalizer_spec.CopyFrom(_nmt_nfkc())
    spec = proto.trainer_spec
    spec.model_type, spec.bos_id, spec.pad_id, spec.eos_id, spec.unk_id = 1, BOS, PAD, EOS, UNK
    for old in keep:
        kind = _UNKNOWN if old == UNK else _CONTROL if old < UNK else _NORMAL
        proto.pieces.add(piece=pieces[old], score=float(scores[old]), type=kind)
    for piece in extra:
        proto.pieces.add(piece=piece, score=0.0, type=_CONTROL)
    return proto.SerializeToString()


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
