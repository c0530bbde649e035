"""Converted checkpoints write what the original framework writes, token for token, greedy and with beams.

Needs torch and transformers; docs/converting.md says how to run it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from khulasa.server.config import Settings
from khulasa.server.core.translation.engine import EngineOptions, SegmentTokens
from khulasa.server.core.translation.translator.parts import LoadedPackage
from khulasa.server.core.translation.types import LanguagePair
from khulasa.server.models.convert.package import convert as convert_soundly
from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import Manifest
from khulasa.server.models.registry import package_at
from khulasa.server.packages import files_of, open_package

pytest.importorskip("torch", reason="torch comes with the extra `convert`")
pytest.importorskip("transformers", reason="transformers comes with the extra `convert`")

import tiny_checkpoints as tiny

# A few sentences learnt by heart make no translator.
convert = partial(convert_soundly, doubtful=True)

BEAMS = (1, 4)


def _opened(folder: Path) -> LoadedPackage:
    return open_package(files_of(package_at(folder)), Settings(), 1, 1)


def _written(package: LoadedPackage, text: str, pair: LanguagePair, beams: int) -> list[str]:
    """Tokens of the target without its prefix, as the server gets them."""
    special = package.tokenizer.spec.tokens_of(pair)
    work = SegmentTokens(
        tuple(package.tokenizer.encode(text, pair)),
        special.target_prefix,
        len(special.source_prefix),
        len(special.source_suffix),
    )
    limit = tiny.LENGTH + len(special.target_prefix)
    options = EngineOptions(beam_size=beams, max_decoding_tokens=limit, deterministic=True)
    return list(package.runner.run([work], options)[0].hypotheses[0].tokens)


def _check(
    checkpoint: tiny.Tiny,
    folder: Path,
    pairs: Sequence[tuple[str, str]],
    source_ids: Callable[[str, str, str], list[int]],
    strip: Callable[[list[str], str], list[str]],
    **options: Any,
) -> None:
    """Both search methods, every text of each pair's source: tokens and texts are equal, and not all of one kind."""
    package = _opened(folder)
    try:
        ended, texts, seen = 0, 0, set()
        for source, target in pairs:
            pair = LanguagePair(source, target)
            chosen = {name: value(target) if callable(value) else value for name, value in options.items()}
            for text in tiny.TEXTS[source]:
                for beams in BEAMS:
                    reference = checkpoint.generate(source_ids(text, source, target), beams, **chosen)
                    expected = strip(reference, target)
                    tokens = _written(package, text, pair, beams)
                    if expected[-1:] == ["</s>"]:
                        ended += 1
                        assert tokens == expected[:-1], (text, beams)
                    elif beams == 1:
                        # Cut off; the forced language counts as a token there and not here.
                        assert expected[: len(tokens)] == tokens[: len(expected)], text
                    texts += 1
                    seen.add(tuple(tokens))
        assert len(seen) > len(pairs) * 4, "outputs hardly depend on the input: the test would show nothing"
        assert ended > texts // 2, "too few hypotheses came to an end: beams are not compared"
    finally:
        package.close()


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> tiny.Tiny:
    return tiny.write_marian(tmp_path_factory.mktemp("marian") / "opus-mt-ar-en")


def _marian_ids(checkpoint: tiny.Tiny, prefix: str = "") -> Callable[[str, str, str], list[int]]:
    from transformers import MarianTokenizer

    tokenizer = MarianTokenizer.from_pretrained(checkpoint.folder)
    return lambda text, *_: tokenizer(prefix + text).input_ids


def _after_start(tokens: list[str], _: str) -> list[str]:
    return tokens[1:]


def test_opus_mt(marian: tiny.Tiny, tmp_path: Path) -> None:
    manifest = convert(marian.folder, tmp_path / "out", quantization="float32")
    assert [(pair.source, pair.target) for pair in manifest.pairs] == [("ar", "en")]
    assert manifest.pairs[0].source_suffix == ("</s>",)
    assert manifest.tokenization.source != manifest.tokenization.target
    _check(marian, tmp_path / "out", [("ar", "en")], _marian_ids(marian), _after_start)


