"""The page in a real browser: nothing foreign runs or is fetched; pointer, keyboard, contrast, phone, print."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import webdriver
from khulasa.client.page import article_page
from page_case import SUMMARY, TEXT
from webdriver import Browser

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(webdriver.missing()), reason=webdriver.missing())]
TAB, LEFT, RIGHT, ESCAPE, ENTER = "\ue004", "\ue012", "\ue014", "\ue00c", "\ue007"

# WCAG 2.2, relative luminance and contrast ratio; the ground is the nearest one that is painted.
CONTRAST = """
const channel = c => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const numbers = text => text.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const ground = e => { for (; e; e = e.parentElement) {
  const c = numbers(getComputedStyle(e).backgroundColor);
  if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let worst = [99, ''];
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !e.getClientRects().length || e.closest('.unseen')) continue;
  const a = light(numbers(getComputedStyle(e).color)), b = light(ground(e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < worst[0]) worst = [ratio, e.outerHTML.slice(0, 100)];
}
return worst;
"""
LIT = "return [...document.querySelectorAll('.lit')].map(e => (e.dataset.w !== undefined ? 'w:' : e.tagName + ':')\
 + (e.dataset.w ?? e.dataset.pair ?? e.dataset.term))"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(article_page("a", TEXT, SUMMARY), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


@pytest.fixture
def browser(window: Browser, page: Path) -> Browser:
    window.open(page)
    return window


def lit(browser: Browser) -> set[str]:
    return set(browser.run(LIT))


def test_an_article_cannot_run_script(browser: Browser) -> None:
    assert "owned" not in browser.run("return document.title").split(" ")[0]
    assert browser.run("return document.querySelectorAll('img, script:not(head script)').length") == 0
    blocked = browser.run(
        "const s = document.createElement('script'); s.textContent = 'document.title = `owned`';"
        "document.body.append(s); const t = document.title; s.remove(); return t"
    )
    assert blocked != "owned", "the policy stops what escaping would let through"
    assert browser.run("return performance.getEntriesByType('resource').length") == 0


def test_hovering_lights_up_both_sides(browser: Browser) -> None:
    browser.hover("#p2 .target")
    assert lit(browser) == {"LI:1", "MARK:1"}
    browser.hover("mark[data-pair='0'] [data-w='0']")
    assert lit(browser) == {"LI:0", "MARK:0", "w:0"}
    words = browser.run("return [...document.querySelectorAll('.w.lit')].map(e => e.textContent)")
    assert words.count("spokesman") == 1
    assert words.count("المتحدث") == 2, "in the article and in the pair"


def test_hovering_a_term_lights_up_its_places(browser: Browser) -> None:
    browser.hover(".terms [data-term='0']")
    assert "LI:0" in lit(browser)
    assert browser.run("return document.querySelectorAll('article .term.lit').length") == 1


def focused(browser: Browser) -> str:
    return str(browser.run("const e = document.activeElement; return e.getAttribute('href') ?? e.id"))


def test_the_keyboard_begins_with_ways_past_the_pairs(browser: Browser) -> None:
    seen = []
    while "p1" not in seen:
        browser.press(TAB)
        seen.append(focused(browser))
        assert len(seen) < 10, seen
    assert seen == ["#pairs-heading", "#terms-heading", "#article-heading", "#whole", "#p1", "p1"]


# One to a page: a second click may find the page still gliding to where the first led.
@pytest.mark.parametrize(
    ("number", "place"), [(1, "pairs-heading"), (2, "terms-heading"), (3, "article-heading"), (4, "whole")]
)
def test_a_way_leads_to_its_section(browser: Browser, number: int, place: str) -> None:
    browser.click(f"nav a:nth-child({number})")
    assert browser.run("return document.querySelector(':target').id") == place


def test_the_keyboard_goes_everywhere(browser: Browser) -> None:
    while focused(browser) != "p1":
        browser.press(TAB)
    assert browser.run("return document.activeElement.id") == "p1"
    assert lit(browser) == {"LI:0", "MARK:0"}
    browser.press(LEFT)
    first = browser.run("return document.querySelector('.target .w.lit').textContent")
    assert first == "spokesman", "in an Arabic sentence the next word stands to the left"
    browser.press(RIGHT)
    assert browser.run("return document.querySelector('.target .w.lit').textContent") == "32"
    browser.press(ESCAPE)
    assert lit(browser) == set()
    browser.press(TAB)
    assert browser.run("return document.activeElement.getAttribute('href')") == "#s1"
    assert lit(browser) == {"MARK:0", "LI:0"}
    browser.press(ENTER)
    assert browser.run("return location.hash") == "#s1"


def test_a_click_on_a_sentence_leads_to_its_pair(browser: Browser) -> None:
    browser.click("mark[data-pair='1']")
    assert browser.run("return document.activeElement.id") == "p2"


def test_each_text_runs_its_way(browser: Browser) -> None:
    ways = browser.run(
        "return ['.pair .source', '.pair .target', 'article'].map(s => {"
        "const c = getComputedStyle(document.querySelector(s)); return [c.direction, c.textAlign]})"
    )
    assert ways == [["rtl", "right"], ["ltr", "left"], ["rtl", "right"]]


def test_scraps_are_paler_than_the_article(browser: Browser) -> None:
    body, scrap = browser.run(
        "return ['.part.body', '.part.boilerplate'].map(s => getComputedStyle(document.querySelector(s)).color)"
    )
    assert body != scrap


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_contrast_is_at_least_that_of_wcag_aa(page: Path, dark: bool) -> None:
    with Browser(dark=dark) as browser:
        browser.open(page)
        ratio, where = browser.run(CONTRAST)
        assert ratio >= 4.5, where
        browser.hover("mark[data-pair='0'] [data-w='0']")
        ratio, where = browser.run(CONTRAST)
        assert ratio >= 4.5, where
        ground = browser.run("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, ground[4:-1].split(","))) < 384) is dark


def test_a_phone_needs_no_sideways_scrolling(page: Path) -> None:
    with Browser(360, 740) as browser:
        browser.open(page)
        size: dict[str, Any] = browser.run(
            "const main = getComputedStyle(document.querySelector('main'));"
            "return {wide: document.documentElement.scrollWidth, columns: main.display}"
        )
        assert size["wide"] <= 360
        assert size["columns"] == "block"


def test_print_shows_everything(browser: Browser) -> None:
    browser.devtools("Emulation.setEmulatedMedia", media="print")
    try:
        style = browser.run(
            "const c = getComputedStyle(document.querySelector('.pairs')); return [c.position, c.overflow]"
        )
        assert style == ["static", "visible"]
    finally:
        browser.devtools("Emulation.setEmulatedMedia", media="")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_numbers_can_be_read_where_a_printer_leaves_grounds_out(page: Path, dark: bool) -> None:
    with Browser(dark=dark) as browser:
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        browser.devtools("Emulation.setEmulatedMedia", media="print", features=scheme)
        browser.open(page)
        colours = browser.run(
            "const c = getComputedStyle(document.querySelector('a.jump'));"
            "const term = getComputedStyle(document.querySelector('.term'));"
            "return [c.color, c.backgroundColor, term.borderBottomColor]"
        )
    assert colours == ["rgb(0, 0, 0)", "rgba(0, 0, 0, 0)", "rgb(68, 68, 68)"]


def test_names_for_those_who_listen(browser: Browser) -> None:
    nodes = browser.devtools("Accessibility.getFullAXTree")["nodes"]
    names = {(node.get("role", {}).get("value"), node.get("name", {}).get("value")) for node in nodes}
    assert ("link", "Pair 1: go to its place in the article") in names
    assert ("link", "Summary sentence 1: go to its translation") in names
    assert ("list", "Warnings") in names
    assert {("heading", "Summary"), ("heading", "Article"), ("heading", "Key terms")} <= names
