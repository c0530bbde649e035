"""The life of a server process, over a core without models: start, signals, drain under load, reload under load."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from khulasa.server.api.authentication import hash_of_token
from khulasa.v1 import summary_pb2, summary_pb2_grpc, translation_pb2, translation_pb2_grpc
from server_process import ServerProcess, free_port

FAKE = [sys.executable, str(Path(__file__).parent / "server_without_models.py")]
ARTICLE = summary_pb2.SummarizeRequest(article=summary_pb2.Article(text="أعلن المجلس قراره اليوم."))


def start(
    monkeypatch: pytest.MonkeyPatch,
    *,
    load_s: float = 0,
    load_file: Path = Path("/"),
    work_s: float = 0,
    fail: str = "",
    **settings: object,
) -> ServerProcess:
    monkeypatch.setenv("FAKE_LOAD_S", str(load_s))
    monkeypatch.setenv("FAKE_LOAD_FILE", str(load_file))
    monkeypatch.setenv("FAKE_WORK_S", str(work_s))
    monkeypatch.setenv("FAKE_FAIL", fail)
    return ServerProcess(FAKE, **settings)


class Load:
    """Callers that never stop asking; every answer and every refusal is kept."""

    def __init__(self, server: ServerProcess, callers: int) -> None:
        self._stub = summary_pb2_grpc.SummaryServiceStub(server.channel)
        self._enough = threading.Event()
        self.answers = 0
        self.failures: list[grpc.RpcError] = []
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(callers)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        while not self._enough.is_set():
            try:
                answer = self._stub.Summarize(ARTICLE, timeout=20)
            except grpc.RpcError as error:
                self.failures.append(error)
                if error.code() is grpc.StatusCode.UNAVAILABLE:
                    return
            else:
                assert len(answer.summary.sentences) == 1
                self.answers += 1

    def end(self) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join(timeout=30)
            assert not thread.is_alive()


def test_it_listens_at_once_and_serves_when_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with start(monkeypatch, load_file=tmp_path / "loaded") as server:
        server.wait_until("NOT_SERVING")
        (tmp_path / "loaded").touch()
        server.wait_until("SERVING")
        assert summary_pb2_grpc.SummaryServiceStub(server.channel).Summarize(ARTICLE, timeout=20).summary.sentences
        assert server.stop() == 0
        assert any("is ready" in line for line in server.lines)
        assert any("preview" in line for line in server.lines)
        events = [json.loads(line)["event"] for line in server.log]
        assert events == ["listening", "serving", "call", "draining", "stopped"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_under_load_every_accepted_call_is_answered(monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    with start(monkeypatch, work_s=0.3) as server:
        server.wait_until("SERVING")
        load = Load(server, callers=16)
        _until(lambda: load.answers >= 32)
        server.process.send_signal(number)
        assert server.wait() == 0
        load.end()
        # Only refusals, never a call that was taken in and lost.
        assert {error.code() for error in load.failures} == {grpc.StatusCode.UNAVAILABLE}
        calls = [json.loads(line) for line in server.log]
        taken = [call for call in calls if call["event"] == "call" and call.get("reason") != "NOT_SERVING"]
        assert {call["code"] for call in taken} == {"OK"}
        assert len(taken) == load.answers


def test_the_grace_period_is_kept_and_a_cut_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with start(monkeypatch, work_s=30, drain_grace_s=0.5) as server, ThreadPoolExecutor() as pool:
        server.wait_until("SERVING")
        call = pool.submit(summary_pb2_grpc.SummaryServiceStub(server.channel).Summarize, ARTICLE, timeout=25)
        _until(lambda: "at work\n" in server.lines)
        assert server.stop(timeout_s=25) == 1
        assert isinstance(call.exception(), grpc.RpcError)


def test_a_second_signal_means_now(monkeypatch: pytest.MonkeyPatch) -> None:
    with start(monkeypatch, work_s=60, drain_grace_s=60) as server, ThreadPoolExecutor() as pool:
        server.wait_until("SERVING")
        call = pool.submit(summary_pb2_grpc.SummaryServiceStub(server.channel).Summarize, ARTICLE, timeout=50)
        _until(lambda: "at work\n" in server.lines)
        server.process.send_signal(signal.SIGTERM)
        server.wait_until("NOT_SERVING")
        assert server.stop() == 1
        assert isinstance(call.exception(), grpc.RpcError)


def test_work_that_was_given_up_does_not_keep_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_CLOSE_S", "300")
    with start(monkeypatch) as server:
        server.wait_until("SERVING")
        assert summary_pb2_grpc.SummaryServiceStub(server.channel).Summarize(ARTICLE, timeout=25).summary.sentences
        assert server.stop(timeout_s=60) == 0
        assert "ended in the middle of work that was given up" in server.written()
        assert "closed 1" not in server.written()


def test_reloading_under_load_drops_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with start(monkeypatch, load_s=0.2, work_s=0.1) as server:
        server.wait_until("SERVING")
        load = Load(server, callers=8)

        def answered(more: int) -> None:
            wanted = load.answers + more
            _until(lambda: load.answers >= wanted)

        for number in (1, 2):
            answered(16)
            server.process.send_signal(signal.SIGHUP)
            _until(lambda number=number: sum("models reloaded" in line for line in server.log) == number)
            assert server.health() == "SERVING"
            answered(16)
        load.end()
        assert server.stop() == 0
        assert load.failures == []
        assert [line.strip() for line in server.lines if line.startswith("closed")] == [
            "closed 1",
            "closed 2",
            "closed 3",
        ]


def test_a_reload_that_fails_leaves_the_old_models_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    with start(monkeypatch, fail="later") as server:
        server.wait_until("SERVING")
        server.process.send_signal(signal.SIGHUP)
        _until(lambda: any("reload failed" in line for line in server.log))
        assert summary_pb2_grpc.SummaryServiceStub(server.channel).Summarize(ARTICLE, timeout=20).summary.sentences
        assert server.stop() == 0


def test_tokens_are_revoked_and_added_without_a_restart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"

    def write(*tokens: str, more: str = "") -> None:
        lines = [f'{token} = "{hash_of_token(token)}"' for token in tokens]
        file.write_text("\n".join([more, "[tokens]", *lines]), "utf-8")

    def let_in(server: ServerProcess) -> set[str]:
        call, good = summary_pb2_grpc.SummaryServiceStub(server.channel).Summarize, set()
        for token in ("old", "new", "none"):
            metadata = [("authorization", f"Bearer {token}")] if token != "none" else []
            answer = call.future(ARTICLE, timeout=20, metadata=metadata)
            if answer.code() is grpc.StatusCode.OK:
                good.add(token)
            else:
                assert answer.code() is grpc.StatusCode.UNAUTHENTICATED
        return good

    def reread(server: ServerProcess, times: int) -> None:
        server.process.send_signal(signal.SIGHUP)
        said = ("tokens read", "the old tokens go on")
        _until(lambda: sum(any(one in line for one in said) for line in server.log) == times)

    write("old")
    with start(monkeypatch, config=file) as server:
        server.wait_until("SERVING")
        assert let_in(server) == {"old"}
        write("old", "new")
        reread(server, 1)
        assert let_in(server) == {"old", "new"}
        write("new")
        reread(server, 2)
        assert let_in(server) == {"new"}
        # A file that is wrong lets nobody in and locks nobody out; its fault is in the log.
        write("old", more="prot = 1")
        reread(server, 3)
        assert let_in(server) == {"new"}
        assert any("did you mean port?" in line for line in server.log)
        # Deeper than the reader of TOML goes: it ended what waits for the next SIGHUP.
        write("old", more=f"models = {'[' * 100_000}")
        reread(server, 4)
        assert let_in(server) == {"new"}
        # The last one revoked: the server must not stand open.
        write()
        reread(server, 5)
        assert let_in(server) == set()
        assert server.stop() == 0


def test_a_caller_that_fetches_nothing_holds_up_no_reload(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It holds its own models, and nobody's tokens: a second SIGHUP did nothing until it went."""
    file = tmp_path / "own.toml"

    def write(*tokens: str) -> None:
        file.write_text("\n".join(["[tokens]", *(f'{token} = "{hash_of_token(token)}"' for token in tokens)]), "utf-8")

    def code(server: ServerProcess, token: str) -> grpc.StatusCode:
        metadata = [("authorization", f"Bearer {token}")]
        call = summary_pb2_grpc.SummaryServiceStub(server.channel).Summarize
        answer: grpc.Future = call.future(ARTICLE, timeout=20, metadata=metadata)
        return answer.code()

    write("kept", "revoked")
    with start(monkeypatch, load_s=2, config=file) as server:
        server.wait_until("SERVING")
        texts = ["أعلن المجلس قراره اليوم. " * 400] * 60
        request = translation_pb2.TranslateStreamRequest(
            request={"texts": texts, "source_language_code": "ar", "target_language_code": "en"}
        )
        # Without the probe the window stays small.
        narrow = grpc.insecure_channel(server.address, options=[("grpc.http2.bdp_probe", 0)])
        stub = translation_pb2_grpc.TranslationServiceStub(narrow)
        unread = stub.TranslateStream(request, metadata=[("authorization", "Bearer kept")])
        assert next(unread).segment
        server.process.send_signal(signal.SIGHUP)
        _until(lambda: any("models reloaded" in line for line in server.log))
        server.process.send_signal(signal.SIGHUP)
        _until(lambda: any(line.startswith("loading 3") for line in server.lines))
        # Models are loading now.
        write("kept")
        server.process.send_signal(signal.SIGHUP)
        _until(lambda: sum("tokens read" in line for line in server.log) == 3)
        assert sum("models reloaded" in line for line in server.log) == 1
        assert code(server, "revoked") is grpc.StatusCode.UNAUTHENTICATED
        assert code(server, "kept") is grpc.StatusCode.OK
        _until(lambda: sum("models reloaded" in line for line in server.log) == 3)
        _until(lambda: "closed 3\n" in server.lines)
        assert "closed 1\n" not in server.lines
        narrow.close()
        _until(lambda: "closed 1\n" in server.lines)
        assert server.stop() == 0
        assert {f"closed {number}\n" for number in (1, 2, 3, 4)} <= set(server.lines)


