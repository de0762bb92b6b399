"""Fixtures for the tests of any tier, to be imported by name into its conftest.py.

One server of each kind for a whole run; a bucket and a proxy with its faults for each test.
"""

import uuid
from collections.abc import Iterator

import pytest

from testing.stores.azure import AzureServer, running_azure
from testing.stores.certificates import Certificates, make_certificates
from testing.stores.gcs import GcsServer, running_gcs
from testing.stores.hub import HubServer, running_hub
from testing.stores.proxy import Proxy, faults_before
from testing.stores.registry import Registry, running_registry, running_token_registry
from testing.stores.s3 import S3Server, running_s3
from testing.stores.web import WebServer, running_web


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with running_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    """An empty one of the S3 server, for one test."""
    return s3_server.make_bucket(f"test-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def s3_proxy(s3_server: S3Server) -> Iterator[Proxy]:
    """In front of the S3 server; `s3_server.behind(s3_proxy.url)` is the server through it."""
    with faults_before(s3_server.url) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def gcs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GcsServer]:
    with running_gcs(tmp_path_factory.mktemp("gcs")) as server:
        yield server


@pytest.fixture
def gcs_bucket(gcs_server: GcsServer) -> str:
    """An empty one of the GCS server, for one test."""
    return gcs_server.make_bucket(f"test-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def gcs_proxy(gcs_server: GcsServer) -> Iterator[Proxy]:
    """In front of the GCS server; `gcs_server.behind(gcs_proxy.url)` is the server through it."""
    with faults_before(gcs_server.url) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureServer]:
    with running_azure(tmp_path_factory.mktemp("azure")) as server:
        yield server


@pytest.fixture
def container(azure_server: AzureServer) -> str:
    """An empty one of the Azure server, for one test."""
    return azure_server.make_container(f"test-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def azure_proxy(azure_server: AzureServer) -> Iterator[Proxy]:
    """In front of the Azure server; `azure_server.behind(azure_proxy.url)` is the server through it."""
    with faults_before(azure_server.url) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def web_server() -> Iterator[WebServer]:
    """An empty one for each test, of http."""
    with running_web() as server:
        yield server


@pytest.fixture
def https_server(certificates: Certificates) -> Iterator[WebServer]:
    """An empty one for each test, of https, with a certificate that no system trusts."""
    with running_web(certificates) as server:
        yield server


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """An empty Hugging Face hub for each test."""
    with running_hub() as server:
        yield server


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with running_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(scope="session")
def private_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """One that asks for a password."""
    with running_registry(tmp_path_factory.mktemp("private-registry"), needs_password=True) as running:
        yield running


@pytest.fixture(scope="session")
def token_registry(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Registry]:
    """One that sends its clients to a token server, which asks for the password."""
    with running_token_registry(tmp_path_factory.mktemp("token-registry"), certificates) as running:
        yield running
