"""The command as a person meets it: output, messages, exit codes."""

from __future__ import annotations

import fcntl
import io
import json
import os
import struct
import termios
from pathlib import Path

import pytest
from command_case import ARTICLE, Terminal, khulasa
from khulasa.client.cli import main
from khulasa.client.command.arguments import ArgumentError, parse
from khulasa.client.command.exits import EXIT_CODES, advice, code_for
from khulasa.client.command.plain import Style, escaped, is_rtl, markdown, model_lines, summary_lines
from khulasa.client.command.progress import ProgressBar
from khulasa.client.errors import AuthenticationError, KhulasaError, OverloadedError, UnavailableError
from khulasa.client.results import (
    AlignedSentence,
    AlignedText,
    LanguagePair,
    ModelInfo,
    QualityFlag,
    QualityMeasurement,
    Span,
    Summary,
)
from khulasa.client.testing import FakeKhulasa

pytestmark = pytest.mark.usefixtures("plain_environment")


def test_a_summary_for_people(article: Path) -> None:
    code, out, err = khulasa("summarize", str(article), "--max-sentences", "1", "--key-terms", "2")
    assert (code, err) == (0, "")
    sentence = "قال المتحدث إن 32 قائدا اجتمعوا."
    start = ARTICLE.index(sentence)
    assert f"[{start}:{start + len(sentence)}]" in out
    assert "    قال المتحدث إن 32 قائدا اجتمعوا.\n    [en] قال المتحدث إن 32 قائدا اجتمعوا.\n" in out
    assert "Key terms" in out
    assert not any(letter in out for letter in "\x1b\u2066\u2067\u2069"), "nothing is added for a pipe"


