"""From what the client library raises to a reason of `api/conditions.py`, in words that a user can act on.

The library has one exception for nearly everything, and its text has the store's answer: the status, and a body with
a code and a message (XML), or with a message only (JSON). Below it, after `Debug source:`, it has the causes in Rust's
notation, such as a refused connection. What is taken from it is in the tables here; the texts are those of obstore
0.12, and tests/integration/fetcher holds them against real servers.
"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from html import unescape

from obstore.exceptions import NotModifiedError, PreconditionError

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError

_LONGEST = 300
_READ_LETTERS = 8192
"""Of a store's answer: it may be of any length, and is searched several times."""

_REGION = "set storage.region to the bucket's region"
_RIGHTS = "check the rights to list and to read there"
_KEYS = "check the keys in the Secret of storage.secretRef"
_NO_BUCKET = "check its name in the URI, and storage.endpoint"
_CLOCK = "check the node's clock"
_RENEW = "renew the session token in the Secret of storage.secretRef"
_HOST = "check storage.endpoint"
_AUTHORITY = "name the store's authority in storage.caBundle"


@dataclass(frozen=True)
class Meaning:
    """What an error means. `words` stands in for the library's own where these are for programmers."""

    reason: Reason
    advice: str = ""
    words: str = ""
    retry: bool = True


_CODES = {
    "AccessDenied": Meaning(Reason.ACCESS_DENIED, _RIGHTS, retry=False),
    "AllAccessDisabled": Meaning(Reason.ACCESS_DENIED, _RIGHTS, retry=False),
    "InvalidAccessKeyId": Meaning(Reason.ACCESS_DENIED, _KEYS, retry=False),
    "SignatureDoesNotMatch": Meaning(Reason.ACCESS_DENIED, _KEYS, retry=False),
    "InvalidToken": Meaning(Reason.ACCESS_DENIED, _KEYS, retry=False),
    "ExpiredToken": Meaning(Reason.ACCESS_DENIED, _RENEW, retry=False),
    "RequestTimeTooSkewed": Meaning(Reason.ACCESS_DENIED, _CLOCK, retry=False),
    "AuthenticationFailed": Meaning(Reason.ACCESS_DENIED, _KEYS, retry=False),
    "AuthorizationFailure": Meaning(Reason.ACCESS_DENIED, _RIGHTS, retry=False),
    "AuthorizationPermissionMismatch": Meaning(Reason.ACCESS_DENIED, _RIGHTS, retry=False),
    "PublicAccessNotPermitted": Meaning(Reason.ACCESS_DENIED, "name a Secret in storage.secretRef", retry=False),
    "NoSuchBucket": Meaning(Reason.STORE_NOT_FOUND, _NO_BUCKET, retry=False),
    "InvalidBucketName": Meaning(Reason.STORE_NOT_FOUND, _NO_BUCKET, retry=False),
    "ContainerNotFound": Meaning(Reason.STORE_NOT_FOUND, _NO_BUCKET, retry=False),
    "AuthorizationHeaderMalformed": Meaning(Reason.STORE_ERROR, _REGION, retry=False),
    "PermanentRedirect": Meaning(Reason.STORE_ERROR, _REGION, retry=False),
    "IllegalLocationConstraintException": Meaning(Reason.STORE_ERROR, _REGION, retry=False),
}
"""By the code in the store's answer."""

_STATUSES = {
    401: Meaning(Reason.ACCESS_DENIED, _KEYS, retry=False),
    403: Meaning(Reason.ACCESS_DENIED, _RIGHTS, retry=False),
    404: Meaning(Reason.STORE_NOT_FOUND, _NO_BUCKET, retry=False),
    412: Meaning(Reason.VERSION_CHANGED, words="changed while it was being fetched"),
    416: Meaning(Reason.VERSION_CHANGED, words="changed while it was being fetched"),
}
"""By the status, where the code says nothing."""

