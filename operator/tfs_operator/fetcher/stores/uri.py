"""From a model's URI to the store that has it, by the table of schemes. A store's module is imported on first use: a
pod pays memory only for the libraries of the schemes that its models have."""

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from tfs_operator.api.schemes import SCHEMES, Schemes, fetched, scheme_of
from tfs_operator.fetcher.core.errors import invalid_uri
from tfs_operator.fetcher.core.source import Source
from tfs_operator.fetcher.core.store_access import StoreAccess


class Store(Protocol):
    """What the module of a store offers, which the table names."""

    def open_source(self, uri: str, storage: StoreAccess, work: Path) -> Source:
        """Opens one URI, as `open_source` below has it."""
        ...


def open_source(uri: str, storage: StoreAccess, work: Path, schemes: Schemes = SCHEMES) -> Source:
    """Opens the store of `uri`. Nothing is connected to or read yet, so it works without a network and a Secret.

    `work` is a folder for what a store has to keep beside the versions, such as an archive on its way; it is made on
    demand, lies on the volume of the versions, and must be hidden from the model server. Raises
    FetchError(INVALID_SPEC) for a URI that names no place."""
    scheme = scheme_of(uri, schemes)
    if scheme is None or not (scheme.store or scheme.copier):
        names = ", ".join(name for each in fetched(schemes) for name in each.names)
        raise invalid_uri(uri, f"its scheme is none of {names}")
    store = cast(Store, import_module(scheme.store or scheme.copier))
    return store.open_source(uri, storage, work)
