"""The sentence encoder: order, cache, windows, threads, memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from khulasa.server.core.summary import encoder as encoder_module
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.core.summary.encoder_forward import PieceForward
from khulasa.server.core.translation.tokenizer import piece_ids

Fresh = Callable[..., SentenceEncoder]

SENTENCES = [
    "أعلنت وزارة التموين رفع سعر الخبز المدعم.",
    "The ministry of supply announced a higher price of subsidised bread.",
    "سجل اللاعب هدفين في الشوط الثاني.",
    "The player scored two goals in the second half.",
]


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder(1)


@pytest.fixture
def fresh(encoder: SentenceEncoder) -> Fresh:
    """Makes encoders that have encoded nothing yet, over the weights that are loaded."""
    whole = encoder._load()._whole

    def make(**settings: int) -> SentenceEncoder:
        made = SentenceEncoder(1, **settings)
        made._model = encoder_module._Model(whole, PieceForward(whole._model))
        return made

    return make


def test_shape_and_unit_length(encoder: SentenceEncoder) -> None:
    vectors = encoder.encode(SENTENCES)
    assert vectors.shape == (4, encoder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_a_sentence_is_nearest_to_its_translation(encoder: SentenceEncoder) -> None:
    similarity = encoder.encode(SENTENCES) @ encoder.encode(SENTENCES).T
    np.fill_diagonal(similarity, -1.0)
    assert similarity.argmax(axis=1).tolist() == [1, 0, 3, 2]


@pytest.mark.parametrize(
    "written",
    [
        "أَعْلَنَتْ وَزَارَةُ التَّمْوِينِ رَفْعَ سِعْرِ الخُبْزِ المَدْعُومِ.",
        "أعلـــنت وزارة التمـــوين رفـــع سعـــر الخبـــز المدعـــوم.",
    ],
)
def test_a_sentence_with_vowels_or_tatweel_means_the_same(encoder: SentenceEncoder, written: str) -> None:
    plain, other, translation = encoder.encode(["أعلنت وزارة التموين رفع سعر الخبز المدعوم.", written, SENTENCES[1]])
    np.testing.assert_array_equal(other, plain)
    assert other @ translation > 0.6


def test_nothing_in_nothing_out(encoder: SentenceEncoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_an_empty_text_is_answered(encoder: SentenceEncoder) -> None:
    assert np.isfinite(encoder.encode(["", " "])).all()


def test_neighbours_and_order_do_not_matter(fresh: Fresh) -> None:
    alone = np.stack([fresh(cache_bytes=0).encode([text])[0] for text in SENTENCES])
    mixed = fresh(cache_bytes=0).encode([*SENTENCES[::-1], "كلمة " * 2_000])
    np.testing.assert_allclose(mixed[:4][::-1], alone, atol=1e-4)


class _Counting:
    """Stands before the real model and counts what it is asked for."""

    def __init__(self, model: object) -> None:
        self.model = model
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> object:
        self.texts += texts
        return self.model.encode(texts)  # type: ignore[attr-defined]

    encode_alone = encode


def _counted(encoder: SentenceEncoder) -> tuple[SentenceEncoder, _Counting]:
    counting = _Counting(encoder._load())
    encoder._model = counting
    return encoder, counting


def test_a_text_is_encoded_once(fresh: Fresh) -> None:
    encoder, counting = _counted(fresh())
    first = encoder.encode([SENTENCES[0], SENTENCES[1], SENTENCES[0]])
    second = encoder.encode([SENTENCES[1], SENTENCES[0]])
    assert counting.texts == SENTENCES[:2]
    np.testing.assert_array_equal(first[[1, 0]], second)
    np.testing.assert_array_equal(first[0], first[2])


def test_the_cache_is_bounded_and_forgets_the_oldest(fresh: Fresh) -> None:
    encoder, counting = _counted(fresh(cache_bytes=3 * 2_400))
    encoder.encode(SENTENCES[:3])
    encoder.encode([SENTENCES[0]])  # used again: the second is the oldest now
    encoder.encode([SENTENCES[3]])
    counting.texts.clear()
    encoder.encode([SENTENCES[0], SENTENCES[2], SENTENCES[3]])
    assert counting.texts == []
    encoder.encode([SENTENCES[1]])
    assert counting.texts == [SENTENCES[1]]
    assert len(encoder._cache) == 3


def test_changing_a_result_does_not_change_the_cache(fresh: Fresh) -> None:
    encoder = fresh()
    first = encoder.encode(SENTENCES[:1])
    kept = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(encoder.encode(SENTENCES[:1]), kept)


def test_a_long_text_is_read_to_its_end(fresh: Fresh) -> None:
    encoder, counting = _counted(fresh())
    filler = "كلمات كثيرة لا تقول شيئا. " * 80
    vectors = encoder.encode([filler, filler + SENTENCES[2] * 60])
    assert "".join(counting.texts) == filler + filler + SENTENCES[2] * 60
    assert max(map(len, counting.texts)) <= encoder_module._WINDOW_CHARS
    football = encoder.encode([SENTENCES[3]])[0]
    assert vectors[1] @ football > vectors[0] @ football + 0.1


def test_text_without_spaces_is_windowed_too(fresh: Fresh) -> None:
    encoder, counting = _counted(fresh())
    encoder.encode(["ا" * 5_001])
    assert sum(map(len, counting.texts)) == 5_001
    assert max(map(len, counting.texts)) <= encoder_module._WINDOW_CHARS


def test_threads_agree(fresh: Fresh) -> None:
    encoder = fresh(cache_bytes=0)
    expected = encoder.encode(SENTENCES)
    got: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: got.append(encoder.encode(SENTENCES))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 6
    for vectors in got:
        np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_names_its_weights(encoder: SentenceEncoder) -> None:
    assert encoder.name == "use-multilingual-v3"
    assert encoder.version.count(".") >= 1
    assert len(encoder.revision) == 64
    assert int(encoder.revision, 16) > 0


def test_asks_for_a_thread() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        SentenceEncoder(0)


def test_nothing_is_loaded_before_it_is_needed() -> None:
    assert SentenceEncoder(1)._model is None


def test_sentencepiece_gives_the_vectors_of_the_tokenizer_in_python(fresh: Fresh) -> None:
    texts = [*SENTENCES, "", "   ", "12.5% ﷺ ﻻ شيء", "😀 x\u200b", "lone \ud800 surrogate"]
    quick = SentenceEncoder(pieces=piece_ids, cache_bytes=0)
    np.testing.assert_allclose(quick.encode(texts[:-1]), fresh(cache_bytes=0).encode(texts[:-1]), atol=1e-6)
    assert np.isfinite(quick.encode(texts)).all()


def test_a_text_encoded_alone_has_the_same_bits_whatever_else_was_encoded(
    fresh: Fresh,
) -> None:
    busy, idle = fresh(), fresh(cache_bytes=0)
    busy.encode([*SENTENCES, *(f"{sentence} {number}" for sentence in SENTENCES for number in range(12))])
    assert busy.encode(SENTENCES, alone=True).tobytes() == idle.encode(SENTENCES[::-1], alone=True)[::-1].tobytes()
