"""What the pages print as an example works: Python, commands, settings, requests."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from google.protobuf import json_format
from khulasa.client import AsyncClient, Client, OverloadedError, TlsOptions
from khulasa.client.command.arguments import parse
from khulasa.client.testing import FakeKhulasa
from khulasa.server.archive.command import archive_command
from khulasa.server.archive.reading import article_of
from khulasa.server.cli import app
from khulasa.server.config import load_settings
from khulasa.server.memory_commands import memory_app
from khulasa.server.models.commands import models_app
from khulasa.v1 import summary_pb2

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "models/khulasa-base/MODEL_CARD.md"]
PAGES += [ROOT / "server/README.md", ROOT / "client/README.md"]
TEXT = "أعلن المجلس قراره اليوم. وقال المتحدث إن القرار نهائي."


def blocks(page: Path, language: str) -> Iterator[tuple[int, str]]:
    """Fenced blocks of a language, with the number of their first line."""
    text = page.read_text("utf-8")
    for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.S | re.M):
        yield text.count("\n", 0, match.start()) + 2, match[1]


def all_blocks(language: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{page.relative_to(ROOT)}:{line}")
        for page in PAGES
        for line, block in blocks(page, language)
    ]


def commands(program: str) -> list[Any]:
    """The indented lines of the pages that call a program, without comments, pipes and what the shell makes of `*`."""
    found = []
    for page in PAGES:
        for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
            match = re.match(rf"    (?:KHULASA_\w+=\S+ )?(?:\.venv/bin/)?{program}(?P<rest>(?: .*)?)$", line)
            if match:
                words = shlex.split(match["rest"], comments=True)
                ends = [place for place, word in enumerate(words) if word in ("<", ">", "|", "&&", "&")]
                found.append(pytest.param(words[: ends[0] if ends else None], id=f"{page.relative_to(ROOT)}:{number}"))
    return found


def run_block(block: str, names: dict[str, Any]) -> None:
    """Run an example as a notebook would, `async with` at its top included; then the tests that it defines."""
    code = compile(block, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, names))
    else:
        exec(code, names)
    for name, value in list(names.items()):
        if name.startswith("test_"):
            value()


@pytest.fixture
def namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What a reader of an example has: an article, several, a token; the server is the client's fake."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    with FakeKhulasa() as server:
        yield {
            "Client": Client,
            "AsyncClient": AsyncClient,
            "OverloadedError": OverloadedError,
            "TlsOptions": TlsOptions,
            "pytest": pytest,
            "text": TEXT,
            "articles": [TEXT, " "],
            "token": "a-token",
            "print": lambda *values: None,
            "fake": server,
        }


def make_certificates(folder: Path) -> None:
    """Those of the client's page, by its own commands; the test is skipped where openssl is missing."""
    if shutil.which("openssl") is None:
        pytest.skip("certificates are made with openssl")
    ((_, commands),) = blocks(ROOT / "docs/client.md", "bash")
    subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=folder, check=True, capture_output=True)


