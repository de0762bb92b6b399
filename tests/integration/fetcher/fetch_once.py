"""Fetches version 1 in a process of its own: `fetch_once.py URI FOLDER`. Prints its peak memory in KiB."""

import asyncio
import re
import sys
from pathlib import Path

from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.stores.uri import open_source


async def main(uri: str, folder: Path) -> None:
    source = open_source(uri, StoreAccess(), folder / "work")
    try:
        (folder / "into-1").mkdir(exist_ok=True)
        await source.download((await source.versions())[1], folder / "into-1", Progress(0))
    finally:
        await source.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
    # Not ru_maxrss: that begins with what the process that started this one had.
    print(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0])
