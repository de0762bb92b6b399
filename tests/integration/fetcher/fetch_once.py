"""A process that fetches one version and says what it took: URI ENDPOINT REGION SECRET-FOLDER INTO."""

import asyncio
import resource
import sys
from pathlib import Path

from tfs_operator.fetcher.storage import Storage
from tfs_operator.fetcher.uri import open_source


async def main(uri: str, endpoint: str, region: str, secret: str, into: str) -> None:
    source = open_source(uri, Storage(endpoint, region, credentials=Path(secret)), Path(into))
    versions = await source.versions()
    counts: list[int] = []
    await source.download(versions[max(versions)], Path(into), counts.append)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{sum(counts)} bytes, {peak} KiB at most")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
