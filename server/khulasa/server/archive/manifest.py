"""`manifest.json`: which input and which settings the parts of a folder belong to, so that none are ever mixed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from khulasa.server.archive.errors import ArchiveError
from khulasa.server.archive.writing import PartCounts, part_files, unfinished_files, write_whole

__all__ = ["MANIFEST", "Identity", "claim", "named_differences", "write_result"]

MANIFEST = "manifest.json"
_FORMAT = 1
# As many differences as a refusal names.
_MAX_NAMED = 8

# What an output belongs to: `input` and `settings`, JSON values.
Identity = dict[str, Any]


def claim(out: Path, identity: Identity, *, force: bool = False) -> None:
    """Makes the folder this job's; parts of the same job stay and count.

    Args:
        identity: Of this job.
        force: Throw away the parts of another job.

    Raises:
        ArchiveError: parts of another input or other settings lie there, or parts of which nobody knows what they are.
        OSError: the folder cannot be written.
    """
    path = out / MANIFEST
    found = _read(path)
    if found != identity and (part_files(out) or (found is None and path.exists())):
        if not force:
            raise ArchiveError(
                f"{out} {_difference(found, identity)}. Nothing was changed: {_way_on(found, identity)}name"
                " another folder, or throw away the parts that are there with --force"
            )
        for old in part_files(out):
            old.unlink()
    for left in unfinished_files(out):
        left.unlink()
    # As long as the job is not at its end the manifest names no result.
    _write(path, identity, None)


def write_result(out: Path, identity: Identity, parts: int, counts: PartCounts) -> None:
    """Writes down that every part is there.

    Raises:
        OSError: it cannot be written.
    """
    _write(out / MANIFEST, identity, {"parts": parts, "articles": counts.articles, "failed": counts.failed})


def _write(path: Path, identity: Identity, result: dict[str, int] | None) -> None:
    content = {"format": _FORMAT, **identity, "result": result}
    write_whole(path, (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode("utf-8"))


def _read(path: Path) -> Identity | None:
    """The identity written down, None when there is none that can be read."""
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != _FORMAT:
            return None
        return {"input": content["input"], "settings": content["settings"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _difference(found: Identity | None, identity: Identity) -> str:
    if found is None:
        return f"holds parts without a {MANIFEST} that can be read"
    return f"holds parts of another job, which differs in {named_differences(found, identity)}"


def _way_on(found: Identity | None, identity: Identity) -> str:
    """After an upgrade nothing that the caller says is wrong, and the parts need not be lost."""
    if found is None:
        return ""
    changed = {".".join(name.split(".")[:2]) for name, *_ in _changes("", found, identity)}
    # A release brings its bundled models with it.
    if "settings.software" not in changed or changed - {"settings.software", "settings.models"}:
        return ""
    return "the software is not that of the parts; go on with the one of before, "


def named_differences(was: dict[str, Any], now: dict[str, Any]) -> str:
    """Name and both values of everything that differs, the first few of them; for people."""
    names = [
        f"{name} (was {json.dumps(before, ensure_ascii=False)}, is {json.dumps(after, ensure_ascii=False)})"
        for name, before, after in _changes("", was, now)
    ]
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return f"{', '.join(names[:_MAX_NAMED])}{more}"


def _changes(prefix: str, was: Any, now: Any) -> list[tuple[str, Any, Any]]:
    """Name and both values of everything that differs."""
    if isinstance(was, dict) and isinstance(now, dict):
        names = dict.fromkeys([*was, *now])
        return [
            one
            for name in names
            for one in _changes(f"{prefix}.{name}" if prefix else name, was.get(name), now.get(name))
        ]
    return [(prefix, was, now)] if was != now else []
