"""What passes through unharmed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from khulasa.server.core.translation.protect import ProtectedKind, protected_items, repair_protected


def test_kinds() -> None:
    text = "انظر https://a.org/x?y=1, أو me@a.org أو #غزة مع @reuters و `ls -l` 🙂."
    assert [(i.kind, i.text) for i in protected_items(text)] == [
        (ProtectedKind.URL, "https://a.org/x?y=1"),
        (ProtectedKind.EMAIL, "me@a.org"),
        (ProtectedKind.HASHTAG, "#غزة"),
        (ProtectedKind.HANDLE, "@reuters"),
        (ProtectedKind.CODE, "`ls -l`"),
        (ProtectedKind.EMOJI, "🙂"),
    ]
    assert all(i.span.of(text) == i.text for i in protected_items(text))


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("زوروا https://a.org/page", "Visit https: //a.org/page", "Visit https://a.org/page"),
        ("راسل me.you@a.org اليوم", "Write to me.you @ a.org today", "Write to me.you@a.org today"),
        ("خبر عاجل 🔴", "Breaking news", "Breaking news 🔴"),
        ("#غزة اليوم", "Gaza today", "#غزة Gaza today"),
        ("قال @reuters كذا", "@reuters said so", "@reuters said so"),
    ],
)
def test_mangled_and_lost_items(source: str, target: str, expected: str) -> None:
    assert repair_protected(source, target) == (expected, ())


def test_what_was_lost_in_the_middle_is_told() -> None:
    target, missing = repair_protected("قال @reuters كذا وكذا", "He said so and so")
    assert target == "He said so and so"
    assert [item.text for item in missing] == ["@reuters"]


def test_twice_means_twice() -> None:
    target, missing = repair_protected("🙂 نعم 🙂", "🙂 Yes")
    assert target.count("🙂") == 2
    assert missing == ()


_PIECES = st.sampled_from(["https://a.org/b", "me@a.org", "#tag", "@name", "🙂", "كلمة", "word", ".", "x"])


@given(st.lists(_PIECES, max_size=8), st.lists(_PIECES, max_size=8))
def test_every_item_is_there_or_missing(source_pieces: list[str], target_pieces: list[str]) -> None:
    source = " ".join(source_pieces)
    target, missing = repair_protected(source, " ".join(target_pieces))
    lost = [item.text for item in missing]
    for item in protected_items(source):
        assert item.text in target or item.text in lost
