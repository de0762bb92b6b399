"""Decides when pods are replaced to start with a newer certificate: TensorFlow Serving reads it only at its start.

Whether the Secret holds a newer one is not known here, since the operator reads no Secrets. So the pods are replaced
a few times within the last part of a certificate's life: cert-manager renews when two thirds are over, and a
later renewal is met by a later time. Each replacement is a rolling update, and drops no request.
"""

from collections.abc import Iterable

from tfs_operator.domain.tls import Certificate

SHARES = (0.7, 0.85, 0.95, 1.0)
"""Of the certificate's life, after which the pods that present it are replaced. After its end a pod that finds the
same certificate does not start, and says why."""


def renewal(certificates: Iterable[Certificate], now: float) -> str | None:
    """Names the replacement that is due, the same name until the next one is; None: none is. The certificate that ends
    first decides, so that a rolling update under way is left to itself."""
    known = [certificate for certificate in certificates if certificate.not_after > certificate.not_before]
    if not known:
        return None
    oldest = min(known, key=lambda certificate: (certificate.not_after, certificate.sha256))
    passed = sum(now >= _moment(oldest, share) for share in SHARES)
    return f"{oldest.sha256[:16]}-{passed}" if passed else None


def _moment(certificate: Certificate, share: float) -> float:
    return certificate.not_before + share * (certificate.not_after - certificate.not_before)