def test_certificates_for_trying_it_are_good_for_both_sides(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    for name, purpose in (("server", "sslserver"), ("me", "sslclient")):
        check = ["openssl", "verify", "-CAfile", "ca.pem", "-purpose", purpose, "-verify_hostname", "localhost"]
        subprocess.run([*check, f"{name}.pem"], cwd=tmp_path, check=True, capture_output=True)


def client_examples() -> list[Any]:
    return [example for example in all_blocks("python") if "models/khulasa-base" not in example.id]


@pytest.mark.parametrize("block", client_examples())
def test_an_example_of_the_client_runs(block: str, namespace: dict[str, Any], tmp_path: Path) -> None:
    if ".pem" in block:
        make_certificates(tmp_path)
    run_block(block.replace('"localhost:50051"', "fake.target"), namespace)
    assert bool(namespace["fake"].requests) is ('"localhost:50051"' in block)


def test_the_example_of_the_model_card_translates(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    ((_, block),) = blocks(ROOT / "models/khulasa-base/MODEL_CARD.md", "python")
    run_block(block, {})
    said = capsys.readouterr().out.strip()
    assert "president" in said.lower()
    assert "<2en>" not in said


def server_command() -> Any:
    whole = typer.Typer()
    whole.registered_commands += app.registered_commands
    whole.add_typer(models_app, name="models")
    whole.add_typer(memory_app, name="memory")
    whole.command("archive")(archive_command)
    return typer.main.get_command(whole)


@pytest.mark.parametrize("words", commands("khulasa-server"))
def test_a_command_of_the_server_has_these_options(words: list[str]) -> None:
    command = server_command()
    context = command.context_class(command, info_name="khulasa-server")
    while hasattr(command, "commands") and words:
        name, *words = words
        assert name in command.commands, f"no command {name}"
        command = command.commands[name]
        context = command.context_class(command, info_name=name, parent=context)
    if words:
        _, left, _ = command.make_parser(context).parse_args(list(words))
        assert not left


@pytest.mark.parametrize("words", commands("khulasa"))
def test_a_command_of_the_client_has_these_options(words: list[str]) -> None:
    assert parse(words, {}).command == words[0]


@pytest.mark.parametrize("page", [*PAGES, ROOT / "training/README.md"], ids=lambda page: str(page.relative_to(ROOT)))
def test_scripts_modules_tests_and_targets_of_make_are_there(page: Path) -> None:
    text = page.read_text("utf-8")
    lines = [line.strip() for line in re.findall(r"^    .+", text, re.M)] + re.findall(r"`([^`\n]+)`", text)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    wrong = []
    for line in lines:
        for module in re.findall(r"\bpython -m ((?:training|benchmarks)[\w.]*)", line):
            wrong += [module] if not (ROOT / module.replace(".", "/")).with_suffix(".py").is_file() else []
        for path in re.findall(r"\b(?:python|pytest)(?: -m long)? ((?:[\w.-]+/)+[\w.-]+)", line):
            wrong += [path] if not (ROOT / path).exists() else []
        if match := re.match(r"make ([a-z-]+)", line):
            wrong += [match[1]] if match[1] not in targets else []
    assert not wrong


@pytest.mark.parametrize("block", all_blocks("toml"))
def test_settings_that_a_page_prints_are_taken(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # Commented lines are settings that a reader may want: they are taken as well.
    block = re.sub(r"^# (?=[a-z_]+ = )", "", block, flags=re.M)
    block = re.sub(r'= "(?:\.\.\.|<64 hex digits[^"]*>)"', f'= "{"0" * 64}"', block)
    (tmp_path / "khulasa.toml").write_text(block)
    load_settings()


@pytest.mark.parametrize("block", all_blocks("yaml"))
def test_what_a_page_prints_for_prometheus_is_that_of_alerts_and_autoscaler(block: str) -> None:
    found = yaml.safe_load(block)
    assert found.keys() <= {"rule_files", "scrape_configs", "rules"}
    # The alerts ask for targets of that job.
    assert {job["job_name"] for job in found.get("scrape_configs", ())} <= {"khulasa"}
    for name in found.get("rule_files", ()):
        assert (ROOT / "deploy/prometheus" / name).is_file()
    autoscaler = yaml.safe_load((ROOT / "deploy/kubernetes/autoscaler.yaml").read_text("utf-8"))
    scaled_on = {one["pods"]["metric"]["name"] for one in autoscaler["spec"]["metrics"]}
    for rule in found.get("rules", ()):
        assert rule["seriesQuery"].partition("{")[0] in scaled_on
        assert rule["name"]["as"] in scaled_on


@pytest.mark.parametrize("block", all_blocks("json"))
def test_a_line_of_an_archive_that_a_page_prints_is_an_article(block: str) -> None:
    assert article_of(json.loads(block)).text


def test_the_call_by_reflection_is_one_of_the_protos() -> None:
    page = (ROOT / "README.md").read_text("utf-8")
    match = re.search(
        r"grpcurl -plaintext -d '(?P<request>[^']*)' \\\n\s+localhost:50051 (?P<service>\S+)/(?P<method>\S+)", page
    )
    assert match
    service, _, name = match["service"].rpartition(".")
    method = summary_pb2.DESCRIPTOR.services_by_name[name].methods_by_name[match["method"]]
    assert service == summary_pb2.DESCRIPTOR.package
    message: Callable[[], Any] = getattr(summary_pb2, method.input_type.name)
    assert json_format.Parse(match["request"], message()).article.text
