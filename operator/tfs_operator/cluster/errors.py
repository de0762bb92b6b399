"""What the API server may answer instead of what was asked for.

ClusterError
├── Transient      429, 5xx, time-out, cut connection, unreadable token: the same request may succeed later
├── Conflict       409, and 422 for another uid: the object is not what the request took it for
├── Forbidden      401, 403: our rights, a quota, an admission rule
│   └── Terminating    its namespace is on its way out: nothing can be created any more, and soon all is gone
├── Invalid        400, 422, other 4xx, and the 500 of a badly typed apply: the object, in the server's words
├── NotFound       404: the object, its namespace or its kind
├── Gone           410: a continue token or resource version that is too old
├── NotPermitted   not sent: this process does not lead, or not any more
└── LeaseLost      (cluster/lease.py) it led, and must end

Retry or stop is decided by `is_retryable` and nowhere else: what it approves, the client itself sends again
within its bounds. Above the client, every ClusterError ends a reconcile and backs off per key.
"""

import math
from collections.abc import Mapping

from tfs_operator.domain.foreign_json import NotJson, decode
from tfs_operator.domain.foreign_text import one_line

MAX_RETRY_AFTER_SECONDS = 60.0
"""A longer wait that the server asks for is cut: the work queue backs off by itself."""
_LONGEST = 4096
"""Characters of a message. Admission webhooks write some of them, and so does whatever stands in for an API server."""

_SHOWN = 200
"""Bytes of an answer that is no Status object."""


class ClusterError(Exception):
    """The root of everything that `cluster` raises. `str()` is the API server's message."""

    reason = "ClusterError"
    """CamelCase, for a condition or an event."""


class Transient(ClusterError):
    """Nothing is known about the request: it may or may not have been done."""

    reason = "APIServerUnavailable"

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds that the server asks us to wait; 0 when it does not say."""


class Conflict(ClusterError):
    """A precondition (uid, resourceVersion) does not hold, or the name is taken."""

    reason = "Conflict"


class Forbidden(ClusterError):
    """The API server does not permit the request, or does not know the credentials."""

    reason = "Forbidden"


class Terminating(Forbidden):
    """The namespace is being deleted."""

    reason = "NamespaceTerminating"


class Invalid(ClusterError):
    """The API server refuses the object: only another object will do."""

    reason = "Invalid"


class NotFound(ClusterError):
    """Nothing there under this name."""

    reason = "NotFound"


class Gone(ClusterError):
    """The version asked for is compacted: list anew."""

    reason = "Gone"


class NotPermitted(ClusterError):
    """Another operator may act instead of this one, which sends nothing that changes anything."""

    reason = "NotLeading"


_BADLY_TYPED = "failed to create typed patch object"
"""How a server-side apply with an unknown field or a wrong type is answered: by 500, with no `reason`.

Seen with Kubernetes 1.35; from k8s.io/apimachinery/pkg/util/managedfields/internal/structuredmerge.go.
"""

_NAMESPACE_TERMINATING = "NamespaceTerminating"
"""Source: k8s.io/api/core/v1, NamespaceTerminatingCause."""

_UID = "metadata.uid"
"""Named as immutable (422) when an apply is meant for another object than the live one; for none, the answer is 409."""

_BY_STATUS: Mapping[int, type[ClusterError]] = {
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
}


def from_response(status: int, headers: Mapping[str, str], body: bytes) -> ClusterError:
    """Returns the error that an answer other than 2xx means; the body is a `Status` object or a proxy's text."""
    answer = _status_object(body)
    message = _message(answer) or f"HTTP {status}: {one_line(body[:_SHOWN].decode(errors='replace'), _SHOWN)}"
    if status == 500 and message.startswith(_BADLY_TYPED):
        return Invalid(message)
    if status in (408, 429) or status >= 500:
        return Transient(message, _retry_after(headers, answer))
    if status == 403 and _NAMESPACE_TERMINATING in _causes(answer, "reason"):
        return Terminating(message)
    if status == 422 and _UID in _causes(answer, "field"):
        return Conflict(message)
    return _BY_STATUS.get(status, Invalid)(message)


def _message(answer: Mapping[str, object]) -> str:
    """Returns the server's message on one line; empty where it has none."""
    message = answer.get("message")
    return one_line(message, _LONGEST) if isinstance(message, str) else ""


def _causes(answer: Mapping[str, object], part: str) -> list[object]:
    details = answer.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    return [cause.get(part) for cause in causes if isinstance(cause, dict)] if isinstance(causes, list) else []


def is_retryable(error: ClusterError) -> bool:
    """Returns whether the client sends the same request again, within its bounds."""
    return isinstance(error, Transient)


def _retry_after(headers: Mapping[str, str], answer: Mapping[str, object]) -> float:
    """Seconds from the header, else from `details.retryAfterSeconds`; 0 when neither says.

    Source: https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#statusdetails-v1-meta
    """
    details = answer.get("details")
    in_body = details.get("retryAfterSeconds") if isinstance(details, dict) else None
    for seconds in (headers.get("Retry-After"), in_body):
        try:
            asked = float(str(seconds))
        except ValueError:
            continue  # absent, or an HTTP date, which no API server sends
        if not math.isnan(asked):
            return min(max(asked, 0.0), MAX_RETRY_AFTER_SECONDS)
    return 0.0


def _status_object(body: bytes) -> Mapping[str, object]:
    try:
        answer = decode(body)
    except NotJson:
        return {}
    return answer if isinstance(answer, dict) else {}
