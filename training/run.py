"""The whole recipe: `python -m training.run --config training/configs/cpu.toml --corpora DIR`.

Prepares the data once, trains for the configured minutes from the last state, converts to CTranslate2 int8, makes the
vocabulary map, and has the manifest say so (`--measure`: with scores). Each step is a function of its own module.
"""

from __future__ import annotations

import argparse
import json
import pickle
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import sentencepiece as spm
import torch

from training import config as configuration
from training import e5, manifest, state, tokenizer, vocabulary_map
from training.model import TranslationModel, from_e5
from training.pool import Pool
from training.prepare import is_current, prepare
from training.train import Trainer, run

HERE = Path(__file__).parent
CPU_INFO = Path("/proc/cpuinfo")


def build(work: Path, config: configuration.Config) -> tuple[TranslationModel, tuple[int, int]]:
    """The model as e5 leaves it (float32, on the CPU), and the ids of `<2ar>` and `<2en>`."""
    sp = spm.SentencePieceProcessor(model_file=str(work / "spm.model"))
    model = from_e5(e5.load(e5.default_path()), np.load(work / "keep.npy"), config.model)
    ids = tuple(sp.piece_to_id(tokenizer.LANGUAGE_TOKENS[code]) for code in ("ar", "en"))
    return model, (ids[0], ids[1])


def train(work: Path, folder: Path, config: configuration.Config, package: Path) -> state.Progress:
    """Train from the state in `folder` (shrunk by `package`, if it was), or from e5 where there is none."""
    torch.manual_seed(config.train.seed)
    torch.set_num_threads(config.train.threads)
    model, language_ids = build(work, config)
    with (work / "pool.pkl").open("rb") as file:
        data = pickle.load(file)
    earlier = state.load(folder, package)
    if earlier is None:
        counts = np.bincount([i for rows in (data["ar"], data["en"]) for r in rows for i in r], minlength=len(model.ob))
        with torch.no_grad():
            model.ob.copy_(torch.from_numpy(np.log((counts + 0.5) / counts.sum())).float() * 0.5)
    progress = earlier[1] if earlier else state.Progress()
    facts = json.loads((work / "data.json").read_text(encoding="utf-8"))
    progress.data_sha256 = facts["sha256"]
    settings = asdict(config)
    progress.runs.append({"from_tokens": progress.tokens, **settings, "back_sha256": facts.get("back_sha256")})
    cpu = CPU_INFO.read_text(encoding="utf-8") if CPU_INFO.exists() else ""
    dtype = configuration.arithmetic(config.train, cpu)
    print(f"arithmetic: {dtype}", flush=True)
    model = model.to(getattr(torch, dtype)).to(config.train.device)
    trainer = Trainer(model, Pool(data["ar"], data["en"], model), data["weights"], config.train, language_ids)
    if earlier:
        trainer.load(earlier[0])
        # another order than in the runs before
        trainer.rng.bit_generator.advance(progress.steps * 1_000_003)
    return run(trainer, folder, progress)


def main(given: Sequence[str] | None = None) -> None:
    """Read the command line and run the steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--corpora", type=Path, default=HERE.parent.parent / "shared" / "corpora")
    parser.add_argument("--work", type=Path, default=HERE / "data", help="prepared data and intermediate files")
    parser.add_argument("--state", type=Path, default=HERE / "state")
    parser.add_argument("--package", type=Path, default=HERE.parent / "models" / "khulasa-base")
    parser.add_argument("--back", type=Path, help="what training.back_translate wrote, to be trained on too")
    parser.add_argument("--minutes", type=float, help="instead of the configured length of the run")
    parser.add_argument("--device", help="instead of the configured one: cpu tries the settings of a GPU without one")
    parser.add_argument(
        "--measure",
        nargs="*",
        default=[],
        metavar="NAME=FOLDER",
        help="score the package on the parallel files ar and en of FOLDER, for its manifest",
    )
    arguments = parser.parse_args(given)
    config = configuration.read(arguments.config)
    if arguments.minutes is not None:
        config = configuration.with_minutes(config, arguments.minutes)
    if arguments.device is not None:
        config = configuration.with_device(config, arguments.device)
    if config.train.device.startswith("cuda") and not torch.cuda.is_available():
        parser.error("torch finds no GPU here; --device cpu tries the same settings without one, very slowly")
    try:
        sets = manifest.sets_of(arguments.measure)
    except ValueError as error:
        parser.error(str(error))
    if not is_current(arguments.work, config.data, arguments.back):
        earlier = arguments.package / "spm.model"
        resumes = state.load(arguments.state, arguments.package) is not None and earlier.exists()
        prepare(arguments.corpora, arguments.work, config.data, earlier if resumes else None, arguments.back)
    print(train(arguments.work, arguments.state, config, arguments.package).curve[-1:], flush=True)
    from training.convert import convert

    convert(arguments.work, arguments.state, arguments.package, config)
    vocabulary_map.make(arguments.work, arguments.package)
    manifest.refresh(arguments.package, manifest.measured(arguments.package, sets))


if __name__ == "__main__":
    main()
