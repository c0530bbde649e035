"""The engine on a real CTranslate2 model, tiny and random: shapes, limits and agreement of scores count here."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
from khulasa.server.core.errors import EngineError
from khulasa.server.core.translation.engine import (
    VOCABULARY_MAP,
    DecodedSegment,
    Engine,
    EngineOptions,
    SegmentTokens,
    SuppressedPieces,
    WorkKind,
)

WORDS = [f"w{n}" for n in range(30)]


def build_model(folder: Path) -> Path:
    """A two-layer transformer with random weights, written as CTranslate2 writes one."""
    spec = ctranslate2.specs.TransformerSpec.from_config(num_layers=2, num_heads=2)
    vocabulary = ["<unk>", "<s>", "</s>", *WORDS]
    rng = np.random.default_rng(7)
    depth, inner = 16, 32

    def linear(part: object, rows: int, columns: int) -> None:
        part.weight = rng.normal(0, 0.6, (rows, columns)).astype(np.float32)  # type: ignore[attr-defined]
        part.bias = np.zeros(rows, dtype=np.float32)  # type: ignore[attr-defined]

    def norm(part: object) -> None:
        part.gamma = np.ones(depth, dtype=np.float32)  # type: ignore[attr-defined]
        part.beta = np.zeros(depth, dtype=np.float32)  # type: ignore[attr-defined]

    for side in (spec.encoder, spec.decoder):
        embeddings = side.embeddings[0] if isinstance(side.embeddings, list) else side.embeddings
        embeddings.weight = rng.normal(0, 1, (len(vocabulary), depth)).astype(np.float32)
        side.position_encodings.encodings = rng.normal(0, 0.3, (256, depth)).astype(np.float32)
        norm(side.layer_norm)
        for layer in side.layer:
            norm(layer.self_attention.layer_norm)
            linear(layer.self_attention.linear[0], 3 * depth, depth)
            linear(layer.self_attention.linear[1], depth, depth)
            if side is spec.decoder:
                norm(layer.attention.layer_norm)
                linear(layer.attention.linear[0], depth, depth)
                linear(layer.attention.linear[1], 2 * depth, depth)
                linear(layer.attention.linear[2], depth, depth)
            norm(layer.ffn.layer_norm)
            linear(layer.ffn.linear_0, inner, depth)
            linear(layer.ffn.linear_1, depth, inner)
    linear(spec.decoder.projection, len(vocabulary), depth)
    # The end token is made likely enough for some targets to end before the limit and others not.
    spec.decoder.projection.bias[vocabulary.index("</s>")] = 4.0
    spec.register_source_vocabulary(vocabulary)
    spec.register_target_vocabulary(vocabulary)
    spec.config.add_source_eos = True
    spec.validate()
    spec.optimize()
    folder.mkdir()
    spec.save(str(folder))
    assert json.loads((folder / "config.json").read_text())["add_source_eos"]
    return folder


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path = build_model(tmp_path_factory.mktemp("engine") / "model")
    made = Engine.load(path, max_input_tokens=40, engine_tokens=1)
    yield made
    made.close()
    gc.collect()


def work(*tokens: str, target: tuple[str, ...] = ()) -> SegmentTokens:
    return SegmentTokens(tokens, target)


SOURCES = [work(*WORDS[: 2 + n]) for n in range(0, 20, 4)]
OPTIONS = EngineOptions(beam_size=3, num_hypotheses=2, attention=True, max_decoding_tokens=24)


def test_every_segment_has_its_hypotheses_score_and_attention(engine: Engine) -> None:
    for source, result in zip(SOURCES, engine.run(SOURCES, OPTIONS), strict=True):
        assert len(result.hypotheses) == 2
        assert 0 >= result.hypotheses[0].score >= result.hypotheses[1].score
        assert result.attention is not None
        assert result.attention.shape == (len(result.hypotheses[0].tokens), len(source.source))
        assert np.isfinite(result.attention).all()


def test_forced_decoding_gives_the_score_that_decoding_gave(engine: Engine) -> None:
    finished = [
        (source, result.hypotheses[0])
        for source, result in zip(SOURCES, engine.run(SOURCES, OPTIONS), strict=True)
        if not result.truncated
    ]
    assert finished
    scoring = EngineOptions(beam_size=1, attention=True, kind=WorkKind.SCORE)
    forced = [work(*source.source, target=hypothesis.tokens) for source, hypothesis in finished]
    for (source, hypothesis), result in zip(finished, engine.run(forced, scoring), strict=True):
        # Decoding shares the end token's probability out at the first step, where it may not stand; forcing does not.
        assert result.hypotheses[0].score == pytest.approx(hypothesis.score, abs=0.05)
        assert result.hypotheses[0].score == pytest.approx(sum(result.log_probs) / len(result.log_probs))
        assert len(result.log_probs) == len(hypothesis.tokens) + 1
        assert result.attention is not None
        assert result.attention.shape == (len(hypothesis.tokens), len(source.source))


def test_a_cut_target_is_said_to_be_cut(engine: Engine) -> None:
    whole = engine.run(SOURCES, EngineOptions(beam_size=1, max_decoding_tokens=30))
    longest = max(whole, key=lambda one: len(one.hypotheses[0].tokens))
    at = whole.index(longest)
    limit = len(longest.hypotheses[0].tokens) - 1
    assert limit >= 1
    (cut,) = engine.run([SOURCES[at]], EngineOptions(beam_size=1, max_decoding_tokens=limit))
    assert cut.truncated
    assert cut.hypotheses[0].tokens == longest.hypotheses[0].tokens[:limit]


def test_a_source_over_the_limit_is_refused_not_cut(engine: Engine) -> None:
    engine.run([work(*["w1"] * 39)], OPTIONS)
    with pytest.raises(EngineError, match="41 tokens"):
        engine.run([work(*["w1"] * 40)], OPTIONS)


def test_the_target_prefix_is_forced_and_left_out(engine: Engine) -> None:
    plain, prefixed = SOURCES[1], work(*SOURCES[1].source, target=("w5", "w6"))
    options = EngineOptions(beam_size=1, attention=True, max_decoding_tokens=20)
    first, second = engine.run([plain], options)[0], engine.run([prefixed], options)[0]
    assert first.attention is not None
    assert second.attention is not None
    assert len(second.attention) == len(second.hypotheses[0].tokens)
    assert len(second.hypotheses[0].tokens) <= 18


def test_special_tokens_have_no_column_of_attention(engine: Engine) -> None:
    source = SegmentTokens(("w1", "w2", "w3", "w4"), (), prefix_tokens=1, suffix_tokens=1)
    (result,) = engine.run([source], OPTIONS)
    assert result.attention is not None
    assert result.attention.shape[1] == 2


def test_a_greedy_search_stops_for_those_who_gave_up_only(engine: Engine) -> None:
    options = EngineOptions(beam_size=1, max_decoding_tokens=20)
    for source in SOURCES:
        whole, wanted = engine.run([source], options)[0], engine.run([source], options, lambda _: False)[0]
        stopped = engine.run([source], options, lambda _: True)[0]
        assert wanted.hypotheses[0].tokens == whole.hypotheses[0].tokens
        assert len(stopped.hypotheses[0].tokens) <= 1


def test_a_folder_without_a_model_is_an_engine_error(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        Engine.load(tmp_path, max_input_tokens=10)


def test_a_closed_engine_says_so(tmp_path: Path) -> None:
    made = Engine.load(build_model(tmp_path / "model"), max_input_tokens=10)
    made.close()
    with pytest.raises(EngineError, match="closed"):
        made.run([work("w1")], OPTIONS)


def test_suppressed_pieces_are_never_written(engine: Engine) -> None:
    plain = engine.run(SOURCES, OPTIONS)
    written = {token for result in plain for hypothesis in result.hypotheses for token in hypothesis.tokens}
    assert len(written) > 3
    unwanted = sorted(written)[::2]
    options = replace(OPTIONS, suppressed=SuppressedPieces(tuple((token,) for token in unwanted)))
    assert options != replace(OPTIONS, suppressed=SuppressedPieces(options.suppressed.sequences))  # type: ignore[union-attr]
    for result in engine.run(SOURCES, options):
        for hypothesis in result.hypotheses:
            assert hypothesis.tokens
            assert not set(hypothesis.tokens) & set(unwanted)


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A model whose map knows `w0`, `w1` and `w9` always, `w10` to `w19` for a source with `w2`."""
    path = build_model(tmp_path_factory.mktemp("mapped") / "model")
    more = " ".join(WORDS[10:20])
    (path / VOCABULARY_MAP).write_text(f"w2\t{more}\n\t<unk> <s> </s> w0 w1 w9\n", encoding="utf-8")
    yield path
    gc.collect()


