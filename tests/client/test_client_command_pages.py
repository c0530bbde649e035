"""Pages that the command writes: one of an article, a folder of several with its index."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_case import ARTICLE, khulasa
from khulasa.client.command.arguments import ArgumentError, parse
from khulasa.client.testing import FakeKhulasa

pytestmark = pytest.mark.usefixtures("plain_environment")


def test_pages(article: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert khulasa("summarize", str(article), "--html", str(page))[0] == 0
    assert "عنوان الخبر" in page.read_text(encoding="utf-8")
    folder = tmp_path / "pages"
    assert khulasa("summarize", str(article), str(article), "--html", str(folder))[0] == 0
    written = sorted(path.name for path in folder.iterdir())
    assert len(written) == 3
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert all(f'href="{name}"' in index for name in written if name != "index.html")
    nowhere = tmp_path / "no" / "such" / "page.html"
    code, _, err = khulasa("summarize", str(article), "--html", str(nowhere))
    assert code == 1
    assert "cannot be written" in err


@contextmanager
def room_in_files(count: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, as on a disk that fills up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("out", ["page.html", "pages/"])
def test_no_half_of_a_page_is_left(out: str, article: Path, tmp_path: Path) -> None:
    with room_in_files(5_000):
        code, _, err = khulasa("summarize", str(article), "--html", f"{tmp_path}/{out}")
    assert code == 1
    assert "cannot be written" in err
    assert list(tmp_path.rglob("*.html")) == []


def test_a_folder_of_pages_that_cannot_be_is_told_once(article: Path, tmp_path: Path) -> None:
    taken = tmp_path / "pages"
    taken.write_text("mine", encoding="utf-8")
    code, _, err = khulasa("summarize", str(article), str(article), "--html", str(taken))
    assert code == 1
    assert err.count("cannot be written") == 1
    assert "wrote" not in err
    assert taken.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_is_named_holds_the_page_of_one_article_too(there: bool, article: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    if there:
        folder.mkdir()
    assert khulasa("summarize", str(article), "--html", str(folder) + "/" * (not there))[0] == 0
    assert sorted(path.name for path in folder.iterdir()) == ["article.html", "index.html"]


def test_a_page_for_standard_output(article: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = khulasa("summarize", str(article), "--html", "-")
    assert (code, err) == (0, "")
    assert out.startswith("<!doctype html>")
    assert out.endswith("</html>\n")
    assert not (tmp_path / "-").exists()


@pytest.mark.parametrize("wrong", [["--html", ""], ["--html", "-", "two.txt"]])
def test_a_page_that_would_stand_nowhere(wrong: list[str]) -> None:
    with pytest.raises(ArgumentError, match="--html"):
        parse(["summarize", *wrong, "one.txt"], {})


def test_an_index_stays_when_no_article_can_be_summarised(article: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    assert khulasa("summarize", str(article), str(article), "--html", str(folder))[0] == 0
    before = (folder / "index.html").read_text(encoding="utf-8")
    missing = [str(tmp_path / "one.txt"), str(tmp_path / "two.txt")]
    code, _, err = khulasa("summarize", *missing, "--html", str(folder))
    assert code == 1
    assert "wrote" not in err
    assert (folder / "index.html").read_text(encoding="utf-8") == before


def test_an_index_names_every_file(article: Path, tmp_path: Path, server: FakeKhulasa) -> None:
    """Of an index that is passed on nobody sees what standard error said."""
    second = tmp_path / "second.txt"
    second.write_text(ARTICLE, encoding="utf-8")
    server.fail_next("UNAUTHENTICATED", article_id=str(second))
    names = [str(tmp_path / "none.txt"), str(article), str(second), str(tmp_path / "third.txt")]
    assert khulasa("summarize", *names, "--html", str(tmp_path / "pages"), "--concurrency", "1")[0] == 5
    index = (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    assert "4 articles, 3 without a summary" in index
    places = [index.index(name) for name in names]
    assert places == sorted(places)
    assert index.index("No such file") < places[1] < places[3] < index.index("the command stopped before it")
