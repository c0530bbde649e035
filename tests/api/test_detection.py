"""The language of several texts together."""

from __future__ import annotations

import pytest
from khulasa.server.detection import TextLanguages

ARABIC = "أعلن المجلس قراره اليوم في العاصمة بحضور الوزير."
ENGLISH = "The council announced its decision in the capital today."


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        ([ARABIC], "ar"),
        ([ENGLISH], "en"),
        (["", "   ", ARABIC], "ar"),
        (["NATO 2022", *[ARABIC] * 3], "ar"),
        ([ENGLISH] * 1024, "en"),
        (["Совет объявил о своём решении сегодня в столице."], "ru"),
        (["", " \n"], ""),
        (["12 + 34"], ""),
    ],
)
async def test_texts_speak_together(texts: list[str], language: str) -> None:
    assert await TextLanguages()(texts, ["ar", "en"]) == language


async def test_a_long_first_text_does_not_speak_for_all() -> None:
    assert await TextLanguages()(["NATO and EU " * 2_000, *[ARABIC * 200] * 9], ["ar", "en"]) == "ar"
