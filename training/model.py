"""Encoder-decoder on e5 layers: post-norm, GELU, layer-normed embeddings (CTranslate2's BART layout).

The encoder, its positions and the shared embedding table are e5's and stay frozen, but for low-rank corrections of its
last layers; the decoder layers start as e5 encoder layers (cross-attention as a copy of self-attention) and are
trained. Output projection = embedding table; its scale is folded into the last layer norm on conversion.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.config import ModelConfig
from training.e5 import E5Weights
from training.tokenizer import PAD

EPS = 1e-12
MAX_POSITIONS = 512


class AdaptedLinear(nn.Linear):
    """A frozen linear layer with a learned correction of low rank: the weight is `weight + up @ down`."""

    def __init__(self, inputs: int, outputs: int, rank: int) -> None:
        super().__init__(inputs, outputs)
        self.down = nn.Parameter(torch.randn(rank, inputs) * inputs**-0.5)
        self.up = nn.Parameter(torch.zeros(outputs, rank))  # so that it starts as the layer it corrects

    def forward(self, x: Tensor) -> Tensor:
        # two thin products, not the sum of the matrices: its gradient would be a whole matrix
        return super().forward(x) + F.linear(F.linear(x, self.down), self.up)


def _linear(inputs: int, outputs: int, rank: int) -> nn.Linear:
    return AdaptedLinear(inputs, outputs, rank) if rank else nn.Linear(inputs, outputs)


class Attention(nn.Module):
    """Multi-head attention, `width` to `width`."""

    def __init__(self, width: int, heads: int, rank: int = 0) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (_linear(width, width, rank) for _ in range(4))

    def split(self, x: Tensor) -> Tensor:
        """(batch, length, width) to (batch, heads, length, width / heads)."""
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """Attend from `x` to `memory` where the boolean `mask` (broadcast to batch, heads, target, source) is true."""
        q, k, v = self.split(self.q(x)), self.split(self.k(memory)), self.split(self.v(memory))
        if x.is_cuda:
            y = F.scaled_dot_product_attention(q, k, v, mask)
        else:  # plain products: the backward pass of torch's fused CPU kernel is 8 to 18 times slower at these sizes
            scores = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)
            y = scores.masked_fill(~mask, float("-inf")).softmax(-1) @ v
        return self.o(y.transpose(1, 2).reshape(x.shape))

    def head_log_probs(self, x: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """Log attention of head 0, float32, (batch, target, source); `mask` is (batch, 1, source)."""
        size = x.shape[-1] // self.heads
        q = F.linear(x, self.q.weight[:size], self.q.bias[:size])
        k = F.linear(memory, self.k.weight[:size], self.k.bias[:size])
        scores = (q @ k.transpose(1, 2)).float() * size**-0.5
        return scores.masked_fill(~mask, float("-inf")).log_softmax(-1)


class Layer(nn.Module):
    """One post-norm Transformer layer, with cross-attention in a decoder; matrices adapted where `rank` is not 0."""

    def __init__(self, width: int, heads: int, inner: int, cross: bool, rank: int = 0) -> None:
        super().__init__()
        self.sa, self.ln1 = Attention(width, heads, rank), nn.LayerNorm(width, EPS)
        if cross:
            self.ca, self.lnc = Attention(width, heads), nn.LayerNorm(width, EPS)
        self.f1, self.f2 = _linear(width, inner, rank), _linear(inner, width, rank)
        self.ln2 = nn.LayerNorm(width, EPS)

    def feed_forward(self, x: Tensor, drop: float) -> Tensor:
        return self.ln2(x + F.dropout(self.f2(F.gelu(self.f1(x))), drop, self.training))


class TranslationModel(nn.Module):
    """The whole network. Vocabulary: the kept e5 pieces, then the language tokens."""

    def __init__(self, vocabulary: int, config: ModelConfig, width: int = 384, heads: int = 12) -> None:
        super().__init__()
        self.config = config
        self.E = nn.Embedding(vocabulary, width)
        self.pe, self.pd = nn.Embedding(MAX_POSITIONS, width), nn.Embedding(MAX_POSITIONS, width)
        self.lne, self.lnd = nn.LayerNorm(width, EPS), nn.LayerNorm(width, EPS)
        self.frozen_layers = len(config.encoder_layers) - config.adapted_layers
        ranks = [0] * self.frozen_layers + [config.adapter_rank] * config.adapted_layers
        self.enc = nn.ModuleList(Layer(width, heads, 4 * width, False, rank) for rank in ranks)
        self.dec = nn.ModuleList(Layer(width, heads, 4 * width, True) for _ in config.decoder_layers)
        self.ob = nn.Parameter(torch.zeros(vocabulary))
        self.drop = 0.0

    def encode(self, x: Tensor) -> Tensor:
        """Piece ids (batch, length), padded with 1, to states (batch, length, width)."""
        return self.adapt(self.encode_frozen(x), (x != PAD)[:, None, None, :])

    def encode_frozen(self, x: Tensor) -> Tensor:
        """The states before the adapted layers, which never change."""
        h = self.lne(self.E(x) + self.pe.weight[: x.shape[1]])
        return self._layers(self.enc[: self.frozen_layers], h, (x != PAD)[:, None, None, :])

    def adapt(self, h: Tensor, mask: Tensor) -> Tensor:
        """The states that the decoder reads, from those of `encode_frozen`; `mask` as in `decode`."""
        return self._layers(self.enc[self.frozen_layers :], h, mask)

    def _layers(self, layers: nn.ModuleList, h: Tensor, mask: Tensor) -> Tensor:
        for layer in layers:
            h = layer.feed_forward(layer.ln1(h + layer.sa(h, h, mask)), 0.0)
        return h

    def decode(self, y: Tensor, memory: Tensor, mask: Tensor, align: bool = False) -> tuple[Tensor, Tensor | None]:
        """Decoder states for the shifted targets `y`, and head 0's log attention of the alignment layer.

        Args:
            y: Piece ids (batch, target length), beginning with `</s>` and the language token.
            memory: Encoder states (batch, source length, width).
            mask: True where the source is not padding, (batch, 1, 1, source length).
            align: Whether to compute the attention of the guided head.
        """
        drop, attention = self.drop, None
        past = torch.ones(y.shape[1], y.shape[1], dtype=torch.bool, device=y.device).tril()[None, None]
        z = self.lnd(F.embedding(y, self.E.weight) + self.pd.weight[: y.shape[1]])
        for number, layer in enumerate(self.dec):
            z = layer.ln1(z + F.dropout(layer.sa(z, z, past), drop, self.training))
            if align and number == self.config.alignment_layer:
                attention = layer.ca.head_log_probs(z, memory, mask[:, 0])
            z = layer.lnc(z + F.dropout(layer.ca(z, memory, mask), drop, self.training))
            z = layer.feed_forward(z, drop)
        return z, attention

    def logits(self, z: Tensor, candidates: Tensor | None = None) -> Tensor:
        """Scores of all pieces, or of the pieces with ids `candidates`."""
        if candidates is None:
            return F.linear(z, self.E.weight, self.ob.to(z.dtype))
        return F.linear(z, self.E.weight[candidates], self.ob[candidates].to(z.dtype))

    def trained_parameters(self) -> dict[str, nn.Parameter]:
        """The parameters that are learned; the rest is e5's."""
        frozen, corrections = ("E.", "pe.", "lne.", "enc."), (".down", ".up")
        return {n: p for n, p in self.named_parameters() if not n.startswith(frozen) or n.endswith(corrections)}

    def merged_weights(self) -> dict[str, Tensor]:
        """All weights, float32, with the corrections added to the matrices that they correct."""
        weights = {name: value.detach().float() for name, value in self.state_dict().items()}
        for name in [name for name in weights if name.endswith(".up")]:
            layer = name.removesuffix(".up")
            weights[f"{layer}.weight"] = weights[f"{layer}.weight"] + weights.pop(name) @ weights.pop(f"{layer}.down")
        return weights