def test_models_named_anew_are_loaded_and_what_takes_a_restart_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "own.toml"
    file.write_text('models = ["first"]\n', "utf-8")
    with start(monkeypatch, fail="later", config=file) as server:
        server.wait_until("SERVING")
        assert "loading 1: first" in server.written()
        file.write_text('models = ["second"]\nbeam_size = 2\nmax_texts = 9\n', "utf-8")
        server.process.send_signal(signal.SIGHUP)
        _until(lambda: any("reload failed" in line for line in server.log))
        assert "loading 2: second" in server.written()
        (line,) = [line for line in server.log if "restart" in line]
        assert "beam_size" in line
        assert "max_texts" in line
        assert "models" not in line
        # The file cannot be read: models are those that serve, not those that did not load.
        file.write_text("prot = 1\n", "utf-8")
        server.process.send_signal(signal.SIGHUP)
        _until(lambda: sum("reload failed" in line for line in server.log) == 2)
        assert "loading 3: first" in server.written()
        assert server.stop() == 0


def test_models_that_do_not_load_stop_the_start_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    with start(monkeypatch, fail="always") as server:
        assert server.wait() == 1
        assert "cannot load the models: no model package" in server.written()


def test_told_to_stop_while_loading_it_stops(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with start(monkeypatch, load_file=tmp_path / "loaded") as server:
        server.wait_until("NOT_SERVING")
        server.process.send_signal(signal.SIGTERM)
        # Loading cannot be interrupted.
        call = summary_pb2_grpc.SummaryServiceStub(server.channel).Summarize
        _until(lambda: "shutting down" in call.future(ARTICLE, timeout=20).details())
        (tmp_path / "loaded").touch()
        assert server.wait() == 0
        assert not any("ready" in line for line in server.lines)


def test_a_port_that_is_taken_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with start(monkeypatch) as server:
        server.wait_until("SERVING")
        second = subprocess.run(
            [*FAKE, "--port", str(server.port)], capture_output=True, text=True, timeout=30, check=False
        )
        assert second.returncode == 1
        assert f"cannot listen on 127.0.0.1:{server.port}" in second.stdout


def test_metrics_and_probes_have_their_own_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics_port, health_port = free_port(), free_port()
    with start(monkeypatch, metrics_port=metrics_port, health_port=health_port) as server:
        server.wait_until("SERVING")
        summary_pb2_grpc.SummaryServiceStub(server.channel).Summarize(ARTICLE, timeout=20)
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=20) as answer:
            text = answer.read().decode()
        assert 'khulasa_requests_total{code="OK",method="SummaryService/Summarize"} 1.0' in text
        assert 'khulasa_model_info{kind="translation",name="fake-base"' in text
        assert "khulasa_serving 1.0" in text
        command = [str(Path(sys.executable).parent / "khulasa-server"), "healthcheck", "--port", str(health_port)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("KHULASA_")}
        healthy = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert (healthy.returncode, healthy.stdout.strip()) == (0, "SERVING")
        with grpc.insecure_channel(f"127.0.0.1:{health_port}") as channel:
            with pytest.raises(grpc.RpcError) as error:
                summary_pb2_grpc.SummaryServiceStub(channel).Summarize(ARTICLE, timeout=20)
            assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert server.stop() == 0
        sick = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert (sick.returncode, sick.stdout.strip()) == (1, "UNAVAILABLE")


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="no IPv6 here")
def test_metrics_have_an_ipv6_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without brackets it was refused, and with them not found."""
    metrics_port = free_port()
    with start(monkeypatch, metrics_host="[::1]", metrics_port=metrics_port) as server:
        server.wait_until("SERVING")
        with urllib.request.urlopen(f"http://[::1]:{metrics_port}/metrics", timeout=20) as answer:
            assert "khulasa_serving 1.0" in answer.read().decode()
        assert server.stop() == 0


def _until(condition: object, limit_s: float = 60.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
