"""Counting words."""

from __future__ import annotations

import pytest
from khulasa.server.core.text.words import count_words


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        (" .. ! – ـ ", 0),
        ("قال الوزير إن المحادثات مستمرة.", 5),
        ("أوروبية ـ آسيوية", 2),
        ("كتـاب مُحَمَّدٌ \u200fهنا", 3),
        ("3,5 و1.059.593 و12:30 و٢٫٥", 4),
        ("واحد،اثنان؛ثلاثة", 3),
        ("انتهى.وبدأ", 2),
        ("The U.S. is well-known; it's true.", 6),
        ("https://example.org/a?b=c", 1),
        ('a,b (c) "d"', 4),
    ],
)
def test_counts(text: str, count: int) -> None:
    assert count_words(text) == count
