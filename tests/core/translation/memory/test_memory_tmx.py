"""TMX in and out: what is read, what is refused, and that nothing is left out in silence."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from khulasa.server.core.translation.memory import tmx as tmx_module
from khulasa.server.core.translation.memory.file import MemoryPair
from khulasa.server.core.translation.memory.text import text_fault
from khulasa.server.core.translation.memory.tmx import ImportReport, TmxError, read_tmx, write_tmx
from khulasa.server.core.translation.types import LanguagePair

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")
HEAD = '<?xml version="1.0" encoding="{encoding}"?>\n{doctype}<tmx version="1.4"><header srclang="{srclang}"/><body>'


def tmx(body: str, *, srclang: str = "ar-SA", doctype: str = "", encoding: str = "UTF-8") -> bytes:
    head = HEAD.format(srclang=srclang, doctype=doctype, encoding=encoding)
    return f"{head}{body}</body></tmx>".encode(encoding)


def unit(*texts: tuple[str, str], attributes: str = "") -> str:
    variants = "".join(f'<tuv xml:lang="{language}"><seg>{text}</seg></tuv>' for language, text in texts)
    return f"<tu {attributes}>{variants}</tu>"


def read(content: bytes, *, both_directions: bool = False) -> tuple[list[MemoryPair], ImportReport]:
    report = ImportReport()
    return list(read_tmx(io.BytesIO(content), report, both_directions=both_directions)), report


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
def test_pairs_go_from_the_source_language(encoding: str) -> None:
    body = unit(("AR-sa", "قال &amp; فعل"), ("en_GB", "said &#38; did")) + unit(
        ("en", "Yes."), ("ar", "نعم."), attributes='srclang="en" changedate="20240102T030405Z" changeid="Huda"'
    )
    pairs, report = read(tmx(body, encoding=encoding))
    assert pairs == [
        MemoryPair(AR_EN, "قال & فعل", "said & did"),
        MemoryPair(EN_AR, "Yes.", "نعم.", "Huda", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ]
    assert (report.units, report.left_out) == (2, {})


@pytest.mark.parametrize(("srclang", "both"), [("*all*", False), ("ar", True)])
def test_both_directions(srclang: str, both: bool) -> None:
    pairs, _ = read(tmx(unit(("ar", "نعم"), ("en", "yes"), ("fr", "oui")), srclang=srclang), both_directions=both)
    assert {p.pair for p in pairs} == {
        LanguagePair(a, b) for a in ("ar", "en", "fr") for b in ("ar", "en", "fr") if a != b
    }


def test_inline_codes_are_no_text_and_line_breaks_are_spaces() -> None:
    seg = 'a <bpt i="1">&lt;b&gt;<sub>note</sub></bpt><hi>b</hi><ept i="1">&lt;/b&gt;</ept><ph>x</ph>\n   c'
    pairs, _ = read(tmx(unit(("ar", seg), ("en", "d"))))
    assert [p.source_text for p in pairs] == ["a b c"]


def test_who_made_a_unit_and_when_is_known_though_nobody_changed_it() -> None:
    attributes = 'creationid="Huda" creationdate="20230101T000000Z"'
    changed = 'changeid="Omar" changedate="20240101T000000Z"'
    body = unit(("ar", "نعم"), ("en", "yes"), attributes=attributes)
    body += unit(("ar", "لا"), ("en", "no"), attributes=f"{attributes} {changed}")
    pairs, _ = read(tmx(body))
    assert [(pair.author, pair.changed_at) for pair in pairs] == [
        ("Huda", datetime(2023, 1, 1, tzinfo=UTC)),
        ("Omar", datetime(2024, 1, 1, tzinfo=UTC)),
    ]


def test_languages_are_named_as_older_files_do_and_no_source_language_means_all() -> None:
    body = unit(("ar", "نعم"), ("en", "yes")).replace("xml:lang", "lang")
    for content in (tmx(body, srclang="*ALL*"), tmx(body).replace(b'srclang="ar-SA"', b"")):
        assert {pair.pair for pair in read(content)[0]} == {AR_EN, EN_AR}


@pytest.mark.parametrize("behind", ["", '<ph x="1"/>', "<hi>ط</hi>", '<ph x="1"/>' + "ط" * 9_000])
def test_a_text_is_taken_whole_or_left_out_never_cut(behind: str) -> None:
    """One that fills the memory's room to the last letter, and what may follow it in a piece of its own."""
    pairs, report = read(tmx(unit(("ar", "ط" * 10_000 + behind), ("en", "long"))))
    if "ط" in behind:
        assert (pairs, report.left_out) == ([], {"text of more than 10,000 code points": 1})
    else:
        assert [len(pair.source_text) for pair in pairs] == [10_000]


