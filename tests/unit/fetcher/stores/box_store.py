"""The module of a store that is none of the product's: `box://BOX/path` is a folder below the store's endpoint."""

from pathlib import Path

from testing.models.folder_source import FolderSource
from tfs_operator.fetcher.core.errors import invalid_uri
from tfs_operator.fetcher.core.source import Source
from tfs_operator.fetcher.core.store_access import StoreAccess


def open_source(uri: str, storage: StoreAccess, _: Path) -> Source:
    path = uri.removeprefix("box://")
    if storage.endpoint is None or ".." in path.split("/"):
        raise invalid_uri(uri, "has no clean path, or storage.endpoint is not set")
    return FolderSource(Path(storage.endpoint, path))
