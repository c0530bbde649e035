"""`khulasa-server doctor` finds what would go wrong, and only that."""

from __future__ import annotations

import re
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from certificates import needs_openssl, openssl
from khulasa.client.command import arguments
from khulasa.server import doctor
from khulasa.server.api.authentication import hash_of_token
from khulasa.server.processor import available_threads
from khulasa.server.tls import CertificateFiles


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, own_settings: None) -> None:
    """No settings but the test's own; models have tests of their own."""
    monkeypatch.setenv("KHULASA_PORT", "0")
    monkeypatch.setattr(doctor, "_models", lambda _settings: iter(()))


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return make_certificate(tmp_path, "good", days=100)


def make_certificate(folder: Path, name: str, days: int, *, names_host: bool = True) -> tuple[Path, Path]:
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-keyout", key, "-out", certificate, "-days", str(days), "-subj", "/CN=localhost"),
        *(("-addext", "subjectAltName=DNS:localhost") if names_host else ()),
    )
    return certificate, key


def wrong() -> dict[str, str]:
    return {finding.subject: finding.description for finding in doctor.examine() if not finding.good}


def test_nothing_is_wrong_with_the_defaults() -> None:
    assert wrong() == {}


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHULASA_BEAM_SIZE", "100")
    assert list(wrong()) == ["beam_size"]


def test_a_file_that_is_no_toml_is_told(tmp_path: Path) -> None:
    (tmp_path / "khulasa.toml").write_text("port 1")
    assert list(wrong()) == ["settings file khulasa.toml"]


def test_a_misspelt_variable_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHULASA_BEAMSIZE", "2")
    assert list(wrong()) == ["environment KHULASA_BEAMSIZE"]


def test_the_variables_of_the_client_are_known_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that the client has was called wrong, and two that nobody reads passed."""
    source = Path(arguments.__file__).read_text("utf-8")
    read = set(re.findall(r'environ\w*(?:\.get)?[(,] ?"(KHULASA_\w+)"', source))
    assert {"KHULASA_SERVER", "KHULASA_TOKEN", "KHULASA_TLS"} == read
    for name in (*read, "KHULASA_CA", "KHULASA_TIMEOUT"):
        monkeypatch.setenv(name, "1")
    assert sorted(wrong()) == ["environment KHULASA_CA", "environment KHULASA_TIMEOUT"]


def test_a_port_that_is_taken_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("KHULASA_METRICS_PORT", str(taken.getsockname()[1]))
        assert list(wrong()) == ["metrics_port"]


def test_one_port_for_two_listeners_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHULASA_PORT", "50999")
    monkeypatch.setenv("KHULASA_HEALTH_PORT", "50999")
    assert "ports" in wrong()


def test_an_address_that_is_not_ours_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHULASA_HOST", "192.0.2.1")
    assert "host" in wrong()


def test_more_threads_than_cores_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHULASA_THREADS", str(available_threads() + 1))
    assert list(wrong()) == ["threads"]


@pytest.mark.parametrize(("gpus", "faults"), [(0, ["device"]), (1, [])])
def test_a_gpu_that_is_not_there_is_found(monkeypatch: pytest.MonkeyPatch, gpus: int, faults: list[str]) -> None:
    monkeypatch.setattr("khulasa.server.core.translation.engine.usable_gpus", lambda: gpus)
    monkeypatch.setenv("KHULASA_DEVICE", "cuda")
    assert list(wrong()) == faults
    # It takes what there is.
    monkeypatch.setenv("KHULASA_DEVICE", "auto")
    assert wrong() == {}


def test_tokens_in_the_clear_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHULASA_TOKENS", f"news:{hash_of_token('a')}")
    assert wrong() == {}
    monkeypatch.setenv("KHULASA_HOST", "0.0.0.0")
    assert list(wrong()) == ["tokens"]


@needs_openssl
class TestCertificates:
    """Looked at by a handshake in memory."""

    def use(self, monkeypatch: pytest.MonkeyPatch, certificate: Path, key: Path) -> None:
        monkeypatch.setenv("KHULASA_TLS_CERTIFICATE", str(certificate))
        monkeypatch.setenv("KHULASA_TLS_KEY", str(key))

    def test_a_good_one(self, monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path]) -> None:
        self.use(monkeypatch, *certificate)
        assert wrong() == {}
        left = CertificateFiles(*certificate).check().expires - datetime.now(UTC)
        assert timedelta(days=99) < left < timedelta(days=101)

    def test_one_that_ends_soon(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.use(monkeypatch, *make_certificate(tmp_path, "short", days=3))
        assert "renew" in wrong()["TLS"]

    def test_an_authoritys_own(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.use(monkeypatch, *make_certificate(tmp_path, "authority", days=100, names_host=False))
        assert "names no host" in wrong()["TLS"]

    @pytest.mark.parametrize(("names", "good"), [("", False), ("URI:spiffe://a/b", False), ("IP:127.0.0.1", True)])
    def test_one_that_names_its_host_nowhere_but_in_its_common_name(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, names: str, good: bool
    ) -> None:
        """It passed: clients that take the common name were let in by it, all others were not."""
        certificate, key = tmp_path / "own.pem", tmp_path / "own.key"
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", key, "-out", certificate, "-days", "100", "-subj", "/CN=localhost"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
            *(("-addext", f"subjectAltName={names}") if names else ()),
        )
        self.use(monkeypatch, certificate, key)
        assert ("names no host" not in wrong().get("TLS", "")) is good

    def test_another_ones_key(
        self, monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path], tmp_path: Path
    ) -> None:
        self.use(monkeypatch, certificate[0], make_certificate(tmp_path, "other", days=100)[1])
        assert list(wrong()) == ["TLS"]

    def test_no_certificate_at_all(
        self, monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path], tmp_path: Path
    ) -> None:
        for text in ("", "no PEM"):
            (tmp_path / "bad.pem").write_text(text)
            self.use(monkeypatch, tmp_path / "bad.pem", certificate[1])
            assert list(wrong()) == ["TLS"]
        self.use(monkeypatch, tmp_path / "none.pem", certificate[1])
        assert list(wrong()) == ["TLS"]

    def test_client_certificates_that_cannot_be_read(
        self, monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path], tmp_path: Path
    ) -> None:
        self.use(monkeypatch, *certificate)
        monkeypatch.setenv("KHULASA_TLS_CLIENT_CA", str(certificate[0]))
        assert wrong() == {}
        (tmp_path / "ca.pem").write_text("no PEM")
        monkeypatch.setenv("KHULASA_TLS_CLIENT_CA", str(tmp_path / "ca.pem"))
        assert list(wrong()) == ["TLS"]
