"""Bounds what is read of a listing: it is kept in memory, and whoever writes to a store decides how long it is."""

import os
from collections.abc import Iterator
from pathlib import Path

from tfs_operator.fetcher.core.errors import ListingRefused
from tfs_operator.fetcher.core.formatting import in_bytes

MAX_ENTRIES = 1_000_000
"""Looked at, with what lies beside the versions."""

MAX_NAME_BYTES = 24 * 1024**2
"""Of paths and checksums, of all files together. Two hundred thousand files have some fifteen MiB."""

MAX_VERSIONS = 20_000


class ListingBudget:
    """Counts what is listed at `uri`, in order, and raises ListingRefused once it is more than the limits allow."""

    def __init__(
        self,
        uri: str,
        *,
        files: int,
        entries: int = MAX_ENTRIES,
        name_bytes: int = MAX_NAME_BYTES,
        advice: str = "modelUri must name the folder that has the versions, and little else",
    ) -> None:
        """`advice` says what to do where there are too many."""
        self._uri = uri
        self._advice = advice
        self._most_files = files
        self._most_entries = entries
        self._most_name_bytes = name_bytes
        self._files = self._entries = self._name_bytes = 0

    def look(self) -> None:
        """Counts an entry that is looked at."""
        self._entries += 1
        if self._entries > self._most_entries:
            raise self._refused(f"has more than {self._most_entries} entries; {self._advice}")

    def keep(self, *texts: str) -> None:
        """Counts a file that is kept in memory: its path, and what else the store says of it in text."""
        self._files += 1
        self._name_bytes += sum(len(text.encode(errors="surrogatepass")) for text in texts)
        if self._files > self._most_files:
            raise self._refused(f"has more than {self._most_files} files; {self._advice}")
        if self._name_bytes > self._most_name_bytes:
            limit = in_bytes(self._most_name_bytes)
            raise self._refused(f"the names of its files have more than {limit}; shorten them, or remove versions")

    def check_versions(self, count: int) -> None:
        if count > MAX_VERSIONS:
            raise self._refused(f"has more than {MAX_VERSIONS} versions; remove old ones")

    def _refused(self, cause: str) -> ListingRefused:
        return ListingRefused(f"{self._uri}: {cause}")


def entries_in(folder: Path, budget: ListingBudget) -> Iterator["os.DirEntry[str]"]:
    """Yields what is in a folder, in no order. Raises ListingRefused and OSError."""
    with os.scandir(folder) as entries:
        for entry in entries:
            budget.look()
            yield entry
