"""Maps answers of web servers, and failed connections, to FetchErrors."""

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
from tfs_operator.fetcher.core.store_access import StoreAccess

_SHOWN = 200
_READ_BYTES = 16 * 1024
"""Of a body, for its message."""

TRANSIENT = frozenset({408, 425, 429})


class TransientFetchError(FetchError):
    """May be over in some seconds: a cut connection, a server that is busy or being restarted."""

    def __init__(self, reason: Reason, message: str, after: float | None = None) -> None:
        super().__init__(reason, message)
        self.after = after
        """Seconds that the server asks to wait for, if it does."""


class Unauthorized(FetchError):
    """The server asks for a login (401), and says of which kind."""

    def __init__(self, message: str, challenge: str) -> None:
        super().__init__(Reason.ACCESS_DENIED, message, retry=False)
        self.challenge = challenge
        """The header WWW-Authenticate."""


@dataclass(frozen=True)
class RequestContext:
    """Says in messages for which URI, and to which host, a request was."""

    uri: str
    storage: StoreAccess
    host: str

    @property
    def credentials(self) -> str:
        if self.storage.credentials is None:
            return "the request had no credentials; name a Secret in storage.secretRef"
        name = f"Secret {self.storage.secret_name}" if self.storage.secret_name else "storage.secretRef"
        return f"check the credentials in {name}, and their rights"


def refusal(context: RequestContext, status: int, headers: Mapping[str, str], body: bytes) -> FetchError:
    """Maps an answer with an HTTP status of 400 or more."""
    said = f"{context.host} answers {status}{_quoted(server_message(headers, body))}"
    if status == 401:
        return Unauthorized(f"{context.uri}: {said}; {context.credentials}", headers.get("WWW-Authenticate", ""))
    if status in (403, 407):
        return FetchError(Reason.ACCESS_DENIED, f"{context.uri}: {said}; {context.credentials}", retry=False)
    if status in (404, 410):
        return FetchError(Reason.STORE_NOT_FOUND, f"{context.uri}: {said}; check the URI", retry=False)
    if status == 412:
        return FetchError(Reason.VERSION_CHANGED, f"{context.uri}: {said}; it has changed in the store")
    if status in TRANSIENT or status >= 500:
        return TransientFetchError(Reason.STORE_ERROR, f"{context.uri}: {said}", retry_after(headers))
    return FetchError(Reason.STORE_ERROR, f"{context.uri}: {said}", retry=False)


def server_message(headers: Mapping[str, str], body: bytes) -> str:
    """Returns the server's own text on one short line: of JSON its message, of a page its title."""
    text = body[:_READ_BYTES].decode("utf-8", "replace")
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
    except (ValueError, RecursionError):
        return text
    if isinstance(said, dict) and isinstance(errors := said.get("errors"), list):
        said = errors[0] if errors else {}
    if not isinstance(said, dict):
        return text
    words = [said.get("code"), said.get("error"), said.get("message")]
    return ": ".join(word for word in words if isinstance(word, str)) or text


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Returns the seconds, from either form that the header can have."""
    text = headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def connection_error(context: RequestContext, error: BaseException) -> FetchError:
    """Maps a request without an answer, or with half of one. The errors' own texts may hold signed addresses, so only
    the operating system's words are taken from them."""
    for cause in _causes(error):
        for kinds, meaning in _MEANINGS:
            if isinstance(cause, kinds):
                return meaning(context, cause)
    return TransientFetchError(
        Reason.STORE_ERROR, f"{context.uri}: {context.host} answers with something else than HTTP"
    )


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


def _not_trusted(context: RequestContext, error: BaseException) -> FetchError:
    name = f"ConfigMap {context.storage.ca_name}" if context.storage.ca_name else "storage.caBundle"
    what_to_do = "check" if context.storage.ca_bundle else "put its authority's certificate into"
    why = one_line(getattr(error, "verify_message", "") or "it does not fit")
    message = f"{context.uri}: the certificate of {context.host} is not trusted ({why}); {what_to_do} {name}"
    return FetchError(Reason.CERTIFICATE_NOT_TRUSTED, message, retry=False)


def _no_tls(context: RequestContext, error: BaseException) -> FetchError:
    words = (getattr(error, "reason", "") or "").replace("_", " ").lower()
    return _unreachable(context, f"{context.host} does not speak TLS as expected{_quoted(words)}")


def _unknown_host(context: RequestContext, error: BaseException) -> FetchError:
    return _unreachable(context, f"unknown host {context.host}{_quoted(getattr(error, 'strerror', ''))}")


def _too_late(context: RequestContext, _: BaseException) -> FetchError:
    return _unreachable(context, f"no answer from {context.host} in time")


def _no_way(context: RequestContext, error: BaseException) -> FetchError:
    code = getattr(error, "errno", None)
    return _unreachable(context, f"no connection to {context.host}{_quoted(os.strerror(code) if code else '')}")


def _led_astray(context: RequestContext, _: BaseException) -> FetchError:
    message = f"{context.uri}: {context.host} redirects in circles, or to no web address"
    return FetchError(Reason.STORE_ERROR, message, retry=False)


def _cut(context: RequestContext, _: BaseException) -> FetchError:
    return _unreachable(context, f"the connection to {context.host} was cut")


def _unreachable(context: RequestContext, words: str) -> FetchError:
    return TransientFetchError(Reason.STORE_UNREACHABLE, f"{context.uri}: {words}")


_Kinds = type[BaseException] | tuple[type[BaseException], ...]
_MEANINGS: tuple[tuple[_Kinds, Callable[[RequestContext, BaseException], FetchError]], ...] = (
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