def test_what_gives_no_pair_is_counted() -> None:
    body = (
        unit(("ar", "وحيد"))
        + unit(("en", "a"), ("fr", "b"))
        + unit(("ar", " "), ("en", "empty"))
        + unit(("ar", "ط" * 10_001), ("en", "long"))
        + unit(("ar", "نعم"), ("en-US", "yes"), ("en-GB", "yes indeed"))
    )
    pairs, report = read(tmx(body))
    assert pairs == [MemoryPair(AR_EN, "نعم", "yes")]
    assert report.units == 5
    assert report.left_out == {
        "a unit with one language": 1,
        "a unit without a text in its source language": 1,
        "empty text": 1,
        "text of more than 10,000 code points": 1,
        "a second text in one language": 1,
    }


BOMB = "<!DOCTYPE tmx [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
GOOD = unit(("ar", "نعم"), ("en", "yes"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (tmx(unit(("ar", "&i;"), ("en", "x")), doctype=BOMB + "]>"), "declares the entity"),
        (tmx(GOOD, doctype='<!DOCTYPE tmx [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "declares the entity"),
        (tmx(GOOD, doctype='<!DOCTYPE tmx [<!ENTITY % x SYSTEM "http://a/b"> %x;]>'), "declares the entity"),
        (tmx(GOOD, doctype='<!DOCTYPE tmx [<!ATTLIST tu note CDATA "x">]>'), "declares the attribute note of <tu>"),
        (tmx(GOOD.replace("</tu>", f"{GOOD}</tu>")), "a <tu> stands inside another"),
        (tmx(GOOD.replace("</seg>", "<seg>x</seg></seg>")), "a <seg> stands outside"),
        (tmx(GOOD.replace("</tuv></tu>", "</tuv><seg>no</seg></tu>")), "a <seg> stands outside"),
        (tmx(GOOD.replace("</tuv></tu>", '<tuv xml:lang="fr"><seg>oui</seg></tuv></tuv></tu>')), "a <tuv> stands"),
        (tmx('<tuv xml:lang="ar"><seg>x</seg></tuv>'), "a <tuv> stands outside"),
        (tmx(unit(("ar", "&eacute;"), ("en", "x")), doctype='<!DOCTYPE tmx SYSTEM "tmx14.dtd">'), "declared nowhere"),
        (tmx(unit(("ar", "&eacute;"), ("en", "x"))), "undefined entity"),
        (tmx(GOOD)[:-3], "line 2"),
        (tmx(unit(("ar", "a"), ("en", "b")).replace('xml:lang="en"', "")), "names no language"),
        (b"<html></html>", "not <tmx>"),
        (b"", "no element"),
        (tmx(GOOD).replace("نعم".encode(), b"\xff\xfe"), "line 2"),
    ],
)
def test_what_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(TmxError, match=message):
        read(content)


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
@pytest.mark.parametrize("body", [unit(("ar", "x"), attributes='note="{}"'), "<!--{}-->", f"<?p {{}}?>{GOOD}"])
def test_a_tag_has_a_bound_before_which_all_is_read(body: str, encoding: str) -> None:
    """Of one attribute the time grew with the square: 20 MB took minutes of a busy machine."""
    read(tmx(body.format("x" * 2**18), encoding=encoding))
    source = io.BytesIO(tmx(body.format("x" * 2**23), encoding=encoding))
    with pytest.raises(TmxError, match="a tag or a comment has more than 1,048,576 bytes"):
        list(read_tmx(source, ImportReport()))
    assert source.tell() < 2**21


def test_text_of_any_length_is_no_tag() -> None:
    texts = "x" * 2**21, "<![CDATA[" + "x" * 2**21 + "]]>", " " * 2**21 + "<hi/>" * 2**18
    body = GOOD + "".join(unit(("ar", text), ("en", "long")) + " " * 2**21 for text in texts)
    pairs, report = read(tmx(body))
    assert (len(pairs), report.units, sum(report.left_out.values())) == (1, 4, 3)


def test_a_file_that_is_cut_anywhere_is_refused() -> None:
    content = tmx(GOOD + "<!-- x -->" + unit(("ar", "لا"), ("en", "<hi>no</hi> <ph>x</ph>"))).rstrip()
    for end in range(len(content)):
        with pytest.raises(TmxError):
            read(content[:end])
    assert len(read(content)[0]) == 2


@pytest.mark.parametrize("encoding", ["nonsense", "rot13", "idna", "gbk", "undefined"])
def test_an_encoding_that_cannot_be_read_is_a_fault_of_the_file(encoding: str) -> None:
    with pytest.raises(TmxError, match="UTF-8"):
        read(tmx(unit(("ar", "x"), ("en", "y"))).replace(b"UTF-8", encoding.encode()))


def test_a_unit_in_every_language_does_not_give_pairs_without_end() -> None:
    letters = "abcdefghijk"
    texts = [(first + second, "x") for first in letters for second in letters]
    assert len(read(tmx(unit(*texts[:100]), srclang="*all*"))[0]) == 100 * 99
    with pytest.raises(TmxError, match="a <tu> has more than 100 languages"):
        read(tmx(unit(*texts[:101]), srclang="*all*"))


def test_each_text_of_a_unit_in_many_languages_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For each pair both were: one unit of 1.7 MB took minutes."""
    looked: list[str] = []
    monkeypatch.setattr(tmx_module, "text_fault", lambda text: looked.append(text) or text_fault(text))
    pairs, _ = read(tmx(unit(*((letter * 2, f"text {letter}") for letter in "abcdefghij")), srclang="*all*"))
    assert (len(pairs), len(looked)) == (90, 10)


def test_an_author_without_end_is_not_kept() -> None:
    for length, pairs in ((1_000, 1), (1_001, 0)):
        found, report = read(tmx(unit(("ar", "x"), ("en", "y"), attributes=f' changeid="{"h" * length}"')))
        assert len(found) == pairs
        assert sum(report.left_out.values()) == 1 - pairs


def test_the_usual_doctype_is_read() -> None:
    pairs, _ = read(tmx(GOOD, doctype='<!DOCTYPE tmx SYSTEM "tmx14.dtd">'))
    assert pairs == [MemoryPair(AR_EN, "نعم", "yes")]


def test_a_large_file_is_read_as_it_comes() -> None:
    class Source(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            got = super().read(size)
            self.taken += len(got)
            return got

    content = tmx("".join(unit(("ar", f"نص {n}"), ("en", f"text {n}")) for n in range(20_000)))
    source = Source(content)
    pairs = read_tmx(source, ImportReport())
    assert next(pairs).target_text == "text 0"
    assert source.taken < len(content) / 4
    assert sum(1 for _ in pairs) == 19_999


texts = st.text(min_size=1, max_size=40).filter(
    lambda t: not text_fault(t) and t == t.strip() and not set("\n\r\t") & set(t)
)


@given(st.lists(st.tuples(st.sampled_from([AR_EN, EN_AR]), texts, texts, st.sampled_from(["", "Huda <h@x>"]))))
def test_what_is_written_is_read(raw: list[tuple[LanguagePair, str, str, str]]) -> None:
    changed = datetime(2025, 6, 7, 8, 9, 10, tzinfo=UTC)
    pairs = [MemoryPair(pair, source, target, author, changed) for pair, source, target, author in raw]
    file = io.StringIO()
    assert write_tmx(file, pairs, "1.0") == len(pairs)
    again, report = read(file.getvalue().encode())
    assert again == pairs
    assert not report.left_out