def written(results: list[DecodedSegment]) -> set[str]:
    return {token for one in results for hypothesis in one.hypotheses for token in hypothesis.tokens}


def test_a_map_bounds_what_is_written_for_a_source(mapped: Path) -> None:
    engine = Engine.load(mapped, max_input_tokens=40, engine_tokens=1)
    without, having = work("w5", "w6", "w7"), work("w5", "w2", "w7")
    options = EngineOptions(beam_size=3, num_hypotheses=3, max_decoding_tokens=24)
    assert engine.has_vocabulary_map
    always = {"w0", "w1", "w9", "<unk>", "<s>"}
    assert written(engine.run([without], options)) <= always
    assert written(engine.run([having], options)) - always
    assert written(engine.run([having], options)) <= always | set(WORDS[10:20])
    engine.close()


def test_a_map_is_left_alone_on_demand(mapped: Path) -> None:
    with_map = Engine.load(mapped, max_input_tokens=40, engine_tokens=1)
    off = Engine.load(mapped, max_input_tokens=40, engine_tokens=1, vocabulary_map=False)
    assert not off.has_vocabulary_map
    whole = [one.hypotheses for one in off.run(SOURCES, OPTIONS)]
    assert [one.hypotheses for one in with_map.run(SOURCES, replace(OPTIONS, all_pieces=True))] == whole
    assert [one.hypotheses for one in with_map.run(SOURCES, OPTIONS)] != whole
    with_map.close()
    off.close()


