"""Defines TLS on a pod's gRPC port: the file that the model server reads, and what the operator learns of it.

The operator reads no Secrets. The init container that puts the file together tells, as its last words, which
certificate the server will present; the kubelet hands them on in the pod's status, and the operator trusts exactly
this certificate on this pod. The certificate is public; its key stays in the pod.
"""

import json
import math
import re
from dataclasses import asdict, dataclass
from typing import Any

from tfs_operator.domain.text_format import quoted

CONTAINER_NAME = "tls"
CERTIFICATE_KEY = "tls.crt"
PRIVATE_KEY_KEY = "tls.key"
_SHA256 = re.compile("[0-9a-f]{64}")
_LONGEST_NAME = 253
_LONGEST_WORDS = 4096
"""As the kubelet cuts a termination message."""


@dataclass(frozen=True)
class Certificate:
    """What a pod presents. Times are seconds since the epoch."""

    sha256: str
    """Fingerprint of the certificate itself (DER), in hexadecimal; empty: the pod's status does not tell."""

    name: str = ""
    """One that the certificate is valid for."""

    not_before: float = 0.0
    not_after: float = 0.0


def ssl_config(private_key: str, certificates: str) -> str:
    """The content of `--ssl_config_file`, both in PEM.

    Source: tensorflow_serving/config/ssl_config.proto.
    """
    return f"server_key: {quoted(private_key)}\nserver_cert: {quoted(certificates)}\nclient_verify: false\n"


def as_last_words(certificate: Certificate) -> str:
    """For the termination message of the init container, which holds 4096 bytes."""
    return json.dumps(asdict(certificate))


def served(pod_status: dict[str, Any]) -> Certificate | None:
    """What this pod's server presents; None for one that speaks no TLS."""
    statuses = pod_status.get("initContainerStatuses") or []
    ours = next((status for status in statuses if status.get("name") == CONTAINER_NAME), None)
    if ours is None:
        return None
    ended = (ours.get("state") or {}).get("terminated") or {}
    return _from_last_words(str(ended.get("message", ""))) or Certificate("")


def _from_last_words(text: str) -> Certificate | None:
    """Leaves out what a later release may add. Whoever may change the pod may have written these words."""
    try:
        read = json.loads(text if len(text) <= _LONGEST_WORDS else "")
        found = Certificate(str(read["sha256"]), str(read["name"]), float(read["not_before"]), float(read["not_after"]))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return found if _is_well_formed(found) else None


def _is_well_formed(certificate: Certificate) -> bool:
    is_name = certificate.name.isprintable() and len(certificate.name) <= _LONGEST_NAME
    are_times = math.isfinite(certificate.not_before) and math.isfinite(certificate.not_after)
    return is_name and are_times and _SHA256.fullmatch(certificate.sha256) is not None
