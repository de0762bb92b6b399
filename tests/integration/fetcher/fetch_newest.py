"""A process that fetches the newest version and says what it took: URI ENDPOINT REGION SECRET-FOLDER INTO."""

import asyncio
import re
import sys
from pathlib import Path

from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.stores.uri import open_source


async def main(uri: str, endpoint: str, region: str, secret: str, into: str) -> None:
    source = open_source(uri, StoreAccess(endpoint, region, credentials=Path(secret)), Path(into))
    versions = await source.versions()
    newest = versions[max(versions)]
    progress = Progress(1 << 60)
    await source.download(newest, Path(into), progress)
    print(f"{progress.arrived} bytes, {_peak()} KiB at most")


def _peak() -> str:
    # Not ru_maxrss: that begins with what the process that started this one had.
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return str(peak)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
