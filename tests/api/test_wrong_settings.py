"""Wrong configurations given to the real command: one line that names what is wrong, no traceback, no success."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from certificates import needs_openssl, openssl
from khulasa.server import doctor, runtime
from khulasa.server.api.authentication import hash_of_token
from khulasa.server.cli import app
from khulasa.server.config import Settings
from khulasa.server.main import serve
from khulasa.server.memory_commands import memory_app
from khulasa.server.processor import available_threads
from khulasa.server.settings_errors import SettingsError
from typer.testing import CliRunner, Result

HASH = hash_of_token("a")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, own_settings: None) -> None:
    """No settings but the test's own, and no models: what is wrong here is found before they load."""
    monkeypatch.setenv("KHULASA_LOG_LEVEL", "error")

    async def no_models(*_: object) -> object:
        raise AssertionError("the start went on to the models")

    monkeypatch.setattr(runtime, "load_core", no_models)
    monkeypatch.setattr(doctor, "_models", lambda _settings: iter(()))


def run(*arguments: str, **settings: str) -> Result:
    environment = {f"KHULASA_{name.upper()}": value for name, value in settings.items()}
    return CliRunner().invoke(app, list(arguments), env=environment)


def only_line(result: Result) -> str:
    """What it said: one line, with an exit status that is no success."""
    assert result.exit_code in (1, 2), result.output
    assert isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    (line,) = result.output.splitlines()
    return str(line)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("threads", "-1", "greater than or equal to 0"),
        ("threads", "2000", "less than or equal to 1024"),
        ("threads", "two", "valid integer"),
        ("inter_threads", "1.5", "valid integer"),
        ("port", "70000", "less than or equal to 65535"),
        ("port", "", "valid integer"),
        ("health_port", "-1", "greater than or equal to 0"),
        ("quota_requests_per_minute", "-5", "greater than or equal to 0"),
        ("quota_chars_per_minute", "many", "valid integer"),
        ("max_message_bytes", "10", "greater than or equal to 65536"),
        ("drain_grace_s", "-1", "greater than or equal to 0"),
        ("keepalive_s", "0", "greater than or equal to 1"),
        # As 0 milliseconds: connections were pinged without end, or closed before any call.
        ("keepalive_s", "0.0001", "greater than or equal to 1"),
        ("max_connection_idle_s", "0.0001", "give 1 or more, or 0 for never"),
        ("max_connection_age_s", "0.5", "give 1 or more, or 0 for never"),
        # gRPC's own numbers end there: more was a traceback.
        ("drain_grace_s", "inf", "less than or equal to 2147483"),
        ("keepalive_s", "inf", "less than or equal to 2147483"),
        ("max_connection_idle_s", "1e300", "less than or equal to 2147483"),
        ("max_connection_age_s", "2147484", "less than or equal to 2147483"),
        ("reflection", "perhaps", "valid boolean"),
        ("device", "tpu", "cpu, cuda or auto"),
        ("compute_type", "int4", "'int8'"),
        ("log_level", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("otel_endpoint", "collector:4317", "http://HOST:4317"),
        ("otel_endpoint", "http://collector", "http://HOST:4317"),
        ("otel_endpoint", "http://collector:port", "http://HOST:4317"),
        ("otel_endpoint", "http://collector:65536", "http://HOST:4317"),
        ("otel_endpoint", "http://collector:0", "http://HOST:4317"),
        # They were in the log as soon as the collector was away.
        ("otel_endpoint", "http://name:secret@collector:4317", "http://HOST:4317"),
        ("tokens", "news:123", "SHA-256"),
        ("tokens", f"news:{HASH},news:{HASH}", "two tokens have one name"),
        # It may be the token, in the clear, where its hash belongs.
        ("tokens", "a-secret-of-ours", "(KHULASA_TOKENS): two tokens have one name, or one has no colon"),
        ("jwt_algorithms", "HS256", "is not one of"),
        ("jwt_algorithms", "", "out of RS256"),
        # It was the working folder.
        ("download_dir", "", "empty: give a path"),
        ("memory_path", " ", "empty: give a path"),
        ("tls_certificate", "", "empty: give a path"),
        ("memory_path", "~nobody-of-this-name/memory", "the user behind ~ is not known"),
        ("model_dirs", "/,~nobody-of-this-name/models", "the user behind ~ is not known"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_setting(setting: str, value: str, said: str) -> None:
    line = only_line(run("serve", **{setting: value}))
    assert line.startswith(f"{setting} (KHULASA_{setting.upper()}): ")
    assert said in line
    # The doctor says the same.
    result = run("doctor", **{setting: value})
    assert only_line(result).startswith(f"WRONG {setting}: ")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"tls_certificate": "/c.pem"}, "tls_certificate and tls_key belong together"),
        ({"tls_client_ca": "/c.pem"}, "tls_client_ca needs tls_certificate and tls_key"),
        ({"jwt_jwks_file": "/k.json"}, "jwt_jwks_file needs jwt_issuer and jwt_audience"),
        ({"jwt_issuer": "https://id.example"}, "jwt_issuer and jwt_audience need jwt_jwks_file"),
    ],
)
def test_settings_that_do_not_fit_together_are_all_named(settings: dict[str, str], said: str) -> None:
    assert only_line(run("serve", **settings)).startswith(f"settings: {said}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"prot = 1\n", "prot: no setting has this name; did you mean port?"),
        (b"zzzz = 1\n", "zzzz: no setting has this name; see `khulasa-server config`"),
        (b"port 1\n", "settings file {file}: Expected '='"),
        (b"\xff\xfe\x00", "settings file {file}: not UTF-8"),
        (b'port = "x"\n', "port (KHULASA_PORT): Input should be a valid integer"),
        (b"models = 3\n", "models (KHULASA_MODELS): give a list"),
        (b"models = [3]\n", "models.0 (KHULASA_MODELS): "),
        (b'models = [""]\n', "models (KHULASA_MODELS): an entry of the list is empty"),
        (b'model_dirs = [""]\n', "model_dirs (KHULASA_MODEL_DIRS): an entry of the list is empty"),
        (b"memory_path = 3\n", "memory_path (KHULASA_MEMORY_PATH): give a path"),
        (b'memory_path = "a\\u0000b"\n', "memory_path (KHULASA_MEMORY_PATH): it holds a character"),
        # For 1 it would pass.
        (b"port = true\n", "port (KHULASA_PORT): give a number or text, not true or false"),
        (b"drain_grace_s = false\n", "drain_grace_s (KHULASA_DRAIN_GRACE_S): give a number or text"),
        (b"tokens = 3\n", "tokens (KHULASA_TOKENS): give a table"),
        (b'[tokens]\nnews = "abc"\n', "tokens (KHULASA_TOKENS): token 'news': "),
        # It shared the quota of the signed token for `desk`.
        (f'[tokens]\n"jwt:desk" = "{HASH}"\n'.encode(), "tokens (KHULASA_TOKENS): token 'jwt:desk': "),
    ],
)
def test_a_wrong_file_is_one_line_that_names_it_or_the_setting(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_bytes(content)
    assert only_line(run("serve", "--config", str(file))).startswith(said.format(file=file))
    # Every command that reads settings says it in one line.
    for command in (["config"], ["doctor"], ["healthcheck"], ["tune"]):
        assert said.format(file=file).split(" (")[0].split(":")[0] in only_line(run(*command, "--config", str(file)))
    assert only_line(CliRunner().invoke(memory_app, ["stats", "--config", str(file)])).startswith(
        said.format(file=file)
    )


def test_a_file_that_is_not_there_or_no_settings_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_text(f"# {'x' * 2**20}", "utf-8")
    (tmp_path / "deep").write_text(f"models = {'[' * 100_000}", "utf-8")
    (tmp_path / "long").write_text(f"port = {'9' * 5_000}", "utf-8")
    (tmp_path / "marked").write_text("port = 0", "utf-8-sig")
    for name, why in {
        "none": "there is no such file",
        ".": "it is a folder",
        "pipe": "it is no plain file",
        "large": "it has more than 1,048,576 bytes",
        "deep": "nested too deeply",
        "long": "Exceeds the limit (4300 digits)",
        "marked": "it begins with a byte order mark; save it as UTF-8 without",
    }.items():
        line = only_line(run("serve", config=str(tmp_path / name)))
        assert line.startswith(f"settings file {tmp_path / name}: {why}")


def test_what_stands_in_the_place_of_the_file_here_does_not_pass_for_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server whose settings close it would have stood open."""
    monkeypatch.chdir(tmp_path)
    here = Path("khulasa.toml")
    here.mkdir()
    assert only_line(run("serve")) == "settings file khulasa.toml: it is a folder"
    here.rmdir()
    here.symlink_to("gone.toml")
    assert only_line(run("serve")) == "settings file khulasa.toml: there is no such file"


def test_a_file_that_goes_away_while_the_server_runs_takes_no_token_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here = Path("khulasa.toml")
    here.write_text(f'[tokens]\nnewsroom = "{"a" * 64}"\n', "utf-8")
    asked: list[Callable[[], Settings]] = []

    async def serve(settings: Settings, load: object, announce: object, reread: Callable[[], Settings]) -> int:
        asked.append(reread)
        return 0

    monkeypatch.setattr("khulasa.server.main.serve", serve)
    assert run("serve").exit_code == 0
    (reread,) = asked
    assert set(reread().tokens) == {"newsroom"}
    here.unlink()
    with pytest.raises(SettingsError, match="there is no such file"):
        reread()


def test_a_file_that_may_not_be_read_is_named() -> None:
    # Not below pytest's own folder, into which nobody else may look.
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "closed.toml"
        file.touch(mode=0)
        Path(folder).chmod(0o755)
        with reading_as_nobody():
            line = only_line(run("serve", "--config", str(file)))
        assert line == f"settings file {file}: Permission denied"


@contextmanager
def reading_as_nobody() -> Iterator[None]:
    """Root reads every file: as root, lets go of that right for a while."""
    run("serve", port="x")  # what it imports is imported now
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


@pytest.mark.parametrize("setting", ["port", "health_port", "metrics_port"])
def test_a_port_that_is_taken_is_named_by_its_setting(setting: str, taken: int) -> None:
    line = only_line(run("serve", **{"port": "0", setting: str(taken)}))
    assert line == f"cannot start: {setting}: cannot listen on 127.0.0.1:{taken}: Address already in use"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"host": "192.0.2.1"}, "host: cannot listen on 192.0.2.1:0: Cannot assign requested address"),
        ({"host": "not a host"}, "host: cannot listen on not a host:0: "),
        ({"host": "a" * 70 + ".example"}, "host: cannot listen on "),
        ({"metrics_host": "192.0.2.1", "metrics_port": "50999"}, "metrics_host: cannot listen on 192.0.2.1:50999: "),
        ({"host": "::1"}, "host: an IPv6 address stands in brackets: [::1]"),
        ({"host": "*"}, "host: * is no address: give 0.0.0.0 or [::] for every interface"),
        ({"host": "[::1"}, "host: [::1 has one bracket"),
        ({"metrics_host": "", "metrics_port": "50999"}, "metrics_host: cannot listen on :50999: "),
        ({"port": "50998", "health_port": "50998"}, "port and health_port are both 50998"),
        ({"port": "50998", "metrics_port": "50998"}, "port and metrics_port are both 50998"),
        ({"health_port": "50998", "metrics_port": "50998"}, "health_port and metrics_port are both 50998"),
        # Under two names: metrics took the address, or a part of what `localhost` stands for.
        ({"port": "50998", "metrics_port": "50998", "host": "0.0.0.0"}, "port and metrics_port are both 50998"),
        ({"port": "50998", "metrics_port": "50998", "metrics_host": "[::]"}, "port and metrics_port are both 50998"),
        ({"port": "50998", "metrics_port": "50998", "host": "localhost"}, "port and metrics_port are both 50998"),
    ],
)
def test_an_address_that_cannot_be_is_named_by_its_setting(settings: dict[str, str], said: str) -> None:
    assert only_line(run("serve", **{"port": "0", **settings})).startswith(f"cannot start: {said}")


@needs_openssl
class TestCertificates:
    """Files that gRPC would refuse without naming one, or take though no client could be answered."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Two keys with their certificates, one that has expired, a locked key, and text that is none of it."""
        ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
        for name in ("own", "other"):
            openssl(
                *("req", "-x509", *ec, "-nodes", "-subj", "/CN=localhost", "-days", "100"),
                *("-keyout", tmp_path / f"{name}.key", "-out", tmp_path / f"{name}.pem"),
            )
        openssl("req", "-new", "-key", tmp_path / "own.key", "-subj", "/CN=localhost", "-out", tmp_path / "own.csr")
        (tmp_path / "index").write_text("")
        (tmp_path / "serial").write_text("01\n")
        (tmp_path / "ca.conf").write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={tmp_path}/index\nserial={tmp_path}/serial\nnew_certs_dir={tmp_path}\n"
            "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n"
        )
        openssl(
            *("ca", "-batch", "-config", tmp_path / "ca.conf", "-keyfile", tmp_path / "own.key", "-selfsign"),
            *("-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-notext"),
            *("-in", tmp_path / "own.csr", "-out", tmp_path / "expired.pem"),
        )
        openssl("ec", "-aes256", "-passout", "pass:x", "-in", tmp_path / "own.key", "-out", tmp_path / "locked.key")
        (tmp_path / "text.pem").write_text("no PEM\n")
        return tmp_path

    @pytest.mark.parametrize(
        ("certificate", "key", "client_ca", "said"),
        [
            ("none.pem", "own.key", "", "tls_certificate: {}/none.pem: No such file or directory"),
            ("own.pem", "none.key", "", "tls_key: {}/none.key: No such file or directory"),
            ("own.pem", "own.key", "none.pem", "tls_client_ca: {}/none.pem: No such file or directory"),
            (".", "own.key", "", "tls_certificate: {}: Is a directory"),
            ("text.pem", "own.key", "", "tls_certificate: {}/text.pem holds no PEM certificate"),
            ("own.pem", "text.pem", "", "tls_key: {}/text.pem holds no PEM key"),
            ("own.pem", "own.key", "text.pem", "tls_client_ca: {}/text.pem holds no PEM certificate"),
            ("own.pem", "other.key", "", "tls_key: {0}/other.key is not the key of {0}/own.pem"),
            ("own.pem", "locked.key", "", "tls_key: {}/locked.key asks for a password"),
            ("expired.pem", "own.key", "", "tls_certificate: {}/expired.pem: certificate has expired"),
        ],
    )
    def test_each_is_named(self, folder: Path, certificate: str, key: str, client_ca: str, said: str) -> None:
        settings = {"port": "0", "tls_certificate": str(folder / certificate), "tls_key": str(folder / key)}
        if client_ca:
            settings["tls_client_ca"] = str(folder / client_ca)
        said = said.format(folder)
        assert only_line(run("serve", **settings)).startswith(f"cannot start: {said}")
        result = run("doctor", **settings)
        assert result.exit_code == 1
        assert f"WRONG TLS: {said}" in result.output


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("beamsize", "2", "environment KHULASA_BEAMSIZE: no setting has this name; did you mean KHULASA_BEAM_SIZE?"),
        ("threads", str(available_threads() + 1), "threads: "),
    ],
)
async def test_what_a_start_goes_on_with_is_said_first(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    """A misspelt `tokens` leaves the server open: nobody should have to ask the doctor to learn of it."""
    from khulasa.server.config import load_settings

    monkeypatch.setenv(f"KHULASA_{name.upper()}", value)
    monkeypatch.setenv("KHULASA_PORT", "0")

    async def fails(*_: object) -> object:
        raise OSError("no model")

    lines: list[str] = []
    assert await serve(load_settings(), fails, lines.append) == 1  # type: ignore[arg-type]
    assert lines[0].startswith(f"warning: {said}")
    assert lines[1:] == ["cannot load the models: no model"]


def test_several_faults_are_a_line_each() -> None:
    result = run("serve", port="x", threads="-1")
    assert result.exit_code == 2
    assert [line.partition(" ")[0] for line in result.output.splitlines()] == ["port", "threads"]


def test_certificates_that_the_health_check_cannot_read_are_named() -> None:
    assert (
        only_line(run("healthcheck", "--port", "1", "--ca", "/none.pem")) == "--ca /none.pem: No such file or directory"
    )


def test_a_secret_that_is_refused_is_not_quoted() -> None:
    from khulasa.server.config import load_settings

    with pytest.raises(SettingsError) as error:
        load_settings(tokens={"news": "hunter2"})
    assert "hunter2" not in str(error.value)


SECRET = "kh_" + "aB3_-" * 8 + "xyz"


@pytest.mark.parametrize(
    "tokens", [SECRET, f"{SECRET}:news", f"{HASH}:news", f"{SECRET}:{HASH}", f"news:{HASH},{SECRET}"]
)
def test_a_token_or_its_hash_in_the_place_of_a_name_is_refused_and_not_quoted(tokens: str) -> None:
    """Who forgets the name, or turns the pair round, had the token in the log; the third of these was let in by it."""
    line = only_line(run("serve", tokens=tokens))
    assert line.startswith("tokens (KHULASA_TOKENS): ")
    assert "SHA-256" in line
    assert SECRET not in line
    assert HASH not in line


@pytest.mark.parametrize(
    "content",
    [f'[tokens]\n{SECRET} = "news"', f"[tokens]\n{SECRET} = 5", f'{SECRET} = "news"', f'[tokens]\n{SECRET} = "{HASH}"'],
)
def test_a_token_in_the_place_of_a_name_in_the_file_is_not_quoted(tmp_path: Path, content: str) -> None:
    file = tmp_path / "khulasa.toml"
    file.write_text(content)
    assert SECRET not in only_line(run("serve", "--config", str(file)))
    assert SECRET not in only_line(run("doctor", "--config", str(file)))
