"""Where packages come from: what is asked for amiss, what nobody vouches for, proxies, what a manifest keeps of it."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from typing import ClassVar

import pytest
from hub_server import COMMIT, Fault, HubServer
from khulasa.server.models import trust
from khulasa.server.models.catalog import Catalog, CatalogEntry, HubSource
from khulasa.server.models.manifest import read_manifest
from pull_machine import TOKEN, Machine, offer, packed
from small_package import contents, make_package

pytestmark = pytest.mark.slow
LATER = "f" * 40


@pytest.fixture
def machine(tmp_path: object, hub: HubServer) -> Machine:
    return Machine(tmp_path, hub)  # type: ignore[arg-type]


@pytest.mark.parametrize("secret", ["X-Signature=secret", "X-Signature=" + "s" * 900])
def test_a_signature_in_an_address_is_kept_nowhere(machine: Machine, secret: str) -> None:
    content = packed(offer(machine), "small.zip")
    machine.hub.files["small.zip"] = content
    sha256 = hashlib.sha256(content).hexdigest()
    address = f"{machine.hub.url}/files/small.zip?{secret}"
    output = machine.run("pull", address, "--sha256", sha256)
    origin = read_manifest(machine.folder_of("small")).origin
    assert origin == f"{machine.hub.url}/files/small.zip#sha256={sha256}, int8"
    assert secret not in output
    # Another signature is the same file still.
    assert "there already" in machine.run("pull", address + "2", "--sha256", sha256)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["newsroom/small", "--kind", "opus"], "kind 'opus' is none of"),
        (["newsroom/small", "--quantization", "int4"], "quantization 'int4' is none of"),
        (["newsroom/small", "--pair", "arabic"], "'arabic' is no pair"),
        (["argos-ar-en", "--licence", "MIT"], "leave out --licence and --pair"),
        (["argos-ar-en", "--pair", "en-ar"], "leave out --licence and --pair"),
    ],
)
def test_what_is_asked_for_amiss_is_said_before_anything_is_fetched(
    machine: Machine, arguments: list[str], said: str
) -> None:
    offer(machine)
    assert said in machine.run("pull", *arguments, status=1)
    assert machine.hub.seen == []


def test_a_checkpoint_is_not_fetched_where_it_cannot_be_converted(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("khulasa.server.models.pull.find_spec", lambda name: None)
    files = {"config.json": b'{"model_type": "marian"}', "pytorch_model.bin": bytes(20_000), "vocab.json": b"{}"}
    machine.hub.repositories["newsroom/opus"] = files
    assert "pip install 'khulasa-server[convert]'" in machine.run("pull", "newsroom/opus", "--pair", "ar-en", status=1)
    assert machine.hub.bodies("pytorch_model.bin") == []


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("", "HF_ENDPOINT: ''"),
        ("hub.example", "HF_ENDPOINT: 'hub.example'"),
        ("https://me:secret@hub.example", "HF_ENDPOINT: https://hub.example"),
    ],
)
def test_a_wrong_endpoint_is_named(machine: Machine, endpoint: str, said: str) -> None:
    machine.environment["HF_ENDPOINT"] = endpoint
    output = machine.run("pull", "newsroom/small", status=1)
    assert said in output
    assert "secret" not in output


def test_a_hub_below_a_path_is_asked_there(machine: Machine) -> None:
    offer(machine)
    machine.hub.prefix = "/mirror/hub"
    machine.environment["HF_ENDPOINT"] = f"{machine.hub.url}/mirror/hub"
    machine.run("pull", "newsroom/small")
    assert machine.shelf() == ["small"]
    assert machine.hub.outside == []


def test_a_hub_that_is_not_to_be_asked_says_what_can_be_done(machine: Machine) -> None:
    offer(machine)
    output = _started(machine, "newsroom/small", 1, HF_HUB_OFFLINE="1")
    assert output == (
        "newsroom/small: HF_HUB_OFFLINE is set, so no hub is asked: unset it, or pull a folder or archive of this"
        " machine by its path, as ./FILE\n"
    )
    assert machine.hub.seen == []


@pytest.mark.parametrize(("status", "said"), [(401, "HF_TOKEN is missing or wrong"), (403, "terms"), (404, "a hub?")])
def test_a_refusal_says_what_may_be_done(machine: Machine, status: int, said: str) -> None:
    packed_one = packed(offer(machine), "small.zip")
    machine.hub.faults["main"] = [Fault(status=status)]
    assert said in machine.run("pull", "newsroom/small", status=1)
    machine.hub.files["small.zip"] = packed_one
    machine.hub.faults["small.zip"] = [Fault(status=status)]
    output = machine.run("pull", f"{machine.hub.url}/files/small.zip", status=1)
    assert ("look at the address" if status == 404 else "pull the file by its path") in output


def test_a_pause_is_said(machine: Machine) -> None:
    offer(machine)
    machine.hub.faults["main"] = [Fault(status=429, headers={"Retry-After": "1"})]
    machine.hub.faults["model.bin"] = [Fault(status=503, headers={"Retry-After": "2"})]
    output = machine.run("pull", "newsroom/small")
    assert "newsroom/small: the hub answers 429; trying again in 1 s" in output
    assert "model.bin: the server answers 503 Service Unavailable; trying again in 2 s" in output


def test_a_package_of_another_name_is_not_fetched_twice(machine: Machine) -> None:
    offer(machine, "newsroom/repository", name="small")
    machine.run("pull", "newsroom/repository")
    machine.hub.seen.clear()
    assert "there already" in machine.run("pull", "newsroom/repository")
    assert machine.hub.bodies("model.bin") == []


def test_what_a_killed_conversion_left_goes(machine: Machine) -> None:
    offer(machine)
    left = machine.downloads / ".incoming/small/.package.x1y2"
    left.mkdir(parents=True)
    (left / "model.bin").write_bytes(b"half")
    machine.hub.faults["model.bin"] = [Fault(status=404)]
    machine.run("pull", "newsroom/small", status=1)
    assert not left.exists()


class _Proxy(http.server.BaseHTTPRequestHandler):
    seen: ClassVar[list[str]]

    def _refuse(self) -> None:
        self.seen.append(f"{self.command} {self.path} {self.headers.get('Authorization')}")
        self.send_response(502)
        self.end_headers()

    do_GET = do_HEAD = do_CONNECT = _refuse

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    class Handler(_Proxy):
        seen: ClassVar[list[str]] = []

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", Handler.seen
        server.shutdown()


def _started(machine: Machine, what: str, status: int = 0, **environment: str) -> str:
    """A pull in a process of its own: huggingface_hub reads the environment once."""
    for name in ("no_proxy", "NO_PROXY"):
        machine.environment.pop(name, None)
    machine.environment |= environment
    with machine.start("pull", what) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == status, output
    return output


@pytest.mark.parametrize("name", ["http_proxy", "ALL_PROXY"])
def test_what_is_for_this_machine_goes_through_no_proxy(
    machine: Machine, proxy: tuple[str, list[str]], name: str
) -> None:
    machine.hub.files["small.zip"] = packed(offer(machine), "small.zip")
    address, seen = proxy
    _started(machine, "newsroom/small", **{name: address})
    _started(machine, f"{machine.hub.url}/files/small.zip", **{name: address})
    assert not [one for one in seen if TOKEN in one or machine.hub.url in one]


def test_a_proxy_that_speaks_socks_is_said_to_be_that(machine: Machine) -> None:
    socks = "socks5://me:secret@127.0.0.1:9"
    for what in ("newsroom/small", "https://example.org/small.zip"):
        output = _started(machine, what, 1, ALL_PROXY=socks, HF_ENDPOINT="https://hub.example")
        assert "speaks SOCKS" in output
        assert "secret" not in output
        assert "Traceback" not in output


@pytest.fixture
def floating(monkeypatch: pytest.MonkeyPatch) -> CatalogEntry:
    """An entry of the catalog without a commit, its weights taken as they are."""
    fields = {
        "name": "small", "pairs": ["ar-en"], "licence": "MIT", "description": "Small.",
        "source": {"hub": "newsroom/small"}, "convert": {"kind": "ctranslate2"},
    }  # fmt: skip
    entry = CatalogEntry.model_validate(fields)
    catalog = Catalog(format=1, packages=(entry,))
    monkeypatch.setattr("khulasa.server.models.pull.catalog", lambda: catalog)
    monkeypatch.setattr(trust, "catalog", lambda: catalog)
    return entry


def test_what_nobody_vouches_for_is_said_and_kept_to(machine: Machine, floating: CatalogEntry) -> None:
    assert isinstance(floating.source, HubSource)
    offer(machine)
    output = machine.run("pull", "small")
    assert "taken as the hub has it" in output
    assert f"pull newsroom/small@{COMMIT} for the same again" in output
    first = machine.folder_of("small")

    # The hub has something newer: a name of the catalog stays what it was the first time.
    machine.hub.commit = LATER
    machine.hub.also = {COMMIT}
    output = machine.run("pull", "small")
    assert f"commit {COMMIT}, as the first time; --force takes what is newest" in output
    assert machine.folder_of("small") == first
    machine.hub.also = set()
    assert "no such revision" in machine.run("pull", "small", status=1)

    offer(machine, seed=2)
    output = machine.run("pull", "small", "--force")
    assert f"hub:newsroom/small has changed: {COMMIT} before, {LATER} now" in output
    assert LATER in read_manifest(machine.folder_of("small")).origin


def test_the_same_commit_with_other_weights_is_refused(machine: Machine, floating: CatalogEntry) -> None:
    offer(machine)
    machine.run("pull", "small")
    folder = machine.folder_of("small")
    (folder / "model.bin").write_bytes(b"damaged")
    offer(machine, seed=2)
    output = machine.run("pull", "small", status=1)
    assert "has other weights than it had" in output
    assert "--force takes them" in output
    assert (folder / "model.bin").read_bytes() == b"damaged"
    machine.run("pull", "small", "--force")
    assert machine.shelf() == ["small"]


def test_an_address_without_a_hash_is_compared_with_the_last_time(machine: Machine) -> None:
    first, second = packed(offer(machine), "small.zip"), packed(offer(machine, seed=2), "small.zip")
    address = f"{machine.hub.url}/files/small.zip"
    machine.hub.files["small.zip"] = first
    before = hashlib.sha256(first).hexdigest()
    assert f"--sha256 {before} asks for the same file again" in machine.run("pull", address)
    assert before in read_manifest(machine.folder_of("small")).origin
    machine.hub.files["small.zip"] = second
    output = machine.run("pull", address)
    assert f"small.zip has changed: {before} before, {hashlib.sha256(second).hexdigest()} now" in output


def test_an_archive_without_a_hash_that_is_not_used_yet_is_not_fetched_twice(machine: Machine) -> None:
    """What comes after it is cut off, or cannot be done: the next try asks whether it is still the same."""
    (empty := machine.folder / "empty").mkdir()
    (empty / "x.txt").write_text("no model")
    machine.hub.files["odd.zip"] = content = packed(empty, "odd.zip")
    address = f"{machine.hub.url}/files/odd.zip"
    for _ in range(2):
        machine.run("pull", address, status=1)
    assert [seen.headers.get("range") for seen in machine.hub.bodies("odd.zip")] == [None, f"bytes={len(content) - 1}-"]
    machine.hub.files["odd.zip"] = packed(offer(machine), "odd.zip")
    machine.run("pull", address)
    assert machine.shelf() == ["small"]
    assert list(machine.downloads.glob(".incoming/*/*")) == []


def test_a_ready_package_says_that_nothing_of_it_is_converted(machine: Machine) -> None:
    folder = machine.folder / "ready"
    make_package(folder)
    machine.hub.repositories["newsroom/ready"] = contents(folder)
    assert "nothing of it is converted" in machine.run("pull", "newsroom/ready", "--kind", "argos")
