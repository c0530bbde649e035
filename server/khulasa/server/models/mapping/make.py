"""From source texts and a package to its vocabulary map, with what it costs and saves on sentences kept aside."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import CONFIG, VOCABULARY_MAP, WEIGHTS, Direction, Manifest, MapFigures
from khulasa.server.models.mapping.distil import Sentence, Speaker, distil
from khulasa.server.models.mapping.lexicon import (
    FREQUENT,
    Side,
    VocabularyMap,
    build,
    candidates_of,
    main_script,
    write,
)
from khulasa.server.models.mapping.likeness import chrf
from khulasa.server.models.vocabularies import read_vocabularies

__all__ = ["LEAST_CHRF", "LEAST_LINES", "MOST_OUTSIDE", "MapReporter", "check_loss", "make_map"]

# What a map may cost: pieces of free translations that it leaves out, and how unlike them its translations may be. The
# bundled map, with which quality is as good, has 0.019 and 94.6 on Arabic news.
MOST_OUTSIDE = 0.02
LEAST_CHRF = 90.0
# A map that leaves out no more than this saves nothing.
_MOST_SCORED = 0.8
LEAST_LINES = 200
_HELD_OUT_EVERY, _MOST_HELD_OUT = 10, 500
# A start of the vocabulary that is no longer than this is always scored.
_MOST_ALWAYS = 64
_WARM_UP = 8
# Digits and signs in a piece that is always scored, such as `0%`.
_SIGNS = 3


class MapReporter(Protocol):
    """Is told how it goes."""

    def note(self, text: str) -> None:
        """A line for people."""
        ...

    def steps(self, name: str, total: int) -> Callable[[int], None]:
        """Work of that many steps begins; what comes back is told how many are done."""
        ...


@dataclass(frozen=True, slots=True)
class _Lines:
    """Pieces of the sentences of one direction: those to learn from, and those kept aside."""

    pair: Direction
    learnt: Sequence[Sequence[str]]
    held_out: Sequence[Sequence[str]]
    source_script: str


def make_map(
    folder: Path,
    manifest: Manifest,
    texts: Mapping[str, Sequence[str]],
    work: Path,
    reporter: MapReporter,
    *,
    most_lines: int,
    frequent: int = FREQUENT,
) -> tuple[VocabularyMap, MapFigures]:
    """A map of what the package in `folder` says of `texts`.

    Args:
        folder: Of a verified package; nothing in it is changed.
        texts: Sentences of each source language, none empty, none twice.
        work: Where translations are kept until the map is done; those of the same package and texts are gone on with.
        most_lines: Sentences of each direction.
        frequent: See `lexicon.build`; of no account where all sentences have one list.

    Returns:
        The map, and what was measured on sentences kept aside, over all directions.

    Raises:
        PackageError: too little text, or the package cannot translate.
    """
    speaker = Speaker(folder, manifest)
    lines = [_lines_of(speaker, pair, texts[pair.source], most_lines, reporter) for pair in manifest.pairs]
    work.mkdir(parents=True, exist_ok=True)
    paths = [work / f"{_digest(manifest, one)}.jsonl" for one in lines]
    for path in work.iterdir():
        if path not in paths:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    said = []
    for one, path in zip(lines, paths, strict=True):
        steps = reporter.steps(f"{one.pair.source}-{one.pair.target} translating", len(one.learnt))
        said.append(distil(speaker, one.learnt, one.pair, path, steps))
    vocabularies = read_vocabularies(folder)
    found = _built(folder, manifest, lines, said, speaker, vocabularies, frequent)
    model = work / "model"
    model.mkdir()
    for entry in manifest.files:
        if "/" not in entry.path and entry.path != VOCABULARY_MAP:
            (model / entry.path).symlink_to((folder / entry.path).absolute())
    write(model / VOCABULARY_MAP, found)
    mapped = Speaker(folder, manifest, model)
    figures = _measured(speaker, mapped, lines, found, len(vocabularies[1]), reporter)
    return found, figures


def check_loss(name: str, figures: MapFigures) -> None:
    """Whether a map may be used.

    Raises:
        PackageError: it costs more than it may, or saves nothing.
    """
    faults = []
    if figures.outside > MOST_OUTSIDE:
        faults.append(
            f"it leaves out {figures.outside:.2%} of the pieces that the model says of sentences kept aside,"
            f" {MOST_OUTSIDE:.2%} at most are allowed"
        )
    if figures.chrf < LEAST_CHRF:
        faults.append(
            f"translations with it have chrF {figures.chrf:.1f} against those without, {LEAST_CHRF:.0f} is the least"
        )
    if figures.scored > _MOST_SCORED:
        faults.append(f"{figures.scored:.0%} of the vocabulary would still be scored, so that nothing is saved")
    if faults:
        raise PackageError(
            f"{name} stays as it is, the map is not good enough: {'; '.join(faults)}; more texts, of the kind that is"
            " to be translated, make a better one, and so does a larger --frequent, at the cost of speed; what the"
            " package has translated is kept for that"
        )


def _lines_of(
    speaker: Speaker, pair: Direction, texts: Sequence[str], most_lines: int, reporter: MapReporter
) -> _Lines:
    # evenly over the texts: what stands together is alike
    chosen = [texts[number * len(texts) // most_lines] for number in range(most_lines)]
    chosen = chosen if len(texts) > most_lines else list(texts)
    rows = [pieces for pieces in map(speaker.pieces, chosen) if speaker.fits(pieces, pair)]
    name = f"{pair.source}-{pair.target}"
    if len(rows) < len(chosen):
        reporter.note(f"{name}: {len(chosen) - len(rows):,} lines are longer than the model takes and are left out")
    if len(rows) < LEAST_LINES:
        raise PackageError(
            f"{name}: {len(rows):,} different lines of {pair.source} that can be used, {LEAST_LINES:,} are the least;"
            " some ten thousand make a good map"
        )
    every = max(_HELD_OUT_EVERY, len(rows) // _MOST_HELD_OUT)
    return _Lines(
        pair,
        [row for number, row in enumerate(rows) if number % every],
        rows[::every],
        main_script(chosen[:2000]),
    )


def _digest(manifest: Manifest, lines: _Lines) -> str:
    """Changes with whatever changes the translations."""
    hashes = {entry.path: entry.sha256 for entry in manifest.files}
    tokenization = manifest.tokenization
    fields = [
        [hashes[path] for path in (WEIGHTS, CONFIG, tokenization.source, tokenization.target)],
        lines.pair.model_dump(),
        manifest.decoding.model_dump(),
        manifest.limits.model_dump(),
        [list(row) for row in lines.learnt],
    ]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def _built(
    folder: Path,
    manifest: Manifest,
    lines: Sequence[_Lines],
    said: Sequence[Sequence[Sentence]],
    speaker: Speaker,
    vocabularies: tuple[Sequence[str], Sequence[str]],
    frequent: int,
) -> VocabularyMap:
    source, target = vocabularies
    source_ids = {piece: number for number, piece in enumerate(source)}
    target_ids = {piece: number for number, piece in enumerate(target)}
    always = _always_scored(folder, manifest, target)
    starts = [_start(one.pair, manifest) for one in lines]
    sides = []
    for one, sentences, start in zip(lines, said, starts, strict=True):
        used = [sentence for sentence in sentences if sentence.said]
        if not used:
            raise PackageError(f"{manifest.name} says nothing of use: every translation is empty or a loop")
        sides.append(
            Side(
                [[source_ids[p] for p in sentence.pieces if p in source_ids] for sentence in used],
                [[target_ids[p] for p in sentence.said if p in target_ids] for sentence in used],
                [1.0] * len(used),
                start if always else "",
                (one.source_script, main_script(speaker.text(sentence.said) for sentence in used[:2000])),
            )
        )
    if always:
        return build(sides, source, target, always, frequent=frequent, signs=_SIGNS)
    # One list for every sentence: forced tokens far on in the vocabulary keep their places then, and only then.
    special = [token for token in target if token in _forced(folder, manifest, begin=True)]
    rows = build(sides, source, target, special, frequent=len(target), candidates=0, backward=0, signs=_SIGNS)
    wanted = {piece for row in rows.values() for piece in row}
    return {"": [piece for piece in target if piece in wanted]}


def _forced(folder: Path, manifest: Manifest, *, begin: bool = False) -> set[str]:
    """Pieces that CTranslate2 looks up by their place: the end, the unknown piece, and what targets begin with.

    Args:
        begin: With the piece that a sentence begins with, which the engine wants in a map of one list.
    """
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    ends = {str(config.get("eos_token") or "</s>"), str(config.get("unk_token") or "<unk>")}
    ends |= {str(config.get("bos_token") or "<s>")} if begin else set()
    return ends | {token for pair in manifest.pairs for token in pair.target_prefix}


def _always_scored(folder: Path, manifest: Manifest, target: Sequence[str]) -> Sequence[str]:
    """The start of the vocabulary up to the last piece that is looked up by its place; none where it is too long.

    A place in a block from the start of the vocabulary that is always scored never changes
    (docs/decisions/vocabulary-map.md).

    Raises:
        PackageError: such a piece is not in the vocabulary; the engine uses no map then.
    """
    places = {piece: place for place, piece in enumerate(target)}
    forced = _forced(folder, manifest)
    if missing := forced - places.keys():
        raise PackageError(
            f"{manifest.name}: {' and '.join(sorted(missing))} cannot be written by this model, so that no map can be"
            " used"
        )
    last = max(places[token] for token in forced)
    return target[: last + 1] if last < _MOST_ALWAYS else ()


def _start(pair: Direction, manifest: Manifest) -> str:
    """A token that tells sources of this direction from those of another; empty where there is none."""
    others = [
        {*other.source_prefix, *other.source_suffix}
        for other in manifest.pairs
        if (other.source, other.target) != (pair.source, pair.target)
    ]
    own = (*pair.source_prefix, *pair.source_suffix)
    return next((token for token in own if others and not all(token in other for other in others)), "")


def _measured(
    speaker: Speaker,
    mapped: Speaker,
    lines: Sequence[_Lines],
    found: VocabularyMap,
    vocabulary: int,
    reporter: MapReporter,
) -> MapFigures:
    pieces, outside, scored = 0, 0, 0
    seconds = {False: 0.0, True: 0.0}
    texts: list[tuple[str, str]] = []
    held_out = sum(len(one.held_out) for one in lines)
    steps, done = reporter.steps("checking", held_out), 0
    for one in lines:
        said = {}
        for with_map, who in ((False, speaker), (True, mapped)):
            who.say(one.held_out[:_WARM_UP], one.pair, use_map=with_map)
            began = time.process_time()
            said[with_map] = who.say(one.held_out, one.pair, use_map=with_map)
            seconds[with_map] += time.process_time() - began
        for row, free, bound in zip(one.held_out, said[False], said[True], strict=True):
            candidates = candidates_of([*one.pair.source_prefix, *row, *one.pair.source_suffix], found)
            pieces += len(free)
            outside += sum(piece not in candidates for piece in free)
            scored += len(candidates)
            texts.append((speaker.text(bound), speaker.text(free)))
        done += len(one.held_out)
        steps(done)
    return MapFigures(
        lines=sum(len(one.learnt) for one in lines),
        held_out_lines=held_out,
        outside=round(outside / max(1, pieces), 5),
        chrf=round(chrf(texts), 2),
        time=round(max(seconds[True] / max(seconds[False], 1e-9), 1e-3), 3),
        scored=round(scored / held_out / vocabulary, 4),
    )
