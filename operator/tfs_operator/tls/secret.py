"""Reads the mounted Secret and finds every reason why a server could not use it.

The last check is a handshake within the process, so that a certificate that clients would reject, such as an expired
one, is rejected before old pods are replaced.
"""

import hashlib
import itertools
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfs_operator.domain.tls import CERTIFICATE_KEY, PRIVATE_KEY_KEY, Certificate

_CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_PRIVATE_KEY = re.compile("-----BEGIN ([A-Z]+ )*PRIVATE KEY-----.+?-----END ([A-Z]+ )*PRIVATE KEY-----", re.DOTALL)
_HANDSHAKE_TURNS = 20
_EXPIRED, _NOT_YET_VALID = 10, 9
"""X509_V_ERR_CERT_HAS_EXPIRED and X509_V_ERR_CERT_NOT_YET_VALID of OpenSSL."""


class NotUsable(Exception):
    """Raised if no server can start with the Secret; the message has the key, the problem and what to do."""


@dataclass(frozen=True)
class Pair:
    """Private key and certificates of the Secret, in PEM, without the text around them."""

    private_key: str
    certificates: str


def read(folder: Path) -> Pair:
    """Reads the files of a mounted Secret of type kubernetes.io/tls. Raises NotUsable."""
    files = [folder / CERTIFICATE_KEY, folder / PRIVATE_KEY_KEY]
    missing = [file.name for file in files if not file.is_file()]
    if len(missing) == len(files):
        raise NotUsable(
            f"does not exist, or has neither {CERTIFICATE_KEY} nor {PRIVATE_KEY_KEY}: create it, for example by "
            "`kubectl create secret tls NAME --cert=FILE --key=FILE` or a cert-manager Certificate"
        )
    if missing:
        raise NotUsable(f"has no key {missing[0]}: add it; a Secret of type kubernetes.io/tls has both")
    certificates = _blocks(_CERTIFICATE, files[0], "a certificate")
    return Pair(_blocks(_PRIVATE_KEY, files[1], "a private key")[0], "".join(certificates))


def _blocks(pattern: re.Pattern[str], file: Path, what: str) -> list[str]:
    text = file.read_bytes().decode("ascii", errors="replace")
    found = [f"{block.group()}\n" for block in pattern.finditer(text)]
    if not found:
        raise NotUsable(f"key {file.name} holds no {what.partition(' ')[2]} in PEM: put {what} there, PEM-encoded")
    return found


def check(pair: Pair, folder: Path) -> Certificate:
    """Returns what a client will be shown. `folder` is where the files lie, for OpenSSL reads a key from a file only.
    Raises NotUsable."""
    leaf = next(block.group() for block in _CERTIFICATE.finditer(pair.certificates))
    client, server = _client(leaf), _server(folder)
    try:
        shown = _handshake(client, server)
    except ssl.SSLCertVerificationError as error:
        raise NotUsable(_refusal(error)) from None
    except ssl.SSLError as error:
        raise NotUsable(f"{CERTIFICATE_KEY} and {PRIVATE_KEY_KEY} do not serve: {_words(error)}") from None
    return _certificate(leaf, shown)


def _client(leaf: str) -> ssl.SSLContext:
    """Trusts this very certificate, whatever has signed it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=leaf)
    except (ssl.SSLError, ValueError) as error:
        raise NotUsable(f"key {CERTIFICATE_KEY} holds a damaged certificate: {_words(error)}") from None
    return context


def _server(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    asked: list[bool] = []

    def password() -> str:
        asked.append(True)
        return ""

    try:
        context.load_cert_chain(folder / CERTIFICATE_KEY, folder / PRIVATE_KEY_KEY, password)
    except ssl.SSLError as error:
        raise NotUsable(_loading(error, encrypted=bool(asked))) from None
    return context


def _loading(error: ssl.SSLError, *, encrypted: bool) -> str:
    if encrypted:
        return f"key {PRIVATE_KEY_KEY} is encrypted: store it without a passphrase, since the server cannot ask for one"
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"{PRIVATE_KEY_KEY} does not belong to the certificate in {CERTIFICATE_KEY}: store the pair that does"
    return f"{CERTIFICATE_KEY} or {PRIVATE_KEY_KEY} is damaged: {_words(error)}"


def _refusal(error: ssl.SSLCertVerificationError) -> str:
    """In words of our own where it is known what to do."""
    if error.verify_code == _EXPIRED:
        return f"the certificate in {CERTIFICATE_KEY} has expired: renew it"
    if error.verify_code == _NOT_YET_VALID:
        return f"the certificate in {CERTIFICATE_KEY} is not valid yet: wait, or issue one that is"
    return f"no client would take the certificate in {CERTIFICATE_KEY}: {error.verify_message}"


def _words(error: Exception) -> str:
    """OpenSSL's reason, without the place in Python's source."""
    return str(getattr(error, "reason", None) or error).replace("_", " ").lower()


def _handshake(client: ssl.SSLContext, server: ssl.SSLContext) -> dict[str, Any]:
    """The certificate as the client sees it, once both sides have agreed."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server)
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    for side in itertools.islice(itertools.cycle((asking, answering)), _HANDSHAKE_TURNS):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
        if side is asking:
            break
    return dict(asking.getpeercert() or {})


def _certificate(leaf: str, shown: dict[str, Any]) -> Certificate:
    return Certificate(
        sha256=hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf)).hexdigest(),
        name=next(_names(shown), ""),
        not_before=ssl.cert_time_to_seconds(shown["notBefore"]),
        not_after=ssl.cert_time_to_seconds(shown["notAfter"]),
    )


def _names(shown: dict[str, Any]) -> Iterator[str]:
    """Names that a client may ask for: DNS names first, then addresses; the subject's only where there is no other."""
    alternatives = shown.get("subjectAltName", ())
    for kind in ("DNS", "IP Address"):
        yield from (name.replace("*", "tfs-operator", 1) for each, name in alternatives if each == kind)
    if not alternatives:
        subject = itertools.chain.from_iterable(shown.get("subject", ()))
        yield from (value for key, value in subject if key == "commonName")
