"""Mounted Secrets, with real keys and certificates by the `openssl` program."""

import subprocess
from pathlib import Path

EXTENSIONS = "subjectAltName = DNS:mnist.shop.svc, DNS:*.mnist-headless.shop.svc\n"


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


def secret(folder: Path, *, days: tuple[str, str] | None = None, extensions: str = EXTENSIONS) -> Path:
    """A folder with tls.crt and tls.key, self-signed, for a day or between two times such as 20200101000000Z."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "extensions").write_text(extensions)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tls.key"]
    openssl(folder, "req", "-new", *key, "-subj", "/CN=mnist", "-out", "request")
    if days is None:
        signing = ["-days", "1"]
        openssl(folder, "x509", "-req", "-in", "request", "-signkey", "tls.key", "-extfile", "extensions", *signing,
                "-out", "tls.crt")  # fmt: skip
    else:
        _between(folder, days)
    return folder


def _between(folder: Path, days: tuple[str, str]) -> None:
    """Only `openssl ca` sets both ends."""
    (folder / "index").write_text("")
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca = own\n[own]\ndatabase = index\nnew_certs_dir = .\nrand_serial = yes\ndefault_md = sha256\n"
        "policy = any\n[any]\ncommonName = supplied\n"
    )
    ends = ["-startdate", days[0], "-enddate", days[1]]
    openssl(folder, "ca", "-batch", "-config", "ca.cnf", "-selfsign", "-in", "request", "-keyfile", "tls.key", *ends,
            "-extfile", "extensions", "-notext", "-out", "tls.crt")  # fmt: skip
