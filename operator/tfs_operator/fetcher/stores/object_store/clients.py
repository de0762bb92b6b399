"""From a bucket's URI and `spec.storage` to a client of the object store, by way of obstore (Rust's object_store)."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import certifi
from obstore.exceptions import GenericError
from obstore.store import AzureStore, GCSStore, S3Store

from tfs_operator.fetcher.core.errors import invalid_uri, split_address
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.stores.object_store.bucket import BucketUri
from tfs_operator.fetcher.stores.object_store.credentials import azure_keys, google_keys, s3_keys

if TYPE_CHECKING:  # obstore has these for type checkers only
    from obstore.store import ClientConfig, RetryConfig

Client = S3Store | GCSStore | AzureStore
Settings = dict[str, Any]
"""What a client is made of: with secrets, so never to be shown. Two clients of equal settings are the same."""

_SECRET = {"secret_access_key", "session_token", "service_account_key", "account_key", "sas_key", "client_secret"}

RETRIES: "RetryConfig" = {
    "max_retries": 4,
    "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=5), "base": 2},
    "retry_timeout": timedelta(minutes=1),
}
"""Of one request: some three seconds. Longer bursts are met by the transfer's own back-off, and by that of the base
path's sync."""

CONNECT_TIMEOUT = timedelta(seconds=5)
READ_TIMEOUT = timedelta(seconds=30)


def settings(uri: BucketUri, storage: StoreAccess) -> Settings:
    """Reads the Secret and the authorities as they are now. Raises FetchError for what is missing there."""
    endpoint = _endpoint(uri, storage)
    return {
        "config": {**_config(uri, storage, endpoint), **_signing(uri, storage)},
        "client_options": _connection(storage, plain=endpoint is not None and endpoint.startswith("http://")),
        "retry_config": RETRIES,
    }


def connect(uri: BucketUri, made_of: Settings) -> Client:
    """Makes a client, which connects on first use only. Raises what the library raises, for a malformed key for
    example."""
    try:
        return _open(uri, made_of)
    except GenericError as error:
        if "No CA certificates were loaded" not in str(error):
            raise
        # A small image without authorities: the library would not even speak plain HTTP.
        return _open(uri, {**made_of, "client_options": {**made_of["client_options"], **_usual_authorities()}})


def _open(uri: BucketUri, made_of: Settings) -> Client:
    match uri.scheme:
        case "s3":
            return S3Store(uri.bucket, **made_of)
        case "gs":
            return GCSStore(uri.bucket, **made_of)
    return AzureStore(uri.bucket, **made_of)


def _usual_authorities() -> Settings:
    return {"root_certificate": Path(certifi.where()).read_bytes()}


def secrets(made_of: Settings | None) -> list[str]:
    """Returns what must not be shown of `made_of`."""
    config = made_of["config"] if made_of else {}
    return [str(config[key]) for key in _SECRET & config.keys()]


def _endpoint(uri: BucketUri, storage: StoreAccess) -> str | None:
    if not storage.endpoint:
        return None
    parts = split_address(uri.text, storage.endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid_uri(uri.text, f"storage.endpoint {storage.endpoint!r} is no URL such as https://s3.example.com")
    return storage.endpoint.rstrip("/")


def _config(uri: BucketUri, storage: StoreAccess, endpoint: str | None) -> Settings:
    key: Literal["endpoint", "base_url"] = "base_url" if uri.scheme == "gs" else "endpoint"
    config: Settings = {key: endpoint} if endpoint else {}
    if uri.scheme == "s3" and storage.region:
        config["region"] = storage.region
    if uri.scheme == "az":
        config["account_name"] = uri.account
    return config


def _signing(uri: BucketUri, storage: StoreAccess) -> Settings:
    """Takes the named Secret; else nothing, with `anonymous`; else the library's own chain: the environment, a web
    identity token of the service account, the metadata server of the cloud."""
    if storage.credentials is None:
        return {"skip_signature": True} if storage.anonymous else {}
    match uri.scheme:
        case "s3":
            return s3_keys(storage)
        case "gs":
            return google_keys(storage)
    return azure_keys(storage)


def _connection(storage: StoreAccess, *, plain: bool) -> "ClientConfig":
    """No limit on a whole request, since a part may take its time; a connection that falls silent is given up."""
    options: ClientConfig = {
        "allow_http": plain,
        "connect_timeout": CONNECT_TIMEOUT,
        "read_timeout": READ_TIMEOUT,
        "timeout": timedelta(hours=24),
        "user_agent": "tfs-operator-fetcher",
    }
    authorities = storage.authorities()
    if authorities is not None:
        # The library adds them to the system's.
        options["root_certificate"] = authorities
    return options
