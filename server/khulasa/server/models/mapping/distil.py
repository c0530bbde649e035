"""What a package itself says of source texts: the pairs that its vocabulary map is made from.

A map of a model need hold only what this model would write, so no reference is needed. Translations are written down as
they come, so that a run that was cut off goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import Direction, Manifest

if TYPE_CHECKING:
    from ctranslate2 import Translator

__all__ = ["Sentence", "Speaker", "distil"]

_CHUNK = 512
# As the server's engine has it: a translation longer than this is a loop.
_TARGET_TOKENS_PER_SOURCE_TOKEN = 3.0
_TARGET_TOKENS_SLACK = 32


@dataclass(frozen=True, slots=True)
class Sentence:
    """A source sentence, its pieces without special tokens, and those of what the model said; empty for a loop."""

    pieces: tuple[str, ...]
    said: tuple[str, ...]


class Speaker:
    """A package that translates on this machine's processor, decoding as its manifest says.

    Raises:
        PackageError: it cannot be loaded.
    """

    def __init__(self, folder: Path, manifest: Manifest, model_folder: Path | None = None) -> None:
        """Args:
        model_folder: Holds the model, where that is not `folder`.
        """
        import ctranslate2
        from sentencepiece import SentencePieceProcessor

        self._manifest = manifest
        tokenization = manifest.tokenization
        try:
            self._source = SentencePieceProcessor(model_file=str(folder / tokenization.source))
            self._target = SentencePieceProcessor(model_file=str(folder / tokenization.target))
            self._translator: Translator = ctranslate2.Translator(str(model_folder or folder), device="cpu")
        except (OSError, RuntimeError, ValueError) as error:
            raise PackageError(f"{manifest.name} cannot be loaded: {error}") from error
        self._strip = frozenset(tokenization.strip_tokens)

    def pieces(self, text: str) -> tuple[str, ...]:
        """The text's pieces, without special tokens."""
        return tuple(self._source.encode(text, out_type=str))

    def text(self, pieces: Sequence[str]) -> str:
        """The text of what was said."""
        return str(self._target.decode([piece for piece in pieces if piece not in self._strip]))

    def fits(self, pieces: Sequence[str], pair: Direction) -> bool:
        """Whether the package takes them in one segment."""
        around = len(pair.source_prefix) + len(pair.source_suffix) + len(self._manifest.tokenization.engine_tokens)
        return bool(pieces) and len(pieces) + around <= self._manifest.limits.max_input_tokens

    def say(
        self, rows: Sequence[Sequence[str]], pair: Direction, *, batch: int = 32, use_map: bool = False
    ) -> list[tuple[str, ...]]:
        """Translations of pieces, N in, N out, same order; an empty one for a loop.

        Args:
            batch: Sentences decoded together.
            use_map: Score only what the model's vocabulary map names.
        """
        decoding, limits = self._manifest.decoding, self._manifest.limits
        order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
        found: list[tuple[str, ...]] = [()] * len(rows)
        prefix = list(pair.target_prefix)
        for first in range(0, len(order), batch):
            part = order[first : first + batch]
            sources = [[*pair.source_prefix, *rows[number], *pair.source_suffix] for number in part]
            longest = max(map(len, sources))
            limit = min(
                limits.max_decoding_tokens,
                len(prefix) + _TARGET_TOKENS_SLACK + int(_TARGET_TOKENS_PER_SOURCE_TOKEN * longest),
            )
            try:
                results: Any = self._translator.translate_batch(
                    sources,
                    target_prefix=[prefix] * len(part) if prefix else None,
                    beam_size=decoding.beam_size,
                    repetition_penalty=decoding.repetition_penalty,
                    length_penalty=decoding.length_penalty,
                    max_input_length=0,
                    max_decoding_length=limit,
                    use_vmap=use_map,
                )
            except (RuntimeError, ValueError) as error:
                raise PackageError(f"{self._manifest.name} cannot translate: {error}") from error
            for number, result in zip(part, results, strict=True):
                tokens = result.hypotheses[0]
                found[number] = () if len(tokens) >= limit else tuple(tokens[len(prefix) :])
        return found


def distil(
    speaker: Speaker,
    rows: Sequence[Sequence[str]],
    pair: Direction,
    path: Path,
    progress: Callable[[int], None] | None = None,
) -> list[Sentence]:
    """What the package says of each of `rows`, in order.

    Args:
        rows: Pieces of the sentences.
        path: Where translations are written down; lines that are there already belong to the first rows.
        progress: Told how many rows are done.

    Raises:
        PackageError: the package cannot translate.
    """
    done = list(_read(path))[: len(rows)]
    # a torn last line goes
    path.write_text("".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in done), encoding="utf-8")
    if progress is not None:
        progress(len(done))
    with path.open("a", encoding="utf-8") as file:
        while len(done) < len(rows):
            said = speaker.say(rows[len(done) : len(done) + _CHUNK], pair)
            file.writelines(f"{json.dumps(one, ensure_ascii=False)}\n" for one in said)
            file.flush()
            done += said
            if progress is not None:
                progress(len(done))
    return [Sentence(tuple(row), tuple(one)) for row, one in zip(rows, done, strict=True)]


def _read(path: Path) -> Iterator[tuple[str, ...]]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    for line in data.split(b"\n")[:-1]:
        try:
            pieces = json.loads(line)
        except ValueError:
            return
        yield tuple(pieces)
