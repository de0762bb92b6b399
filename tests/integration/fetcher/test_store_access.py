"""Keys, rights, certificates and regions, against real servers: what works, and the words for what does not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from testing.stores.azure import ACCOUNT, AzureServer
from testing.stores.certificates import Certificates, make_certificates
from testing.stores.proxy import Proxy, faults_before
from testing.stores.s3 import S3Server
from tests.integration.fetcher.places import mounted
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.stores.uri import open_source

FILES = {"mnist/1/saved_model.pb": b"x"}


@pytest.fixture
def uri(s3_server: S3Server, bucket: str) -> str:
    s3_server.put(bucket, FILES)
    return f"s3://{bucket}/mnist"


@pytest.fixture
def storage(s3_server: S3Server, tmp_path: Path) -> StoreAccess:
    credentials = mounted(tmp_path / "secret", s3_server.secret)
    return StoreAccess(s3_server.url, s3_server.region, credentials=credentials, secret_name="keys")


async def listed(uri: str, storage: StoreAccess) -> list[int]:
    return sorted(await open_source(uri, storage, Path("/nowhere")).versions())


async def refused(uri: str, storage: StoreAccess) -> FetchError:
    with pytest.raises(FetchError) as raised:
        await listed(uri, storage)
    assert raised.value.message.startswith((f"{uri}: ", "Secret keys: ", "ConfigMap "))
    return raised.value


async def test_a_user_without_rights(uri: str, storage: StoreAccess, s3_server: S3Server, tmp_path: Path) -> None:
    problem = await refused(uri, replace(storage, credentials=mounted(tmp_path / "other", s3_server.stranger)))
    assert (problem.reason, problem.retry) == (Reason.ACCESS_DENIED, False)
    assert "the store answers 403 AccessDenied: " in problem.message


@pytest.mark.parametrize(
    ("key", "code"), [("AWS_ACCESS_KEY_ID", "InvalidAccessKeyId"), ("AWS_SECRET_ACCESS_KEY", "SignatureDoesNotMatch")]
)
async def test_wrong_keys(uri: str, storage: StoreAccess, tmp_path: Path, key: str, code: str) -> None:
    mounted(tmp_path / "secret", {key: "quite-wrong"})
    problem = await refused(uri, storage)
    assert problem.reason is Reason.ACCESS_DENIED
    assert f"the store answers 403 {code}: " in problem.message
    assert "check the keys in the Secret" in problem.message


async def test_a_secret_that_comes_later_works_with_the_same_source(
    uri: str, storage: StoreAccess, s3_server: S3Server, tmp_path: Path
) -> None:
    late = replace(storage, credentials=tmp_path / "late")
    source = open_source(uri, late, tmp_path)
    with pytest.raises(FetchError, match="Secret keys: is missing or empty") as raised:
        await source.versions()
    assert raised.value.reason is Reason.CREDENTIALS_MISSING
    mounted(tmp_path / "late", {**s3_server.secret, "AWS_SECRET_ACCESS_KEY": "wrong"})
    with pytest.raises(FetchError, match="SignatureDoesNotMatch"):
        await source.versions()
    mounted(tmp_path / "late", s3_server.secret)
    assert sorted(await source.versions()) == [1]


async def test_unsigned_requests_to_a_private_bucket(uri: str, storage: StoreAccess) -> None:
    problem = await refused(uri, replace(storage, credentials=None, anonymous=True))
    assert problem.reason is Reason.ACCESS_DENIED


async def test_keys_from_the_environment(
    uri: str, storage: StoreAccess, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in s3_server.secret.items():
        monkeypatch.setenv(key, value)
    assert await listed(uri, replace(storage, credentials=None)) == [1]


async def test_another_region(uri: str, storage: StoreAccess) -> None:
    problem = await refused(uri, replace(storage, region="us-west-2"))
    assert (problem.reason, problem.retry) == (Reason.STORE_ERROR, False)
    assert "set storage.region to the bucket's region" in problem.message


def made(folder: Path, names: str = "IP:127.0.0.1") -> Certificates:
    folder.mkdir()
    return make_certificates(folder, names)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return made(tmp_path / "certificates")


@pytest.fixture
def authorities(certificates: Certificates) -> Path:
    return certificates.authority


@pytest.fixture
def tls_proxy(s3_server: S3Server, certificates: Certificates) -> Iterator[Proxy]:
    with faults_before(s3_server.url, tls=certificates.for_server()) as proxy:
        yield proxy


@pytest.fixture
def over_tls(tls_proxy: Proxy, storage: StoreAccess) -> StoreAccess:
    return replace(storage, endpoint=tls_proxy.url)


async def test_an_authority_of_ones_own(uri: str, over_tls: StoreAccess, authorities: Path) -> None:
    assert await listed(uri, replace(over_tls, ca_bundle=authorities)) == [1]


async def test_an_authority_that_nobody_knows(uri: str, over_tls: StoreAccess) -> None:
    problem = await refused(uri, over_tls)
    assert problem.reason is Reason.CERTIFICATE_NOT_TRUSTED
    assert "name the store's authority in storage.caBundle" in problem.message


async def test_another_authority(uri: str, over_tls: StoreAccess, tmp_path: Path) -> None:
    problem = await refused(uri, replace(over_tls, ca_bundle=made(tmp_path / "other").authority))
    assert problem.reason is Reason.CERTIFICATE_NOT_TRUSTED


async def test_a_certificate_for_another_name(
    uri: str, storage: StoreAccess, s3_server: S3Server, tmp_path: Path
) -> None:
    elsewhere = made(tmp_path / "elsewhere", "DNS:elsewhere.example")
    with faults_before(s3_server.url, tls=elsewhere.for_server()) as proxy:
        problem = await refused(uri, replace(storage, endpoint=proxy.url, ca_bundle=elsewhere.authority))
    assert problem.reason is Reason.CERTIFICATE_NOT_TRUSTED
    assert "the certificate is for another name" in problem.message


@pytest.mark.parametrize("text", ["rubbish", "", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
async def test_an_authority_that_is_none(uri: str, over_tls: StoreAccess, tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.crt").write_text(text)
    problem = await refused(uri, replace(over_tls, ca_bundle=tmp_path / "bad.crt"))
    assert problem.reason is Reason.CERTIFICATE_NOT_TRUSTED
    assert "storage.caBundle has something that is no certificate" in problem.message


@pytest.fixture
def no_system_authorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an image that has none."""
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))