def _fill(module: nn.Module, weight: np.ndarray, bias: np.ndarray) -> None:
    module.weight.copy_(torch.from_numpy(weight))
    module.bias.copy_(torch.from_numpy(bias))


def _fill_layer(layer: Layer, e5: E5Weights, number: int, cross: bool) -> None:
    name = f"l{number}"
    for ours, theirs in (("q", "q"), ("k", "k"), ("v", "v"), ("o", "ao")):
        for attention in (layer.sa, layer.ca) if cross else (layer.sa,):
            _fill(getattr(attention, ours), e5.matrix(f"{name}.{theirs}.w"), e5.tensor(f"{name}.{theirs}.b"))
    norms = (layer.ln1, layer.lnc) if cross else (layer.ln1,)
    for norm in norms:
        _fill(norm, e5.tensor(f"{name}.aln.w"), e5.tensor(f"{name}.aln.b"))
    _fill(layer.f1, e5.matrix(f"{name}.fi.w"), e5.tensor(f"{name}.fi.b"))
    _fill(layer.f2, e5.matrix(f"{name}.fo.w"), e5.tensor(f"{name}.fo.b"))
    _fill(layer.ln2, e5.tensor(f"{name}.oln.w"), e5.tensor(f"{name}.oln.b"))


def from_e5(e5: E5Weights, keep: Sequence[int], config: ModelConfig, output_gamma: float = 0.8) -> TranslationModel:
    """A model whose every part starts from e5.

    Args:
        e5: The pretrained weights.
        keep: Ids of the kept pieces in e5's vocabulary; the language tokens get the mean embedding of the upper and
            of the lower half of them, a fixed and reproducible choice.
        config: Which layers.
        output_gamma: Gain of the last layer norm; 0.8 gives first logits a standard deviation of about one.
    """
    words = e5.matrix("emb.word")[np.asarray(keep)]
    language = np.stack([words[4 : len(words) // 2].mean(0), words[len(words) // 2 :].mean(0)])
    language += np.random.default_rng(1).normal(0, words.std(), language.shape).astype(np.float32)
    table = np.concatenate([words, language.astype(np.float32)])
    model = TranslationModel(len(table), config, e5.hidden, e5.heads)
    positions = e5.matrix("emb.pos")[:MAX_POSITIONS] + e5.matrix("emb.type")[0]
    with torch.no_grad():
        model.E.weight.copy_(torch.from_numpy(table))
        model.pe.weight.copy_(torch.from_numpy(positions))
        model.pd.weight.copy_(torch.from_numpy(positions))
        for norm in (model.lne, model.lnd):
            _fill(norm, e5.tensor("emb.ln.w"), e5.tensor("emb.ln.b"))
        for layer, number in zip(model.enc, config.encoder_layers, strict=True):
            _fill_layer(layer, e5, number, cross=False)
        for layer, number in zip(model.dec, config.decoder_layers, strict=True):
            _fill_layer(layer, e5, number, cross=True)
        # e5's own last norm (gamma near 0.2) gives logits so flat that hundreds of updates go into scaling them
        model.dec[-1].ln2.weight.fill_(output_gamma)
        model.dec[-1].ln2.bias.zero_()
    trained = model.trained_parameters()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in trained)
    return model
