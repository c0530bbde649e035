"""Files as they lie about in a newsroom: what is no UTF-8 text is told by name, and no article is written over."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from khulasa.client.command import inputs
from khulasa.client.command.arguments import ArgumentError, parse, token_of
from khulasa.client.command.inputs import Source, UnreadableError, read_glossary, read_text
from khulasa.client.command.pages import spare_articles
from khulasa.client.command.run import run
from khulasa.client.testing import FakeKhulasa

ARABIC = "أعلن المجلس قراره اليوم في العاصمة. وقال المتحدث إن القرار نهائي."
ENGLISH = "The council announced its decision today."


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(UnreadableError) as caught:
        read_text(Source(path.name, path))
    return str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-16", "looks like UTF-16;"),
        ("utf-32", "looks like UTF-32;"),
        ("cp1256", "iconv -f WINDOWS-1256 -t UTF-8"),
        ("iso8859-6", "iconv -f ISO-8859-6 -t UTF-8"),
        ("utf-16-le", "Is it UTF-16?"),
        ("utf-16-be", "Is it UTF-16?"),
    ],
)
def test_another_encoding_is_told_by_its_name(tmp_path: Path, encoding: str, said: str) -> None:
    """Arabic in UTF-16 without a mark is valid UTF-8: it went out as signs and control characters."""
    assert said in refusal(tmp_path / "a.txt", ARABIC.encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_english_in_utf16_is_no_text(tmp_path: Path, encoding: str) -> None:
    assert "full of control characters" in refusal(tmp_path / "a.txt", ENGLISH.encode(encoding))


def test_html_is_not_read_as_plain_text(tmp_path: Path, server: FakeKhulasa) -> None:
    """Its tags were words of the article, and were translated."""
    page = tmp_path / "a.html"
    for start in ("<!DOCTYPE html>\n<html>", " <html lang='ar'>"):
        assert refusal(page, f"{start}<p>{ARABIC}</p>".encode()) == "is HTML: add --input-format html."
    given = parse(["--server", server.target, "summarize", "--input-format", "html", str(page)], {})
    assert run(given, io.StringIO(), io.StringIO()) == 0
    assert server.requests[0].request["article"]["format"] == "TEXT_FORMAT_HTML"
    page.write_text(f"< html {ARABIC}", encoding="utf-8")
    assert read_text(Source("a", page)).startswith("< html")


@pytest.mark.parametrize("encoding", ["utf-16", "cp1256"])
def test_a_glossary_in_another_encoding_is_told_by_its_name(tmp_path: Path, encoding: str) -> None:
    """Spreadsheets save tables with tabs as UTF-16."""
    glossary = tmp_path / "terms.tsv"
    glossary.write_bytes("الحلف\tthe alliance\n".encode(encoding))
    with pytest.raises(ArgumentError, match=r"terms\.tsv is not UTF-8: .* convert it with iconv"):
        read_glossary(glossary)
    with pytest.raises(ArgumentError, match="absent cannot be read: No such file"):
        read_glossary(tmp_path / "absent")


def test_only_an_end_of_line_ends_a_term(tmp_path: Path) -> None:
    glossary = tmp_path / "terms.tsv"
    glossary.write_bytes("الحلف\tthe\u2028alliance\rحرب\twar\r\n".encode())
    assert [term.target for term in read_glossary(glossary).terms] == ["the\u2028alliance", "war"]


def test_a_token_file_may_have_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xef\xbb\xbfsecret\r\n")
    assert token_of(parse(["models", "--token-file", str(tmp_path / "token")], {})) == "secret"


def test_of_other_bytes_nothing_is_guessed(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a.txt", "caf\xe9".encode("latin-1")) == "is not UTF-8: byte 3 is 0xe9."


def test_of_utf8_that_is_damaged_no_conversion_is_advised(tmp_path: Path) -> None:
    """Its bytes look like Arabic in Windows-1256: `iconv` from that would have made another text of all of it."""
    whole = ARABIC.encode()
    cut = refusal(tmp_path / "a.txt", whole[:27])
    assert (
        cut
        == f"is not UTF-8: byte 26 is 0x{whole[26]:02x}. Up to there it is UTF-8: it ends in the middle of a character."
    )
    damaged = refusal(tmp_path / "a.txt", whole[:27] + b" " + whole[27:])
    assert damaged.endswith("Up to there it is UTF-8: it is damaged there.")


def test_the_place_of_a_fault_counts_the_byte_order_mark(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a.txt", b"\xef\xbb\xbfcaf\xe9s") == "is not UTF-8: byte 6 is 0xe9."


def test_a_text_may_have_stray_control_characters(tmp_path: Path) -> None:
    text = f"\x0c\t{ARABIC}\r\n\x00{ENGLISH}\x1b\n"
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_text(Source("a", tmp_path / "a.txt")) == text
    (tmp_path / "a.txt").write_bytes(b"")
    assert read_text(Source("a", tmp_path / "a.txt")) == ""


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MAX_REQUEST_BYTES", 1_000)
    with pytest.raises(UnreadableError, match="more than 1,000 bytes"):
        read_text(Source("zero", Path("/dev/zero")))
    (tmp_path / "a.txt").write_bytes(b"a" * 1_000)
    assert len(read_text(Source("a", tmp_path / "a.txt"))) == 1_000


def test_the_name_of_a_file_neither_moves_the_cursor_nor_is_markup(tmp_path: Path, server: FakeKhulasa) -> None:
    name = "a\x1b[31m\n<b>*.txt"
    (tmp_path / name).write_text(ARABIC, encoding="utf-8")
    files = [str(tmp_path / name), str(tmp_path / name), str(tmp_path / f"missing {name}")]
    for form in ([], ["--markdown"]):
        out, err = io.StringIO(), io.StringIO()
        assert run(parse(["--server", server.target, "summarize", *files, *form], {}), out, err) == 1
        assert "\x1b" not in out.getvalue() + err.getvalue()
        assert "a[31m <b>*.txt: cannot be read" in err.getvalue()
    assert "# " in out.getvalue()
    assert "<b>" not in out.getvalue().replace("\\<b\\>", "")


def test_pages_are_not_written_over_their_articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = Path("pages/a.html"), Path("pages/b.HTML")
    for out, articles in (
        (tmp_path / "a.txt", [Path("a.txt")]),
        (Path("pages"), [first, Path("c.txt")]),
        (tmp_path / "pages", [Path("c.txt"), second]),
    ):
        with pytest.raises(ArgumentError, match="would overwrite the article"):
            spare_articles(out, articles)
    spare_articles(Path("pages"), [Path("pages/a.txt"), Path("pages/more/a.html"), Path("a.html")])
    spare_articles(Path("a.html"), [Path("a.txt")])


def test_the_command_leaves_an_article_alone(tmp_path: Path) -> None:
    article = tmp_path / "a.html"
    article.write_text(ARABIC, encoding="utf-8")
    given = parse(["--server", "127.0.0.1:1", "summarize", str(article), "--html", str(article)], os.environ)
    with pytest.raises(ArgumentError, match="would overwrite"):
        run(given, None, None)  # type: ignore[arg-type]
    assert article.read_text(encoding="utf-8") == ARABIC


@pytest.mark.parametrize("command", ["summarize", "translate"])
def test_lines_come_in_the_order_of_the_files(command: str, tmp_path: Path, server: FakeKhulasa) -> None:
    """Files are read ahead, and those that cannot be read were told of before all others."""
    names = ["missing", "first", "damaged", "gone", "second", "empty", "lost"]
    for name, content in (
        ("first", ARABIC.encode()),
        ("second", ARABIC.encode()),
        ("damaged", b"\xff"),
        ("empty", b""),
    ):
        (tmp_path / name).write_bytes(content)
    files = [str(tmp_path / name) for name in names]
    out, err = io.StringIO(), io.StringIO()
    given = parse(["--server", server.target, command, "--json", *files], {})
    assert run(given, out, err) == 1
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [Path(line["file"]).name for line in lines] == names
    failed = [Path(line["file"]).name for line in lines if "error" in line]
    assert failed == [
        name for name in names if name not in ("first", "second", *(["empty"] * (command == "translate")))
    ]
    told = [line.split(": ")[1] for line in err.getvalue().splitlines() if line.startswith("khulasa: ")]
    assert [Path(name).name for name in told] == failed


@pytest.mark.parametrize("command", ["summarize", "translate"])
@pytest.mark.parametrize(
    ("field", "code", "asked"),
    [
        ("options.max_sentences", 2, 1),
        ("target_language_code", 2, 1),
        ("article.language_code", 2, 1),
        ("glossary.terms[1].target", 2, 1),
        # What one article has no room for, the next may have.
        ("options.max_words", 1, 3),
        ("article.text", 1, 3),
    ],
)
def test_what_every_text_would_be_refused_for_is_said_once(
    command: str, field: str, code: int, asked: int, tmp_path: Path, server: FakeKhulasa
) -> None:
    server.fail_next("INVALID_ARGUMENT", reason="INVALID_FIELD", violations=[(field, "is wrong")], times=3)
    files = [tmp_path / name for name in "abc"]
    for path in files:
        path.write_text(ARABIC, encoding="utf-8")
    concurrency = ["--concurrency", "1"] if command == "summarize" else []
    given = parse(["--server", server.target, command, *concurrency, *map(str, files)], {})
    err = io.StringIO()
    assert run(given, io.StringIO(), err) == code
    assert err.getvalue().count("khulasa: ") == asked


@pytest.mark.parametrize("wrong", [["--max-sentences", "99999999999"], ["--ratio", "1e-50"], ["--focus", "x\udcff"]])
def test_an_option_that_cannot_be_sent_is_a_wrong_command_line(wrong: list[str], tmp_path: Path) -> None:
    (tmp_path / "a").write_text(ARABIC, encoding="utf-8")
    given = parse(["--server", "127.0.0.1:1", "summarize", str(tmp_path / "a"), *wrong], {})
    with pytest.raises(ArgumentError, match=f"options.{wrong[0][2:].replace('-', '_')}"):
        run(given, io.StringIO(), io.StringIO())


@pytest.mark.parametrize("command", ["summarize", "translate"])
@pytest.mark.parametrize(
    ("options", "source", "target", "code", "asked"),
    [
        (["--target", "fr"], "ar", "fr", 2, 1),
        (["--source", "fr"], "fr", "", 2, 1),
        # These were detected: the next text may be of another language.
        ([], "cs", "", 1, 3),
        (["--target", "en"], "en", "en", 1, 3),
        ([], "", "", 1, 3),
    ],
)
def test_a_language_of_no_pair_is_told_once(
    command: str,
    options: list[str],
    source: str,
    target: str,
    code: int,
    asked: int,
    tmp_path: Path,
    server: FakeKhulasa,
) -> None:
    told = {"source_language_code": source, "target_language_code": target, "available_pairs": "ar-en,en-ar"}
    server.fail_next("FAILED_PRECONDITION", reason="UNSUPPORTED_LANGUAGE_PAIR", metadata=told, times=3)
    for name in "abc":
        (tmp_path / name).write_text(ARABIC, encoding="utf-8")
    if command == "summarize":
        options = [*options, "--concurrency", "1"]
    given = parse(["--server", server.target, command, *options, *(str(tmp_path / name) for name in "abc")], {})
    err = io.StringIO()
    assert run(given, io.StringIO(), err) == code
    assert err.getvalue().count("khulasa: ") == asked


@pytest.mark.parametrize(("command", "option"), [("summarize", "--focus"), ("translate", "--text")])
def test_a_text_given_under_a_locale_without_its_letters_is_utf8(command: str, option: str) -> None:
    # What Python makes of the bytes of the command line under POSIX.
    given = parse([command, option, ARABIC.encode().decode("ascii", "surrogateescape")], {})
    assert getattr(given, option[2:]) in (ARABIC, [ARABIC])
    latin = parse([command, option, "déjà"], {})
    assert getattr(latin, option[2:]) in ("déjà", ["déjà"])


@pytest.mark.parametrize(
    ("given", "files"),
    [
        ("a --json b", ["a", "b"]),
        ("--ratio 0.5 a b --target en - --server x:1 c", ["a", "b", "-", "c"]),
        ("a -- --json", ["a", "--json"]),
        ("-- -a", ["-a"]),
        ("--json", []),
    ],
)
def test_files_stand_where_they_like(given: str, files: list[str]) -> None:
    assert parse(["summarize", *given.split()], {}).files == files


@pytest.mark.parametrize(
    "given", ["--insecure models", "models --insecure", "summarize a --max-s 3", "translate --tar en a"]
)
def test_half_of_an_option_is_none(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--insecure` meant that the token travels without TLS."""
    with pytest.raises(SystemExit) as ended:
        parse(given.split(), {})
    assert ended.value.code == 2
    assert "unrecognized arguments" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["حلف alliance", "حلف\talliance\ta remark"])
def test_a_line_of_a_glossary_that_is_no_pair_is_named(line: str, tmp_path: Path) -> None:
    glossary = tmp_path / "terms.tsv"
    glossary.write_bytes(f"# of the house\r\n\r\nحرب\twar\t\r\n{line}\r\n".encode("utf-8-sig"))
    with pytest.raises(ArgumentError, match="line 4"):
        read_glossary(glossary)
