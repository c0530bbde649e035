"""The vocabularies of a CTranslate2 model, as they lie beside its weights, and whether a tokenizer belongs to them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from khulasa.server.models.errors import PackageError

__all__ = ["read_pieces", "read_vocabularies", "strange_pieces", "strange_vocabulary"]

# sentencepiece models hold some pieces that training never saw; those of another model have far fewer in common.
_LEAST_KNOWN_PIECES = 0.7
# A vocabulary is made of its tokenizers' pieces, special tokens and, in some, letters that they did not know.
_LEAST_SPELLED_TOKENS = 0.5


def read_vocabularies(folder: Path) -> tuple[Sequence[str], Sequence[str]]:
    """Tokens of the source and of the target side, in the order of their ids; one list when they are shared.

    Raises:
        PackageError: there is none, or several for one side.
    """
    if shared := _vocabulary(folder, "shared_vocabulary"):
        return shared, shared
    source, target = _vocabulary(folder, "source_vocabulary"), _vocabulary(folder, "target_vocabulary")
    if not source or not target:
        raise PackageError(f"{folder.name}: shared_vocabulary or source_vocabulary with target_vocabulary is missing")
    return source, target


def _vocabulary(folder: Path, name: str) -> Sequence[str] | None:
    path = folder / f"{name}.json"
    try:
        if path.is_file():
            tokens: Any = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
                raise PackageError(f"{path.name}: a list of tokens was expected")
            return tokens
        path = folder / f"{name}.txt"
        if path.is_file():
            # One token a line; a token may hold other characters that Python takes for ends of lines.
            return path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")
    except (OSError, ValueError, RecursionError) as error:
        raise PackageError(f"{path.name}: {error}") from error
    return None


def read_pieces(path: Path) -> Sequence[str]:
    """The pieces of a sentencepiece model that stand for text.

    Raises:
        PackageError: it is none.
    """
    from sentencepiece import SentencePieceProcessor

    try:
        processor = SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as error:
        raise PackageError(f"{path.name}: no sentencepiece model: {error}") from error
    return [
        processor.id_to_piece(index)
        for index in range(processor.get_piece_size())
        if not (processor.is_control(index) or processor.is_unknown(index) or processor.is_unused(index))
    ]


def strange_pieces(pieces: Sequence[str], vocabulary: Collection[str]) -> str:
    """What shows that a tokenizer is another model's, empty if nothing does. It would load, run, and give nonsense."""
    share = sum(piece in vocabulary for piece in pieces) / max(1, len(pieces))
    if share >= _LEAST_KNOWN_PIECES:
        return ""
    return f"does not belong to this model: {share:.0%} of its pieces are in the model's vocabulary"


def strange_vocabulary(vocabulary: Collection[str], pieces: Collection[str]) -> str:
    """What shows that no tokenizer was made for a vocabulary, empty if nothing does.

    The pieces of one that holds little but letters are in every vocabulary, and spell words as the model never saw
    them.
    """
    share = sum(token in pieces for token in vocabulary) / max(1, len(vocabulary))
    if share >= _LEAST_SPELLED_TOKENS:
        return ""
    return f"{share:.0%} of the model's vocabulary are among its pieces"
