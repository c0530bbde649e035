"""The bill of materials of the image: the Python packages that cyclonedx-py found, Debian's packages and the models.

python sbom.py --python python.json --debian STATUS_FOLDER --models FOLDER > khulasa-server.cdx.json
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

Component = dict[str, Any]


def debian_components(folder: Path) -> Iterator[Component]:
    """One for each file of `folder`, which holds what `dpkg-query --status` prints of one package."""
    for path in sorted(folder.iterdir()):
        fields = HeaderParser().parsestr(path.read_text("utf-8"))
        name, version = fields["Package"], fields["Version"]
        purl = f"pkg:deb/debian/{quote(name, safe='')}@{quote(version, safe='')}?arch={fields['Architecture']}"
        yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def model_components(folder: Path) -> Iterator[Component]:
    """One for each package folder: licence, and the hash of each file as the manifest has it."""
    for path in sorted(folder.glob("*/manifest.json")):
        manifest = json.loads(path.read_text("utf-8"))
        files = [
            {"type": "file", "name": one["path"], "hashes": [{"alg": "SHA-256", "content": one["sha256"]}]}
            for one in manifest["files"]
        ]
        yield {
            "type": "machine-learning-model",
            "bom-ref": f"model:{manifest['name']}@{manifest['version']}",
            "name": manifest["name"],
            "version": manifest["version"],
            "licenses": [{"license": {"name": manifest["licence"]}}],
            "components": files,
        }


def main() -> None:
    """Print one document of all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("python", "debian", "models"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    document = json.loads(arguments.python.read_text("utf-8"))
    document.setdefault("components", []).extend(
        [*debian_components(arguments.debian), *model_components(arguments.models)]
    )
    document["metadata"]["component"] = {
        "type": "container",
        "bom-ref": "khulasa-server-image",
        "name": "khulasa-server",
        "version": next(one["version"] for one in document["components"] if one["name"] == "khulasa-server"),
    }
    json.dump(document, sys.stdout, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
