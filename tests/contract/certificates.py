"""Certificates for tests, made with openssl."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

__all__ = ["Authority", "needs_openssl", "openssl"]

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made with openssl")

_EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_YEAR_S, _DAY_S = 365 * 86400, 86400
# Python asks for these from 3.13 on (VERIFY_X509_STRICT).
_AUTHORITY_USE = "critical,digitalSignature,keyCertSign,cRLSign"
_IDENTIFIERS = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """Signs certificates for localhost and for clients.

    Args:
        folder: Where it keeps its own files; made if it is not there. Its name is the authority's.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.key, self.certificate = folder, folder / "ca.key", folder / "ca.pem"
        openssl(
            *("req", "-x509", *_EC, "-keyout", self.key, "-out", self.certificate),
            *("-days", "400", "-subj", f"/CN={folder.name}", "-addext", f"keyUsage={_AUTHORITY_USE}"),
        )
        (folder / "index").write_text("")
        (folder / "index.attr").write_text("unique_subject = no\n")
        (folder / "serial").write_text("01\n")
        (folder / "ca.conf").write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\nserial={folder}/serial\nnew_certs_dir={folder}\n"
            "default_md=sha256\npolicy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n"
            f"[e]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n{_IDENTIFIERS}"
            f"[a]\nbasicConstraints=critical,CA:TRUE\nkeyUsage={_AUTHORITY_USE}\n{_IDENTIFIERS}"
            f"[n]\nsubjectAltName=URI:spiffe://news/server,email:desk@news.example\n{_IDENTIFIERS}"
        )

    def below(self, folder: Path, *, expired: bool = False) -> Authority:
        """An authority whose certificate this one has signed."""
        other = Authority(folder)
        self.issue(other.certificate, other.key, name=folder.name, expired=expired, extensions="a")
        return other

    def issue(
        self, certificate: Path, key: Path, *, name: str = "localhost", expired: bool = False, extensions: str = "e"
    ) -> None:
        request = self.folder / "request.csr"
        openssl("req", *_EC, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        ends = time.time() + (-_DAY_S if expired else _YEAR_S)
        openssl(
            *("ca", "-batch", "-notext", "-config", self.folder / "ca.conf", "-extensions", extensions),
            *("-cert", self.certificate, "-keyfile", self.key, "-in", request, "-out", certificate),
            *("-startdate", "20200101000000Z", "-enddate", time.strftime("%Y%m%d%H%M%SZ", time.gmtime(ends))),
        )
