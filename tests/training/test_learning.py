"""Model, loss, pool and state: what needs torch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training import config, model, state  # noqa: E402
from training.loss import SmoothedCrossEntropy  # noqa: E402
from training.pool import Pool, mutual_alignment  # noqa: E402
from training.train import Trainer, run  # noqa: E402

SHAPE = config.ModelConfig(encoder_layers=(0,), decoder_layers=(0, 1), alignment_layer=1)


@pytest.fixture
def small():
    torch.manual_seed(0)
    network = model.TranslationModel(60, SHAPE, width=24, heads=4)
    trained = network.trained_parameters()
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in trained)
    return network


def test_the_loss_and_its_gradient_equal_torchs():
    logits = torch.randn(7, 11, requires_grad=True)
    other = logits.detach().clone().requires_grad_()
    gold = torch.randint(0, 11, (7,))
    ours = SmoothedCrossEntropy.apply(logits, torch.zeros(1), gold, 0.1)
    theirs = torch.nn.functional.cross_entropy(other, gold, label_smoothing=0.1)
    ours.backward()
    theirs.backward()
    assert torch.allclose(ours, theirs, atol=1e-6)
    assert torch.allclose(logits.grad, other.grad, atol=1e-6)


def test_mutual_alignment_finds_a_permutation():
    a = torch.randn(1, 5, 16)
    order = torch.tensor([3, 0, 4, 1, 2])
    mask = torch.ones(1, 5, dtype=torch.bool)
    assert mutual_alignment(a, a[:, order], mask, mask)[0].tolist() == order.tolist()


def test_the_decoder_does_not_look_ahead(small):
    memory, mask = torch.randn(1, 4, 24), torch.ones(1, 1, 1, 4, dtype=torch.bool)
    one = small.decode(torch.tensor([[2, 5, 6, 7]]), memory, mask)[0]
    other = small.decode(torch.tensor([[2, 5, 6, 9]]), memory, mask)[0]
    assert torch.allclose(one[:, :3], other[:, :3], atol=1e-6)
    assert not torch.allclose(one[:, 3], other[:, 3])


def test_cached_states_equal_fresh_ones(small):
    pool = Pool([[5, 6, 7], [8, 9]], [[15], [18, 19, 20]], small)
    pool.fill([0], 0)
    pool.fill([0, 1], 0, align=False)
    assert pool.known.tolist() == [[True, True], [True, False]]
    assert (pool.links([1], 0)[0] == -1).all()
    memory, mask = pool.memory([0, 1], 0)
    fresh = small.encode(torch.tensor([[0, 8, 9, 2]]))
    assert mask[:, 0, 0].sum(1).tolist() == [5, 4]
    assert torch.allclose(memory[1, :4], fresh[0], atol=1e-5)


def test_a_run_learns_saves_and_goes_on(small, tmp_path):
    rng = np.random.default_rng(0)
    rows = [rng.integers(4, 58, rng.integers(3, 8)).tolist() for _ in range(40)]
    settings = config.TrainConfig(
        minutes=0.03, batch_tokens=120, candidates=10, frequent=10, warmup_steps=2, learning_rate=3e-3, threads=1
    )
    trainer = Trainer(small, Pool(rows, rows, small), [1.0] * 40, settings, (58, 59))
    frozen = small.E.weight.clone()
    progress = run(trainer, tmp_path, state.Progress())
    assert torch.equal(frozen, small.E.weight)
    weights, loaded = state.load(tmp_path)
    assert loaded.tokens == progress.tokens > 0
    assert set(weights) == set(small.trained_parameters())
    again = Trainer(small, Pool(rows, rows, small), [1.0] * 40, settings, (58, 59))
    again.load(weights)
    assert run(again, tmp_path, loaded).tokens > progress.tokens or loaded.tokens > progress.tokens


def test_there_is_no_state_at_first(tmp_path):
    assert state.load(tmp_path) is None
