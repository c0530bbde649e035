"""Settings: sources, refusals, documentation that cannot go stale."""

from __future__ import annotations

from pathlib import Path

import pytest
from khulasa.server.api.authentication import hash_of_token
from khulasa.server.api.limits import RequestLimits
from khulasa.server.api.server import Transport
from khulasa.server.cli import app
from khulasa.server.config import Settings, load_settings
from khulasa.server.packages import shelves_of
from khulasa.server.settings_errors import SettingsError
from khulasa.server.settings_reference import as_markdown, as_text, settings_table
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[2]
HASH = hash_of_token("a")


pytestmark = pytest.mark.usefixtures("own_settings")


def test_the_page_is_what_the_command_prints() -> None:
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert page == as_markdown(settings_table()), "run: khulasa-server config --markdown > docs/configuration.md"


def test_every_setting_is_described() -> None:
    rows = settings_table()
    assert {row.name for row in rows} == set(Settings.model_fields)
    assert all(len(row.description) > 15 and row.kind for row in rows)


def test_command_line_beats_environment_beats_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "khulasa.toml").write_text('port = 1\nhost = "file"\nbeam_size = 2\n')
    monkeypatch.setenv("KHULASA_PORT", "2")
    monkeypatch.setenv("KHULASA_HOST", "environment")
    settings = load_settings(port=3)
    assert (settings.port, settings.host, settings.beam_size, settings.max_texts) == (3, "environment", 2, 1024)


def test_a_file_may_be_named_by_option_or_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text(f'models = ["a", "b"]\nmodel_dirs = ["/srv/models"]\n[tokens]\nnews = "{HASH}"\n')
    monkeypatch.setenv("KHULASA_CONFIG", str(file))
    settings = load_settings()
    assert settings.models == ("a", "b")
    assert settings.model_dirs == (Path("/srv/models"),)
    assert settings.token_hashes == {"news": HASH}
    assert load_settings(file).model_dump() == settings.model_dump()
    with pytest.raises(SettingsError):
        load_settings(tmp_path / "none.toml")


@pytest.mark.parametrize("name", ["newsroom", "news_room-2", "desk.ar"])
def test_what_the_token_command_prints_lets_the_token_in(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token, variable, line = (
        text.split("  ")[-1].strip() for text in CliRunner().invoke(app, ["token", name]).output.splitlines()
    )
    file = tmp_path / "settings.toml"
    file.write_text(f"[tokens]\n{line}\n")
    assert load_settings(file).token_hashes == {name: hash_of_token(token)}
    monkeypatch.setenv(*variable.split("=", 1))
    assert load_settings().token_hashes == {name: hash_of_token(token)}


@pytest.mark.parametrize("name", ["", "two words", "a:b", "a,b", 'a"b'])
def test_a_token_has_a_name_that_the_settings_can_hold(name: str) -> None:
    assert CliRunner().invoke(app, ["token", name]).exit_code == 2


def test_lists_and_tokens_come_comma_separated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHULASA_MODELS", "one, two,")
    monkeypatch.setenv("KHULASA_TOKENS", f"news:{HASH},archive:{HASH}")
    settings = load_settings()
    assert settings.models == ("one", "two")
    assert settings.token_hashes == {"news": HASH, "archive": HASH}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "x"),
        ("BEAM_SIZE", "9"),
        ("LOG_FORMAT", "xml"),
        ("TOKENS", "news:short"),
        ("TOKENS", f":{HASH}"),
        ("TOKENS", f"a:{HASH},a:{HASH}"),
        ("DRAIN_GRACE_S", "-1"),
        ("TLS_CERTIFICATE", "/only/one"),
        ("TLS_CLIENT_CA", "/only/one"),
        ("MAX_ARTICLE_CHARS", "0"),
    ],
)
def test_a_wrong_value_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"KHULASA_{name}", value)
    with pytest.raises(SettingsError):
        load_settings()


def test_an_unknown_name_in_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "khulasa.toml").write_text("prot = 1\n")
    with pytest.raises(SettingsError, match="prot"):
        load_settings()


def test_hashes_are_never_shown() -> None:
    settings = load_settings(tokens={"news": HASH})
    shown = as_text(settings_table(settings)) + repr(settings) + str(settings) + settings.model_dump_json()
    assert "news" in shown
    assert HASH not in shown


def test_defaults_are_those_of_the_api() -> None:
    settings = Settings()
    assert (
        RequestLimits(settings.max_article_chars, settings.max_texts, settings.max_request_chars, settings.beam_size)
        == RequestLimits()
    )
    assert settings.max_message_bytes == Transport().max_message_bytes
    assert settings.thread_count >= 1


def test_a_home_folder_is_meant_in_the_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no shell writes it out; it was a folder of the name ~ for most settings."""
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / "settings.toml"
    paths = ("memory_path", "tls_certificate", "tls_key", "tls_client_ca", "jwt_jwks_file")
    lines = [f'{name} = "~/{name}"' for name in paths]
    file.write_text(
        "\n".join([*lines, 'model_dirs = ["~/a"]', 'download_dir = "~/d"', 'jwt_issuer = "i"', 'jwt_audience = "a"'])
    )
    settings = load_settings(file)
    assert [getattr(settings, name) for name in paths] == [tmp_path / name for name in paths]
    # Written out where packages are looked for: on each machine of a cluster it is another folder.
    shelves = shelves_of(settings)
    assert [folder for folder, _ in shelves][:2] == [tmp_path / "a", tmp_path / "d"]
