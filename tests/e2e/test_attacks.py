"""What a stranger may try, against the real command with the bundled models and two tokens."""

from __future__ import annotations

import hashlib
import secrets
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from khulasa.v1 import model_pb2, model_pb2_grpc, summary_pb2, summary_pb2_grpc
from server_process import COMMAND, ServerProcess, free_port

TIMEOUT_S = 60.0
TOKEN, REVOKED, GUESSED = (f"kh_{secrets.token_urlsafe(32)}" for _ in range(3))
# Planted in texts, names, addresses and metadata: none may come out anywhere but in the answer.
MARK = "المرصودون"
PLANTED = "planted-7f3a"
ARTICLE = f"أعلن {MARK} قرارهم اليوم في العاصمة. وقال المتحدث إن القرار نهائي ولا رجعة فيه."
BOMB_BYTES = 200 * 2**20


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


@pytest.fixture(scope="module")
def metrics_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(metrics_port: int) -> Iterator[ServerProcess]:
    tokens = f"newsroom:{hash_of(TOKEN)}"
    with ServerProcess(threads=2, metrics_port=metrics_port, tokens=tokens, log_level="debug") as process:
        process.wait_until("SERVING")
        yield process
        assert process.stop() == 0


@pytest.fixture(scope="module")
def summary(server: ServerProcess) -> summary_pb2_grpc.SummaryServiceStub:
    return summary_pb2_grpc.SummaryServiceStub(server.channel)


def article(**fields: str) -> summary_pb2.SummarizeRequest:
    return summary_pb2.SummarizeRequest(article={"text": ARTICLE, **fields})


def refusal(call: object, *arguments: object, **options: object) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, timeout=TIMEOUT_S, **options)  # type: ignore[operator]
    return caught.value


def reason(error: grpc.RpcError) -> str:
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    for detail in status_pb2.Status.FromString(details).details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return info.reason
    return ""


@pytest.mark.parametrize(
    "metadata",
    [
        (),
        bearer(GUESSED),
        bearer(REVOKED),
        bearer(""),
        bearer(TOKEN[:-1]),
        bearer(TOKEN + "x"),
        bearer(hash_of(TOKEN)),
        (("authorization", TOKEN),),
        (("authorization", f"Basic {TOKEN}"),),
        bearer(GUESSED) + bearer(TOKEN),
        (("token", TOKEN),),
    ],
)
def test_no_token_but_a_known_one_opens_the_api(
    summary: summary_pb2_grpc.SummaryServiceStub, metadata: tuple[tuple[str, str], ...]
) -> None:
    error = refusal(summary.Summarize, article(), metadata=metadata)
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason(error) == "UNAUTHENTICATED"
    assert TOKEN not in error.details()
    assert GUESSED not in error.details()


def test_a_known_token_opens_it(summary: summary_pb2_grpc.SummaryServiceStub) -> None:
    assert summary.Summarize(article(), timeout=TIMEOUT_S, metadata=bearer(TOKEN)).summary.sentences


def ask_reflection(server: ServerProcess, metadata: tuple[tuple[str, str], ...]) -> list[object]:
    stub = reflection_pb2_grpc.ServerReflectionStub(server.channel)
    asked = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
    return list(stub.ServerReflectionInfo(asked, timeout=TIMEOUT_S, metadata=metadata))


def test_health_is_open_and_reflection_is_not(server: ServerProcess) -> None:
    assert server.health() == "SERVING"
    with pytest.raises(grpc.RpcError) as caught:
        ask_reflection(server, ())
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert "khulasa.v1.SummaryService" in str(ask_reflection(server, bearer(TOKEN)))


