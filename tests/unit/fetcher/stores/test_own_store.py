"""A store of one's own is a module and a row in the table of schemes; nothing else has to know of it."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from hack.models_page import fresh, table
from testing.models.folder_source import content, publish
from tests.unit.fetcher.scene import eventually
from tfs_operator.api.rules import found
from tfs_operator.api.schemes import SCHEMES, Scheme, place_message, place_pattern, scheme_message, scheme_pattern
from tfs_operator.domain.fetch_protocol import FetchOrder, FetchPlan, ModelOrder, ModelSource, VersionSet
from tfs_operator.domain.location import Remote, locate
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.metrics import FetcherMetrics
from tfs_operator.fetcher.stores.uri import open_source
from tfs_operator.fetcher.sync.base_path_sync import Shared
from tfs_operator.fetcher.sync.model_server import ModelServerClient
from tfs_operator.fetcher.sync.pod import PodFetcher

BOX = Scheme(
    "box",
    "BOX/path",
    "[a-z]+(/|$)",
    what="a box",
    section="boxes",
    served="once it is in the box",
    store="tests.unit.fetcher.stores.box_store",
)
OURS = (*SCHEMES, BOX)
URI = "box://blue/mnist"


def test_its_uris_are_accepted_and_others_are_not() -> None:
    assert found(scheme_pattern(OURS), URI)
    assert found(place_pattern(OURS), URI)
    assert not found(place_pattern(OURS), "box://9/mnist")
    assert not found(scheme_pattern(), URI)


def test_a_user_reads_of_it() -> None:
    assert "oci://, box:// or hostpath://" in scheme_message(OURS)
    assert "oci://REGISTRY/REPOSITORY:TAG, box://BOX/path or hostpath:///path" in place_message(OURS)
    row = "| [`box://BOX/path`](#boxes) | a box | once it is in the box |\n"
    assert row in table(OURS)
    page = "before\n<!-- schemes: written -->\nold\n<!-- end of schemes -->\nafter\n"
    assert row in fresh(page, OURS)


def test_it_has_a_place_in_the_pod() -> None:
    location = locate(URI, OURS)
    assert location == Remote("box", "blue/mnist")
    assert location.base_path == "/models/store/box/blue/mnist"


def test_a_bad_uri_is_an_error_like_that_of_any_store(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="box://blue/mnist: has no clean path"):
        open_source(URI, StoreAccess(), tmp_path, OURS)
    with pytest.raises(FetchError, match="its scheme is none of s3, gs, az, https, http, hf, oci"):
        open_source(URI, StoreAccess(), tmp_path)


async def test_its_models_are_fetched(tmp_path: Path) -> None:
    publish(tmp_path / "boxes" / "blue" / "mnist", 1)
    storage, base = StoreAccess(endpoint=str(tmp_path / "boxes")), tmp_path / "models"
    plan = FetchPlan(
        sources=(ModelSource(name="mnist", uri=URI, base_path=str(base)),),
        order=FetchOrder(models={"mnist": ModelOrder(start=VersionSet(versions=(1,)))}),
    )
    async with aiohttp.ClientSession() as session:
        shared = Shared(ModelServerClient("http://127.0.0.1:9", session), asyncio.Semaphore(2), FetcherMetrics())
        fetcher = PodFetcher(plan, lambda uri, work: open_source(uri, storage, work, OURS), shared)
        running = asyncio.create_task(fetcher.run())
        await eventually(fetcher.started, fetcher.reports)
        running.cancel()
        await asyncio.wait({running})
    assert content(base / "1") == content(tmp_path / "boxes" / "blue" / "mnist" / "1")


@pytest.mark.parametrize("scheme", [scheme for scheme in SCHEMES if scheme.store], ids=lambda scheme: scheme.name)
def test_every_row_with_a_store_opens_what_its_pattern_accepts(scheme: Scheme, tmp_path: Path) -> None:
    for name in scheme.names:
        uri = scheme.uri.replace(f"{scheme.name}://", f"{name}://").replace("[@REVISION]", "@main").lower()
        uri = uri.replace("host/", "host.example/")
        assert found(place_pattern(), uri), uri
        assert open_source(uri, StoreAccess(), tmp_path).uri == uri
