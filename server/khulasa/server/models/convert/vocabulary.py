"""The vocabulary of a transformers checkpoint, read from its own files, id by id.

The tokenizer classes of transformers are not asked: they change between versions, and some cannot read a sentencepiece
model beside the protobuf of this server. The layouts are those of fairseq and T5, which trained these models:

    NLLB, mBART   <s> <pad> </s> <unk>, the pieces from the fourth on, language tokens, <mask>
    M2M-100       vocab.json, language tokens, fillers
    mT5           the pieces as they are, fillers
    OPUS-MT       vocab.json
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from khulasa.server.models.convert.sources import SourceKind, read_json
from khulasa.server.models.errors import PackageError

__all__ = ["CheckpointTokens", "checkpoint_tokens", "is_mbart50", "tokenizer_settings"]

_FAIRSEQ_SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
_FAIRSEQ_OWN_PIECES = 3  # sentencepiece's <unk>, <s>, </s>
_LANGUAGE_LISTS = {
    SourceKind.NLLB: "transformers.models.nllb.tokenization_nllb",
    SourceKind.M2M100: "transformers.models.m2m_100.tokenization_m2m_100",
    SourceKind.MBART: "transformers.models.mbart.tokenization_mbart",
}
_MBART_50 = "transformers.models.mbart50.tokenization_mbart50"


class CheckpointTokens:
    """What CTranslate2's converters ask of a tokenizer, answered from the vocabulary alone.

    Args:
        tokens: In the order of their ids, as many as the model has.
    """

    bos_token = "<s>"  # noqa: S105 - no password
    eos_token = "</s>"  # noqa: S105
    unk_token = "<unk>"  # noqa: S105
    pad_token = "<pad>"  # noqa: S105

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self._ids = {token: index for index, token in enumerate(tokens)}
        self.special_tokens_map: dict[str, Any] = {}

    @property
    def unk_token_id(self) -> int:
        """Id of `<unk>`."""
        return self._ids[self.unk_token]

    def get_vocab(self) -> dict[str, int]:
        """From tokens to ids."""
        return dict(self._ids)

    def convert_ids_to_tokens(self, index: int | None) -> str | None:
        """The token of an id, None for None."""
        return None if index is None else self.tokens[index]


def checkpoint_tokens(
    folder: Path, kind: SourceKind, config: Mapping[str, Any], sentencepiece_model: Path
) -> CheckpointTokens:
    """The vocabulary of the checkpoint in `folder`.

    Args:
        config: Its config.json.
        sentencepiece_model: Of the source side.

    Raises:
        PackageError: the files disagree, or do not fit the number of tokens that the model has.
    """
    size = config.get("vocab_size")
    if not isinstance(size, int):
        raise PackageError("config.json: vocab_size is missing")
    settings = tokenizer_settings(folder)
    if kind is SourceKind.OPUS_MT:
        tokens = _listed(folder / "vocab.json")
    elif kind is SourceKind.M2M100:
        tokens = _listed(folder / "vocab.json")
        tokens += [f"__{code}__" for code in _languages(kind, settings)]
    elif kind is SourceKind.MT5:
        tokens = list(_pieces(sentencepiece_model))
    else:
        tokens = [*_FAIRSEQ_SPECIALS, *list(_pieces(sentencepiece_model))[_FAIRSEQ_OWN_PIECES:]]
        tokens += [*_languages(kind, settings), "<mask>"]
    _add(tokens, _added(folder, settings), folder)
    # A vocabulary may name more tokens than the model has rows for, as T5's sentinels; those cannot be looked up.
    del tokens[size:]
    if kind is not SourceKind.OPUS_MT:
        known = set(tokens)
        fillers = (filler for number in range(size) if (filler := f"madeupword{number}") not in known)
        tokens += [next(fillers) for _ in range(size - len(tokens))]
    if len(tokens) != size:
        raise PackageError(f"vocab.json has {len(tokens):,} tokens, config.json says {size:,}")
    if len(set(tokens)) != len(tokens):
        raise PackageError("a token stands twice in the vocabulary")
    return CheckpointTokens(tokens)


def tokenizer_settings(folder: Path) -> dict[str, Any]:
    """tokenizer_config.json, empty where there is none."""
    path = folder / "tokenizer_config.json"
    return read_json(path) if path.is_file() else {}


def _listed(path: Path) -> list[str]:
    """The tokens of vocab.json by their ids, which have no holes."""
    if not path.is_file():
        raise PackageError(f"{path.name} is missing")
    ids = read_json(path)
    try:
        tokens = [token for token, _ in sorted(ids.items(), key=lambda item: int(item[1]))]
        whole = sorted(map(int, ids.values())) == list(range(len(ids)))
    except (TypeError, ValueError) as error:
        raise PackageError(f"{path.name}: from tokens to ids was expected") from error
    if not whole:
        raise PackageError(f"{path.name}: ids have holes or stand twice")
    return tokens


def _pieces(path: Path) -> Iterator[str]:
    from sentencepiece import SentencePieceProcessor

    try:
        processor = SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as error:
        raise PackageError(f"{path.name}: no sentencepiece model: {error}") from error
    return (processor.id_to_piece(index) for index in range(processor.get_piece_size()))


def _languages(kind: SourceKind, settings: Mapping[str, Any]) -> list[str]:
    """Languages in the order of their ids, which transformers holds; the same list for every checkpoint of a kind."""
    module = _LANGUAGE_LISTS[kind]
    if kind is SourceKind.MBART and is_mbart50(settings):
        module = _MBART_50
    languages: Any = import_module(module).FAIRSEQ_LANGUAGE_CODES
    if kind is SourceKind.M2M100:
        languages = languages[settings.get("language_codes") or "m2m100"]
    return list(languages)


def is_mbart50(settings: Mapping[str, Any]) -> bool:
    """Whether tokenizer_config.json names mBART-50, which has more languages and puts their tokens elsewhere."""
    return str(settings.get("tokenizer_class", "")).startswith("MBart50")


def _added(folder: Path, settings: Mapping[str, Any]) -> dict[int, str]:
    """Tokens whose ids the checkpoint states itself."""
    added: dict[int, str] = {}
    try:
        path = folder / "tokenizer.json"
        if path.is_file():
            for entry in read_json(path).get("added_tokens") or ():
                added[int(entry["id"])] = str(entry["content"])
        for index, entry in (settings.get("added_tokens_decoder") or {}).items():
            added[int(index)] = str(entry["content"])
        path = folder / "added_tokens.json"
        if path.is_file():
            for token, index in read_json(path).items():
                added[int(index)] = str(token)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise PackageError(f"{folder.name}: added tokens cannot be read: {json.dumps(str(error))}") from error
    return added


def _add(tokens: list[str], added: Mapping[int, str], folder: Path) -> None:
    """Puts stated tokens behind those of the layout; where both name one, they must agree."""
    for index, token in sorted(added.items()):
        if index < len(tokens):
            if tokens[index] != token:
                raise PackageError(
                    f"{folder.name}: the tokenizer's files disagree: token {index} is {tokens[index]!r} and {token!r}"
                )
        elif token not in tokens:
            tokens += [f"<unused_{number}>" for number in range(len(tokens), index)]
            tokens.append(token)
