"""Model, loss, pool and state: what needs torch."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch comes with requirements/training.txt")

from training import config, model, state  # noqa: E402
from training.loss import SmoothedCrossEntropy  # noqa: E402
from training.pool import Pool, mutual_alignment  # noqa: E402
from training.train import Trainer, run  # noqa: E402

CONFIGS = sorted((Path(model.__file__).parent / "configs").glob("*.toml"))
SHAPE = config.ModelConfig(encoder_layers=(0,), decoder_layers=(0, 1), alignment_layer=1)


WEIGHTS = {"ar": [1.0] * 40, "en": [1.0] * 40}


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


@pytest.fixture
def adapted():
    torch.manual_seed(0)
    shape = replace(SHAPE, encoder_layers=(0, 1, 2), adapted_layers=2, adapter_rank=3)
    network = model.TranslationModel(60, shape, width=24, heads=4)
    trained = network.trained_parameters()
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in trained)
    return network


def test_corrections_start_at_nothing_and_belong_to_the_last_layers(adapted):
    found = {name for name in adapted.trained_parameters() if name.startswith("enc.")}
    parts = ("sa.q", "sa.k", "sa.v", "sa.o", "f1", "f2")
    assert found == {f"enc.{n}.{part}.{end}" for n in (1, 2) for part in parts for end in ("down", "up")}
    plain = model.TranslationModel(60, replace(SHAPE, encoder_layers=(0, 1, 2)), width=24, heads=4)
    plain.load_state_dict({n: v for n, v in adapted.state_dict().items() if not n.endswith((".down", ".up"))})
    x = torch.tensor([[0, 8, 9, 2], [0, 5, 2, 1]])
    assert torch.equal(adapted.encode(x), plain.encode(x))


def test_merged_weights_encode_as_the_corrected_layers_do(adapted):
    with torch.no_grad():
        for name, parameter in adapted.trained_parameters().items():
            if name.endswith(".up"):
                parameter.normal_(std=0.3)
    plain = model.TranslationModel(60, replace(SHAPE, encoder_layers=(0, 1, 2)), width=24, heads=4)
    x = torch.tensor([[0, 8, 9, 2], [0, 5, 2, 1]])
    uncorrected = {n: v for n, v in adapted.state_dict().items() if not n.endswith((".down", ".up"))}
    plain.load_state_dict(uncorrected)
    assert not torch.allclose(adapted.encode(x), plain.encode(x), atol=1e-2)
    plain.load_state_dict(adapted.merged_weights())
    assert torch.allclose(adapted.encode(x), plain.encode(x), atol=1e-5)


def test_cached_states_equal_fresh_ones(small):
    pool = Pool([[5, 6, 7], [8, 9]], [[15], [18, 19, 20]], small)
    pool.fill([0], 0)
    pool.fill([0, 1], 0, align=False)
    assert pool.known.tolist() == [[True, True], [True, False]]
    assert (pool.links([1], 0)[0] == -1).all()
    memory, mask = pool.memory([0, 1], 0)
    fresh = small.encode(torch.tensor([[0, 8, 9, 2]]))
    assert mask[:, 0, 0].sum(1).tolist() == [5, 4]
    assert memory.dtype == fresh.dtype
    assert torch.allclose(memory[1, :4], fresh[0], atol=2e-3)  # the cache is in half precision


def test_padding_is_a_number_though_the_row_it_reads_is_not_filled_yet(small):
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)  # memory that nobody has written to is then filled with NaN
    try:
        pool = Pool([[5, 6, 7], [8, 9, 4], [8, 9]], [[15], [18], [19]], small)
    finally:
        torch.use_deterministic_algorithms(before)
    pool.fill([1, 2], 0, align=False)
    memory, mask = pool.memory([1, 2], 0)
    assert not mask[1, 0, 0, -1]
    assert torch.isfinite(memory).all()


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return [rng.integers(4, 58, rng.integers(3, 8)).tolist() for _ in range(40)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", ["small", "adapted"])
def test_the_loss_falls_and_nothing_frozen_moves(request, rows, dtype, shape):
    settings = config.TrainConfig(batch_tokens=120, candidates=0, threads=1)
    network = request.getfixturevalue(shape).to(dtype)
    first = {n: p.clone() for n, p in network.trained_parameters().items()}
    frozen = {n: p.clone() for n, p in network.named_parameters() if not p.requires_grad}
    trainer = Trainer(network, Pool(rows, rows, network), WEIGHTS, settings, (58, 59))
    losses = [trainer.step(3e-3, whole=True, decay=0.9)[0] for _ in range(60)]
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 0.2
    assert all(torch.equal(value, dict(network.named_parameters())[name]) for name, value in frozen.items())
    assert all(p.grad is None for p in (*trainer.masters.values(), *trainer.live.values()))
    for name, master in trainer.masters.items():
        assert master.dtype == torch.float32
        assert not torch.equal(master.to(dtype), first[name]), name
        assert torch.equal(trainer.live[name], master.to(dtype)), name


def test_the_average_lags_behind_the_weights(small, rows):
    settings = config.TrainConfig(batch_tokens=120, candidates=0, threads=1)
    trainer = Trainer(small, Pool(rows, rows, small), WEIGHTS, settings, (58, 59))
    name = "dec.0.f1.weight"
    first = trainer.masters[name].detach().clone()
    trainer.step(1e-3, whole=True, decay=0.75)
    moved = trainer.masters[name].detach()
    assert not torch.equal(first, moved)
    assert torch.allclose(trainer.average[name], first + 0.25 * (moved - first), atol=1e-7)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_configurations_run(small, rows, tmp_path, path):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        shipped = config.read(path).train
        settings = replace(shipped, minutes=0.03, batch_tokens=120, device="cpu", threads=1, frequent=10)
        network = small.to(getattr(torch, config.arithmetic(settings, "")))
        trainer = Trainer(network, Pool(rows, rows, network), WEIGHTS, settings, (58, 59))
        before = {name: value.clone() for name, value in trainer.average.items()}
        progress = run(trainer, tmp_path, state.Progress())
    finally:
        torch.set_num_threads(threads)
    assert progress.steps > settings.workers
    saved = state.load(tmp_path)[0]
    assert all(torch.isfinite(value).all() for value in saved.values())
    assert not torch.equal(saved["dec.0.f1.weight"], before["dec.0.f1.weight"].half().float())


def test_a_run_saves_and_another_goes_on(small, rows, tmp_path):
    settings = config.TrainConfig(
        minutes=0.03, batch_tokens=120, candidates=10, frequent=10, warmup_steps=2, learning_rate=3e-3, threads=1
    )
    trainer = Trainer(small, Pool(rows, rows, small), WEIGHTS, settings, (58, 59))
    frozen = small.E.weight.clone()
    progress = run(trainer, tmp_path, state.Progress())
    assert torch.equal(frozen, small.E.weight)
    weights, loaded = state.load(tmp_path)
    assert loaded.tokens == progress.tokens > 0
    assert set(weights) == set(small.trained_parameters())
    again = Trainer(small, Pool(rows, rows, small), WEIGHTS, settings, (58, 59))
    again.load(weights)
    assert all(torch.equal(again.masters[name], value) for name, value in weights.items())
    second = run(again, tmp_path, loaded)
    assert second.tokens > progress.tokens
    assert [point["tokens"] for point in second.curve] == [progress.tokens, second.tokens]


def test_there_is_no_state_at_first(tmp_path):
    assert state.load(tmp_path) is None


def test_a_state_of_lower_rank_and_fewer_layers_goes_on_as_the_same_network(adapted, rows, tmp_path):
    with torch.no_grad():
        for parameter in adapted.trained_parameters().values():
            parameter.normal_(std=0.3)
    state.save(tmp_path, adapted.trained_parameters(), state.Progress())
    weights = state.load(tmp_path)[0]
    with torch.no_grad():  # as the state holds it: in half precision
        for name, parameter in adapted.trained_parameters().items():
            parameter.copy_(weights[name])
    wider = model.TranslationModel(60, replace(adapted.config, adapted_layers=3, adapter_rank=5), width=24, heads=4)
    old = {n: v for n, v in adapted.state_dict().items() if not n.endswith((".down", ".up"))}
    wider.load_state_dict(old, strict=False)
    settings = config.TrainConfig(batch_tokens=120, candidates=0, threads=1)
    trainer = Trainer(wider, Pool(rows, rows, wider), WEIGHTS, settings, (58, 59))
    trainer.load(weights)
    x = torch.tensor([[0, 8, 9, 2], [0, 5, 2, 1]])
    assert torch.allclose(wider.encode(x), adapted.encode(x), atol=1e-5)
    assert trainer.average["enc.2.f1.down"].shape == (5, 24)
    assert torch.equal(trainer.average["enc.2.f1.down"][:3], weights["enc.2.f1.down"])


def test_a_state_keeps_nine_bits_after_the_point(tmp_path):
    value = torch.cat([torch.randn(1000), torch.tensor([0.0, -2.0, 1 + 2**-10, 1 - 2**-11, -1e-6])])
    state.save(tmp_path, {"x": value}, state.Progress())
    kept = state.load(tmp_path)[0]["x"]
    assert ((kept - value).abs() <= value.abs() * (2**-10 + 2**-11) + 2**-23).all()
    assert kept[-5:-1].tolist() == [0.0, -2.0, 1 + 2**-9, 1.0]
    assert not (kept.half().view(torch.int16) & 1).any()


def test_a_state_is_replaced_whole_and_in_half_precision(tmp_path):
    value = torch.tensor([1.0, 2e-3, 333.25])
    state.save(tmp_path, {"x": value}, state.Progress(tokens=5, data_sha256={"a": "b"}))
    state.save(tmp_path, {"x": value * 2}, state.Progress(tokens=9))
    weights, progress = state.load(tmp_path)
    assert torch.allclose(weights["x"], (value * 2).half().float(), atol=0, rtol=2**-10)
    assert progress == state.Progress(tokens=9)
    assert {path.name for path in tmp_path.iterdir()} == {state.WEIGHTS, state.PROGRESS}
