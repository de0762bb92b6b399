"""How long a gRPC connection may last: short enough to be renewed while its pod drains.

A connection stays with its pod after the Service has turned away from it, and TensorFlow Serving does not handle
SIGTERM, so what such a connection carries when the server is killed would be lost. A connection that has reached its
age gets GOAWAY instead: the client opens another one, which goes to another pod, and what is in flight is answered.
Sources: GRPC_ARG_MAX_CONNECTION_AGE_MS in grpc/impl/channel_arg_names.h; grpc/proposal A9; docs/lifecycle.md.
"""

from tfs_operator.api.placement import Rollout
from tfs_operator.api.resource import TFModel

CHANNEL_ARGUMENTS = "--grpc_channel_arguments"
_SHARE_OF_THE_DRAIN = 0.5


def connection_age_ms(rollout: Rollout) -> int | None:
    """Milliseconds; None without a drain. The other half of the drain is for the Service to turn away, for gRPC's own
    jitter of 10% and for the requests in flight."""
    return int(rollout.drain_seconds * 1000 * _SHARE_OF_THE_DRAIN) or None


def connection_age(tfmodel: TFModel) -> list[str]:
    """The server's flag; none where the user has chosen channel arguments: of two such flags the last one holds."""
    age = connection_age_ms(tfmodel.spec.rollout)
    chosen = any(flag.startswith(f"{CHANNEL_ARGUMENTS}=") for flag in tfmodel.spec.server.extra_args or [])
    return [] if chosen or age is None else [f"{CHANNEL_ARGUMENTS}=grpc.max_connection_age_ms={age}"]
