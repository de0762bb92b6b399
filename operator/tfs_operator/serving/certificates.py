"""Checks that a pod presents the certificate that its status names.

A pod is called by its address, for which no certificate is made, and its authority is known to the operator only if
it is configured. The fingerprint in the pod's status is the better proof: it is that of the one certificate whose
key this pod was given.
"""

import asyncio
import hashlib
import ssl

from tfs_operator.domain.tls import Certificate

from .errors import ModelServerUnreachable


async def presented(host: str, port: int, expected: Certificate, deadline_seconds: float) -> bytes:
    """Returns the certificate, in PEM, to be trusted as it is. Raises ModelServerUnreachable when it is another one."""
    if not expected.sha256:
        raise ModelServerUnreachable(host, port, "its pod's status does not tell which certificate it serves")
    try:
        async with asyncio.timeout(deadline_seconds):
            shown = await _shown(host, port)
    except TimeoutError:
        raise ModelServerUnreachable(host, port, "no TLS handshake in time") from None
    except (OSError, ssl.SSLError) as error:
        raise ModelServerUnreachable(host, port, f"no TLS handshake: {error}") from None
    if hashlib.sha256(shown).hexdigest() != expected.sha256:
        words = "its certificate is not the one that its init container was given: another server may answer there"
        raise ModelServerUnreachable(host, port, words)
    return ssl.DER_cert_to_PEM_cert(shown).encode()


async def _shown(host: str, port: int) -> bytes:
    """In DER. Nothing is sent but the handshake, and nothing is trusted yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        return writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
    finally:
        writer.transport.abort()
