"""A certificate authority of the tests' own, and a certificate by it, usually for 127.0.0.1 and localhost."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

_AUTHORITY = """\
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""
_SERVER = """\
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""


@dataclass(frozen=True)
class Certificates:
    """PEM files."""

    authority: Path
    """What a client has to trust: the content of `storage.caBundle`."""

    server: Path
    server_key: Path

    def for_server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server, self.server_key)
        return context

    def for_client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority))


def make_certificates(folder: Path, names: str = "IP:127.0.0.1, DNS:localhost") -> Certificates:
    """By the `openssl` program, into `folder`, which exists. Two calls make two authorities that do not trust each
    other. The certificates hold for a day, and for `names`, as openssl has them."""
    authority = _issue(folder, "authority", "tfs-operator test authority", _AUTHORITY)
    server = _issue(folder, "server", "127.0.0.1", _SERVER.format(names=names), signed_by="authority")
    return Certificates(authority, server, folder / "server.key")


def _issue(folder: Path, name: str, common_name: str, extensions: str, signed_by: str | None = None) -> Path:
    (folder / f"{name}.cnf").write_text(extensions)
    key = ["-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key"]
    _openssl(folder, "req", "-new", *key, "-subj", f"/CN={common_name}", "-out", f"{name}.csr")
    by = ["-CA", f"{signed_by}.pem", "-CAkey", f"{signed_by}.key"] if signed_by else ["-signkey", f"{name}.key"]
    serial = ["-CAcreateserial"] if signed_by else []
    what = ["-days", "1", "-sha256", "-extfile", f"{name}.cnf", "-out", f"{name}.pem"]
    _openssl(folder, "x509", "-req", "-in", f"{name}.csr", *by, *serial, *what)
    return folder / f"{name}.pem"


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)
