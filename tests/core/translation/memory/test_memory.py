"""The translation memory: exact matches only; neither a kill, a full disk nor other writers lose what was stored."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from khulasa.server.core.translation.memory.file import errors_named
from khulasa.server.core.translation.memory.store import (
    MemoryPair,
    TranslationMemory,
    TranslationMemoryError,
)
from khulasa.server.core.translation.memory.text import memory_key, text_fault
from khulasa.server.core.translation.types import LanguagePair

AR_EN = LanguagePair("ar", "en")
EN_AR = LanguagePair("en", "ar")
BATCH = 50

# Stores batch after batch and says so when each is on the disk; RLIMIT_FSIZE, if given, plays the full disk.
WRITER = """
import resource, signal, sys
from pathlib import Path
from khulasa.server.core.translation.memory.store import MemoryPair, TranslationMemory, TranslationMemoryError
from khulasa.server.core.translation.types import LanguagePair
path, name, batches, limit = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
memory = TranslationMemory(path, create=True)
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
for batch in range(batches):
    pairs = [
        MemoryPair(LanguagePair("ar", "en"), f"{name} {n} " + "نص " * 20, f"{name} {n}")
        for n in range(batch * BATCH, (batch + 1) * BATCH)
    ]
    try:
        memory.store(pairs)
    except TranslationMemoryError as error:
        print("error", error, flush=True)
        sys.exit(3)
    print("stored", batch, flush=True)
