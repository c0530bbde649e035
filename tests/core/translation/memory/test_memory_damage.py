"""Damage to a translation memory is said, nothing good is touched, and what can be read is saved."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from khulasa.server.core.translation.memory.store import (
    MemoryPair,
    TranslationMemory,
    TranslationMemoryError,
    salvaged_pairs,
)
from khulasa.server.core.translation.types import LanguagePair

AR_EN = LanguagePair("ar", "en")
EN_AR = LanguagePair("en", "ar")


def test_a_place_that_is_damage_makes_no_work(filled: Path) -> None:
    """As many places as it says would be more than any memory holds."""
    with closing(sqlite3.connect(filled, isolation_level=None)) as raw:
        raw.execute("UPDATE pairs SET id = ? WHERE id = 400", (2**60,))
        (root,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'pairs_by_source'").fetchone()
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(filled.read_bytes())
    content[(root - 1) * 4096 : root * 4096] = b"\xa5" * 4096
    filled.write_bytes(content)
    faults: list[str] = []
    assert len(list(salvaged_pairs(filled, faults.append))) == 400
    assert len(faults) < len(content) // 32


@pytest.mark.parametrize(
    "damage",
    ["cut", "page of pairs", "index", "index and first pairs", "mark", "header", "tables", "first page", "name"],
)
def test_damage_is_said_and_the_rest_can_be_saved(filled: Path, tmp_path: Path, damage: str) -> None:
    content = bytearray(filled.read_bytes())
    size = 4096
    if damage == "cut":
        content = content[: len(content) // 2 // size * size]
    elif damage == "page of pairs":
        at = content.index(b"approved 200") // size * size
        content[at : at + size] = b"\xa5" * size
    elif damage.startswith("index"):
        with closing(sqlite3.connect(filled)) as raw:
            (root,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'pairs_by_source'").fetchone()
        places = [(root - 1) * size]
        if damage != "index":
            places.append(content.index(b"approved 0") // size * size)
        for at in places:
            content[at : at + size] = b"\xa5" * size
    elif damage == "ways":
        # All that leads to the pages with pairs: the schema and the roots of table and index.
        content[: 3 * size] = b"\xa5" * 3 * size
    elif damage == "name":
        # SQLite's word about it holds the letter, which is none.
        content[content.index(b"source_language TEXT", 100)] = 0x83
        content[content.index(b"TABLE", 100)] = 0x83
    else:
        start, end = {"mark": (0, 16), "header": (16, 100), "tables": (100, size), "first page": (0, size)}[damage]
        content[start:end] = b"\x00" * (end - start)
    filled.write_bytes(content)
    for create in (False, True):
        with pytest.raises(TranslationMemoryError, match=r"damaged"):
            TranslationMemory(filled, create=create)
    assert filled.read_bytes() == content
    faults: list[str] = []
    saved = {pair.target_text for pair in salvaged_pairs(filled, faults.append)}
    assert faults
    if damage in ("index", "mark", "header", "tables", "first page", "name", "ways"):
        assert len(saved) == 400
    assert 100 < len(saved) <= 400 - damage.startswith(("cut", "page", "index and"))
    assert saved <= {f"approved {n}" for n in range(400)}


def test_a_long_pair_is_put_together_where_no_way_leads_to_it(path: Path) -> None:
    stored = {f"Sentence {n}: {'word ' * n * 40}.": f"جملة {n}: {'كلمة ' * n * 60}." for n in range(1, 33)}
    with TranslationMemory(path, create=True) as memory:
        memory.store(MemoryPair(EN_AR, source, target) for source, target in stored.items())
        memory.store([MemoryPair(EN_AR, next(iter(stored)), "أحدث")])
    path.write_bytes(bytes(3 * 4096) + path.read_bytes()[3 * 4096 :])
    stored[next(iter(stored))] = "أحدث"
    assert {pair.source_text: pair.target_text for pair in salvaged_pairs(path, lambda _: None)} == stored


def test_a_log_without_its_beginning_is_damage_and_not_taken_for_empty(filled: Path, tmp_path: Path) -> None:
    """As a killed writer leaves it; SQLite gave what had stood there before, and nobody was told."""
    copy = tmp_path / "copy"
    with TranslationMemory(filled, create=True) as memory:
        memory.store([MemoryPair(EN_AR, "Late.", "متأخر.")])
        for end in ("", "-wal"):
            copy.with_name(f"copy{end}").write_bytes(filled.with_name(filled.name + end).read_bytes())
    log = copy.with_name("copy-wal")
    log.write_bytes(bytes(32) + log.read_bytes()[32:])
    for create in (False, True):
        with pytest.raises(TranslationMemoryError, match="copy-wal is damaged"):
            TranslationMemory(copy, create=create)
    faults: list[str] = []
    assert len(list(salvaged_pairs(copy, faults.append))) == 400
    assert faults == ["the log beside the file: what was stored last"]


@pytest.mark.parametrize("kind", ["text", "other tables"])
def test_of_what_is_no_memory_nothing_is_saved(path: Path, kind: str) -> None:
    path.write_bytes(b"no memory" * 1_000)
    if kind == "other tables":
        path.unlink()
        with closing(sqlite3.connect(path)) as raw, raw:
            raw.execute("CREATE TABLE pairs (id INTEGER PRIMARY KEY, text TEXT)")
            raw.executemany("INSERT INTO pairs (text) VALUES (?)", [("line",)] * 1_000)
    before = path.read_bytes()
    with pytest.raises(TranslationMemoryError, match=f"^{path}: nothing in it is a pair"):
        list(salvaged_pairs(path, lambda _: None))
    assert path.read_bytes() == before


@pytest.mark.parametrize("create", [False, True])
def test_a_log_of_another_file_spoils_no_file(path: Path, filled: Path, tmp_path: Path, create: bool) -> None:
    """A copy put in place of a file in use, its log left beside: even to look at it made the copy a damaged file."""
    copy = tmp_path / "copy.memory"
    with TranslationMemory(copy, create=True) as memory:
        memory.store(MemoryPair(AR_EN, f"جملة {n} أخرى", f"other {n}") for n in range(300))
    content = copy.read_bytes()
    with TranslationMemory(filled, create=True) as in_use:
        in_use.store(MemoryPair(AR_EN, f"الجملة رقم {n} من النص المعتمد", f"late {n}") for n in range(400))
        copy.replace(filled)
        with pytest.raises(TranslationMemoryError, match="damaged"):
            TranslationMemory(filled, create=create)
        assert filled.read_bytes() == content
    for name in ("-wal", "-shm"):
        filled.with_name(filled.name + name).unlink(missing_ok=True)
    with TranslationMemory(filled) as memory:
        assert len(list(memory.pairs())) == 300


def test_a_changed_letter_is_found_before_the_pair_is_used(filled: Path, tmp_path: Path) -> None:
    content = filled.read_bytes()
    assert content.count(b"approved 77") == 1
    filled.write_bytes(content.replace(b"approved 77", b"approved 99"))
    faults: list[Exception] = []
    with TranslationMemory(filled, on_fault=faults.append) as memory:
        sources = [f"الجملة رقم {n} من النص المعتمد" for n in (77, 78)]
        assert [m and m.target_text for m in memory.lookup(sources, AR_EN)] == [None, "approved 78"]
        assert len(faults) == 1
        assert "الجملة" not in str(faults[0])  # It goes to the log, which holds no texts.
        assert len(memory.stats().faults) == 1
        with pytest.raises(TranslationMemoryError):
            list(memory.pairs())
    said: list[str] = []
    assert len(list(salvaged_pairs(filled, said.append))) == 399
    assert len(said) == 1
    # The right pair stored again mends it.
    with TranslationMemory(filled, create=True) as memory:
        counts = memory.store([MemoryPair(AR_EN, sources[0], "approved 77")])
        assert (counts.new, counts.replaced) == (0, 1)
        assert memory.stats().faults == ()


def test_a_file_that_breaks_while_it_is_open_is_a_fault_and_no_match(filled: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.memory"
    shutil.copy(filled, copy)
    faults: list[Exception] = []
    with TranslationMemory(copy, on_fault=faults.append) as memory:
        raw = sqlite3.connect(copy)
        raw.execute("DROP TABLE pairs")
        raw.close()
        assert memory.lookup(["نص"], AR_EN) == [None]
    assert len(faults) == 1


def test_a_file_that_is_replaced_is_told_of_once(filled: Path, tmp_path: Path) -> None:
    """What is imported then is acknowledged, and servers that hold the old file do not see it."""
    faults: list[Exception] = []

    def ask(memory: TranslationMemory) -> list[str]:
        faults.clear()
        for _ in range(2):
            assert memory.lookup(["الجملة رقم 7 من النص المعتمد"], AR_EN)[0] is not None
        return [str(fault) for fault in faults]

    said = [f"{filled} was moved or replaced; the old file goes on: send SIGHUP for the one there now"]
    with TranslationMemory(filled, on_fault=faults.append) as memory:
        assert ask(memory) == []
        (tmp_path / "away").mkdir()
        for file in filled.parent.glob(f"{filled.name}*"):
            file.rename(tmp_path / "away" / file.name)
        assert ask(memory) == said
        TranslationMemory(filled, create=True).close()
        assert ask(memory) == said
