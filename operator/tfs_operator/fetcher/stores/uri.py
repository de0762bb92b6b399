"""From a model's URI to the store that has it. Each scheme's module is imported on first use: a pod pays memory only
for the libraries of the schemes that its models have."""

from pathlib import Path

from tfs_operator.fetcher.core.errors import invalid_uri
from tfs_operator.fetcher.core.source import Source
from tfs_operator.fetcher.core.store_access import StoreAccess


def open_source(uri: str, storage: StoreAccess, work: Path) -> Source:
    """The store of `uri`. Nothing is connected to or read yet, so it works without a network and without a Secret.

    `work` is a folder for what a store has to keep beside the versions, such as an archive on its way; it is made on
    demand, lies on the volume of the versions, and must be hidden from the model server. Raises
    FetchError(INVALID_SPEC) for a URI that names nothing."""
    scheme, _, _ = uri.partition("://")
    match scheme:
        case "s3" | "gs" | "az":
            from tfs_operator.fetcher.stores.object_store.store import ObjectSource

            return ObjectSource(uri, storage)
        case "https" | "http":
            from tfs_operator.fetcher.stores.https.store import open_archive

            return open_archive(uri, storage, work)
        case "hf":
            from tfs_operator.fetcher.stores.huggingface.store import HubSource

            return HubSource(uri, storage)
        case "oci":
            from tfs_operator.fetcher.stores.oci.store import open_registry

            return open_registry(uri, storage, work)
    raise invalid_uri(uri, "its scheme is none of s3, gs, az, https, http, hf, oci")
