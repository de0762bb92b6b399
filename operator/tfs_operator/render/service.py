"""The Service: one stable address in front of all ready pods."""

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.render.metadata import child, labels


def service(tfmodel: TFModel) -> Manifest:
    service_spec = tfmodel.spec.service
    metadata = {"annotations": dict(service_spec.annotations)} if service_spec.annotations else {}
    spec = {
        "type": service_spec.type,
        "selector": labels(tfmodel),
        "ports": [
            _port("grpc", service_spec.grpc_port, "grpc"),
            _port("rest", service_spec.rest_port, "http"),
        ],
    }
    return child(tfmodel, "v1", "Service", tfmodel.metadata.name, {"metadata": metadata, "spec": spec})


def _port(name: str, number: int, protocol: str) -> Manifest:
    return {"name": name, "port": number, "targetPort": name, "protocol": "TCP", "appProtocol": protocol}
