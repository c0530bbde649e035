"""What stops an archive job. Faults of one article never do: they become rows."""

from __future__ import annotations

__all__ = ["ArchiveError"]


class ArchiveError(Exception):
    """The job cannot start or cannot go on; the message says why, for people."""
