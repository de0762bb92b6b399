"""An agent that fetches one model and looks at another, as one plan says."""

import asyncio
from pathlib import Path

import aiohttp

from testing.models.folder_source import FolderSource, publish
from tests.unit.fetcher.local import folders
from tests.unit.fetcher.scene import eventually
from tfs_operator.domain.fetch_protocol import (
    FetchOrder,
    FetchPlan,
    FetchState,
    LocalFolder,
    ModelOrder,
    ModelSource,
    VersionSet,
)
from tfs_operator.fetcher.agent import Agent
from tfs_operator.fetcher.local.folder_watch import FolderWatch
from tfs_operator.fetcher.metrics import FetcherMetrics
from tfs_operator.fetcher.sync.base_path_sync import Shared
from tfs_operator.fetcher.sync.model_server import ModelServerClient
from tfs_operator.fetcher.sync.pod import PodFetcher

FIRST = ModelOrder(start=VersionSet(versions=(1,)))


async def test_both_are_ordered_reported_and_waited_for(tmp_path: Path) -> None:
    publish(tmp_path / "store", 1)
    source = ModelSource(name="fetched", uri="s3://store", base_path=str(tmp_path / "models"))
    claim = folders.on_claim(tmp_path / "claim").model_copy(update={"name": "mounted"})
    plan = FetchPlan(sources=(source,), local=(claim,))
    async with aiohttp.ClientSession() as session:
        shared = Shared(ModelServerClient("http://127.0.0.1:9", session), asyncio.Semaphore(2), FetcherMetrics())
        fetcher = PodFetcher(plan, lambda _, __: FolderSource(tmp_path / "store"), shared)
        agent = Agent(fetcher, [FolderWatch(folder) for folder in plan.local])
        agent.order(FetchOrder(models={"fetched": FIRST, "mounted": FIRST, "unknown": FIRST}))
        running = asyncio.create_task(agent.run())
        await eventually(lambda: agent.report().models["fetched"].versions[0].state is FetchState.FETCHED)
        await eventually(lambda: agent.report().models["mounted"].problem)
        assert not agent.ready()
        folders.publish(claim, 1)
        await eventually(agent.ready)
        report = agent.report()
        running.cancel()
        await asyncio.wait({running})
    assert report.ready
    assert {name: (each.local, each.listed) for name, each in report.models.items() if not each.local} == {
        "fetched": (False, (1,))
    }


def test_an_older_agent_fetches_nothing_to_a_volume() -> None:
    """It reads `sources` alone."""
    local = LocalFolder(name="m", uri="pvc://claim/m", base_path="/models/pvc/claim/m")
    text = FetchPlan(local=(local,)).model_dump_json(exclude_defaults=True)
    assert '"sources"' not in text
    assert FetchPlan.model_validate_json('{"sources": []}').local == (), "and the plan of an older operator is read"
