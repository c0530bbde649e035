"""Pieces and their places, with a small sentencepiece model trained here on a few lines."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from khulasa.server.core.translation.tokenizer import PairTokens, SegmentTokenizer, TokenizationSpec
from khulasa.server.core.translation.types import LanguagePair

PAIR = LanguagePair("ar", "en")
LINES = [
    "أعلن الرئيس يوم الجمعة أن القوات ستبقى في العراق حتى عام 2026.",
    "قال مسؤول كبير إن الوزراء عقدوا اجتماعا في المدينة.",
    "The president said on Friday that the forces would stay in the country until 2026.",
    "A senior official said the ministers met in the city; prices rose 3.5% last year.",
]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> SegmentTokenizer:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES * 20),
        model_writer=model,
        vocab_size=160,
        hard_vocab_limit=False,
        normalization_rule_name="nmt_nfkc",
        minloglevel=2,
    )
    path: Path = tmp_path_factory.mktemp("tokenizer") / "spm.model"
    path.write_bytes(model.getvalue())
    pairs = {PAIR: PairTokens(("<2en>",), ("</s>",), ("<en>",))}
    return SegmentTokenizer(TokenizationSpec(path, path, pairs, engine_tokens=1))


def test_language_tokens_surround_the_pieces(tokenizer: SegmentTokenizer) -> None:
    tokens = tokenizer.encode("الرئيس", PAIR)
    assert (tokens[0], tokens[-1]) == ("<2en>", "</s>")
    assert tokenizer.encode("الرئيس", LanguagePair("ar", "fr")) == tokens[1:-1]
    assert tokenizer.count_tokens("الرئيس", PAIR) == len(tokens) + 1
    assert tokenizer.count_tokens("الرئيس") == len(tokens) - 2


@pytest.mark.parametrize("text", LINES)
def test_pieces_of_known_text_tile_it(tokenizer: SegmentTokenizer, text: str) -> None:
    pieces = tokenizer.encode_with_offsets(text)
    assert "".join(text[p.start : p.end] for p in pieces) == text.replace(" ", "")
    for piece in pieces:
        assert text[piece.start : piece.end] == piece.piece.removeprefix("▁")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab 2\t\u00a0ﷺﻻ①أعِّ😀\u200f\ud800é", max_size=40))
def test_places_are_code_points_in_order_for_any_text(tokenizer: SegmentTokenizer, text: str) -> None:
    pieces = tokenizer.encode_with_offsets(text)
    at = 0
    for piece in pieces:
        assert 0 <= piece.start <= piece.end <= len(text)
        assert piece.start >= at
        at = piece.end
        covered = text[piece.start : piece.end]
        assert covered == covered.strip()
    assert [p.piece for p in pieces] == tokenizer.encode(text, LanguagePair("x", "y"))


def test_one_character_that_becomes_many_has_its_place_once(tokenizer: SegmentTokenizer) -> None:
    text = "قال ﷺ في"
    places = {(p.start, p.end) for p in tokenizer.encode_with_offsets(text) if p.end > p.start}
    assert (4, 5) in places
    assert max(end for _, end in places) == len(text)


@pytest.mark.parametrize("text", LINES)
def test_decoding_gives_the_text_and_the_place_of_each_token(tokenizer: SegmentTokenizer, text: str) -> None:
    tokens = ["<s>", *tokenizer.encode_target(text), "</s>"]
    decoded, spans = tokenizer.decode_with_offsets(tokens)
    assert decoded == tokenizer.decode(tokens) == text
    assert len(spans) == len(tokens)
    assert spans[0] == spans[-1] == (0, 0)
    for token, span in zip(tokens[1:-1], spans[1:-1], strict=True):
        assert span.of(decoded) == token.removeprefix("▁")


def test_a_lone_surrogate_harms_nothing(tokenizer: SegmentTokenizer) -> None:
    text = "قال \ud800 في"
    assert tokenizer.encode_with_offsets(text)[-1].end == len(text)
    assert tokenizer.count_tokens(text) == len(tokenizer.encode_with_offsets(text))


def test_pieces_are_told_by_their_script(tokenizer: SegmentTokenizer) -> None:
    for language, own, other in (("ar", "الرئيس المدينة", "The 2026, 3.5%"), ("en", "The president", "الرئيس، 2026")):
        found = {piece for (piece,) in tokenizer.pieces_in_script_of(language).sequences}
        for word in own.split():
            assert {piece for piece in tokenizer.encode_target(word) if piece.strip("▁")} <= found
        assert not set(tokenizer.encode_target(other)) & found
        assert not {"<unk>", "<s>", "</s>"} & found
        assert tokenizer.pieces_in_script_of(language) is tokenizer.pieces_in_script_of(language)
