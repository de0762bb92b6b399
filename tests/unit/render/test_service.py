"""The two Services, and the endpoints that the status names."""

from tests.unit.render.rendering import child, rendered, tfmodel
from tfs_operator.render import Settings
from tfs_operator.render.endpoints import endpoints

WISHED = {"type": "NodePort", "restPort": 80, "grpcPort": 9000, "annotations": {"a": "b"}}


def test_the_service_has_the_ports_of_the_spec() -> None:
    service = child(rendered(tfmodel(service=WISHED)), "Service", "mnist")
    assert service["spec"]["type"] == "NodePort"
    assert service["spec"]["ports"] == [
        {"name": "grpc", "port": 9000, "targetPort": "grpc", "protocol": "TCP", "appProtocol": "grpc"},
        {"name": "rest", "port": 80, "targetPort": "rest", "protocol": "TCP", "appProtocol": "http"},
    ]


def test_annotations_of_the_user_stand_beside_ours() -> None:
    service = child(rendered(tfmodel(service=WISHED)), "Service", "mnist")
    assert service["metadata"]["annotations"]["a"] == "b"
    assert set(service["metadata"]["annotations"]) == {"a", "tfs-operator.io/applied-digest"}


def test_the_headless_service_has_the_pods_own_ports() -> None:
    """Its clients resolve pod addresses, and pass by any translation of ports."""
    spec = child(rendered(tfmodel(service=WISHED)), "Service", "mnist-headless")["spec"]
    assert spec["clusterIP"] == "None"
    assert {port["name"]: port["port"] for port in spec["ports"]} == {"grpc": 8500, "rest": 8501}


def test_the_endpoints_are_the_services_own() -> None:
    found = endpoints(tfmodel(service=WISHED), Settings(cluster_domain="example.org"))
    assert found.rest == "http://mnist.shop.svc.example.org:80"
    assert found.grpc == "mnist.shop.svc.example.org:9000"


def test_the_usual_ports_are_tensorflow_servings() -> None:
    found = endpoints(tfmodel(), Settings())
    assert found.rest == "http://mnist.shop.svc.cluster.local:8501"
    assert found.grpc == "mnist.shop.svc.cluster.local:8500"
