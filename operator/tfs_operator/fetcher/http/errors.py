"""What web servers and connections say when something is wrong, in words and reasons for people."""

import html
import json
import os
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.storage import Storage

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
    for cause in _causes(error):
        for kinds, meaning in _MEANINGS:
            if isinstance(cause, kinds):
                return meaning(asked, cause)
    return Transient(Reason.STORE_ERROR, f"{asked.uri}: {asked.host} answers with something else than HTTP")


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


def _not_trusted(asked: Asked, error: BaseException) -> FetchError:
    name = f"ConfigMap {asked.storage.ca_name}" if asked.storage.ca_name else "storage.caBundle"
    what_to_do = "check" if asked.storage.ca_bundle else "put its authority's certificate into"
    why = one_line(getattr(error, "verify_message", "") or "it does not fit")
    message = f"{asked.uri}: the certificate of {asked.host} is not trusted ({why}); {what_to_do} {name}"
    return FetchError(Reason.CERTIFICATE_NOT_TRUSTED, message, retry=False)


def _no_tls(asked: Asked, error: BaseException) -> FetchError:
    words = (getattr(error, "reason", "") or "").replace("_", " ").lower()
    return _unreachable(asked, f"{asked.host} does not speak TLS as expected{_quoted(words)}")


def _unknown_host(asked: Asked, error: BaseException) -> FetchError:
    return _unreachable(asked, f"unknown host {asked.host}{_quoted(getattr(error, 'strerror', ''))}")


def _too_late(asked: Asked, _: BaseException) -> FetchError:
    return _unreachable(asked, f"no answer from {asked.host} in time")


def _no_way(asked: Asked, error: BaseException) -> FetchError:
    code = getattr(error, "errno", None)
    return _unreachable(asked, f"no connection to {asked.host}{_quoted(os.strerror(code) if code else '')}")


def _led_astray(asked: Asked, _: BaseException) -> FetchError:
    message = f"{asked.uri}: {asked.host} redirects in circles, or to no web address"
    return FetchError(Reason.STORE_ERROR, message, retry=False)


def _cut(asked: Asked, _: BaseException) -> FetchError:
    return _unreachable(asked, f"the connection to {asked.host} was cut")


def _unreachable(asked: Asked, words: str) -> FetchError:
    return Transient(Reason.STORE_UNREACHABLE, f"{asked.uri}: {words}")


_Kinds = type[BaseException] | tuple[type[BaseException], ...]
_MEANINGS: tuple[tuple[_Kinds, Callable[[Asked, BaseException], FetchError]], ...] = (
    (ssl.SSLCertVerificationError, _not_trusted),
    (ssl.SSLError, _no_tls),
    (socket.gaierror, _unknown_host),
    (TimeoutError, _too_late),
    (ConnectionRefusedError, _no_way),
    ((aiohttp.TooManyRedirects, aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError), _led_astray),
    ((aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, ConnectionError), _cut),
    (OSError, _no_way),
)
"""The first that fits: narrower kinds before wider ones."""


def _quoted(words: str) -> str:
    return f" ({words})" if words else ""
