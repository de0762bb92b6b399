"""Reloads over TLS: only the certificate that the pod's status tells of is trusted."""

import hashlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
import pytest

from testing.stores.certificates import Certificates, make_certificates
from tests.unit.serving.conftest import HOST, GrpcServer
from tfs_operator.domain.model_config import Latest, ModelConfig, ModelServerConfig
from tfs_operator.domain.tls import Certificate
from tfs_operator.serving.errors import ModelServerUnreachable
from tfs_operator.serving.reload import METHOD, ReloadClient

CONFIG = ModelServerConfig((ModelConfig("mnist", "/models/mnist", Latest(1), {}),))


def told(file: Path, name: str) -> Certificate:
    der = ssl.PEM_cert_to_DER_cert(file.read_text())
    return Certificate(hashlib.sha256(der).hexdigest(), name, 0.0, 1.0)


@pytest.fixture(scope="module", params=["DNS:mnist.shop.svc", "DNS:*.shop.svc, IP:10.0.0.1", "IP:10.0.0.1"])
def certificates(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"), request.param)


@pytest.fixture
def name(request: pytest.FixtureRequest, certificates: Certificates) -> str:
    """As the init container finds it."""
    return "10.0.0.1" if "[IP" in request.node.name else "mnist.shop.svc"


@pytest.fixture
async def tls_server(certificates: Certificates) -> AsyncIterator[GrpcServer]:
    state = GrpcServer()
    server = grpc.aio.server()
    service, method = METHOD.removeprefix("/").split("/")
    handlers = {method: grpc.unary_unary_rpc_method_handler(state.reload)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    pair = certificates.server_key.read_bytes(), certificates.server.read_bytes()
    state.port = server.add_secure_port(f"{HOST}:0", grpc.ssl_server_credentials([pair]))
    await server.start()
    yield state
    await server.stop(grace=None)


async def test_the_pods_own_certificate_is_trusted_without_its_authority(
    tls_server: GrpcServer, reload_client: ReloadClient, certificates: Certificates, name: str
) -> None:
    for _ in range(2):
        await reload_client.reload(HOST, tls_server.port, CONFIG, 5, told(certificates.server, name))
    assert len(tls_server.seen) == 2
    assert len(tls_server.connections) == 1


async def test_another_certificate_is_told_nothing(
    tls_server: GrpcServer, reload_client: ReloadClient, name: str, tmp_path: Path
) -> None:
    other = make_certificates(tmp_path)
    with pytest.raises(ModelServerUnreachable, match="its certificate is not the one that its init container was"):
        await reload_client.reload(HOST, tls_server.port, CONFIG, 5, told(other.server, name))
    assert tls_server.seen == []


async def test_a_pod_that_tells_of_none_is_told_nothing(tls_server: GrpcServer, reload_client: ReloadClient) -> None:
    with pytest.raises(ModelServerUnreachable, match="does not tell which certificate"):
        await reload_client.reload(HOST, tls_server.port, CONFIG, 5, Certificate(""))
    assert tls_server.seen == []


async def test_a_server_without_tls_is_told_nothing(
    model_server: GrpcServer, reload_client: ReloadClient, certificates: Certificates, name: str
) -> None:
    with pytest.raises(ModelServerUnreachable, match="no TLS handshake"):
        await reload_client.reload(HOST, model_server.port, CONFIG, 2, told(certificates.server, name))
    assert model_server.seen == []


async def test_nobody_listens(
    reload_client: ReloadClient, certificates: Certificates, name: str, unused_tcp_port: int
) -> None:
    with pytest.raises(ModelServerUnreachable, match="no TLS handshake"):
        await reload_client.reload(HOST, unused_tcp_port, CONFIG, 5, told(certificates.server, name))


async def test_what_was_closed_is_opened_anew(
    tls_server: GrpcServer, reload_client: ReloadClient, certificates: Certificates, name: str
) -> None:
    certificate = told(certificates.server, name)
    await reload_client.reload(HOST, tls_server.port, CONFIG, 5, certificate)
    await reload_client.close()
    await reload_client.reload(HOST, tls_server.port, CONFIG, 5, certificate)
    assert len(tls_server.seen) == 2
