"""Archives that strangers made: what is good comes out as it was, what is hostile is refused before it does harm."""

from __future__ import annotations

import errno
import gzip
import io
import random
import stat
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from khulasa.server.models.archive import ArchiveLimits, is_archive, unpack
from khulasa.server.models.errors import ArchiveError

SMALL = ArchiveLimits(files=10, bytes=1_000_000, ratio=20, free_bytes=100_000)


def zip_of(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tar_of(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_zip_comes_out_as_it_was(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.argosmodel", **{"ar_en/model/model.bin": b"weights", "ar_en/metadata.json": b"{}"})
    assert is_archive(archive)
    unpack(archive, tmp_path / "out")
    assert contents(tmp_path / "out") == {"ar_en/model/model.bin": b"weights", "ar_en/metadata.json": b"{}"}


@pytest.mark.parametrize("form", ["w", "w:gz", "w:xz", "w:bz2"])
def test_a_tar_comes_out_as_it_was(tmp_path: Path, form: str) -> None:
    source = tmp_path / "package"
    (source / "deep").mkdir(parents=True)
    (source / "model.bin").write_bytes(b"weights")
    (source / "deep/spm.model").write_bytes(b"pieces")
    with tarfile.open(tmp_path / "a.tar", form) as archive:
        archive.add(source, arcname=".")
    assert is_archive(tmp_path / "a.tar")
    unpack(tmp_path / "a.tar", tmp_path / "out")
    assert contents(tmp_path / "out") == {"model.bin": b"weights", "deep/spm.model": b"pieces"}


def test_a_folder_may_stand_twice_but_not_outside(tmp_path: Path) -> None:
    folder, file = (member("deep", tarfile.DIRTYPE), b""), (member("deep/model.bin"), b"x")
    unpack(tar_of(tmp_path / "a.tar", folder, file, folder), tmp_path / "out")
    assert contents(tmp_path / "out") == {"deep/model.bin": b"x"}
    with pytest.raises(ArchiveError, match="no plain path"):
        unpack(tar_of(tmp_path / "b.tar", (member("../outside", tarfile.DIRTYPE), b"")), tmp_path / "other")


def test_modes_of_an_archive_are_not_taken_over(tmp_path: Path) -> None:
    info = member("model.bin")
    info.mode = 0o6777
    unpack(tar_of(tmp_path / "a.tar", (info, b"x")), tmp_path / "out")
    assert not (tmp_path / "out/model.bin").stat().st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IXUSR)


HOSTILE_NAMES = [
    "/etc/passwd", "../outside", "a/../../outside", "a/./b", "..", "a//b", "a\\..\\..\\b", "C:/windows", "a\nb",
    "a\x1b[2J", "x" * 301,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("make", ["zip", "tar"])
def test_hostile_paths_are_refused(tmp_path: Path, name: str, make: str) -> None:
    if make == "zip":
        archive = zip_of(tmp_path / "a.zip", **{"good": b"x", name: b"y"})
    else:
        archive = tar_of(tmp_path / "a.tar", (member("good"), b"x"), (member(name), b"y"))
    with pytest.raises(ArchiveError, match="no plain path"):
        unpack(archive, tmp_path / "out" / "deep")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [archive], (
        "nothing is written, not even the good"
    )


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, kind: bytes) -> None:
    archive = tar_of(tmp_path / "a.tar", (member("model.bin", kind, "/etc/passwd"), b""))
    with pytest.raises(ArchiveError, match=r"model\.bin.*link, a device"):
        unpack(archive, tmp_path / "out")
    assert contents(tmp_path / "out") == {}


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_in_a_zip_are_refused(tmp_path: Path, kind: int) -> None:
    info = zipfile.ZipInfo("model.bin")
    info.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(ArchiveError, match="link or device"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_a_name_with_a_hidden_end_is_refused(tmp_path: Path) -> None:
    """zipfile cuts a name at NUL: what is shown would not be what is written."""
    archive = zip_of(tmp_path / "a.zip", **{"model.binX.txt": b"x"})
    archive.write_bytes(archive.read_bytes().replace(b"model.binX.txt", b"model.bin\0.txt"))
    with pytest.raises(ArchiveError):
        unpack(archive, tmp_path / "out")


@pytest.mark.parametrize(
    ("first", "second"), [("model.bin", "model.bin"), ("model.bin", "MODEL.bin"), ("caf\u00e9", "cafe\u0301")]
)
def test_a_file_that_stands_twice_is_refused(tmp_path: Path, first: str, second: str) -> None:
    archive = tar_of(tmp_path / "a.tar", (member(first), b"x"), (member(second), b"y"))
    with pytest.raises(ArchiveError, match="twice"):
        unpack(archive, tmp_path / "out")


@pytest.mark.parametrize("names", [("model", "model/x"), ("model/x", "model"), ("model", "model/x/y")])
def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    archive = tar_of(tmp_path / "a.tar", *((member(name), b"x") for name in names))
    with pytest.raises(ArchiveError, match="in the place of a folder"):
        unpack(archive, tmp_path / "out")


def zip_bomb(path: Path) -> Path:
    return zip_of(path, bomb=bytes(900_000))


def tar_bomb(path: Path) -> Path:
    return tar_of(path, (member("bomb"), bytes(900_000)))


@pytest.mark.parametrize("make", [zip_bomb, tar_bomb])
def test_bombs_are_refused(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    with pytest.raises(ArchiveError, match="20 times its size"):
        unpack(make(tmp_path / "a"), tmp_path / "out", SMALL)
    assert contents(tmp_path / "out") == {}


def test_a_zip_that_lies_about_a_size_is_stopped_while_it_is_written(tmp_path: Path) -> None:
    archive = zip_bomb(tmp_path / "a.zip")
    true, false = (900_000).to_bytes(4, "little"), (90).to_bytes(4, "little")
    archive.write_bytes(archive.read_bytes().replace(true, false))
    with pytest.raises(ArchiveError):
        unpack(archive, tmp_path / "out", SMALL)
    assert sum(map(len, contents(tmp_path / "out").values())) <= 1_000_000


def test_too_many_bytes_are_refused(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tar", *[(member(f"{n}"), bytes(range(256)) * 1000) for n in range(5)])
    with pytest.raises(ArchiveError, match="1,000,000 bytes"):
        unpack(archive, tmp_path / "out", ArchiveLimits(bytes=1_000_000, ratio=10_000))


def test_a_tar_that_announces_too_much_is_not_read_to_its_end(tmp_path: Path) -> None:
    info = member("huge")
    info.size = 1 << 40
    (tmp_path / "a.tar").write_bytes(gzip.compress(info.tobuf() + bytes(1_000_000)))
    with pytest.raises(ArchiveError):
        unpack(tmp_path / "a.tar", tmp_path / "out")


def test_too_many_entries_are_refused(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", **{f"{n}": b"" for n in range(11)})
    with pytest.raises(ArchiveError, match="10 entries"):
        unpack(archive, tmp_path / "out", SMALL)


@pytest.mark.parametrize("make", ["zip", "tar"])
def test_damage_is_an_error_with_the_archives_name(tmp_path: Path, make: str) -> None:
    content = bytes(range(256)) * 400
    path = tmp_path / "a.model"
    if make == "zip":
        zip_of(path, model=content)
    else:
        tar_of(path, (member("model"), content))
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) // 2
    damaged[middle : middle + 40] = bytes(40)
    path.write_bytes(damaged)
    with pytest.raises(ArchiveError, match=r"a\.model"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("form", ["w", "w:gz"])
@pytest.mark.parametrize("what", ["a cut", "a damaged header"])
def test_a_tar_that_ends_too_early_is_refused(tmp_path: Path, what: str, form: str) -> None:
    """tarfile itself stops there without a word: the files behind would be missing."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name in ("config.json", "model.bin", "vocabulary.json"):
            info = member(name)
            info.size = 700
            archive.addfile(info, io.BytesIO(bytes(range(100)) * 7))
    content = bytearray(plain.getvalue())
    at = content.index(b"vocabulary.json")
    if what == "a cut":
        del content[at:]
    else:
        content[at + 3] ^= 0xFF
    path = tmp_path / "a.tar"
    path.write_bytes(gzip.compress(content) if form == "w:gz" else bytes(content))
    with pytest.raises(ArchiveError, match=r"a\.tar: damaged or cut off behind 2 entries"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("make", ["zip", "tar"])
def test_a_full_disk_is_not_taken_for_damage(tmp_path: Path, make: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.model"
    if make == "zip":
        zip_of(path, model=b"x")
    else:
        tar_of(path, (member("model"), b"x"))
    monkeypatch.setattr("khulasa.server.models.archive._write", full)
    with pytest.raises(OSError, match="No space left"):
        unpack(path, tmp_path / "out")


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", model=b"x")
    raw = bytearray(archive.read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(raw)
    with pytest.raises(ArchiveError, match="encrypted"):
        unpack(archive, tmp_path / "out")


def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"hello" * 1000)
    assert not is_archive(tmp_path / "a.zip")
    with pytest.raises(ArchiveError, match="neither zip nor tar"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


@pytest.mark.parametrize("form", ["w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("where", ["the start", "the middle"])
def test_a_damaged_compression_is_no_traceback(tmp_path: Path, form: str, where: str) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, form) as archive:
        info = member("model")
        info.size = 300_000
        archive.addfile(info, io.BytesIO(random.Random(1).randbytes(info.size)))
    content = bytearray(path.read_bytes())
    at = 20 if where == "the start" else len(content) // 2
    content[at : at + 40] = bytes(40)
    path.write_bytes(content)
    is_archive(path)
    with pytest.raises(ArchiveError, match=r"a\.tar: "):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_so_it_is_in_a_zip(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("model", random.Random(1).randbytes(9_000))
    content = bytearray(path.read_bytes())
    content[3_000:3_040] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"a\.zip: damaged"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace("نموذج".encode(), b"\xff" * 10),  # a name that is no UTF-8
        lambda raw: raw[:-10] + b"\xff" * 4 + raw[-6:],  # a directory that is larger than the file
        lambda raw: raw[:-6] + b"\xff\xff\xff\x7f" + raw[-2:],  # entries before the start of the file
    ],
)
def test_a_damaged_directory_of_a_zip_is_no_traceback(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    path = zip_of(tmp_path / "a.zip", نموذج=b"weights")
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ArchiveError, match=r"a\.zip: "):
        unpack(path, tmp_path / "out")


def header(kind: bytes, size: int) -> bytes:
    info = member("x", kind)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
@pytest.mark.parametrize("size", [1 << 26, -512])
def test_a_header_is_not_read_into_memory_whatever_its_size(tmp_path: Path, kind: bytes, size: int) -> None:
    path = tmp_path / "a.tar"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(header(kind, size))
        for _ in range(4):
            file.write(bytes(1 << 24))
    tracemalloc.start()
    try:
        is_archive(path)
        with pytest.raises(ArchiveError, match=r"a\.tar: a header too long"):
            unpack(path, tmp_path / "out")
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()


def test_headers_of_headers_are_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    chain = (header(tarfile.GNUTYPE_LONGNAME, 4) + b"abc\0" + bytes(508)) * 1_000
    path.write_bytes(gzip.compress(chain + header(tarfile.REGTYPE, 0) + bytes(1024)))
    is_archive(path)
    with pytest.raises(ArchiveError, match=r"a\.tar: "):
        unpack(path, tmp_path / "out")
