"""What a converter is asked for, and what it gives back beside the CTranslate2 model that it writes."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import Decoding, Limits

__all__ = [
    "Draft",
    "Pair",
    "TokenFamily",
    "Wishes",
    "cannot_be_converted",
    "pairs_by_name",
    "parse_pairs",
    "short_code",
]

_LANGUAGE = re.compile("[a-z]{2,3}")
_SHORT_CODES = {"ara": "ar", "arb": "ar", "eng": "en"}


class TokenFamily(StrEnum):
    """Ways of spelling language tokens, see `languages`."""

    OPUS = "opus"
    NLLB = "nllb"
    M2M = "m2m"
    MBART = "mbart"
    NONE = "none"


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """A direction, BCP-47 primary subtags; a summarizer's languages are pairs of a language with itself."""

    source: str
    target: str

    def __str__(self) -> str:
        """As `--pair` takes it."""
        return self.source if self.summarizes else f"{self.source}-{self.target}"

    @property
    def summarizes(self) -> bool:
        """Whether source and target are one language."""
        return self.source == self.target


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller asks for; what is empty or None is found out.

    Attributes:
        pairs: Directions to offer.
        name: Of the package; may also tell the languages.
        quantization: Number format of the weights, where they are converted.
        source_prefix, source_suffix, target_prefix: Tokens separated by spaces, with `{source}` and `{target}` for
            the language codes. Empty text means no tokens.
    """

    pairs: tuple[Pair, ...] = ()
    name: str = ""
    quantization: str = "int8"
    source_prefix: str | None = None
    source_suffix: str | None = None
    target_prefix: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What a converter found out. It has written model.bin, config.json and the vocabularies.

    Attributes:
        pairs: Directions that the model is for.
        source_model, target_model: sentencepiece models to be copied into the package.
        family: How the model is told the languages.
        expects_end: The model was trained with `</s>` after each source.
        legacy_codes: Language codes stand after `</s>` of the source instead of before the pieces.
        target_prefix: Token that a model of no family begins each target with, empty for none.
        licence, version: Where the source states them.
    """

    pairs: tuple[Pair, ...]
    source_model: Path
    target_model: Path
    description: str
    family: TokenFamily = TokenFamily.NONE
    expects_end: bool = False
    legacy_codes: bool = False
    target_prefix: str = ""
    licence: str = ""
    version: str = ""
    limits: Limits = field(default_factory=Limits)
    decoding: Decoding = field(default_factory=Decoding)


def parse_pairs(values: Iterable[str]) -> tuple[Pair, ...]:
    """Pairs from `ar-en` (translation) or `ar` (summarization), each once.

    Raises:
        PackageError: one cannot be read, or both sorts are mixed.
    """
    pairs = []
    for value in values:
        source, dash, target = value.strip().lower().partition("-")
        target = target if dash else source
        if not _LANGUAGE.fullmatch(source) or not _LANGUAGE.fullmatch(target) or (dash and source == target):
            raise PackageError(f"{value!r} is no pair: ar-en means Arabic to English, ar a summarizer's language")
        pairs.append(Pair(source, target))
    if len({pair.summarizes for pair in pairs}) > 1:
        raise PackageError("a package either translates or summarizes: pairs like ar-en and ar cannot be mixed")
    return tuple(dict.fromkeys(pairs))


def pairs_by_name(*names: str) -> tuple[Pair, ...]:
    """The direction that the last part of one of `names` tells, as `opus-mt-ar-en`; none when none tells just one."""
    for name in names:
        parts = [short_code(part) for part in re.split("[-_.]", name.rstrip("/").rpartition("/")[2])]
        found = {Pair(*pair) for pair in pairwise(parts) if set(pair) == {"ar", "en"}}
        if len(found) == 1:
            return tuple(found)
    return ()


def short_code(code: str) -> str:
    """`ar` for `ara`: the subtag that packages use."""
    return _SHORT_CODES.get(code.lower(), code.lower())


def cannot_be_converted(folder: Path, error: Exception) -> PackageError:
    """What is said of a model whose converter stopped: strangers' files bring about errors of every kind.

    Raises:
        OSError: the disk is full or not writable, which is no fault of the model.
    """
    if isinstance(error, OSError) and error.errno is not None:
        raise error
    if isinstance(error, pickle.UnpicklingError):
        # torch says how to load it all the same.
        return PackageError(f"{folder.name} cannot be converted: its weights hold more than numbers, which may be code")
    reason = " ".join(str(error).split())[:300]
    return PackageError(f"{folder.name} cannot be converted: {type(error).__name__}: {reason}")
