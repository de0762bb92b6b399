"""What the clients are made of: the Secret as it is now, and what to say when it is not as it should be."""

from pathlib import Path

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.stores.object_store.bucket import parse_bucket_uri
from tfs_operator.fetcher.stores.object_store.clients import connect, secrets, settings

S3, GS, AZ = (parse_bucket_uri(uri) for uri in ("s3://bucket/m", "gs://bucket/m", "az://account/container/m"))
S3_KEYS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "hush\n"}


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """As the kubelet mounts it, still without keys: with its own entries."""
    (tmp_path / "..2026_01_01").mkdir()
    (tmp_path / "..data").symlink_to("..2026_01_01")
    return tmp_path


def _fill(secret: Path, keys: dict[str, str]) -> None:
    for key, value in keys.items():
        (secret / key).write_text(value)


@pytest.mark.parametrize(
    ("uri", "keys", "config"),
    [
        (S3, S3_KEYS, {"access_key_id": "id", "secret_access_key": "hush"}),
        (
            S3,
            {**S3_KEYS, "AWS_SESSION_TOKEN": "token"},
            {"access_key_id": "id", "secret_access_key": "hush", "session_token": "token"},
        ),
        (GS, {"gcloud-application-credentials.json": "{}"}, {"service_account_key": "{}"}),
        (AZ, {"AZURE_STORAGE_ACCESS_KEY": "key"}, {"account_key": "key"}),
        (AZ, {"AZURE_STORAGE_SAS_TOKEN": "?sv=1&sig=x"}, {"sas_key": "sv=1&sig=x"}),
        (
            AZ,
            {"AZURE_CLIENT_ID": "id", "AZURE_CLIENT_SECRET": "hush", "AZURE_TENANT_ID": "tenant"},
            {"client_id": "id", "client_secret": "hush", "tenant_id": "tenant"},
        ),
    ],
    ids=["s3", "s3 session", "gs", "az key", "az sas", "az client"],
)
def test_keys_of_the_secret(secret: Path, uri: object, keys: dict[str, str], config: dict[str, str]) -> None:
    _fill(secret, keys)
    made_of = settings(uri, StoreAccess(credentials=secret))  # type: ignore[arg-type]  # of a parametrised tuple
    assert {key: value for key, value in made_of["config"].items() if key != "account_name"} == config


@pytest.mark.parametrize(
    ("uri", "keys", "said"),
    [
        (S3, {}, "is missing or empty; create it with the key AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (S3, {"AWS_ACCESS_KEY_ID": "id"}, "lacks AWS_SECRET_ACCESS_KEY"),
        (S3, {**S3_KEYS, "AWS_ACCESS_KEY_ID": " \n"}, "lacks AWS_ACCESS_KEY_ID"),
        (GS, {"key.json": "{}"}, "lacks gcloud-application-credentials.json"),
        (AZ, {}, "is missing or empty"),
        (AZ, {"key": "x"}, "lacks AZURE_STORAGE_ACCESS_KEY, AZURE_STORAGE_SAS_TOKEN and AZURE_CLIENT_ID"),
        (AZ, {"AZURE_CLIENT_ID": "id"}, "lacks AZURE_CLIENT_SECRET, AZURE_TENANT_ID"),
    ],
)
def test_a_secret_that_lacks_a_key(secret: Path, uri: object, keys: dict[str, str], said: str) -> None:
    _fill(secret, keys)
    with pytest.raises(FetchError) as refused:
        settings(uri, StoreAccess(credentials=secret, secret_name="s3-keys"))  # type: ignore[arg-type]  # as above
    assert refused.value.reason is Reason.CREDENTIALS_MISSING
    assert refused.value.message.startswith("Secret s3-keys: ")
    assert said in refused.value.message


def test_a_secret_that_is_not_mounted_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="Secret s3-keys: is missing or empty"):
        settings(S3, StoreAccess(credentials=tmp_path / "none", secret_name="s3-keys"))


def test_a_secret_that_is_no_text_shows_none_of_it(secret: Path) -> None:
    (secret / "AWS_ACCESS_KEY_ID").write_bytes(b"id")
    (secret / "AWS_SECRET_ACCESS_KEY").write_bytes(b"hush\xff")
    with pytest.raises(FetchError, match="key AWS_SECRET_ACCESS_KEY cannot be read") as refused:
        settings(S3, StoreAccess(credentials=secret))
    assert "hush" not in refused.value.message


def test_a_rotated_secret_is_seen(secret: Path) -> None:
    _fill(secret, S3_KEYS)
    before = settings(S3, StoreAccess(credentials=secret))
    _fill(secret, {"AWS_SECRET_ACCESS_KEY": "other"})
    assert settings(S3, StoreAccess(credentials=secret)) != before


def test_without_a_secret_the_library_looks_for_credentials_itself() -> None:
    assert settings(S3, StoreAccess())["config"] == {}


def test_anonymous_requests_are_not_signed() -> None:
    assert settings(S3, StoreAccess(anonymous=True))["config"] == {"skip_signature": True}


def test_endpoint_and_region() -> None:
    made_of = settings(S3, StoreAccess(endpoint="http://minio:9000/", region="eu-west-1", anonymous=True))
    assert made_of["config"] == {"endpoint": "http://minio:9000", "region": "eu-west-1", "skip_signature": True}
    assert made_of["client_options"]["allow_http"] is True


def test_plain_http_is_only_for_an_endpoint_that_says_so() -> None:
    assert settings(S3, StoreAccess(endpoint="https://minio:9000"))["client_options"]["allow_http"] is False


@pytest.mark.parametrize("endpoint", ["minio:9000", "ftp://minio", "https://"])
def test_an_endpoint_that_is_no_url(endpoint: str) -> None:
    with pytest.raises(FetchError, match=r"storage\.endpoint .* is no URL") as refused:
        settings(S3, StoreAccess(endpoint=endpoint))
    assert refused.value.reason is Reason.INVALID_SPEC


def test_an_authority_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"ConfigMap our-ca: is missing, or has no key ca\.crt") as refused:
        settings(S3, StoreAccess(ca_bundle=tmp_path / "ca.crt", ca_name="our-ca"))
    assert refused.value.reason is Reason.CREDENTIALS_MISSING


def test_what_must_not_be_shown(secret: Path) -> None:
    _fill(secret, {**S3_KEYS, "AWS_SESSION_TOKEN": "token"})
    assert sorted(secrets(settings(S3, StoreAccess(credentials=secret)))) == ["hush", "token"]


@pytest.mark.parametrize("uri", [S3, GS, AZ], ids=lambda uri: uri.scheme)
def test_the_library_takes_the_settings(uri: object) -> None:
    storage = StoreAccess(endpoint="http://127.0.0.1:1", region="eu-west-1", anonymous=True)
    assert connect(uri, settings(uri, storage)) is not None  # type: ignore[arg-type]  # as above