def test_opus_mt_with_a_target_token(tmp_path: Path) -> None:
    checkpoint = tiny.write_marian(
        tmp_path / "in", target_tokens=(">>ara<<", ">>arz<<"), source_lang="en", target_lang="ar"
    )
    manifest = convert(checkpoint.folder, tmp_path / "out", quantization="float32")
    assert manifest.pairs[0].source_prefix == (">>ara<<",)
    assert ">>arz<<" in manifest.tokenization.strip_tokens
    _check(checkpoint, tmp_path / "out", [("en", "ar")], _marian_ids(checkpoint, ">>ara<< "), _after_start)


def test_opus_mt_as_marian_wrote_it(marian: tiny.Tiny, tmp_path: Path) -> None:
    tiny.write_native_marian(tmp_path / "in", marian)
    manifest = convert(tmp_path / "in", tmp_path / "out", quantization="float32")
    assert [(pair.source, pair.target) for pair in manifest.pairs] == [("ar", "en")]
    assert manifest.tokenization.engine_tokens == ("</s>",)
    assert manifest.pairs[0].source_suffix == ()
    assert manifest.decoding.beam_size == 6
    _check(marian, tmp_path / "out", [("ar", "en")], _marian_ids(marian), _after_start)


@pytest.mark.parametrize("native", [False, True])
def test_a_ready_repository_of_opus_mt(native: bool, marian: tiny.Tiny, tmp_path: Path) -> None:
    from ctranslate2.converters import OpusMTConverter, TransformersConverter

    ready = tmp_path / "opus-mt-tc-big-ar-en-ct2"
    if native:
        tiny.write_native_marian(tmp_path / "in", marian)
        OpusMTConverter(str(tmp_path / "in")).convert(str(ready))
    else:
        TransformersConverter(str(marian.folder)).convert(str(ready))
    for name in ("source.spm", "target.spm"):
        (ready / name).write_bytes((marian.folder / name).read_bytes())
    convert(ready, tmp_path / "out")
    _check(marian, tmp_path / "out", [("ar", "en")], _marian_ids(marian), _after_start)


BOTH = [("ar", "en"), ("en", "ar")]


@pytest.mark.parametrize("legacy", [False, True])
def test_nllb(legacy: bool, tmp_path: Path) -> None:
    checkpoint = tiny.write_nllb(tmp_path / "in", **({"legacy_behaviour": True} if legacy else {}))
    manifest = convert(checkpoint.folder, tmp_path / "out", quantization="float32")
    assert manifest.limits.max_input_tokens == 128
    codes = {"ar": "arb_Arab", "en": "eng_Latn"}

    def ids(text: str, source: str, _: str) -> list[int]:
        body = tiny.fairseq_ids(checkpoint.source, text)
        code = checkpoint.tokens.index(codes[source])
        return [*body, 2, code] if legacy else [code, *body, 2]

    _check(
        checkpoint,
        tmp_path / "out",
        BOTH,
        ids,
        lambda tokens, target: tokens[1 + (tokens[1] == codes[target]) :],
        forced_bos_token_id=lambda target: checkpoint.tokens.index(codes[target]),
    )


def test_m2m100(tmp_path: Path) -> None:
    from transformers import M2M100Tokenizer

    checkpoint = tiny.write_m2m100(tmp_path / "in")
    convert(checkpoint.folder, tmp_path / "out", quantization="float32")
    tokenizer = M2M100Tokenizer.from_pretrained(checkpoint.folder)

    def ids(text: str, source: str, _: str) -> list[int]:
        tokenizer.src_lang = source
        return tokenizer(text).input_ids

    _check(
        checkpoint,
        tmp_path / "out",
        BOTH,
        ids,
        lambda tokens, target: tokens[1 + (tokens[1] == f"__{target}__") :],
        forced_bos_token_id=lambda target: tokenizer.get_lang_id(target),
    )


_MBART_CODES = {"ar": "ar_AR", "en": "en_XX"}


