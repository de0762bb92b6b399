"""What web servers and connections say when something is wrong, in words and reasons for people."""

import errno
import html
import json
import os
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.problem import FetchError
from tfs_operator.fetcher.storage import Storage

_SHOWN = 200
TRANSIENT = frozenset({408, 425, 429})


class Transient(FetchError):
    """May have passed in some seconds: a cut connection, a server that is busy or being restarted."""

    def __init__(self, reason: Reason, message: str, after: float | None = None) -> None:
        super().__init__(reason, message)
        self.after = after
        """Seconds that the server asks to wait for, if it does."""


class Unauthorized(FetchError):
    """The server wants to know who asks, and says how to tell it."""

    def __init__(self, message: str, challenge: str) -> None:
        super().__init__(Reason.ACCESS_DENIED, message, retry=False)
        self.challenge = challenge
        """The header WWW-Authenticate."""


@dataclass(frozen=True)
class Asked:
    """Whose question it was, for messages."""

    uri: str
    storage: Storage
    host: str

    @property
    def credentials(self) -> str:
        if self.storage.credentials is None:
            return "it was asked without credentials; name a Secret in storage.secretRef"
        name = f"Secret {self.storage.secret_name}" if self.storage.secret_name else "storage.secretRef"
        return f"check the credentials in {name}, and their rights"


def refused(asked: Asked, status: int, headers: Mapping[str, str], body: bytes) -> FetchError:
    """For an answer with an HTTP status of 400 or more."""
    said = f"{asked.host} answers {status}{_quoted(own_words(headers, body))}"
    if status == 401:
        return Unauthorized(f"{asked.uri}: {said}; {asked.credentials}", headers.get("WWW-Authenticate", ""))
    if status in (403, 407):
        return FetchError(Reason.ACCESS_DENIED, f"{asked.uri}: {said}; {asked.credentials}", retry=False)
    if status in (404, 410):
        return FetchError(Reason.STORE_NOT_FOUND, f"{asked.uri}: {said}; check the URI", retry=False)
    if status == 412:
        return FetchError(Reason.VERSION_CHANGED, f"{asked.uri}: {said}; it has changed in the store")
    if status in TRANSIENT or status >= 500:
        return Transient(Reason.STORE_ERROR, f"{asked.uri}: {said}", retry_after(headers))
    return FetchError(Reason.STORE_ERROR, f"{asked.uri}: {said}", retry=False)


def own_words(headers: Mapping[str, str], body: bytes) -> str:
    """What the server says itself, on one short line: of JSON its message, of a page its title."""
    text = body.decode("utf-8", "replace")
    kind = headers.get("Content-Type", "")
    if "json" in kind:
        text = _json_message(text)
    elif "html" in kind:
        title = re.search("<title>(.*?)</title>", text, re.DOTALL | re.IGNORECASE)
        text = html.unescape(title.group(1)) if title else ""
    return one_line(text)


def one_line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _json_message(text: str) -> str:
    """`{"error": …}` as hubs have it, `{"errors": [{"code": …, "message": …}]}` as registries do."""
    try:
        said = json.loads(text)
    except ValueError:
        return text
    if isinstance(said, dict) and isinstance(errors := said.get("errors"), list):
        said = errors[0] if errors else {}
    if not isinstance(said, dict):
        return text
    words = [said.get("code"), said.get("error"), said.get("message")]
    return ": ".join(word for word in words if isinstance(word, str)) or text


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from either form that the header can have."""
    text = headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def broken(asked: Asked, error: BaseException) -> FetchError:
    """For a question that got no answer, or half of one. The errors' own texts may hold signed addresses, so only the
    operating system's words are taken from them."""
    uri, host = asked.uri, asked.host
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return FetchError(Reason.CERTIFICATE_NOT_TRUSTED, f"{uri}: {_distrust(asked, cause)}", retry=False)
        if isinstance(cause, ssl.SSLError):
            words = (getattr(cause, "reason", "") or "").replace("_", " ").lower()
            return Transient(Reason.STORE_UNREACHABLE, f"{uri}: {host} does not speak TLS as expected{_quoted(words)}")
        if isinstance(cause, socket.gaierror):
            return Transient(Reason.STORE_UNREACHABLE, f"{uri}: unknown host {host}{_quoted(cause.strerror or '')}")
        if isinstance(cause, TimeoutError):
            return Transient(Reason.STORE_UNREACHABLE, f"{uri}: no answer from {host} in time")
        if isinstance(cause, ConnectionRefusedError) or (isinstance(cause, OSError) and (cause.errno or 0) in _NO_WAY):
            words = os.strerror(cause.errno or errno.ECONNREFUSED)
            return Transient(Reason.STORE_UNREACHABLE, f"{uri}: no connection to {host} ({words})")
        if isinstance(cause, aiohttp.TooManyRedirects | aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
            words = f"{host} redirects in circles, or to no web address"
            return FetchError(Reason.STORE_ERROR, f"{uri}: {words}", retry=False)
        if isinstance(cause, aiohttp.ClientPayloadError | aiohttp.ClientConnectionError | ConnectionError):
            return Transient(Reason.STORE_UNREACHABLE, f"{uri}: the connection to {host} was cut")
    return Transient(Reason.STORE_ERROR, f"{uri}: {host} answers with something else than HTTP")


_NO_WAY = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL})


def _causes(error: BaseException | None) -> list[BaseException]:
    """What the operating system said comes before what a library made of it. A library keeps it in an attribute, or
    as the cause or context of its own error."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.insert(0, error)
        kept = getattr(error, "certificate_error", None) or getattr(error, "os_error", None)
        if isinstance(kept, BaseException):
            found.insert(0, kept)
        error = error.__cause__ or error.__context__
    return found


def _distrust(asked: Asked, error: ssl.SSLCertVerificationError) -> str:
    name = f"ConfigMap {asked.storage.ca_name}" if asked.storage.ca_name else "storage.caBundle"
    what_to_do = "check" if asked.storage.ca_bundle else "put its authority's certificate into"
    why = one_line(getattr(error, "verify_message", "") or "it does not fit")
    return f"the certificate of {asked.host} is not trusted ({why}); {what_to_do} {name}"


def _quoted(words: str) -> str:
    return f" ({words})" if words else ""