def test_a_terminal_gets_colour_and_isolates(article: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, out, _ = khulasa("summarize", str(article), terminal=True)
    assert "\u2067قال المتحدث إن 32 قائدا اجتمعوا.\u2069" in out
    assert "\x1b[1m" in out
    monkeypatch.setenv("NO_COLOR", "1")
    _, out, _ = khulasa("summarize", str(article), terminal=True)
    assert "\x1b[1m" not in out
    assert "\u2067" in out


def test_json_is_one_object_a_line(article: Path, tmp_path: Path) -> None:
    code, out, _ = khulasa("summarize", "--json", str(article), str(tmp_path / "missing.txt"), str(article))
    first, second, third = map(json.loads, sorted(out.splitlines(), key=lambda line: '"error"' in line))
    assert code == 1
    assert first["sentences"] == second["sentences"]
    span = first["sentences"][0]["source_span"]
    assert ARTICLE[span["start"] : span["end"]] == first["sentences"][0]["source_text"]
    assert third["file"].endswith("missing.txt")
    assert "error" in third


def test_markdown_escapes(article: Path) -> None:
    pair = AlignedSentence("*نص* [رابط](x)", "<b>a_b</b> & `c`", Span(0, 3), flags=(QualityFlag.NUMBER_MISMATCH,))
    made = markdown(Summary("", AlignedText("# عنوان", ""), (pair,)))
    assert "\\*نص\\* \\[رابط\\](x)" in made
    assert "\\<b\\>a\\_b\\</b\\> &amp; \\`c\\`" in made
    assert "numbers differ" in made
    assert khulasa("summarize", "--markdown", str(article))[1].startswith("## عنوان الخبر")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1) قال", "1\\) قال"),
        ("2026. قال", "2026\\. قال"),
        (" - قال", " \\- قال"),
        ("+ 5", "\\+ 5"),
        ("($5/$6)", "(\\$5/\\$6)"),
        ("قال 1) نعم - لا.", "قال 1) نعم - لا."),
    ],
)
def test_no_number_becomes_a_list_or_a_formula(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_an_article_cannot_drive_the_terminal() -> None:
    pair = AlignedSentence("a\x1b[2Jb\rc", "\x07d\x9b31m", Span(0, 3))
    shown = "\n".join(summary_lines(Summary("", AlignedText(), (pair,)), Style(colour=False, isolates=True)))
    assert not any(letter in shown for letter in "\x1b\r\x07\x9b")


@pytest.mark.parametrize(("text", "rtl"), [("2022 العام", True), ("NATO قال", False), ("«خبر»", True), ("12", False)])
def test_direction_is_of_the_first_strong_letter(text: str, rtl: bool) -> None:
    assert is_rtl(text) is rtl


def test_a_doubtful_title_says_so() -> None:
    title = AlignedText("تسعة أيام", "Ten days", (QualityFlag.NUMBER_MISMATCH,))
    summary = Summary("", title, (AlignedSentence("نص.", "Text.", Span(0, 3)),))
    for shown in ("\n".join(summary_lines(summary, Style())), markdown(summary)):
        before, _, after = shown.partition("Text.")
        assert "numbers differ" in before
        assert "numbers differ" not in after


def test_a_summary_written_anew_says_what_from() -> None:
    pair = AlignedSentence("نص جديد.", "New text.", Span(0, 0), evidence_spans=(Span(3, 9), Span(20, 31)))
    summary = Summary("", AlignedText(), (pair,))
    for shown in ("\n".join(summary_lines(summary, Style())), markdown(summary)):
        assert "written from [3:9] [20:31]" in shown
        assert "[0:0]" not in shown


def test_flags_and_previews_are_said(article: Path) -> None:
    pair = AlignedSentence("a", "", Span(0, 1), flags=(QualityFlag.EMPTY, QualityFlag(55)))
    shown = "\n".join(summary_lines(Summary("", AlignedText(), (pair,)), Style()))
    assert "! empty: there is a source but no translation" in shown
    assert "! unknown 55:" in shown
    assert "(no translation)" in shown
    with FakeKhulasa(preview=True) as server:
        _, out, _ = khulasa("summarize", str(article), "--server", server.target)
        assert "is a preview" in out
        assert "`khulasa models` says how to get a better one" in out
        listed = khulasa("models", "--server", server.target)[1]
        assert "PREVIEW" in listed
        # of the one model that has a map, and not of the other
        assert listed.count("    map        " + "1" * 64) == listed.count("    map  ") == 1


def test_translations(tmp_path: Path, server: FakeKhulasa) -> None:
    code, out, _ = khulasa("translate", "--target", "en", "--text", "واحد.", "--text", "اثنان.")
    assert (code, out) == (0, "[en] واحد.\n[en] اثنان.\n")
    glossary = tmp_path / "terms.tsv"
    glossary.write_text("# comment\nحلف\talliance\n", encoding="utf-8")
    _, out, _ = khulasa("translate", "--text", "حلف.", "--pairs", "--glossary", str(glossary))
    assert "[0:4]" in out
    assert "===" not in out
    _, out, _ = khulasa("translate", "--text", "واحد.", "--text", "اثنان.", "--pairs")
    assert [line for line in out.splitlines() if "===" in line] == ["=== text 1 ===", "=== text 2 ==="]
    assert server.requests[2].request["glossary"]["terms"] == [{"source": "حلف", "target": "alliance"}]
    assert json.loads(khulasa("translate", "--text", "حلف.", "--json")[1])["text"] == "[en] حلف."


def test_a_models_own_words_do_nothing_to_a_terminal() -> None:
    bad = "x\x1b]0;title\x07\ny"
    measured = QualityMeasurement(bad, LanguagePair("ar", "en"), bad, 1.0)
    model = ModelInfo(bad, bad, bad, licence=bad, description=bad, quality=(measured,))
    lines = list(model_lines([model], Style()))
    assert sum("x]0;title y" in line for line in lines) == 5
    assert all(line.isprintable() for line in lines)


def test_models_as_json() -> None:
    lines = khulasa("models", "--json")[1].splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["TRANSLATION", "SUMMARIZATION"]
    assert [json.loads(line)["vocabulary_map_revision"] for line in lines] == ["1" * 64, ""]


def test_line_ends_reach_the_server_unchanged(tmp_path: Path, server: FakeKhulasa) -> None:
    path = tmp_path / "crlf.txt"
    path.write_bytes(b"\xef\xbb\xbf" + "واحد.\r\nاثنان.\r".encode())
    khulasa("summarize", str(path))
    assert server.requests[0].request["article"]["text"] == "واحد.\r\nاثنان.\r"


def test_bad_files_stop_nobody(article: Path, tmp_path: Path) -> None:
    (tmp_path / "utf16.txt").write_text("نص", encoding="utf-16")
    (tmp_path / "empty.txt").write_text("")
    names = [str(tmp_path / name) for name in ("utf16.txt", "empty.txt", "missing.txt")]
    code, out, err = khulasa("summarize", *names, str(article))
    assert code == 1
    assert "قال المتحدث" in out
    assert "UTF-16" in err
    assert "article.text: must not be empty" in err
    assert "No such file" in err


def test_nobody_answers(article: Path) -> None:
    code, _, err = khulasa("--server", "127.0.0.1:1", "summarize", str(article), str(article))
    assert code == 3
    assert "khulasa-server serve" in err
    assert err.count("No server answers") == 1, "the second article would fail in the same way"


@pytest.mark.parametrize(
    ("code", "reason", "exit_code", "hint"),
    [
        ("RESOURCE_EXHAUSTED", "OVERLOADED", 4, "Try again"),
        ("UNAUTHENTICATED", "UNAUTHENTICATED", 5, "KHULASA_TOKEN"),
        ("PERMISSION_DENIED", "", 5, "may not"),
        ("DEADLINE_EXCEEDED", "", 4, "--timeout"),
        ("INTERNAL", "INTERNAL", 6, "log has the reason"),
        ("UNIMPLEMENTED", "", 6, "older"),
        ("INVALID_ARGUMENT", "NOTHING_TO_SUMMARIZE", 1, "running text"),
    ],
)
def test_exit_codes_and_what_to_do(
    article: Path, server: FakeKhulasa, code: str, reason: str, exit_code: int, hint: str
) -> None:
    server.fail_next(code, reason=reason, method="Summarize")
    got, _, err = khulasa("summarize", str(article))
    assert got == exit_code
    assert hint in err
    assert f"\n  {got}  " in EXIT_CODES


def test_every_error_has_an_exit_code() -> None:
    left = [KhulasaError]
    while left:
        cls = left.pop()
        left += cls.__subclasses__()
        assert code_for(cls("x")) in range(1, 7)
        advice(cls("x"), "server")
    assert code_for(OverloadedError("x")) == 4
    assert code_for(UnavailableError("x")) == 3
    assert code_for(AuthenticationError("x")) == 5


@pytest.mark.parametrize(
    "wrong",
    [
        ["summarize", "--max-sentences", "0", "x"],
        ["summarize", "--max-sentences", "1", "--ratio", "0.5", "x"],
        ["summarize", "--ratio", "1.5", "x"],
        ["summarize", "--json", "--markdown", "x"],
        ["summarize", "-", "-"],
        ["translate", "--text", "a", "file"],
        ["models", "--cert", "only.pem"],
        ["models", "--server", "http://localhost:1"],
        ["models", "--server", "news.example.org:1", "--token", "t"],
        ["models", "--token-file", "missing"],
        [],
    ],
)
def test_wrong_command_lines(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code: int | str | None = main(wrong)
    except SystemExit as stopped:
        code = stopped.code
    assert code == 2
    assert capsys.readouterr().err


def test_the_server_may_stand_before_or_after_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse(["--server", "a:1", "models"], {}).server == "a:1"
    assert parse(["models", "--server", "a:1"], {}).server == "a:1"
    assert parse(["models"], {"KHULASA_SERVER": "b:1"}).server == "b:1"
    assert parse(["models"], {}).server == "localhost:50051"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["summarize", "--max-sentences", "three"], "argument --max-sentences: must be 1 or more, is three"),
        (["summarize", "--ratio", "half"], "argument --ratio: must be a number above 0, is half"),
        (["models", "--timeout", "nan"], "argument --timeout: must be a number above 0, is nan"),
    ],
)
def test_a_number_that_is_none_is_told_in_words(
    wrong: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(wrong)
    assert said in capsys.readouterr().err


def test_a_word_for_tls_that_is_not_understood_sends_nothing_unencrypted() -> None:
    for value, tls in (("1", True), ("on", True), (" True ", True), ("", False), ("0", False), ("off", False)):
        assert parse(["models"], {"KHULASA_TLS": value}).tls is tls
    for value in ("enabled", "2", "ja"):
        with pytest.raises(ArgumentError, match=f"KHULASA_TLS must be 1 or 0, is '{value}'"):
            parse(["models"], {"KHULASA_TLS": value})


def test_the_bar_is_for_terminals_and_several_articles() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    for stream, total in ((terminal, 2), (pipe, 2)):
        bar = ProgressBar(total, stream)
        bar.advance()
        bar.advance(failed=True)
    assert "] 2/2, 1 failed" in terminal.getvalue()
    assert pipe.getvalue() == ""
    alone = Terminal()
    ProgressBar(1, alone).advance()
    assert alone.getvalue() == ""


@pytest.mark.parametrize("columns", [80, 40, 20, 3])
def test_the_bar_fits_into_a_narrow_terminal(columns: int) -> None:
    """A line that wraps is not cleared by the next one."""
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with os.fdopen(follower, "w") as stream:
        ProgressBar(12, stream).advance(failed=True)
        shown = os.read(leader, 1_000).decode().removeprefix("\r\x1b[K")
    os.close(leader)
    assert shown.endswith("1/12, 1 failed")
    assert len(shown) < max(columns, len("1/12, 1 failed") + 1)


def test_a_terminal_without_escapes_gets_none(article: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Editors and logs of builds say so with TERM=dumb, and show `^[[1m` and `^[[K` as signs."""
    _, out, err = khulasa("summarize", str(article), str(article), terminal=True)
    assert "\x1b[1m" in out
    assert "\x1b[K" in err
    monkeypatch.setenv("TERM", "dumb")
    _, out, err = khulasa("summarize", str(article), str(article), terminal=True)
    assert "\u2069" in out
    assert "\x1b" not in out + err


def test_translate_has_a_json_line_for_a_file_that_cannot_be_read(article: Path, tmp_path: Path) -> None:
    missing = str(tmp_path / "none.txt")
    code, out, _ = khulasa("translate", missing, str(article), "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert {row["file"]: "error" in row for row in rows} == {missing: True, str(article): False}
    assert rows[0]["error"].keys() == KhulasaError("").details.keys()
    assert rows[0]["error"]["code"] == "INVALID_ARGUMENT"


def test_a_token_in_the_clear_names_the_options_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--server", "news.example.org:1", "--token", "t"]) == 2
    err = capsys.readouterr().err
    assert "--tls" in err
    assert "--insecure-token" in err
    assert "tls=True" not in err