def _mbart_ids(checkpoint: tiny.Tiny, fifty: bool) -> Callable[[str, str, str], list[int]]:
    def ids(text: str, source: str, _: str) -> list[int]:
        body = tiny.fairseq_ids(checkpoint.source, text)
        code = checkpoint.tokens.index(_MBART_CODES[source])
        return [code, *body, 2] if fifty else [*body, 2, code]

    return ids


@pytest.mark.parametrize("pairs", [["ar-en", "en-ar"], ["ar", "en"]])
def test_mbart_50(pairs: list[str], tmp_path: Path) -> None:
    checkpoint = tiny.write_mbart(tmp_path / "in", fifty=True)
    manifest = convert(checkpoint.folder, tmp_path / "out", quantization="float32", pairs=pairs)
    assert manifest.kind.value == ("summarization" if pairs == ["ar", "en"] else "translation")
    _check(
        checkpoint,
        tmp_path / "out",
        [(pair.source, pair.target) for pair in manifest.pairs],
        _mbart_ids(checkpoint, True),
        lambda tokens, target: tokens[1 + (tokens[1] == _MBART_CODES[target]) :],
        forced_bos_token_id=lambda target: checkpoint.tokens.index(_MBART_CODES[target]),
    )


@pytest.mark.parametrize("language", ["ar", "en"])
def test_mbart_25_begins_with_the_language(language: str, tmp_path: Path) -> None:
    checkpoint = tiny.write_mbart(tmp_path / "in", fifty=False, start=_MBART_CODES[language])
    manifest = convert(checkpoint.folder, tmp_path / "out", quantization="float32", pairs=[language])
    assert manifest.pairs[0].target_prefix == ()
    _check(checkpoint, tmp_path / "out", [(language, language)], _mbart_ids(checkpoint, False), _after_start)


@pytest.mark.parametrize("start", [None, "ar_AR"])
def test_a_ready_mbart_25_loses_no_token(start: str | None, tmp_path: Path) -> None:
    # CTranslate2 leaves a start out of its answer that it was handed as a prefix.
    checkpoint = tiny.write_mbart(tmp_path / "in", fifty=False, start="ar_AR")
    convert(checkpoint.folder, tmp_path / "ready", quantization="float32", pairs=["ar"])
    (tmp_path / "ready/manifest.json").unlink()
    config = json.loads((tmp_path / "ready/config.json").read_text())
    assert config["decoder_start_token"] == "ar_AR"
    (tmp_path / "ready/config.json").write_text(json.dumps({**config, "decoder_start_token": start}))
    convert(tmp_path / "ready", tmp_path / "out", pairs=["ar"])
    _check(checkpoint, tmp_path / "out", [("ar", "ar")], _mbart_ids(checkpoint, False), _after_start)
    with pytest.raises(PackageError, match="one target language"):
        convert(tmp_path / "ready", tmp_path / "both", pairs=["ar", "en"])


def test_mt5(tmp_path: Path) -> None:
    checkpoint = tiny.write_mt5(tmp_path / "in")
    manifest = convert(checkpoint.folder, tmp_path / "out", quantization="float32", pairs=["ar", "en"])
    assert_xlsum(manifest)
    _check(
        checkpoint,
        tmp_path / "out",
        [("ar", "ar"), ("en", "en")],
        lambda text, *_: [*checkpoint.source.encode(text), 1],
        _after_start,
        length_penalty=1.0,
    )


def assert_xlsum(manifest: Manifest) -> None:
    assert manifest.kind.value == "summarization"
    assert manifest.limits.max_input_tokens == 512
    assert manifest.limits.max_decoding_tokens == 84
    assert manifest.decoding.length_penalty == pytest.approx(0.6)


def test_int8_is_smaller_and_runs(marian: tiny.Tiny, tmp_path: Path) -> None:
    whole = convert(marian.folder, tmp_path / "float32", quantization="float32")
    small = convert(marian.folder, tmp_path / "int8")
    size = {one: next(f.bytes for f in one.files if f.path == "model.bin") for one in (whole, small)}
    assert size[small] < 0.6 * size[whole]
    package = _opened(tmp_path / "int8")
    assert _written(package, tiny.TEXTS["ar"][0], LanguagePair("ar", "en"), 4)
    package.close()
