"""The catalog: packages that `models pull` knows by name, with where they come from, their licence and quality."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from khulasa.server.models.errors import PackageNotFoundError
from khulasa.server.models.manifest import NAME, PackageKind, Quality
from khulasa.server.models.registry import nearest
from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "Catalog",
    "CatalogEntry",
    "Conversion",
    "FileSource",
    "HubSource",
    "UrlSource",
    "catalog",
    "stronger_than_preview",
]

_Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PinnedFile(_Part):
    """A file whose content is known."""

    path: str
    bytes: int | None = None
    sha256: _Sha256


class HubSource(_Part):
    """A repository of a hub.

    Attributes:
        revision: A commit where one is known: then every byte is pinned.
        files: Patterns of paths; empty for what the conversion of its kind needs.
        pinned: Files whose hash is known whatever the hub says.
    """

    hub: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str = "main"
    files: tuple[str, ...] = ()
    pinned: tuple[PinnedFile, ...] = ()


class UrlSource(_Part):
    """An archive or file at an address."""

    url: str = Field(pattern="^https?://")
    bytes: int | None = None
    sha256: _Sha256 | None = None


class FileSource(_Part):
    """A file or folder of this machine."""

    path: Path


class Conversion(_Part):
    """How what was fetched becomes a package, unless it is one already.

    Attributes:
        kind: Format that it is in, as `models convert --kind` names it; empty to find out.
        quantization: Number format of the result.
        extra: Needs the optional dependencies of `khulasa-server[convert]`.
        pairs: Directions that the caller asks for; empty for those of the files or of the catalog.
    """

    kind: str = ""
    quantization: str = "int8"
    extra: bool = False
    pairs: tuple[str, ...] = ()


class CatalogEntry(_Part):
    """A package that can be pulled.

    Attributes:
        pairs: As `ar-en`; for summarization languages.
        megabytes: To download, where known.
        quality: As published, or measured by this project where the dataset says so.
        named: The package gets this name whatever its own manifest says.
        recommended: What the server names when only a preview serves the pair: needs nothing to convert with.
    """

    name: str = Field(pattern=f"^{NAME.pattern}$")
    kind: PackageKind = PackageKind.TRANSLATION
    pairs: tuple[str, ...]
    licence: str
    commercial: bool = True
    megabytes: int | None = None
    description: str
    source: HubSource | UrlSource | FileSource
    convert: Conversion = Conversion()
    quality: tuple[Quality, ...] = ()
    named: bool = True
    recommended: bool = False

    @property
    def pinned_by(self) -> str:
        """What the catalog knows of the bytes: commit, hash of the weights, both, or empty for neither."""
        if isinstance(self.source, UrlSource):
            return "hash" if self.source.sha256 else ""
        if not isinstance(self.source, HubSource):
            return ""
        commit = "commit" if re.fullmatch("[0-9a-f]{40}", self.source.revision) else ""
        return ", ".join(filter(None, (commit, "hash" if self.source.pinned else "")))


class Catalog(_Part):
    """All of them, the best of a pair first."""

    format: Literal[1]
    packages: tuple[CatalogEntry, ...]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Catalog:
        if len({entry.name for entry in self.packages}) != len(self.packages):
            raise ValueError("a name stands twice")
        return self

    def get(self, name: str) -> CatalogEntry:
        """The entry of that name.

        Raises:
            PackageNotFoundError: there is none.
        """
        for entry in self.packages:
            if entry.name == name:
                return entry
        names = [entry.name for entry in self.packages]
        if near := nearest(name, names):
            raise PackageNotFoundError(
                f"the catalog has no {name!r}; nearest: {', '.join(near)}. `khulasa-server models list` shows all"
            )
        raise PackageNotFoundError(f"the catalog has no {name!r}; it has: {', '.join(names)}")


@cache
def catalog() -> Catalog:
    """The catalog that came with the server."""
    import yaml

    text = resources.files("khulasa.server.models").joinpath("catalog.yaml").read_text(encoding="utf-8")
    return Catalog.model_validate(yaml.safe_load(text))


def stronger_than_preview(pairs: Iterable[str]) -> str:
    """The command that pulls better packages for `pairs` (as `ar-en`), empty when none is known."""
    wanted = set(pairs)
    names = [entry.name for entry in catalog().packages if entry.recommended and wanted & set(entry.pairs)]
    return f"khulasa-server models pull {' '.join(names)}" if names else ""
