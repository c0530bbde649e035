"""The training loop: time-limited, resumable, CPU or one GPU."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training import state
from training.batches import OutputVocabulary, batches
from training.config import TrainConfig
from training.loss import SmoothedCrossEntropy
from training.model import TranslationModel
from training.pool import Pool, pad
from training.tokenizer import EOS, PAD

LANGUAGES = ("ar", "en")
# Adam's, a hundred times the usual: a worker may read another's first moment before its second, dividing by this alone
EPSILON = 1e-6


class Trainer:
    """Trains what is to be trained of `model` on `pool`.

    The model computes in its own dtype (bfloat16 as a rule); float32 masters of the trained parameters are what the
    optimiser moves, and their exponential average is what is kept.
    """

    def __init__(
        self,
        model: TranslationModel,
        pool: Pool,
        weights: dict[str, list[float]],
        config: TrainConfig,
        language_ids: tuple[int, int],
    ) -> None:
        # weights: for each language to write, how often a pass draws each pair
        self.model, self.pool, self.config, self.language_ids = model, pool, config, language_ids
        self.aligning = config.alignment_weight > 0
        self.rng = np.random.default_rng(config.seed)
        model.drop = config.dropout
        model.train()
        self.live = model.trained_parameters()
        # in float32 the live parameters are their own masters
        self.masters = {
            n: p if p.dtype == torch.float32 else p.detach().float().clone().requires_grad_()
            for n, p in self.live.items()
        }
        self.average = {n: p.detach().clone() for n, p in self.masters.items()}
        matrices = [p for p in self.masters.values() if p.ndim == 2]
        others = [p for p in self.masters.values() if p.ndim != 2]
        groups = [{"params": matrices, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, config.learning_rate, betas=(0.9, 0.98), eps=EPSILON, fused=True)
        self.seen = torch.zeros(2, dtype=torch.float64)  # updates and target pieces of this run, all workers
        if config.workers > 1:
            self._share()
        size = model.E.num_embeddings
        self.vocabularies, self.streams = [], []
        for target in (0, 1):
            side, source = pool.sides[target], pool.sides[1 - target]
            counts = np.zeros(size)
            into = weights[LANGUAGES[target]]
            for row, weight in zip(side.ids, into, strict=True):
                np.add.at(counts, row, weight)
            self.vocabularies.append(OutputVocabulary(counts, config.frequent, config.candidates))
            lengths = [(len(a), len(b)) for a, b in zip(source.ids, side.ids, strict=True)]
            self.streams.append(batches(into, lengths, config.batch_tokens, self.rng))

    def _share(self) -> None:
        """Put what the workers have in common into shared memory, the optimiser's moments too."""
        for master in self.masters.values():
            master.grad = torch.zeros_like(master)
        for group in self.optimizer.param_groups:
            group["lr"] = 0.0
        self.optimizer.step()
        for moments in self.optimizer.state.values():
            for value in moments.values():
                value.zero_().share_memory_()
        for value in (*self.masters.values(), *self.average.values(), self.seen):
            value.detach().share_memory_()

    def load(self, weights: dict[str, Tensor]) -> None:
        """Go on from earlier weights."""
        with torch.no_grad():
            for name, value in weights.items():
                for tensor in (self.masters[name], self.average[name], self.live[name]):
                    state.restore(tensor, value)

    def loss(self, numbers: list[int], target: int, whole: bool) -> tuple[Tensor, float, int]:
        """The training loss of a batch, its translation part, and its target pieces."""
        config, device = self.config, self.pool.device
        self.pool.fill(numbers, 1 - target, self.aligning)
        memory, mask = self.pool.memory(numbers, 1 - target)
        memory = self.model.adapt(memory, mask)
        rows = [[EOS, self.language_ids[target], *self.pool.sides[target].ids[i][1:]] for i in numbers]
        ids = pad(rows)
        links = np.full((len(rows), ids.shape[1] - 2), -1, dtype=np.int64)
        for row, link in enumerate(self.pool.links(numbers, 1 - target)):
            links[row, : len(link) - 1] = link[1:]
        align = config.alignment_weight > 0
        z, attention = self.model.decode(ids[:, :-1].to(device), memory, mask, align=align)
        gold = ids[:, 2:]
        keep = gold != PAD
        flat = gold[keep]
        z = z[:, 1:][keep.to(device)]
        if whole:
            correction, place = torch.zeros(1, device=device), flat
            logits = self.model.logits(z)
        else:
            # the source's pieces too: a word left untranslated is the likeliest error, and a sample rarely has it
            used = np.unique([*flat.tolist(), *(p for i in numbers for p in self.pool.sides[1 - target].ids[i])])
            chosen, raised, where = self.vocabularies[target].draw(used, self.rng)
            logits = self.model.logits(z, torch.from_numpy(chosen).to(device))
            correction, place = torch.from_numpy(raised).to(device), torch.from_numpy(where)[flat]
        value = SmoothedCrossEntropy.apply(logits, correction, place.to(device), config.label_smoothing)
        total = value
        if attention is not None:
            link = torch.from_numpy(links).to(device)
            guided = attention[:, 1:].gather(2, link.clamp(min=0)[..., None])[..., 0]
            known = (link >= 0).float()
            total = value - config.alignment_weight * (guided * known).sum() / known.sum().clamp(min=1)
        return total, float(value.detach()), len(flat)

    def step(self, rate: float, whole: bool, decay: float) -> tuple[float, int]:
        """One update; gives the translation loss and the target pieces."""
        target = int(self.rng.random() < self.config.into_english)
        total, value, tokens = self.loss(next(self.streams[target]), target, whole)
        total.backward()
        copies = {name: master for name, master in self.masters.items() if master is not self.live[name]}
        for name, master in copies.items():
            grad = self.live[name].grad
            master.grad = None if grad is None else grad.float()
            self.live[name].grad = None
        torch.nn.utils.clip_grad_norm_(list(self.masters.values()), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        with torch.no_grad():
            masters = list(self.masters.values())
            if copies:
                torch._foreach_copy_([self.live[n] for n in copies], list(copies.values()))
            torch._foreach_lerp_(list(self.average.values()), masters, 1 - decay)
            self.seen += torch.tensor([1, tokens])
        self.optimizer.zero_grad(set_to_none=True)
        return value, tokens


def _rate(config: TrainConfig, step: int, done: float) -> float:
    """Linear rise over the warm-up, linear fall to a twentieth over the run."""
    return config.learning_rate * min(1, (step + 1) / config.warmup_steps) * max(0.05, 1 - done)


def _work(trainer: Trainer, begun: float) -> None:
    """What a further worker does: updates until the time is over or the first worker is gone."""
    parent = os.getppid()
    while os.getppid() == parent and (done := (time.monotonic() - begun) / 60 / trainer.config.minutes) < 1:
        _advance(trainer, done)


def _advance(trainer: Trainer, done: float) -> float:
    """One update at the place `done` (0 to 1) of the run; gives the loss."""
    config, step = trainer.config, int(trainer.seen[0])
    trainer.aligning = config.alignment_weight > 0 and done < config.align_until
    whole = config.candidates == 0 or done > config.full_softmax_after
    return trainer.step(_rate(config, step, done), whole, min(config.ema, step / (step + 10)))[0]


def run(trainer: Trainer, folder: Path, progress: state.Progress) -> state.Progress:
    """Train for the configured minutes, saving the averaged weights and the progress on the way and at the end."""
    config = trainer.config
    begun = time.monotonic()
    children = []
    for number in range(1, config.workers):
        if (child := os.fork()) == 0:
            trainer.rng.bit_generator.advance(number * 7_000_003)
            _work(trainer, begun)
            os._exit(0)
        children.append(child)
    saved = shown = begun
    before = (progress.minutes, progress.steps, progress.tokens)
    losses: list[float] = []
    while True:
        now = time.monotonic()
        done = (now - begun) / 60 / config.minutes
        if done >= 1:
            for child in children:
                os.waitpid(child, 0)
        if done >= 1 or now - saved > 60 * config.save_minutes:
            progress.minutes = round(before[0] + (now - begun) / 60, 2)
            progress.steps, progress.tokens = before[1] + int(trainer.seen[0]), before[2] + int(trainer.seen[1])
            if losses:
                loss = round(float(np.mean(losses)), 3)
                progress.curve.append({"tokens": progress.tokens, "minutes": progress.minutes, "loss": loss})
            state.save(folder, trainer.average, progress)
            saved, losses = now, []
            if done >= 1:
                return progress
        losses.append(_advance(trainer, done))
        if now - shown > 30:
            shown = now
            steps, tokens = trainer.seen.tolist()
            pace = tokens / (now - begun)
            mean = np.mean(losses[-25:])
            print(f"{done:.0%} step {steps:.0f} loss {mean:.3f} {pace:.0f} tokens/s {tokens / 1e6:.2f}M", flush=True)