@pytest.mark.parametrize("prefix", ["w25", "w9"])
def test_a_prefix_without_a_steady_place_in_the_map_turns_it_off(mapped: Path, prefix: str) -> None:
    with_map = Engine.load(mapped, max_input_tokens=40, engine_tokens=1)
    off = Engine.load(mapped, max_input_tokens=40, engine_tokens=1, vocabulary_map=False)
    foreign, known = work("w5", "w6", target=(prefix,)), work("w5", "w6", target=("w1",))
    assert with_map.run([foreign], OPTIONS)[0].hypotheses == off.run([foreign], OPTIONS)[0].hypotheses
    assert with_map.run([known], OPTIONS)[0].hypotheses != off.run([known], OPTIONS)[0].hypotheses
    with_map.close()
    off.close()


def test_forced_targets_are_scored_over_all_pieces(mapped: Path) -> None:
    with_map = Engine.load(mapped, max_input_tokens=40, engine_tokens=1)
    off = Engine.load(mapped, max_input_tokens=40, engine_tokens=1, vocabulary_map=False)
    scoring = EngineOptions(beam_size=1, attention=True, kind=WorkKind.SCORE)
    pair = [work("w5", "w6", target=("w25", "w3"))]
    assert with_map.run(pair, scoring)[0].log_probs == off.run(pair, scoring)[0].log_probs
    with_map.close()
    off.close()


def test_a_prefix_and_the_end_stay_themselves_from_batch_to_batch(mapped: Path) -> None:
    # CTranslate2 keeps the places of pieces in an earlier batch's list.
    def alone(one: SegmentTokens) -> DecodedSegment:
        fresh = Engine.load(mapped, max_input_tokens=40, engine_tokens=1)
        (result,) = fresh.run([one], OPTIONS)
        fresh.close()
        return result

    engine = Engine.load(mapped, max_input_tokens=40, engine_tokens=1)
    sources = [work("w2", "w6", target=("w1",)), work("w5", "w6", target=("w1",)), work("w7", "w2", target=("w0",))]
    for one in [*sources, *reversed(sources)]:
        (result,) = engine.run([one], OPTIONS)
        assert result.hypotheses == alone(one).hypotheses
        engine.run([one], replace(OPTIONS, all_pieces=True))
    engine.close()


def test_a_map_of_one_list_holds_forced_pieces_wherever_they_stand(tmp_path: Path) -> None:
    path = build_model(tmp_path / "model")
    listed = ["<unk>", "<s>", "</s>", *WORDS[5:20]]
    (path / VOCABULARY_MAP).write_text(f"\t{' '.join(listed)}\n", encoding="utf-8")

    def alone(one: SegmentTokens, *, mapped: bool = True) -> DecodedSegment:
        fresh = Engine.load(path, max_input_tokens=40, engine_tokens=1, vocabulary_map=mapped)
        (result,) = fresh.run([one], OPTIONS)
        fresh.close()
        return result

    engine = Engine.load(path, max_input_tokens=40, engine_tokens=1)
    far = [work("w9", "w6", target=("w12",)), work("w5", "w6", target=("w17",)), work("w7", "w8")]
    for one in [*far, *reversed(far)]:
        (result,) = engine.run([one], OPTIONS)
        assert written([result]) <= set(listed)
        assert result.hypotheses == alone(one).hypotheses
        engine.run([one], replace(OPTIONS, all_pieces=True))
    assert any(alone(one).hypotheses != alone(one, mapped=False).hypotheses for one in far)
    outside = work("w5", "w6", target=("w25",))
    assert engine.run([outside], OPTIONS)[0].hypotheses == alone(outside, mapped=False).hypotheses
    engine.close()


def test_a_map_without_a_steady_end_is_not_used(tmp_path: Path) -> None:
    path = build_model(tmp_path / "model")
    (path / VOCABULARY_MAP).write_text("\t<unk> </s> w0 w1\n", encoding="utf-8")  # `<s>` stands between them
    engine = Engine.load(path, max_input_tokens=40, engine_tokens=1)
    assert not engine.has_vocabulary_map
    engine.close()


def test_a_map_that_cannot_be_read_is_an_engine_error(tmp_path: Path) -> None:
    path = build_model(tmp_path / "model")
    (path / VOCABULARY_MAP).write_bytes(b"\xff\xfe")
    with pytest.raises(EngineError):
        Engine.load(path, max_input_tokens=40)


def test_suppressed_pieces_turn_the_map_off(mapped: Path) -> None:
    with_map = Engine.load(mapped, max_input_tokens=40, engine_tokens=1)
    off = Engine.load(mapped, max_input_tokens=40, engine_tokens=1, vocabulary_map=False)
    options = replace(OPTIONS, suppressed=SuppressedPieces((("w0",), ("w11",))))
    assert [one.hypotheses for one in with_map.run(SOURCES, options)] == [
        one.hypotheses for one in off.run(SOURCES, options)
    ]
    with_map.close()
    off.close()
