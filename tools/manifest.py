"""Rewrites sizes, hashes and revision in a package's manifest after its files have changed. The rest is kept.

python tools/manifest.py models/khulasa-base [--check]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import CONFIG, MANIFEST, WEIGHTS, list_files, parse_manifest, write_manifest
from khulasa.server.models.verification import engine_tokens_of


def rewritten(folder: Path) -> dict[str, Any]:
    """The manifest's fields with hashes, revision and engine tokens as the files in `folder` have them."""
    fields: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    files = list_files(folder)
    fields["files"] = [entry.model_dump(mode="json") for entry in files]
    fields["revision"] = next((entry.sha256 for entry in files if entry.path == WEIGHTS), "")
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    fields["tokenization"]["engine_tokens"] = list(engine_tokens_of(config))
    return fields


def main() -> int:
    """Exit status 1 when the manifest is wrong, or with --check when it would change."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true", help="change nothing, say whether something would change")
    options = parser.parse_args()
    path = options.folder / MANIFEST
    try:
        manifest = parse_manifest(json.dumps(rewritten(options.folder)).encode(), str(path))
        if options.check:
            same = parse_manifest(path.read_bytes(), str(path)) == manifest
            print(f"{path}: {'as the files are' if same else 'out of date, run this without --check'}")
            return 0 if same else 1
        write_manifest(options.folder, manifest)
    except (PackageError, OSError, ValueError, KeyError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    print(f"{path}: revision {manifest.revision}, {len(manifest.files)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