_CAUSES = (
    (
        # The library asks these for credentials when it was given none.
        r"(GET|PUT|POST) https?://(169\.254\.\d+\.\d+|metadata\.google\.internal|metadata/)",
        Meaning(
            Reason.CREDENTIALS_MISSING,
            "name a Secret in storage.secretRef, or set storage.anonymous: true for public data",
            "there are no credentials: no Secret is named, the environment has none, and no metadata server of a "
            "cloud gives any",
            retry=False,
        ),
    ),
    (
        "No certificates found in `root_certificate`|InvalidCertificate\\(\\s*BadEncoding",
        Meaning(
            Reason.CERTIFICATE_NOT_TRUSTED,
            "put certificates in PEM there",
            "storage.caBundle has something that is no certificate",
            retry=False,
        ),
    ),
    (
        "UnknownIssuer|CaUsedAsEndEntity|UnknownRevocation",
        Meaning(Reason.CERTIFICATE_NOT_TRUSTED, _AUTHORITY, "the certificate is of an unknown authority", retry=False),
    ),
    (
        "NotValidForName",
        Meaning(
            Reason.CERTIFICATE_NOT_TRUSTED,
            "use a name of the certificate in storage.endpoint",
            "the certificate is for another name",
            retry=False,
        ),
    ),
    (
        "Expired|NotValidYet",
        Meaning(
            Reason.CERTIFICATE_NOT_TRUSTED, _CLOCK, "the certificate has expired, or is not valid yet", retry=False
        ),
    ),
    (
        "InvalidCertificate",
        Meaning(Reason.CERTIFICATE_NOT_TRUSTED, _AUTHORITY, "the certificate is not valid", retry=False),
    ),
    (
        "InvalidContentType",
        Meaning(
            Reason.STORE_UNREACHABLE,
            "say http:// in storage.endpoint if that is meant",
            "the store does not speak TLS",
            retry=False,
        ),
    ),
    ("dns error", Meaning(Reason.STORE_UNREACHABLE, _HOST, "the host is unknown")),
    ("ConnectionRefused", Meaning(Reason.STORE_UNREACHABLE, _HOST, "the connection is refused")),
    ("HostUnreachable|NetworkUnreachable", Meaning(Reason.STORE_UNREACHABLE, _HOST, "the host cannot be reached")),
    ("TimedOut|kind: Timeout", Meaning(Reason.STORE_UNREACHABLE, _HOST, "there is no answer in time")),
    ("HttpError", Meaning(Reason.STORE_UNREACHABLE, words="the connection was cut")),
    ("incorrectly configured region", _CODES["PermanentRedirect"]),
    (
        "DecodeCredentials|ReadPem|InvalidAccessKey|InvalidKey|MissingField|SplitSas|MissingSas",
        Meaning(
            Reason.CREDENTIALS_MISSING,
            _KEYS,
            "the credentials are not valid",
            retry=False,
        ),
    ),
    (
        "illegal character sequence|invalid path|Error parsing Path|InvalidPath",
        Meaning(Reason.STORE_ERROR, "remove or rename such an object", retry=False),
    ),
)
"""By the first that is found in the causes."""


def explain(error: Exception, what: str, secrets: Collection[str] = ()) -> FetchError:
    """Maps an error of the library. `what` names the URI, and the version and file where one is concerned; `secrets`
    are taken out of what is shown, should a store repeat them."""
    text, _, causes = _without(secrets, str(error)).partition("\n\nDebug source:")
    text, causes = text[:_READ_LETTERS], causes[:_READ_LETTERS]
    if isinstance(error, PreconditionError | FileNotFoundError | NotModifiedError) and "NoSuchBucket" not in text:
        return FetchError(Reason.VERSION_CHANGED, f"{what}: changed, or was removed, while it was being fetched")
    if isinstance(error, TimeoutError):
        return FetchError(Reason.STORE_UNREACHABLE, f"{what}: there is no answer in time; {_HOST}")
    sense, words = _meaning(text, causes)
    shown = _one_line(words, secrets)
    return FetchError(
        sense.reason, f"{what}: {shown}" + (f"; {sense.advice}" if sense.advice else ""), retry=sense.retry
    )


def _meaning(text: str, causes: str) -> tuple[Meaning, str]:
    for pattern, sense in _CAUSES[:1]:
        if re.search(pattern, text):
            return sense, sense.words
    if answer := re.search(r"non-2xx status code: ([0-9]{3}) ?([^:]*): ?(.*)", text, re.DOTALL):
        status, phrase, body = int(answer[1]), answer[2], answer[3]
        code, message = _said(body)
        sense = _CODES.get(code) or _STATUSES.get(status) or Meaning(Reason.STORE_ERROR)
        said = ": ".join(filter(None, [code, message])) or phrase
        return sense, sense.words or f"the store answers {status} {said}"
    for pattern, sense in _CAUSES[1:]:
        if re.search(pattern, f"{text}\n{causes}"):
            return sense, sense.words or text
    return Meaning(Reason.STORE_ERROR), text


def _said(body: str) -> tuple[str, str]:
    """Code and message; never more, since some answers repeat the request with its signature."""
    if code := re.search("<Code>(.*?)</Code>", body, re.DOTALL):
        message = re.search("<Message>(.*?)</Message>", body, re.DOTALL)
        return unescape(code[1]), unescape(message[1]) if message else ""
    try:
        problem = json.loads(body)["error"]
        return "", str(problem["message"] if isinstance(problem, dict) else problem)
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", re.sub("<[^>]*>", " ", body)


def _without(secrets: Iterable[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _one_line(words: str, secrets: Iterable[str]) -> str:
    line = " ".join(re.sub(r"(https?://[^\s?]+)\?\S*", r"\1", _without(secrets, words)).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
