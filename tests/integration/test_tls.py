"""gRPC over TLS: from the Secret to a label that moves, and what is said of a Secret that cannot be used."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest

from testing.api_client import Api
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet.model_folder import ModelFolder
from testing.fleet.node_tls import write_secret
from testing.fleet.served import Served, serving
from testing.stores.certificates import Certificates, make_certificates
from testing.tls_pairs import secret

NAMES = "DNS:mnist.shop.svc, DNS:*.mnist-headless.shop.svc"
TLS = {"tls": {"secretName": "mnist-tls"}}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """By an authority of the test's own, which the operator does not know."""
    return make_certificates(tmp_path_factory.mktemp("certificates"), NAMES)


@pytest.fixture
def model(saved_model: Path, tmp_path: Path) -> ModelFolder:
    made = ModelFolder(tmp_path / "model", saved_model)
    made.publish(1, 2)
    return made


@pytest.fixture
def starting(api: Api, operator: OperatorProcess, model: ModelFolder, tmp_path: Path) -> Iterator[Served]:
    """A TFModel whose Secret does not exist yet."""
    with serving(api, model, tmp_path / "pods", await_done=False, server=TLS, replicas=1) as served:
        yield served


def give(served: Served, certificates: Certificates) -> None:
    pair = {"tls_crt": certificates.server.read_bytes(), "tls_key": certificates.server_key.read_bytes()}
    write_secret(served.api, served.namespace, "mnist-tls", **pair)


def handshake(address: str, authority: Path, name: str) -> bool:
    """Whether a client that trusts the authority reaches the server under this name."""
    trusted = grpc.ssl_channel_credentials(authority.read_bytes())
    options = [("grpc.ssl_target_name_override", name)]
    with grpc.secure_channel(f"{address}:8500", trusted, options=options) as channel:
        try:
            grpc.channel_ready_future(channel).result(3)
        except grpc.FutureTimeoutError:
            return False
        return True


def test_a_label_moves_over_tls_and_clients_find_the_certificate(starting: Served, certificates: Certificates) -> None:
    give(starting, certificates)
    starting.until_done(60)
    starting.edit(versionLabels={"stable": 2})
    starting.until_done()
    assert starting.answers("stable") == [2]
    [pod] = starting.pods
    assert handshake(pod.address, certificates.authority, "mnist.shop.svc")
    assert handshake(pod.address, certificates.authority, "a.mnist-headless.shop.svc")
    assert not handshake(pod.address, certificates.authority, "other.shop.svc")


def test_what_is_wrong_with_the_secret_is_said_until_it_is_right(starting: Served, certificates: Certificates) -> None:
    found = starting.until_reason("TlsNotUsable")
    assert found["status"] == "False"
    assert found["message"].startswith(
        f"pod {starting.pods[0].name}: server.tls.secretName: Secret mnist-tls does not exist, or has neither"
    )
    assert starting.condition("Progressing")["status"] == "False"
    write_secret(starting.api, starting.namespace, "mnist-tls", tls_crt=certificates.server.read_bytes())
    starting.until(lambda: "Secret mnist-tls has no key tls.key: add it" in starting.condition()["message"])
    give(starting, certificates)
    starting.until_done(30)


def test_pods_that_serve_go_on_while_new_ones_wait_for_their_secret(
    api: Api, operator: OperatorProcess, model: ModelFolder, tmp_path: Path, certificates: Certificates
) -> None:
    """And TLS is switched on pod by pod: the old ones are told in plain text, the new ones over TLS."""
    with serving(api, model, tmp_path / "pods", replicas=2) as served:
        served.edit(server=TLS)
        served.until_reason("TlsNotUsable")
        serve = {pod.address for pod in served.pods if pod.ready}
        with served.heard("stable") as heard:
            served.edit(versionLabels={"canary": 2})
            served.until(lambda: served.answers("canary") == [2, 2])
        assert [answers.runs for answers in heard if answers.pod in serve] == [[1], [1]]
        give(served, certificates)
        served.until_done(60)
        assert served.answers("canary") == [2, 2]
        assert all(handshake(pod.address, certificates.authority, "mnist.shop.svc") for pod in served.pods)


def test_a_server_with_another_certificate_is_told_nothing(
    starting: Served, certificates: Certificates, tmp_path: Path
) -> None:
    """As if somebody else answered at the pod's address."""
    give(starting, certificates)
    starting.until_done(60)
    [pod] = starting.pods
    reloads = pod.reloads()
    live = starting.api.get("Pod", starting.namespace, pod.name) or {}
    [status] = live["status"]["initContainerStatuses"]
    ended = status["state"]["terminated"]
    other = {**ended, "message": re.sub('"sha256": "[0-9a-f]{4}', '"sha256": "0000', ended["message"])}
    told = [{**status, "state": {"terminated": other}}]
    starting.api.patch("Pod", starting.namespace, pod.name, {"status": {"initContainerStatuses": told}}, "status")
    starting.edit(versionLabels={"stable": 2})
    found = starting.until_reason("ModelServerUnreachable", "VersionsAvailable")
    assert f"pod {pod.name} took no configuration" in found["message"]
    assert "its certificate is not the one that its init container was given" in found["message"]
    assert pod.reloads() == reloads
    assert starting.answers("stable") == [1]


def test_pods_are_replaced_once_when_their_certificate_nears_its_end(starting: Served, tmp_path: Path) -> None:
    """Nine tenths of its life are over. The Secret is not renewed, so once is all."""
    now = datetime.now(UTC)
    ends = [(now + timedelta(hours=hours)).strftime("%Y%m%d%H%M%SZ") for hours in (-8, 2)]
    folder = secret(tmp_path / "old", days=(ends[0], ends[1]))
    pair = {"tls_crt": (folder / "tls.crt").read_bytes(), "tls_key": (folder / "tls.key").read_bytes()}
    write_secret(starting.api, starting.namespace, "mnist-tls", **pair)
    starting.until(lambda: [pod.name for pod in starting.pods] == ["mnist-2"] and starting.is_done(), 60)
    deployment = starting.api.get("Deployment", starting.namespace, "mnist") or {}
    annotations = deployment["spec"]["template"]["metadata"]["annotations"]
    assert annotations["tfs-operator.io/certificate-renewal"].endswith("-1")
    generation = deployment["metadata"]["generation"]
    starting.edit(versionLabels={"stable": 2})
    starting.until_done()
    live = starting.api.get("Deployment", starting.namespace, "mnist") or {}
    assert live["metadata"]["generation"] == generation
    assert [pod.name for pod in starting.pods] == ["mnist-2"]
