"""Fixtures of the fetcher's tests."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.unit.fetcher.site import Site
from tests.unit.fetcher.web_server import WebServer


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(WebServer().running())
        yield Site(server, tmp_path, stack)
