"""Repositories of a hub that pages its listings, redirects large files to another host, and asks who one is."""

from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest

from testing.models.packing import ONE, TWO, below
from testing.stores.certificates import Certificates
from testing.stores.hub import HubServer
from testing.stores.proxy import faults_before
from testing.stores.traffic import Kind
from tests.integration.fetcher.arriving import arriving
from tests.integration.fetcher.places import mounted
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.store_access import StoreAccess


@pytest.fixture(autouse=True)
def library_closed() -> Iterator[None]:
    """The library has one client for the whole process."""
    yield
    huggingface_hub.close_session()


async def test_a_long_listing_in_pages(hub: HubServer, tmp_path: Path) -> None:
    hub.page_size = 2
    hub.publish("org/repo", below("models", TWO))
    async with arriving("hf://org/repo/models", StoreAccess(endpoint=hub.url), tmp_path) as model:
        assert list(await model.source.versions()) == [1, 2]
        assert await model.fetched(1) == ONE


async def test_a_private_repository_and_who_may_read_it(hub: HubServer, tmp_path: Path) -> None:
    hub.publish("org/repo", below("1", ONE))
    hub.token = "hf_right"
    async with arriving("hf://org/repo", StoreAccess(endpoint=hub.url), tmp_path / "a") as model:
        with pytest.raises(FetchError, match="name a Secret") as caught:
            await model.source.versions()
        assert caught.value.reason is Reason.ACCESS_DENIED
    secret = mounted(tmp_path / "secret", {"HF_TOKEN": "hf_wrong"})
    storage = StoreAccess(endpoint=hub.url, credentials=secret, secret_name="hub")
    async with arriving("hf://org/repo", storage, tmp_path) as model:
        with pytest.raises(FetchError, match="check the credentials in Secret hub") as caught:
            await model.source.versions()
        assert "hf_wrong" not in caught.value.message
        mounted(secret, {"HF_TOKEN": "hf_right"})
        assert await model.fetched(1) == ONE


async def test_an_authority_of_ones_own(hub: HubServer, certificates: Certificates, tmp_path: Path) -> None:
    hub.publish("org/repo", below("1", ONE | {"variables/variables.data": b"small"}))
    with faults_before(hub.url, tls=certificates.for_server()) as proxy:
        async with arriving("hf://org/repo", StoreAccess(endpoint=proxy.url), tmp_path) as model:
            with pytest.raises(FetchError, match="is not trusted") as caught:
                await model.source.versions()
            assert caught.value.reason is Reason.CERTIFICATE_NOT_TRUSTED
        trusting = StoreAccess(endpoint=proxy.url, ca_bundle=certificates.authority)
        async with arriving("hf://org/repo", trusting, tmp_path) as model:
            assert list(await model.source.versions()) == [1]
            assert await model.fetched(1) == ONE | {"variables/variables.data": b"small"}
        huggingface_hub.close_session()


@pytest.mark.parametrize("uri", ["hf://org/none", "hf://org/repo@none", "hf://org/repo/none"])
async def test_what_is_not_there_is_said(uri: str, hub: HubServer, tmp_path: Path) -> None:
    hub.publish("org/repo", below("1", ONE))
    async with arriving(uri, StoreAccess(endpoint=hub.url), tmp_path) as model:
        with pytest.raises(FetchError, match=f"^{uri}: ") as caught:
            await model.source.versions()
        assert caught.value.reason in (Reason.STORE_NOT_FOUND, Reason.ACCESS_DENIED, Reason.NO_VERSIONS)


async def test_a_new_commit_brings_a_new_version(hub: HubServer, tmp_path: Path) -> None:
    hub.publish("org/repo", below("1", ONE))
    async with arriving("hf://org/repo", StoreAccess(endpoint=hub.url), tmp_path) as model:
        assert await model.fetched(1) == ONE
        hub.publish("org/repo", TWO)
        assert list(await model.source.versions()) == [1, 2]


async def test_refusals_and_cuts_are_got_over(hub: HubServer, tmp_path: Path) -> None:
    hub.publish("org/repo", below("1", ONE))
    with faults_before(hub.url) as proxy:
        async with arriving("hf://org/repo", StoreAccess(endpoint=proxy.url), tmp_path) as model:
            versions = await model.source.versions()
            (tmp_path / "into").mkdir()
            proxy.faults.refuse(503, times=2, kinds={Kind.GET}, path="/resolve/")
            proxy.faults.cut(1, path="saved_model.pb")
            await model.source.download(versions[1], tmp_path / "into", Progress(0))
        assert not proxy.faults.pending
