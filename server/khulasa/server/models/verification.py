"""Does a package on disk hold what its manifest says, and does config.json agree with it?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from khulasa.server.models.errors import PackageError, VerificationError
from khulasa.server.models.manifest import CONFIG, FileEntry, Manifest, file_sha256, is_document
from khulasa.server.models.vocabularies import read_vocabularies

__all__ = ["engine_tokens_of", "faults_of", "verify"]


def verify(folder: Path, manifest: Manifest, progress: Callable[[int], None] | None = None) -> None:
    """Reads every file of a package and compares it with the manifest.

    Args:
        progress: Told the bytes of each file when it has been read.

    Raises:
        VerificationError: something differs; the message names every file, what was expected and what was found.
    """
    faults = list(faults_of(folder, manifest, progress))
    if faults:
        raise VerificationError(f"package {manifest.name} in {folder}: {'; '.join(faults)}")


def faults_of(folder: Path, manifest: Manifest, progress: Callable[[int], None] | None = None) -> Iterator[str]:
    """What differs, one line for each fault; configuration and vocabulary are looked at only where all files are right.

    Args:
        progress: Told the bytes of each file when it has been read.
    """
    sound = True
    for entry in manifest.files:
        for fault in _file_faults(folder, entry):
            sound = False
            yield fault
        if progress is not None:
            progress(entry.bytes)
    listed = {entry.path for entry in manifest.files}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_dir() and name not in listed and not is_document(name):
            yield f"{name}: not in the manifest"
    if sound:
        yield from _config_faults(folder / CONFIG, manifest)
        yield from _token_faults(folder, manifest)


def _file_faults(folder: Path, entry: FileEntry) -> Iterator[str]:
    path = folder / entry.path
    inside = [path, *list(path.parents)[: len(Path(entry.path).parts) - 1]]
    if any(part.is_symlink() for part in inside):
        yield f"{entry.path}: a link; a package holds plain files only"
        return
    if not path.is_file():
        yield f"{entry.path}: missing"
        return
    try:
        size = path.stat().st_size
        if size != entry.bytes:
            yield f"{entry.path}: {entry.bytes:,} bytes expected, {size:,} found"
            return
        found = file_sha256(path)
    except OSError as error:
        yield f"{entry.path}: {error.strerror or error}"
        return
    if found != entry.sha256:
        yield f"{entry.path}: sha256 {entry.sha256} expected, {found} found"


def _config_faults(path: Path, manifest: Manifest) -> Iterator[str]:
    """A wrong count of tokens would shift attention and let segments grow over the limit without a word."""
    try:
        config: Any = json.loads(path.read_bytes())
        added = engine_tokens_of(config)
    except (OSError, ValueError, AttributeError) as error:
        yield f"{CONFIG}: {error}"
        return
    if added != manifest.tokenization.engine_tokens:
        expected = " ".join(manifest.tokenization.engine_tokens) or "none"
        yield f"{CONFIG}: adds {' '.join(added) or 'none'} to a source, the manifest's engine_tokens say {expected}"


def _token_faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    """A special token that the model does not know would be read as `<unk>`: poor translations, and no word why."""
    if not any(pair.source_prefix or pair.source_suffix or pair.target_prefix for pair in manifest.pairs):
        return
    try:
        source, target = (frozenset(tokens) for tokens in read_vocabularies(folder))
    except PackageError as error:
        yield str(error)
        return
    for pair in manifest.pairs:
        unknown = (
            *(("source_prefix", token) for token in pair.source_prefix if token not in source),
            *(("source_suffix", token) for token in pair.source_suffix if token not in source),
            *(("target_prefix", token) for token in pair.target_prefix if token not in target),
        )
        for field, token in unknown:
            yield f"pairs, {pair.source}-{pair.target}: {field} {token!r} is not in the model's vocabulary"


def engine_tokens_of(config: dict[str, Any]) -> tuple[str, ...]:
    """The tokens that CTranslate2 adds to each source, from its config.json."""
    added = []
    if config.get("add_source_bos"):
        added.append(str(config.get("bos_token", "<s>")))
    if config.get("add_source_eos"):
        added.append(str(config.get("eos_token", "</s>")))
    return tuple(added)
