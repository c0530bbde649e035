"""A real server: packages pulled, damaged and removed under it, SIGHUP in between, and not one call lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hub_server import HubServer
from khulasa.server.models.manifest import MANIFEST
from khulasa.v1 import model_pb2, model_pb2_grpc, translation_pb2, translation_pb2_grpc
from server_process import ROOT, ServerProcess
from small_package import changed, contents

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

BUNDLED = ROOT / "models/khulasa-base"
TEXT = "وصل الرئيس إلى العاصمة اليوم."


class Caller:
    """Translates without a pause and notes which model answered."""

    def __init__(self, server: ServerProcess) -> None:
        self._stub = translation_pb2_grpc.TranslationServiceStub(server.channel)
        self.models: list[str] = []
        self.errors: list[Exception] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Caller:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=60)

    def _run(self) -> None:
        count = 0
        while not self._stop.is_set():
            # Each text is new, or the cache would answer.
            count += 1
            request = translation_pb2.TranslateRequest(texts=[f"{TEXT} {count}"], target_language_code="en")
            try:
                answer = self._stub.Translate(request, timeout=60)
                assert answer.translations[0].text
                self.models.append(answer.model.name)
            except Exception as error:
                self.errors.append(error)


def translators(server: ServerProcess) -> list[str]:
    """Names of the translation models, in order."""
    answer = model_pb2_grpc.ModelServiceStub(server.channel).ListModels(model_pb2.ListModelsRequest(), timeout=30)
    return [model.name for model in answer.models if model.language_pairs]


def until(condition: Callable[[], bool], server: ServerProcess) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, server.written()
        time.sleep(0.1)


@pytest.fixture
def machine(tmp_path: Path, hub: HubServer) -> Iterator[tuple[ServerProcess, Callable[..., str], Path]]:
    made = tmp_path / "made"
    shutil.copytree(BUNDLED, made)
    changed(made, name="strong", version="9", preview=False)
    hub.repositories["newsroom/strong"] = contents(made)
    downloads = tmp_path / "downloads"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KHULASA_", "HF_"))}
    environment = kept | {"KHULASA_DOWNLOAD_DIR": str(downloads), "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path)}

    def models(*arguments: str) -> str:
        command = [str(Path(sys.executable).parent / "khulasa-server"), "models", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    with ServerProcess(threads=2, download_dir=downloads) as server:
        server.wait_until("SERVING")
        yield server, models, downloads


def test_packages_come_and_go_under_a_running_server(
    machine: tuple[ServerProcess, Callable[..., str], Path],
) -> None:
    server, models, downloads = machine
    assert translators(server) == ["khulasa-base"]
    until(lambda: any("khulasa-server models pull" in line for line in server.lines), server)
    with Caller(server) as caller:
        until(lambda: len(caller.models) > 2, server)
        models("pull", "newsroom/strong")
        assert translators(server) == ["khulasa-base"], "nothing changes before SIGHUP"
        server.process.send_signal(signal.SIGHUP)
        until(lambda: translators(server) == ["strong", "khulasa-base"], server)
        until(lambda: caller.models[-1] == "strong", server)

        # Damaged on disk: the server goes on with what it has.
        (package,) = downloads.glob("strong@*")
        weights = bytearray((package / "model.bin").read_bytes())
        weights[-1] ^= 1
        (package / "model.bin").write_bytes(weights)
        server.process.send_signal(signal.SIGHUP)
        until(lambda: any("reload failed" in line for line in server.log), server)
        (line,) = [line for line in server.log if "reload failed" in line]
        assert "model.bin: sha256" in json.loads(line)["message"]
        assert translators(server) == ["strong", "khulasa-base"]

        models("pull", "newsroom/strong")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: sum("models reloaded" in line for line in server.log) == 2, server)
        models("remove", "strong")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: translators(server) == ["khulasa-base"], server)
        until(lambda: caller.models[-1] == "khulasa-base", server)
    assert caller.errors == []
    assert set(caller.models) == {"khulasa-base", "strong"}
    assert server.stop() == 0


def test_model_service_says_what_is_in_the_manifest(machine: tuple[ServerProcess, Callable[..., str], Path]) -> None:
    server, _, _ = machine
    stub = model_pb2_grpc.ModelServiceStub(server.channel)
    got = stub.GetModel(model_pb2.GetModelRequest(name="khulasa-base"), timeout=30).model
    manifest = json.loads((BUNDLED / MANIFEST).read_text(encoding="utf-8"))
    assert got.revision == manifest["revision"]
    assert got.version == manifest["version"]
    assert got.licence == manifest["licence"]
    assert got.preview
    assert got.limits.max_input_tokens == manifest["limits"]["max_input_tokens"]
    figures = [
        (one.dataset, one.language_pair.source_language_code, one.metric, pytest.approx(one.value), one.signature)
        for one in got.quality
    ]
    assert figures == [
        (one["dataset"], one["source"], one["metric"], one["value"], one["signature"]) for one in manifest["quality"]
    ]


def test_packages_that_the_settings_name_are_told_apart_and_missed(tmp_path: Path) -> None:
    """Two of a pair: the first is its default. One that is then gone, or changed, stops the reload and nothing else."""
    shelf = tmp_path / "shelf"
    figure = {"dataset": "ours", "source": "ar", "target": "en", "metric": "BLEU", "value": 1.5, "signature": "s"}
    for name, pairs in (("first", 1), ("second", 2)):
        shutil.copytree(BUNDLED, shelf / name)
        manifest = json.loads((shelf / name / MANIFEST).read_text(encoding="utf-8"))
        own = {"quality": [figure], "licence": f"licence of {name}", "pairs": manifest["pairs"][:pairs]}
        changed(shelf / name, name=name, preview=False, version=name, **own)
    with ServerProcess(threads=2, model_dirs=shelf, models="first,second", download_dir=tmp_path / "none") as server:
        server.wait_until("SERVING")
        stub = model_pb2_grpc.ModelServiceStub(server.channel)
        models = [
            one for one in stub.ListModels(model_pb2.ListModelsRequest(), timeout=30).models if one.language_pairs
        ]
        assert [(one.name, one.version, one.licence) for one in models] == [
            (name, name, f"licence of {name}") for name in ("first", "second")
        ]
        assert [[pair.source_language_code for pair in one.language_pairs] for one in models] == [["ar"], ["ar", "en"]]
        assert [[(one.dataset, one.value) for one in model.quality] for model in models] == [[("ours", 1.5)]] * 2
        translate = translation_pb2_grpc.TranslationServiceStub(server.channel).Translate

        def answered_by(text: str, target: str) -> str:
            request = translation_pb2.TranslateRequest(texts=[text], target_language_code=target)
            return str(translate(request, timeout=60).model.name)

        assert [answered_by(TEXT, "en"), answered_by("The president left.", "ar")] == ["first", "second"]

        def reload_fails(times: int, said: str) -> None:
            server.process.send_signal(signal.SIGHUP)
            until(lambda: sum("reload failed" in line for line in server.log) == times, server)
            assert said in json.loads([line for line in server.log if "reload failed" in line][-1])["message"]
            assert translators(server) == ["first", "second"]
            assert answered_by(f"{TEXT} {times}", "en") == "first"

        with (shelf / "first/spm.model").open("ab") as file:
            file.write(b"x")
        reload_fails(1, "spm.model: ")
        shutil.rmtree(shelf / "first")
        reload_fails(2, "models: no model package is named 'first'; there are: second")
        assert answered_by(f"{TEXT} {TEXT}", "en") == "first", "what is in memory needs no files"
        assert server.stop() == 0


def test_a_start_with_a_damaged_package_fails_and_says_which_file(tmp_path: Path) -> None:
    shutil.copytree(BUNDLED, tmp_path / "damaged")
    (tmp_path / "damaged/model.bin").write_bytes(b"half")
    with ServerProcess(models=tmp_path / "damaged") as server:
        assert server.wait() == 1
        assert "model.bin: " in server.written()
        assert " bytes expected, 4 found" in server.written()
