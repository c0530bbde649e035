"""What is known only from the first time: a branch of a hub, an address without a hash. Later pulls are held to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from khulasa.server.models.catalog import CatalogEntry, HubSource, catalog
from khulasa.server.models.errors import ManifestError, VerificationError
from khulasa.server.models.manifest import Manifest, read_manifest

__all__ = ["Trust"]

_COMMIT = re.compile("[0-9a-f]{40}")
# hub:OWNER/REPOSITORY@COMMIT or ADDRESS#sha256=HASH, then what it was made into.
_ORIGIN = re.compile(r"(?P<place>hub:[^@]++|[^#]++)(?:@|#sha256=)(?P<exactly>[0-9a-f]{40,64}+)(?:, .*)?")
_READY = ("ctranslate2", "argos")


class Trust:
    """What the shelf remembers of an entry's source.

    Args:
        note: Told what nobody vouches for, and what has changed.
    """

    def __init__(self, downloads: Path, entry: CatalogEntry, note: Callable[[str], None]) -> None:
        self._downloads, self._entry, self._note = downloads, entry, note

    def revision(self, source: HubSource) -> str:
        """The commit to fetch: of an entry that the catalog names without one, that of the first time.

        A name of the catalog is to stay what it was; whoever names a repository asks for its branch as it is.
        """
        if _COMMIT.fullmatch(source.revision) or source not in [entry.source for entry in catalog().packages]:
            return source.revision
        for manifest in self._remembered(f"hub:{source.hub}"):
            match = _ORIGIN.fullmatch(manifest.origin)
            commit = match["exactly"] if match else ""
            if _COMMIT.fullmatch(commit):
                self._note(f"{self._entry.name}: commit {commit}, as the first time; --force takes what is newest")
                return commit
        return source.revision

    def compare(self, manifest: Manifest, *, force: bool) -> None:
        """Looks at a package that is about to go on the shelf in place of one from the same source.

        Raises:
            VerificationError: the same commit came with other weights, and nobody forces it.
        """
        match = _ORIGIN.fullmatch(manifest.origin)
        if match is None:
            return
        earlier = [(one, _ORIGIN.fullmatch(one.origin)) for one in self._remembered(match["place"])]
        for one, before in earlier:
            if before is None:
                continue
            if before["exactly"] != match["exactly"]:
                self._note(f"{match['place']} has changed: {before['exactly']} before, {match['exactly']} now")
            elif one.origin == manifest.origin and one.revision != manifest.revision and self._is_copied and not force:
                raise VerificationError(
                    f"{match['place']} at {match['exactly']} has other weights than it had: sha256 {one.revision}"
                    f" before, {manifest.revision} now. Find out why; --force takes them"
                )
        source = self._entry.source
        known = [before["exactly"] for _, before in earlier if before]
        if isinstance(source, HubSource) and not _COMMIT.fullmatch(source.revision) and match["exactly"] not in known:
            again = f"{source.hub}@{match['exactly']}"
            self._note(f"taken as the hub has it, with model.bin {manifest.revision}; pull {again} for the same again")

    @property
    def _is_copied(self) -> bool:
        """Whether the weights come as they are: a conversion may write others with another version of its tools."""
        return self._entry.convert.kind in _READY

    def _remembered(self, place: str) -> Iterator[Manifest]:
        """Manifests of this name on the shelf that came from `place`, whatever became of their files."""
        for folder in sorted(self._downloads.glob("*@*")):
            try:
                manifest = read_manifest(folder)
            except ManifestError:
                continue
            if manifest.name == self._entry.name or not self._entry.named:
                match = _ORIGIN.fullmatch(manifest.origin)
                if match and match["place"] == place:
                    yield manifest
