"""One base path in a bucket of any kind of object store, behind a proxy, so that a test holds for all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from testing.stores.azure import ACCOUNT, AzureServer
from testing.stores.faults import Faults
from testing.stores.gcs import GcsServer
from testing.stores.proxy import Proxy
from testing.stores.s3 import S3Server
from tfs_operator.fetcher.core.store_access import StoreAccess


@dataclass(frozen=True)
class Place:
    """`put` and `delete` take keys below the base path, and go past the proxy."""

    uri: str
    storage: StoreAccess
    faults: Faults
    put: Callable[[Mapping[str, bytes]], None]
    delete: Callable[[str], None]


def mounted(folder: Path, secret: Mapping[str, str]) -> Path:
    """A Secret as the kubelet mounts it."""
    folder.mkdir(exist_ok=True)
    for key, value in secret.items():
        (folder / key).write_text(value)
    return folder


def below(prefix: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{prefix}/{key}": content for key, content in files.items()}


def s3_place(server: S3Server, bucket: str, proxy: Proxy, folder: Path) -> Place:
    credentials = mounted(folder / "secret", server.secret)
    return Place(
        f"s3://{bucket}/models/mnist",
        StoreAccess(endpoint=proxy.url, region=server.region, credentials=credentials, secret_name="s3-keys"),
        proxy.faults,
        lambda files: server.put(bucket, below("models/mnist", files)),
        lambda key: server.delete(bucket, f"models/mnist/{key}"),
    )


def gcs_place(server: GcsServer, bucket: str, proxy: Proxy, folder: Path) -> Place:
    return Place(
        f"gs://{bucket}/models/mnist",
        StoreAccess(endpoint=proxy.url, credentials=mounted(folder / "secret", server.behind(proxy.url).secret)),
        proxy.faults,
        lambda files: server.put(bucket, below("models/mnist", files)),
        lambda key: server.delete(bucket, f"models/mnist/{key}"),
    )


def azure_place(server: AzureServer, container: str, proxy: Proxy, folder: Path) -> Place:
    return Place(
        f"az://{ACCOUNT}/{container}/models/mnist",
        StoreAccess(endpoint=server.behind(proxy.url).endpoint, credentials=mounted(folder / "secret", server.secret)),
        proxy.faults,
        lambda files: server.put(container, below("models/mnist", files)),
        lambda key: server.delete(container, f"models/mnist/{key}"),
    )
