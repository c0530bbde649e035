"""From corpora to a pool on disk: filtered pairs, pruned tokenizer, piece ids, digests of the inputs."""

from __future__ import annotations

import json
import lzma
import pickle
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
import sentencepiece as spm

from training import corpus, e5, english, tokenizer
from training.config import DataConfig

PIECE_WEIGHTS = {"news": 6, "xquad": 3, "tatoeba": 2}
# A source that a machine wrote begins with this piece, which no text uses, so that its mistakes are not taken for the
# language (https://arxiv.org/abs/1906.06442). English of machines was not marked before, and stays so.
MACHINE_MADE = "⊆"
MADE_ARABIC = frozenset(source.name for source in english.SOURCES)


def _settings(config: DataConfig) -> dict[str, object]:
    """What the prepared files depend on besides the corpora, as it reads back from JSON."""
    sets = {name: [s.licence, s.weight, s.prose, list(s.into)] for name, s in corpus.SETS.items()}
    return {**asdict(config), "sets": sets}


def is_current(folder: Path, config: DataConfig, back: Path | None = None) -> bool:
    """Whether `folder` was prepared with these settings, sets and back-translations, and so need not be again."""
    try:
        facts = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    same = facts.get("settings") == _settings(config) and facts.get("back_sha256") == _digest(back)
    return bool(same) and (folder / "pool.pkl").exists()


def _digest(back: Path | None) -> str | None:
    return corpus.sha256(back) if back else None


def prepare(
    corpora: Path, folder: Path, config: DataConfig, pieces: Path | None = None, back: Path | None = None
) -> None:
    """Write `spm.model`, `keep.npy`, `pool.pkl` (ids and weights) and `data.json` (digests, sizes) into `folder`.

    Args:
        corpora: Folder of the corpus files.
        folder: Made where it is missing.
        config: `[data]`.
        pieces: An earlier `spm.model` to keep, which trained parameters fit whatever the corpora are now.
        back: What `back_translate.py` wrote, if it is to be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.json").unlink(missing_ok=True)
    pairs = list(corpus.read_sets(corpora, back=back))
    weights = e5.load(e5.default_path())
    if pieces is None:
        texts = [(text, PIECE_WEIGHTS.get(p.name, 1)) for p in pairs for text in (p.ar, p.en)]
        with lzma.open(corpora / "mono-ar.txt.xz", "rt", encoding="utf-8") as lines:
            texts += [(line, 1) for line in lines]
        texts.append((MACHINE_MADE, 1_000_000))
        model, keep, coverage = tokenizer.prune(weights, texts, config.vocabulary)
        print(f"{len(keep)} pieces cover {coverage:.3%}")
    else:
        model = pieces.read_bytes()
        keep = tokenizer.kept_ids(weights, spm.SentencePieceProcessor(model_proto=model))
    (folder / "spm.model").write_bytes(model)
    np.save(folder / "keep.npy", keep)
    sp = spm.SentencePieceProcessor(model_proto=model)
    drawn, times = corpus.draw(pairs, corpus.SETS, config.seed, config.enlarge)
    ar = sp.encode([p.ar for p in drawn], num_threads=2)
    en = sp.encode([p.en for p in drawn], num_threads=2)
    made = [p.name in MADE_ARABIC for p in drawn]
    tag = sp.piece_to_id(MACHINE_MADE)
    if any(made) and tag == sp.unk_id():
        raise ValueError(f"the pieces lack {MACHINE_MADE}, which marks machine-made sources")
    ar = [[tag, *a] if by_machine else a for a, by_machine in zip(ar, made, strict=True)]
    rows = [
        (a, b, w, p.name)
        for a, b, w, p in zip(ar, en, times, drawn, strict=True)
        if 0 < len(a) <= config.max_pieces and 0 < len(b) <= config.max_pieces
    ]
    with (folder / "pool.pkl").open("wb") as file:
        weights_into = {
            into: [w if into in corpus.SETS[name].into else 0.0 for _, _, w, name in rows] for into in ("ar", "en")
        }
        pickle.dump({"ar": [r[0] for r in rows], "en": [r[1] for r in rows], "weights": weights_into}, file)
    used = [*corpus.CORPUS_FILES, "mono-ar.txt.xz"]
    facts = {
        "settings": _settings(config),
        "sha256": {name: corpus.sha256(corpora / name) for name in used},
        "back_sha256": _digest(back),
        "pieces": len(keep) + len(tokenizer.LANGUAGE_TOKENS),
        "pairs": dict(Counter(r[3] for r in rows).most_common()),
        "english_pieces": sum(len(r[1]) for r in rows),
    }
    # written last: `is_current` takes it for the sign that all is there
    (folder / "data.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
