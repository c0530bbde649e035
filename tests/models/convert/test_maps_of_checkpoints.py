"""Converted checkpoints of the real architectures get a map, and say with it what they say without.

Needs torch and transformers; docs/converting.md says how to run it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from khulasa.server.config import Settings
from khulasa.server.core.translation.engine import EngineOptions, SegmentTokens
from khulasa.server.core.translation.types import LanguagePair
from khulasa.server.models.convert.package import convert as convert_soundly
from khulasa.server.models.manifest import read_manifest
from khulasa.server.models.mapping.command import map_package
from khulasa.server.models.registry import Shelves, package_at
from khulasa.server.models.verification import faults_of
from khulasa.server.packages import files_of, open_package

pytest.importorskip("torch", reason="torch comes with the extra `convert`")
pytest.importorskip("transformers", reason="transformers comes with the extra `convert`")

import tiny_checkpoints as tiny

# A few sentences learnt by heart make no translator.
convert = partial(convert_soundly, doubtful=True)


class Silent:
    """A reporter."""

    def note(self, text: str) -> None:
        """Nothing."""

    def steps(self, name: str, total: int) -> Callable[[int], None]:
        """Nothing."""
        return lambda _: None


def texts_of(path: Path, lines: tuple[str, ...]) -> Path:
    """Sentences whose halves are taught ones."""
    halves = [(line[: len(line) // 2], line[len(line) // 2 :]) for line in lines]
    mixed = [first + second for (first, _), (_, second) in itertools.product(halves, halves)]
    path.write_text("\n".join([*mixed, *(f"{one} {other}" for one, other in itertools.product(lines, lines))]), "utf-8")
    return path


def said(folder: Path, texts: tuple[str, ...], pair: LanguagePair, *, mapped: bool) -> list[tuple[str, ...]]:
    """Tokens of the targets as the server gets them, one text after another."""
    package = open_package(files_of(package_at(folder)), Settings(vocabulary_map=mapped), 1, 1)
    try:
        assert getattr(package.runner, "has_vocabulary_map") == mapped  # noqa: B009 - the port does not have it
        special = package.tokenizer.spec.tokens_of(pair)
        works = [SegmentTokens(tuple(package.tokenizer.encode(text, pair)), special.target_prefix) for text in texts]
        options = EngineOptions(beam_size=1, max_decoding_tokens=tiny.LENGTH)
        return [package.runner.run([work], options)[0].hypotheses[0].tokens for work in works]
    finally:
        package.close()


@pytest.mark.parametrize("family", ["marian", "nllb", "m2m100"])
def test_a_checkpoint_says_with_its_map_what_it_says_without(family: str, tmp_path: Path) -> None:
    write = {"marian": tiny.write_marian, "nllb": tiny.write_nllb, "m2m100": tiny.write_m2m100}[family]
    write(tmp_path / "checkpoint")
    folder = tmp_path / "package"
    convert(tmp_path / "checkpoint", folder, name="tiny", quantization="float32")
    texts = [f"ar={texts_of(tmp_path / 'ar.txt', tiny.LINES[10:])}"]
    if family != "marian":
        texts.append(f"en={texts_of(tmp_path / 'en.txt', tiny.LINES[:10])}")
    _, figures = map_package(str(folder), texts, Shelves((), tmp_path / "downloads", ()), Silent(), most_lines=230)
    manifest = read_manifest(folder)
    assert list(faults_of(folder, manifest)) == []
    assert figures.outside <= 0.02
    keys = [line.partition("\t")[0] for line in (folder / "vmap.txt").read_text(encoding="utf-8").splitlines()]
    assert (len(keys) > 1) == (family == "marian")
    for pair in manifest.pairs:
        own = tiny.LINES[10:] if pair.source == "ar" else tiny.LINES[:10]
        direction = LanguagePair(pair.source, pair.target)
        assert said(folder, own, direction, mapped=True) == said(folder, own, direction, mapped=False)