def peak_bytes(server: ServerProcess) -> int:
    """The most memory that the server ever held."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_packed_bomb_is_refused_without_being_unpacked_whole(server: ServerProcess) -> None:
    before = peak_bytes(server)
    bomb = summary_pb2.SummarizeRequest(article={"text": "a" * BOMB_BYTES})
    options = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(server.address, options=options, compression=grpc.Compression.Gzip) as channel:
        stub = summary_pb2_grpc.SummaryServiceStub(channel)
        error = refusal(stub.Summarize, bomb, metadata=bearer(TOKEN))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert peak_bytes(server) - before < BOMB_BYTES / 2
    assert server.health() == "SERVING"


@pytest.mark.parametrize(
    "name",
    ["../../../../etc/passwd", "/etc/passwd", "khulasa-base/../khulasa-base", "..\\..\\secret", "a\0b", "%2e%2e/"],
)
def test_names_are_no_paths(server: ServerProcess, summary: summary_pb2_grpc.SummaryServiceStub, name: str) -> None:
    models = model_pb2_grpc.ModelServiceStub(server.channel)
    error = refusal(models.GetModel, model_pb2.GetModelRequest(name=name), metadata=bearer(TOKEN))
    assert error.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)
    assert "root:" not in error.details()
    # Addresses of articles are read as text, never opened.
    answer = summary.Summarize(article(url=f"file://{name}"), timeout=TIMEOUT_S, metadata=bearer(TOKEN))
    assert "root:" not in str(answer)


def test_metadata_is_bounded(server: ServerProcess, summary: summary_pb2_grpc.SummaryServiceStub) -> None:
    error = refusal(summary.Summarize, article(), metadata=(*bearer(TOKEN), ("x-filler", "x" * 2**20)))
    assert error.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE)
    assert server.health() == "SERVING"
    assert summary.Summarize(article(), timeout=TIMEOUT_S, metadata=bearer(TOKEN)).summary.sentences


def test_nothing_planted_comes_out(
    server: ServerProcess, summary: summary_pb2_grpc.SummaryServiceStub, metrics_port: int
) -> None:
    planted = article(article_id=PLANTED, title=MARK, url=f"https://example.org/{PLANTED}")
    for _ in range(2):
        summary.Summarize(planted, timeout=TIMEOUT_S, metadata=(*bearer(TOKEN), ("x-other", PLANTED)))
    planted.article.language_code = PLANTED
    errors = [
        refusal(summary.Summarize, planted, metadata=bearer(TOKEN)),
        refusal(summary.Summarize, planted, metadata=bearer(GUESSED)),
        refusal(summary.Summarize, article(text=f"{MARK}\ud800".encode("utf-8", "replace").decode() * 200_000),
                metadata=bearer(TOKEN)),
    ]  # fmt: skip
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=10) as answer:
        metrics = answer.read().decode()
    assert "khulasa_rejections_total" in metrics
    # The article was sent twice.
    lookups = {
        line.split()[0]: float(line.split()[1]) for line in metrics.splitlines() if "cache_lookups_total{" in line
    }
    assert lookups['khulasa_cache_lookups_total{result="hit"}'] > 0
    assert lookups['khulasa_cache_lookups_total{result="miss"}'] > 0
    reflected = str(ask_reflection(server, bearer(TOKEN)))
    shown = subprocess.run(
        [COMMAND[0], "config"], env={"KHULASA_TOKENS": f"newsroom:{hash_of(TOKEN)}"}, capture_output=True, text=True
    )
    assert shown.returncode == 0, shown.stderr
    secret = [TOKEN, GUESSED, hash_of(TOKEN), hash_of(GUESSED)]
    for name, written in (
        ("log", server.written()),
        ("metrics", metrics),
        ("reflection", reflected),
        ("config", shown.stdout + shown.stderr),
        ("errors", "".join(error.details() + str(error.trailing_metadata()) for error in errors)),
    ):
        assert written, name
        found = [index for index, value in enumerate(secret) if value in written]
        assert not found, f"secret {found} in {name}"
        assert MARK not in written, name
        if name != "errors":  # an error may quote a wrong field to the one who sent it
            assert PLANTED not in written, name
