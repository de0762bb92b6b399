"""The headless Service: its name resolves to every ready pod, so that a gRPC client can balance over them.

One gRPC connection sticks to one pod behind an ordinary Service; `dns:///NAME-headless.NAMESPACE:8500` with the
round_robin policy does not. Source: https://grpc.io/docs/guides/custom-load-balancing/
"""

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.render.metadata import child, headless_name, labels
from tfs_operator.render.ports import GRPC_PORT, REST_PORT


def headless_service(tfmodel: TFModel) -> Manifest:
    spec = {
        "clusterIP": "None",
        "selector": labels(tfmodel),
        "ports": [_port("grpc", GRPC_PORT), _port("rest", REST_PORT)],
    }
    return child(tfmodel, "v1", "Service", headless_name(tfmodel), {"spec": spec})


def _port(name: str, number: int) -> Manifest:
    """The pods' own ports: a client that resolves pod addresses bypasses any translation of ports."""
    return {"name": name, "port": number, "targetPort": number, "protocol": "TCP"}
