"""Archives from a server of https with an authority of its own, and through a proxy that makes things go wrong."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import tfs_operator
from testing.models.packing import ONE, TWO, WEIGHTS, below, tar_gz_bytes, tree, zip_bytes
from testing.stores.certificates import Certificates, make_certificates
from testing.stores.proxy import Proxy, faults_before
from testing.stores.traffic import Kind
from testing.stores.web import WebServer
from testing.waiting import eventually
from tests.integration.fetcher import fetch_once
from tests.integration.fetcher.arriving import arriving
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.store_access import StoreAccess

MEBI = 1024**2


@pytest.fixture
def proxy(web_server: WebServer) -> Iterator[Proxy]:
    with faults_before(web_server.url) as running:
        yield running


async def test_an_authority_of_ones_own_is_trusted_once_the_config_map_has_it(
    https_server: WebServer, certificates: Certificates, tmp_path: Path
) -> None:
    uri = https_server.publish("model.tar.gz", tar_gz_bytes(TWO))
    bundle = tmp_path / "ca.crt"
    async with arriving(uri, StoreAccess(ca_bundle=bundle, ca_name="authorities"), tmp_path) as model:
        with pytest.raises(FetchError, match="ConfigMap authorities: is missing") as caught:
            await model.source.versions()
        assert caught.value.reason is Reason.CREDENTIALS_MISSING
        bundle.write_text("no certificate at all")
        with pytest.raises(FetchError, match="no certificate in PEM form"):
            await model.source.versions()
        other = tmp_path / "other"
        other.mkdir()
        bundle.write_bytes(make_certificates(other).authority.read_bytes())
        with pytest.raises(FetchError, match="check ConfigMap authorities") as caught:
            await model.source.versions()
        assert caught.value.reason is Reason.CERTIFICATE_NOT_TRUSTED
        bundle.write_bytes(certificates.authority.read_bytes())
        assert await model.fetched(1) == ONE


async def test_a_certificate_that_nobody_signed_is_not_trusted(https_server: WebServer, tmp_path: Path) -> None:
    uri = https_server.publish("model.zip", zip_bytes(ONE))
    async with arriving(uri, StoreAccess(), tmp_path) as model:
        with pytest.raises(FetchError, match=r"not trusted \(.*\); put its .* into storage\.caBundle") as caught:
            await model.source.versions()
        assert caught.value.reason is Reason.CERTIFICATE_NOT_TRUSTED
        assert uri in caught.value.message


async def test_https_never_becomes_http(
    https_server: WebServer, web_server: WebServer, certificates: Certificates, tmp_path: Path
) -> None:
    uri = https_server.redirect("model.zip", web_server.publish("model.zip", zip_bytes(ONE)))
    async with arriving(uri, StoreAccess(ca_bundle=certificates.authority), tmp_path) as model:
        with pytest.raises(FetchError, match="redirects from https to http"):
            await model.source.versions()


async def test_not_even_on_a_way_that_comes_back_to_https(
    https_server: WebServer, web_server: WebServer, certificates: Certificates, tmp_path: Path
) -> None:
    """Whoever listens on the way would read the URL, and what is in it."""
    there_and_back = web_server.redirect("hop.zip", https_server.publish("real.zip", zip_bytes(ONE)))
    uri = https_server.redirect("model.zip", there_and_back)
    async with arriving(uri, StoreAccess(ca_bundle=certificates.authority), tmp_path) as model:
        with pytest.raises(FetchError, match="redirects from https to http"):
            await model.source.versions()
    assert web_server.requests() == []


async def test_cut_connections_and_bursts_of_refusals_are_got_over(
    web_server: WebServer, proxy: Proxy, tmp_path: Path
) -> None:
    web_server.publish("model.tgz", tar_gz_bytes(ONE))
    proxy.faults.refuse(503, times=2, retry_after=1)
    proxy.faults.cut(100_000, times=3)
    async with arriving(f"{proxy.url}/model.tgz", StoreAccess(), tmp_path) as model:
        assert await model.fetched(1) == ONE
    assert not proxy.faults.pending
    assert proxy.faults.count(Kind.GET) == 4


async def test_a_server_that_stays_busy_is_an_error_that_passes(
    web_server: WebServer, proxy: Proxy, tmp_path: Path
) -> None:
    web_server.publish("model.tgz", tar_gz_bytes(ONE))
    proxy.faults.refuse(429, times=100, body="slow down")
    async with arriving(f"{proxy.url}/model.tgz", StoreAccess(), tmp_path) as model:
        with pytest.raises(FetchError, match="answers 429") as caught:
            await model.source.versions()
        assert (caught.value.reason, caught.value.retry) == (Reason.STORE_ERROR, True)
        proxy.faults.clear()
        assert await model.fetched(1) == ONE


async def test_an_archive_that_is_replaced_on_its_way_is_not_mixed(
    web_server: WebServer, proxy: Proxy, tmp_path: Path
) -> None:
    web_server.publish("model.tgz", tar_gz_bytes(below("1", ONE)))
    replaced = tar_gz_bytes(TWO)

    def replace() -> None:
        web_server.publish("model.tgz", replaced)

    proxy.faults.when_passed(100_000, replace)
    proxy.faults.cut(200_000)
    async with arriving(f"{proxy.url}/model.tgz", StoreAccess(), tmp_path) as model:
        with pytest.raises(FetchError) as caught:
            await model.source.versions()
        assert caught.value.reason is Reason.VERSION_CHANGED
        assert list(await model.source.versions()) == [1, 2]


@contextmanager
def started(uri: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    source = str(Path(tfs_operator.__file__).parents[1])
    command = [sys.executable, str(fetch_once.__file__), uri, str(folder)]
    environment = os.environ | {"PYTHONPATH": source}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_killed_process_goes_on_where_it_was(web_server: WebServer, proxy: Proxy, tmp_path: Path) -> None:
    web_server.publish("model.tgz", tar_gz_bytes({**ONE, "variables/more": os.urandom(20 * MEBI)}))
    proxy.faults.hold_after(8 * MEBI)

    def arrived() -> bool:
        return sum(path.stat().st_blocks * 512 for path in tmp_path.rglob("archive")) > 5 * MEBI

    with started(f"{proxy.url}/model.tgz", tmp_path) as first:
        eventually(arrived)
        first.kill()
    assert not (tmp_path / "into-1" / "saved_model.pb").exists()
    asked = len(web_server.requests())
    proxy.faults.clear()
    with started(f"{proxy.url}/model.tgz", tmp_path) as second:
        assert second.wait(60) == 0
    assert tree(tmp_path / "into-1")["variables/variables.data"] == WEIGHTS
    ranges = [request.range for request in web_server.requests()[asked:] if request.kind is Kind.GET]
    assert ranges
    assert all(int(span.removeprefix("bytes=").partition("-")[0]) >= 4 * MEBI for span in ranges)


def test_memory_stays_small_whatever_the_size(web_server: WebServer, tmp_path: Path) -> None:
    uri = web_server.publish(
        "model.tgz", tar_gz_bytes({"saved_model.pb": b"x", "variables/data": os.urandom(100 * MEBI)})
    )
    with started(uri, tmp_path) as process:
        output, _ = process.communicate(timeout=100)
    assert process.returncode == 0
    assert int(output) < 96 * 1024
