"""How long a gRPC connection may last: short enough to be renewed while its pod drains, unless the user says otherwise.

A connection stays with its pod after the Service has turned away from it, and TensorFlow Serving does not handle
SIGTERM, so what such a connection carries when the server is killed would be lost. A connection that has reached its
age gets GOAWAY instead: the client opens another one, which goes to another pod, and what is in flight is answered.
Sources: GRPC_ARG_MAX_CONNECTION_AGE_MS in grpc/impl/channel_arg_names.h; grpc/proposal A9; docs/lifecycle.md.
"""

from tfs_operator.api.placement import Rollout
from tfs_operator.api.resource import TFModel
from tfs_operator.api.tuning import TYPED_FLAGS, Grpc, is_given

CHANNEL_ARGUMENTS = "--grpc_channel_arguments"
_SHARE_OF_THE_DRAIN = 0.5


def connection_age_ms(rollout: Rollout) -> int | None:
    """Milliseconds; None without a drain. The other half of the drain is for the Service to turn away, for gRPC's own
    jitter of 10% and for the requests in flight."""
    return int(rollout.drain_seconds * 1000 * _SHARE_OF_THE_DRAIN) or None


def connection_age(tfmodel: TFModel) -> list[str]:
    """The server's flag; none where the user has chosen channel arguments: of two such flags the last one holds."""
    if is_given(TYPED_FLAGS["grpc"], tfmodel.spec.server.extra_args):
        return []
    chosen = tfmodel.spec.server.grpc or Grpc()
    age, grace = chosen.max_connection_age_seconds, chosen.max_connection_age_grace_seconds
    milliseconds = {
        "grpc.max_connection_age_ms": age * 1000 if age else connection_age_ms(tfmodel.spec.rollout),
        "grpc.max_connection_age_grace_ms": grace * 1000 if grace else None,
    }
    arguments = ",".join(f"{name}={value}" for name, value in milliseconds.items() if value is not None)
    return [f"{CHANNEL_ARGUMENTS}={arguments}"] if arguments else []
