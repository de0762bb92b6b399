"""A certificate authority of one's own, by the openssl command."""

import ssl
import subprocess
from pathlib import Path


def authority(folder: Path, name: str) -> Path:
    """The certificate (PEM); its key lies beside it."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    _openssl("req", "-x509", "-days", "2", "-subj", f"/CN={name}", "-keyout", key, "-out", certificate, *_NEW_KEY)
    return certificate


def server_context(signed_by: Path, name: str) -> ssl.SSLContext:
    """For a server whose certificate is for `name`, such as `IP:127.0.0.1` or `DNS:example.com`."""
    folder = signed_by.parent
    certificate, key, request = (folder / f"server.{suffix}" for suffix in ("crt", "key", "csr"))
    names = folder / "names"
    names.write_text(f"subjectAltName={name}\n")
    _openssl("req", "-subj", "/CN=server", "-keyout", key, "-out", request, *_NEW_KEY)
    signer: list[str | Path] = ["-CA", signed_by, "-CAkey", signed_by.with_suffix(".key"), "-CAcreateserial"]
    _openssl("x509", "-req", "-days", "2", "-in", request, "-extfile", names, "-out", certificate, *signer)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=30)