async def test_an_image_without_authorities(
    uri: str, storage: StoreAccess, over_tls: StoreAccess, authorities: Path, no_system_authorities: None
) -> None:
    assert await listed(uri, storage) == [1]
    assert await listed(uri, replace(over_tls, ca_bundle=authorities)) == [1]
    assert (await refused(uri, over_tls)).reason is Reason.CERTIFICATE_NOT_TRUSTED


async def test_tls_to_a_store_without(uri: str, storage: StoreAccess, s3_server: S3Server) -> None:
    problem = await refused(uri, replace(storage, endpoint=s3_server.url.replace("http:", "https:")))
    assert problem.reason is Reason.STORE_UNREACHABLE
    assert "does not speak TLS; say http:// in storage.endpoint" in problem.message


@pytest.fixture
def azure_uri(azure_server: AzureServer, container: str) -> str:
    azure_server.put(container, FILES)
    return f"az://{ACCOUNT}/{container}/mnist"


async def test_azure_by_a_sas_token(azure_uri: str, azure_server: AzureServer, container: str, tmp_path: Path) -> None:
    secret = {"AZURE_STORAGE_SAS_TOKEN": azure_server.sas_token(container)}
    storage = StoreAccess(azure_server.endpoint, credentials=mounted(tmp_path / "sas", secret))
    assert await listed(azure_uri, storage) == [1]


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("AZURE_STORAGE_ACCESS_KEY", "cXVpdGUgd3Jvbmc=", Reason.ACCESS_DENIED),
        ("AZURE_STORAGE_ACCESS_KEY", "no base64!", Reason.CREDENTIALS_MISSING),
        (
            "AZURE_STORAGE_SAS_TOKEN",
            "sv=2023-11-03&sr=c&sp=rl&se=2999-01-01T00:00:00Z&sig=cXVpdGU%3D",
            Reason.ACCESS_DENIED,
        ),
    ],
)
async def test_azure_with_wrong_keys(
    azure_uri: str, azure_server: AzureServer, tmp_path: Path, key: str, value: str, reason: Reason
) -> None:
    storage = StoreAccess(azure_server.endpoint, credentials=mounted(tmp_path / "wrong", {key: value}))
    problem = await refused(azure_uri, storage)
    assert problem.reason is reason, problem.message
    assert "cXVpdGU" not in problem.message


@pytest.mark.parametrize("key", ["no json", "{}", '{"client_email": "a@b", "private_key": "x", "private_key_id": ""}'])
async def test_google_with_a_key_that_is_none(tmp_path: Path, key: str) -> None:
    secret = mounted(tmp_path / "secret", {"gcloud-application-credentials.json": key})
    problem = await refused("gs://bucket/mnist", StoreAccess("http://127.0.0.1:1", credentials=secret))
    assert problem.reason is Reason.CREDENTIALS_MISSING
    assert "the credentials are not valid" in problem.message
