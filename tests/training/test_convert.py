"""Conversion: CTranslate2 gives the log probabilities of the network."""

import ctranslate2
import pytest

torch = pytest.importorskip("torch", reason="torch comes with requirements/training.txt")

from training import config, convert, model  # noqa: E402

VOCABULARY = ["<s>", "<pad>", "</s>", "<unk>", *(f"p{i}" for i in range(54)), "<2en>", "<2ar>"]


def test_scores_equal(tmp_path):
    torch.manual_seed(1)
    shape = config.ModelConfig((0, 1), (0, 1), alignment_layer=0, adapted_layers=1, adapter_rank=4)
    network = model.TranslationModel(60, shape, width=48, heads=convert.HEADS)
    network.eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        spec = convert.to_spec(network, VOCABULARY)
        spec.validate()
        spec.optimize(quantization=None)
        spec.save(str(tmp_path))
        source, target = [5, 9, 30, 7], [58, 12, 40]
        memory = network.encode(torch.tensor([[0, *source, 2]]))
        mask = torch.ones(1, 1, 1, 6, dtype=torch.bool)
        z, _ = network.decode(torch.tensor([[2, *target]]), memory, mask)
        wanted = network.logits(z)[0].log_softmax(-1).gather(1, torch.tensor([[*target, 2]]).T)[:, 0]
    translator = ctranslate2.Translator(str(tmp_path), compute_type="float32")
    tokens = [[VOCABULARY[i] for i in row] for row in (source, target)]
    for start in ("<s:ar>", "<s:en>", "<s>"):  # one to the encoder
        found = translator.score_batch([[start, *tokens[0]]], [tokens[1]])[0].log_probs
        assert found == pytest.approx(wanted.tolist(), rel=1e-4)
    size = (tmp_path / "model.bin").stat().st_size
    assert size < 4 * sum(p.numel() for p in network.parameters()) * 1.1  # the table is stored once
