"""The image itself: built, started with a read-only root and no privileges, driven by the client from outside.

Long and root's work: it needs buildah. IMAGE names an image that is built already; else tools/image.sh builds it, over
BASE_IMAGE if that is set (tools/base_image.sh).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from khulasa.client import Client
from server_process import ROOT, ServerProcess, free_port

SEED = (ROOT / "seeds/nato-guarantees.ar.txt").read_text("utf-8")
LIMIT_BYTES = 400e6

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(shutil.which("buildah") is None, reason="buildah is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting the image needs root"),
]


def run(*command: str | Path, **options: Any) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=ROOT, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def image() -> str:
    if named := os.environ.get("IMAGE"):
        return named
    name = "localhost/khulasa-server:under-test"
    run(ROOT / "tools/image.sh", name)
    return name


@pytest.fixture(scope="module")
def config(image: str) -> dict[str, Any]:
    return dict(json.loads(run("buildah", "inspect", "--type", "image", image))["Docker"]["config"])


@pytest.fixture(scope="module")
def root(image: str) -> Iterator[Path]:
    """The image's file system."""
    container = run("buildah", "from", image)
    try:
        yield Path(run("buildah", "mount", container))
    finally:
        run("buildah", "rm", container)


# A container as runtimes make it, by hand, for chroot isolation knows no read-only root: a mount namespace of its own,
# the root mounted read-only, /proc, /dev and an empty /tmp.
MOUNTS = """
set -e
mount --bind "$1" "$2"
mount -o remount,bind,ro "$2"
mount -t proc proc "$2/proc"
mount --bind /dev "$2/dev"
mount -t tmpfs tmpfs "$2/tmp"
shift 2
exec env -i "$@"
"""


def outside(name: str) -> str:
    found = shutil.which(name)
    assert found, f"{name} is missing"
    return found


def in_container(root: Path, mount_point: Path, config: dict[str, Any], **environment: object) -> list[str]:
    """What starts a program of the image, up to the program's own name: another user, nothing to gain, no shell."""
    variables = [*config["Env"], *(f"KHULASA_{name.upper()}={value}" for name, value in environment.items())]
    mounted = [outside("unshare"), "--mount", "--propagation", "private", "/bin/sh", "-c", MOUNTS, "sh"]
    unprivileged = [outside("setpriv"), "--no-new-privs", "--bounding-set=-all,+sys_chroot,+setuid,+setgid"]
    inside = [outside("chroot"), f"--userspec={config['User']}", "--groups=", str(mount_point)]
    return [*mounted, str(root), str(mount_point), *variables, *unprivileged, *inside]


@pytest.fixture(scope="module")
def server(root: Path, config: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ExitStack() as stack:
        command = in_container(root, tmp_path_factory.mktemp("root"), config, health_port=free_port(), threads=2)
        process = stack.enter_context(ServerProcess([*command, *config["Entrypoint"], *config["Cmd"]]))
        process.wait_until("SERVING")
        yield process
        assert process.stop() == 0


def test_the_client_outside_gets_an_aligned_summary(server: ServerProcess) -> None:
    with Client(server.address) as client:
        summary = client.summarize(SEED, max_sentences=4, target_language="en")
        assert len(summary.sentences) == 4
        for pair in summary.sentences:
            assert SEED[pair.source_span.start : pair.source_span.end] == pair.source_text
            assert pair.target_text.strip()
        back = client.translate(["The council announced its decision today."], target_language="ar")
        assert back[0].text.strip()
        assert "khulasa-base" in {model.name for model in client.models()}


def test_its_own_health_check_says_serving(
    server: ServerProcess, root: Path, config: dict[str, Any], tmp_path: Path
) -> None:
    kind, *check = config["Healthcheck"]["Test"]
    assert (kind, check) == ("CMD", ["khulasa-server", "healthcheck"])
    command = in_container(root, tmp_path, config, health_port=server.port)
    assert run(*command, *check) == "SERVING"


def test_it_runs_as_nobody_in_particular_and_writes_nothing(
    server: ServerProcess, root: Path, config: dict[str, Any]
) -> None:
    status = Path(f"/proc/{server.process.pid}/status").read_text("utf-8")
    fields = dict(re.findall(r"^(\w+):\s*(.*)$", status, re.MULTILINE))
    assert fields["Uid"].split() == ["65532"] * 4
    assert fields["Gid"].split() == ["65532"] * 4
    assert fields["NoNewPrivs"] == "1"
    assert int(fields["CapEff"], 16) == 0
    assert config["User"] == "65532:65532"
    mounts = Path(f"/proc/{server.process.pid}/mountinfo").read_text("utf-8")
    (options,) = [line.split()[5] for line in mounts.splitlines() if line.split()[4] == "/"]
    assert "ro" in options.split(",")
    assert not list((root / "var/lib/khulasa/models").iterdir())


def test_there_is_no_shell_no_pip_no_compiler(root: Path) -> None:
    unwanted = {
        "sh",
        "bash",
        "dash",
        "pip",
        "pip3",
        "apt",
        "apt-get",
        "dpkg",
        "gcc",
        "cc",
        "ld",
        "strip",
        "perl",
        "curl",
    }
    folders = ("usr/bin", "usr/sbin", "bin", "sbin", "opt/khulasa/bin", "opt/khulasa/app/bin", "usr/local/bin")
    there = {path.name for folder in folders if (root / folder).is_dir() for path in (root / folder).iterdir()}
    assert not there & unwanted
    assert "python3" in there
    packages = {path.name.lower() for path in root.glob("opt/khulasa/lib/python3*/site-packages/*")}
    assert not packages & {"pip", "setuptools", "wheel", "hatchling"}


def test_nothing_of_the_build_is_left(root: Path, image: str) -> None:
    assert not list((root / "run").iterdir()), "secrets are mounted there while packages are fetched"
    assert not list(root.rglob("pip.conf"))
    inspected = run("buildah", "inspect", "--type", "image", image)
    assert "PIP_" not in inspected


def size_bytes(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def test_it_has_at_most_400_mb_without_models(root: Path) -> None:
    models = size_bytes(root / "opt/khulasa/share/khulasa/models")
    whole = size_bytes(root)
    print(f"image: {whole / 1e6:.0f} MB, of which models {models / 1e6:.0f} MB")
    assert models > 20e6
    assert whole - models <= LIMIT_BYTES


def test_labels_and_bill_of_materials(root: Path, config: dict[str, Any]) -> None:
    labels = config["Labels"]
    assert labels["org.opencontainers.image.title"] == "khulasa-server"
    assert re.fullmatch(r"[0-9a-f]{40}|unknown", labels["org.opencontainers.image.revision"])
    bill = json.loads((root / "usr/share/sbom/khulasa-server.cdx.json").read_text("utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    assert labels["org.opencontainers.image.version"] == bill["metadata"]["component"]["version"]
    listed = {(one["name"].lower().replace("_", "-"), one["version"]) for one in bill["components"]}
    installed = set()
    for where in root.glob("opt/khulasa/**/*.dist-info/METADATA"):
        text = where.read_text("utf-8")
        name, version = (re.search(rf"^{key}: (.*)$", text, re.MULTILINE) for key in ("Name", "Version"))
        assert name is not None
        assert version is not None
        installed.add((name[1].lower().replace("_", "-"), version[1]))
    assert len(installed) > 30
    assert installed <= listed, installed - listed
    assert {"libc6", "python3.11", "khulasa-base"} <= {name for name, _ in listed}
