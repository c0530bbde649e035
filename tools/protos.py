"""Generate the Python stubs from the protos, check that they match, and lint the protos with buf.

    python tools/protos.py            regenerate proto/khulasa/v1/*_pb2*; after a failure the old ones are still there
    python tools/protos.py --check    exit 1 when a committed stub differs from what the protos give
    python tools/protos.py --lint     buf lint, and buf breaking against the last release tag when there is one

The google.rpc protos come from the installed googleapis-common-protos, so nothing is fetched.
"""

from __future__ import annotations

import argparse
import filecmp
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import files as distribution_files
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
PACKAGE = Path("khulasa/v1")


def googleapis_include() -> Path:
    """The folder that holds google/rpc/status.proto of the installed googleapis-common-protos."""
    for file in distribution_files("googleapis-common-protos") or []:
        if file.as_posix() == "google/rpc/status.proto":
            return Path(str(file.locate())).parents[2]
    raise SystemExit("googleapis-common-protos is not installed")


def generate(out: Path) -> list[Path]:
    """Write the stubs of every proto under `out`; the written paths relative to it."""
    import grpc_tools

    bundled = Path(grpc_tools.__file__).parent / "_proto"
    sources = sorted(p.relative_to(PROTO).as_posix() for p in (PROTO / PACKAGE).glob("*.proto"))
    bin_dir = Path(sys.executable).parent
    command = [
        sys.executable, "-m", "grpc_tools.protoc",
        f"-I{PROTO}", f"-I{googleapis_include()}", f"-I{bundled}",
        f"--plugin=protoc-gen-mypy={bin_dir / 'protoc-gen-mypy'}",
        f"--plugin=protoc-gen-mypy_grpc={bin_dir / 'protoc-gen-mypy_grpc'}",
        f"--python_out={out}", f"--grpc_python_out={out}", f"--mypy_out={out}", f"--mypy_grpc_out={out}",
        *sources,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return sorted(p.relative_to(out) for p in (out / PACKAGE).iterdir() if p.is_file())


def regenerate() -> list[Path]:
    """Put fresh stubs in place of the committed ones; their paths relative to proto/.

    Raises:
        SystemExit: a proto is wrong; the old stubs are as they were.
    """
    # On the same file system, so that each file is replaced in one step.
    with tempfile.TemporaryDirectory(prefix=".stubs-", dir=PROTO) as scratch:
        fresh = generate(Path(scratch))
        for path in fresh:
            (Path(scratch) / path).replace(PROTO / path)
    for path in stubs() - set(fresh):
        (PROTO / path).unlink()
    return fresh


def stubs() -> set[Path]:
    """The committed stubs, relative to proto/."""
    return {p.relative_to(PROTO) for pattern in ("*_pb2*.py", "*_pb2*.pyi") for p in (PROTO / PACKAGE).glob(pattern)}


def check() -> int:
    """Compare the committed stubs with fresh ones; the number of differing files."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = set(generate(Path(scratch)))
        wrong = [f"{p}: not committed" for p in sorted(fresh - stubs())]
        wrong += [f"{p}: no proto makes it" for p in sorted(stubs() - fresh)]
        wrong += [
            f"{p}: differs from what the protos give"
            for p in sorted(fresh & stubs())
            if not filecmp.cmp(Path(scratch) / p, PROTO / p, shallow=False)
        ]
    for line in wrong:
        print(line, file=sys.stderr)
    print("stubs match the protos" if not wrong else "run `make proto`")
    return len(wrong)


def _workspace(at: Path, protos: Path) -> None:
    """A buf workspace with our protos and the google.rpc ones they import."""
    shutil.copytree(protos, at / "proto", ignore=shutil.ignore_patterns("*.py", "*.pyi", "__pycache__"))
    (at / "google_rpc/google/rpc").mkdir(parents=True)
    shutil.copy(googleapis_include() / "google/rpc/status.proto", at / "google_rpc/google/rpc")
    (at / "buf.yaml").write_text(
        "version: v2\nmodules:\n  - path: proto\n    lint: {use: [STANDARD, COMMENTS]}\n"
        "    breaking: {use: [FILE]}\n  - path: google_rpc\n    lint: {ignore: [google_rpc]}\n"
    )
    (at / "proto/buf.yaml").unlink(missing_ok=True)


def _buf(*arguments: str, cwd: Path) -> int:
    return subprocess.run([str(Path(sys.executable).parent / "buf"), *arguments], cwd=cwd, check=False).returncode


def lint() -> int:
    """buf lint; buf breaking against the newest release tag, if any. The number of failed steps."""
    with tempfile.TemporaryDirectory() as scratch:
        now = Path(scratch) / "now"
        _workspace(now, PROTO)
        failed = int(_buf("lint", "proto", cwd=now) != 0)
        tag = subprocess.run(
            ["git", "describe", "--tags", "--abbrev=0", "--match", "v*"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        if tag:
            archive = subprocess.run(["git", "archive", tag, "proto"], cwd=ROOT, capture_output=True, check=True).stdout
            released = Path(scratch) / "released"
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                tar.extractall(released, filter="data")
            before = Path(scratch) / "before"
            _workspace(before, released / "proto")
            failed += int(_buf("breaking", "--against", str(before), cwd=now) != 0)
    print("protos are lint clean" if not failed else "buf found faults")
    return failed


def main() -> int:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--lint", action="store_true")
    arguments = parser.parse_args()
    if arguments.check or arguments.lint:
        return min(1, (check() if arguments.check else 0) + (lint() if arguments.lint else 0))
    for path in regenerate():
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