""".replace("BATCH", str(BATCH))


def writer(path: Path, name: str, batches: int, limit: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), name, str(batches), str(limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def numbers(path: Path, name: str) -> set[int]:
    with TranslationMemory(path) as memory:
        assert memory.stats().faults == ()
        return {int(p.target_text.split()[1]) for p in memory.pairs() if p.target_text.startswith(f"{name} ")}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("قَالَ الوَزِيرُ", "قال الوزير"),
        ("الـــخبر", "الخبر"),
        ("قال  الوزير ", "قال الوزير"),
        ("«نعم»", '"نعم"'),
        ("“yes”", '"yes"'),
        ("it’s", "it's"),
        ("عام ٢٠٢٤", "عام 2024"),
        ("١٫٥٪", "1.5%"),
        ("\u200fمرحبا\u200f", "مرحبا"),
        ("\ufefb", "لا"),
        ("کتاب ایران", "كتاب ايران"),
        ("cafe\u0301", "café"),
    ],
)
def test_what_is_the_same(one: str, other: str) -> None:
    assert memory_key(one) == memory_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("علي", "على"),
        ("أن", "إن"),
        ("فتاة", "فتاه"),
        ("US", "us"),
        ("قال.", "قال"),
        ("أهو؟", "أهو!"),
        ("13 killed", "12 killed"),
        ("1.5", "15"),
        ("غير مقبول", "مقبول"),
    ],
)
def test_what_is_not(one: str, other: str) -> None:
    assert memory_key(one) != memory_key(other)


@pytest.mark.parametrize("text", ["", " \u200f ", "a\x00b", "a\x07b", "\ud800", "a" * 10_001])
def test_texts_that_it_cannot_hold(text: str, path: Path) -> None:
    assert text_fault(text)
    with TranslationMemory(path, create=True) as memory:
        good = MemoryPair(AR_EN, "نص", "text")
        with pytest.raises(ValueError):
            memory.store([good, MemoryPair(AR_EN, "نص آخر", text)])
        assert memory.stats().pairs == {}


def test_matches_are_exact_and_of_one_direction(path: Path) -> None:
    with TranslationMemory(path, create=True) as memory:
        memory.store([MemoryPair(AR_EN, "قال الوزير.", "The minister said."), MemoryPair(EN_AR, "Yes.", "نعم.")])
    with TranslationMemory(path) as memory:
        texts = ["Yes.", "قَال  الوزير.", "قال الوزير", "قال وزير."]
        assert [m and m.target_text for m in memory.lookup(texts, AR_EN)] == [None, "The minister said.", None, None]
        assert [m and m.target_text for m in memory.lookup(["Yes.", "yes."], EN_AR)] == ["نعم.", None]
        assert memory.lookup([], AR_EN) == []
        many = memory.lookup([f"نص {n}" for n in range(1_200)] + ["قال الوزير."], AR_EN)
        assert [m is not None for m in many] == [False] * 1_200 + [True]
        with pytest.raises(ValueError):
            memory.store([MemoryPair(AR_EN, "نص", "text")])


def test_a_later_pair_replaces_and_readers_see_it_at_once(path: Path) -> None:
    with TranslationMemory(path, create=True) as writing, TranslationMemory(path) as reading:
        first = writing.store([MemoryPair(AR_EN, "نص", "one"), MemoryPair(AR_EN, "آخر", "two")])
        assert (first.new, first.replaced, first.unchanged) == (2, 0, 0)
        second = writing.store([MemoryPair(AR_EN, "نصّ", "new"), MemoryPair(AR_EN, "آخر", "two")])
        assert (second.new, second.replaced, second.unchanged) == (0, 1, 1)
        (found,) = reading.lookup(["نص"], AR_EN)
        assert found is not None
        assert found.target_text == "new"
        assert reading.stats().pairs == {AR_EN: 2}


def test_an_iterator_that_fails_stores_nothing(filled: Path) -> None:
    def failing() -> Iterator[MemoryPair]:
        yield MemoryPair(AR_EN, "نص", "text")
        raise RuntimeError("the source broke off")

    with TranslationMemory(filled, create=True) as memory:
        with pytest.raises(RuntimeError):
            memory.store(failing())
        assert memory.stats().pairs == {AR_EN: 400}
        memory.store([MemoryPair(AR_EN, "نص", "text")])
        assert memory.stats().pairs == {AR_EN: 401}


def test_a_killed_writer_loses_nothing_that_it_acknowledged(path: Path) -> None:
    process = writer(path, "x", 100_000)
    assert process.stdout is not None
    acknowledged = -1
    for line in process.stdout:
        acknowledged = int(line.split()[1])
        if acknowledged >= 8:
            break
    process.send_signal(signal.SIGKILL)
    # Lines written before the signal took effect count as well.
    rest, _ = process.communicate(timeout=30)
    acknowledged = max([acknowledged, *(int(line.split()[1]) for line in rest.splitlines())])
    found = numbers(path, "x")
    assert found >= set(range((acknowledged + 1) * BATCH))
    # A batch is there as a whole or not at all.
    assert found == set(range(len(found)))
    assert len(found) % BATCH == 0
    with TranslationMemory(path, create=True) as memory:
        memory.store([MemoryPair(AR_EN, "بعد", "x 10000000")])


def test_a_full_disk_loses_nothing_and_is_said(path: Path) -> None:
    process = writer(path, "x", 1_000, limit=300_000)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 3, errors
    *stored, last = output.splitlines()
    assert stored
    assert last.startswith("error")
    assert str(path) in last
    assert "keeps what it had" in last
    assert numbers(path, "x") == set(range(len(stored) * BATCH))


def test_writers_in_several_processes_lose_nothing(path: Path) -> None:
    names = ["a", "b", "c", "d"]
    processes = [writer(path, name, 6) for name in names]
    for process in processes:
        _, errors = process.communicate(timeout=100)
        assert process.returncode == 0, errors
    for name in names:
        assert numbers(path, name) == set(range(6 * BATCH))


@pytest.mark.parametrize("content", [b"not a database, but somebody's work", b"SQLite format 3\x00" + b"\x00" * 8_000])
def test_a_file_that_is_no_memory_is_never_written_to(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for create in (False, True):
        with pytest.raises(TranslationMemoryError, match="left as it is"):
            TranslationMemory(path, create=create)
    assert path.read_bytes() == content


def test_another_programs_database_is_never_written_to(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE contacts (name TEXT)")
    other.commit()
    other.close()
    content = path.read_bytes()
    for create in (False, True):
        with pytest.raises(TranslationMemoryError, match="not a translation memory"):
            TranslationMemory(path, create=create)
    assert path.read_bytes() == content


def test_a_missing_or_empty_file_is_an_error_for_a_reader(path: Path) -> None:
    with pytest.raises(TranslationMemoryError, match="no such file"):
        TranslationMemory(path)
    assert not path.exists()
    path.touch()
    with pytest.raises(TranslationMemoryError, match="is empty"):
        TranslationMemory(path)
    with TranslationMemory(path, create=True) as memory:
        assert memory.stats().pairs == {}


class ReadOnlyPlace:
    """What `os.statvfs` says of a file on a read-only mount."""

    f_flag = os.ST_RDONLY


def test_on_a_read_only_mount_it_is_read_without_a_log(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.statvfs", lambda _: ReadOnlyPlace)
    with TranslationMemory(filled) as memory:
        (found,) = memory.lookup(["الجملة رقم 7 من النص المعتمد"], AR_EN)
        assert found is not None
        assert found.target_text == "approved 7"
        assert list(filled.parent.iterdir()) == [filled]
    with sqlite3.connect(filled) as other, TranslationMemory(filled, create=True) as memory:
        other.execute("SELECT count(*) FROM pairs").fetchone()
        memory.store([MemoryPair(AR_EN, "جديد", "new")])
        # What is acknowledged stands in the log: without it the pair would be missing.
        with pytest.raises(TranslationMemoryError, match=r"pairs in approved.memory-wal that cannot be read"):
            TranslationMemory(filled)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CANTOPEN_ISDIR, sqlite3.SQLITE_READONLY])
def test_a_folder_that_may_not_be_written_is_not_taken_for_damage(path: Path, code: int) -> None:
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = code
    with pytest.raises(TranslationMemoryError) as caught, errors_named(path, "is damaged"):
        raise error
    assert "damaged" not in str(caught.value)
    assert "the file and its folder must be writable" in str(caught.value)


def test_a_newer_format_is_left_alone(filled: Path) -> None:
    raw = sqlite3.connect(filled)
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(TranslationMemoryError, match="version 99"):
        TranslationMemory(filled, create=True)
