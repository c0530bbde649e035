"""The language of several texts together."""

from __future__ import annotations

import pytest
from khulasa.server.core.translation.types import TextFormat
from khulasa.server.detection import TextLanguages

ARABIC = "أعلن المجلس قراره اليوم في العاصمة بحضور الوزير."
ENGLISH = "The council announced its decision in the capital today."


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        ([ARABIC], "ar"),
        ([ENGLISH], "en"),
        (["", "   ", ARABIC], "ar"),
        (["12,5 .\n" * 4_000 + ARABIC + "12,5 .\n" * 9_000], "ar"),
        (["NATO 2022", *[ARABIC] * 3], "ar"),
        ([ENGLISH] * 1024, "en"),
        (["Совет объявил о своём решении сегодня в столице."], "ru"),
        (["", " \n"], None),
        (["12 + 34", "—", "🙂", "https://example.org/a", "a@example.org"], None),
        (["2024", "ⵜⴰⵎⴰⵣⵉⵖⵜ"], ""),
    ],
)
async def test_texts_speak_together(texts: list[str], language: str | None) -> None:
    assert await TextLanguages()(texts, ["ar", "en"]) == language


async def test_a_long_first_text_does_not_speak_for_all() -> None:
    assert await TextLanguages()(["NATO and EU " * 2_000, *[ARABIC * 200] * 9], ["ar", "en"]) == "ar"


CODE = "<script>var the = 'this is what of and for'; function then(it) { return it.that; }</script>" * 20


@pytest.mark.parametrize(
    ("page", "language"),
    [
        (f"<style>body and the {{color: red}}</style>{CODE}<p>{ARABIC}</p>", "ar"),
        (f"<p>{ENGLISH}</p>{CODE}", "en"),
        ('<img alt="The council in the capital of the country">', "en"),
        (f"{'<i></i>' * 50_000}<p>{ARABIC}</p>", "ar"),
        (f"<p>2024 &mdash; 12</p>{CODE}", None),
        ("<p>https://example.org/a</p>", None),
        ("<p>ⵜⴰⵎⴰⵣⵉⵖⵜ</p>", ""),
    ],
)
async def test_of_a_page_what_a_reader_sees_speaks(page: str, language: str | None) -> None:
    assert await TextLanguages()([page], ["ar", "en"], format=TextFormat.HTML) == language
