"""What can be wrong with a package. Every message names it, the fault and, where there is one, the way out."""

from __future__ import annotations

__all__ = [
    "ArchiveError",
    "DownloadError",
    "ManifestError",
    "PackageError",
    "PackageNotFoundError",
    "VerificationError",
]


class PackageError(Exception):
    """A model package cannot be had or used."""


class ManifestError(PackageError):
    """The manifest is not there, is not JSON, or says what cannot be."""


class PackageNotFoundError(PackageError):
    """No package of that name or at that path."""


class VerificationError(PackageError):
    """A file is not the one that the manifest or the catalog names."""


class ArchiveError(PackageError):
    """An archive holds what must not be unpacked."""


class DownloadError(PackageError):
    """A file cannot be fetched."""
