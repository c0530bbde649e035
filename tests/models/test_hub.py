"""What a hub may answer that is none, or sends elsewhere: one line that names the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hub_server import Fault, HubServer
from huggingface_hub import constants
from khulasa.server.models.errors import DownloadError
from khulasa.server.models.hub import repository
from khulasa.server.models.transport import Retries

QUICK = Retries(most=2, first_s=0.01)


@pytest.fixture
def small(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HubServer:
    """A hub with a repository `newsroom/small`."""
    hub.repositories["newsroom/small"] = {"config.json": b"{}"}
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HOME", str(tmp_path))
    return hub


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        # A page to sign in, or a proxy's error, with a status that says that all is well.
        (Fault(status=200), "what the hub answers cannot be read, is HF_ENDPOINT one?"),
        (Fault(status=302, headers={"Location": "http://example.org/x"}), "leads to http://example.org/x: only https"),
    ],
)
def test_an_answer_that_is_no_hubs_is_one_line(small: HubServer, fault: Fault, said: str) -> None:
    small.faults["main"] = [fault]
    with pytest.raises(DownloadError) as caught:
        repository("newsroom/small", retries=QUICK)
    assert str(caught.value).startswith("newsroom/small: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [7, None, True])
def test_a_file_whose_name_is_no_text_is_no_plain_path(small: HubServer, name: Any) -> None:
    small.repositories["newsroom/small"] = {name: b"x"}
    with pytest.raises(DownloadError, match=r"newsroom/small: .* is no plain path") as caught:
        repository("newsroom/small", retries=QUICK)
    assert "\n" not in str(caught.value)


def test_a_repository_without_a_file_of_use_is_said_to_be_that(small: HubServer) -> None:
    small.repositories["newsroom/small"] = {"picture.png": b"x"}
    with pytest.raises(DownloadError, match="it holds no file that is of use here"):
        repository("newsroom/small", retries=QUICK)


def test_what_a_hub_says_cannot_steer_a_terminal(small: HubServer, capfd: pytest.CaptureFixture[str]) -> None:
    small.faults["main"] = [Fault(status=418, reason="\x1b[2J" + "tea" * 1_000, headers={"X-HF-Warning": "\x1b[2J"})]
    with pytest.raises(DownloadError, match="Client error '418") as caught:
        repository("newsroom/small", retries=QUICK)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500
    assert "\x1b" not in "".join(capfd.readouterr())


def test_a_file_that_the_hub_lists_and_does_not_have_is_named(small: HubServer) -> None:
    small.repositories["newsroom/small"]["weights.safetensors"] = b"x"
    small.faults["HEAD weights.safetensors"] = [Fault(status=404, headers={"X-Error-Code": "EntryNotFound"})]
    with pytest.raises(DownloadError, match=r"^newsroom/small: weights\.safetensors is not there") as caught:
        repository("newsroom/small", retries=QUICK)
    assert "\n" not in str(caught.value)
