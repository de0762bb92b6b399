"""A TFModel from a store: one version has arrived, one is on its way; another model has none."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testing.api_client import Api
from testing.fleet.fleet import tfmodel
from testing.fleet.model_servers import make_pod
from testing.loopback import fresh_address
from testing.stores.proxy import Proxy
from testing.stores.s3 import S3Server
from testing.waiting import eventually
from tests.integration.fetcher.arrivals import model, upload
from tests.integration.fetcher.fetcher_process import Pod
from tfs_operator.domain.fetch_protocol import (
    FETCHER_PORT,
    FetchOrder,
    FetchPlan,
    ModelOrder,
    ModelSource,
    VersionSet,
)

NAME = "fetched"
HERE, COMING = 1, 2
SIZE = 64 * 1024 * 1024
BYTES_PER_SECOND = 256 * 1024.0
"""So that it takes minutes."""


@contextmanager
def fetched(api: Api, namespace: str, folder: Path, server: S3Server, proxy: Proxy, bucket: str) -> Iterator[str]:
    """The address of its pod, whose fetcher is real; no model server runs there."""
    upload(server, bucket, HERE, model(100_000))
    upload(server, bucket, COMING, model(SIZE))
    uri, address = f"s3://{bucket}/mnist", fresh_address()
    proxy.faults.limit_rate(BYTES_PER_SECOND)
    manifest = tfmodel(namespace, NAME, modelUri=uri, versions=[HERE, COMING])
    made = api.create(manifest)
    flags = (f"--host={address}", f"--port={FETCHER_PORT}")
    pod = Pod(folder / "pod", folder / "store", server.behind(proxy.url), _plan(folder / "store", uri), flags)
    with pod.running() as process:
        eventually(lambda: f"version {HERE}: in place" in process.text(), explain=process.text)
        make_pod(api, made, "fetched-1", address)
        eventually(lambda: _is_coming(api, namespace), explain=process.text)
        yield address


def _plan(root: Path, uri: str) -> FetchPlan:
    mine = ModelSource(name=NAME, uri=uri, base_path=str(root / "m"))
    other = ModelSource(name="other", uri=f"{uri}-other", base_path=str(root / "other"))
    ordered = {
        NAME: ModelOrder(start=VersionSet(versions=(HERE,))),
        "other": ModelOrder(start=VersionSet(latest=1)),
    }
    return FetchPlan(sources=(mine, other), order=FetchOrder(models=ordered, poll_interval_seconds=1))


def _is_coming(api: Api, namespace: str) -> bool:
    live = api.get("TFModel", namespace, NAME) or {}
    rows = [row for each in live.get("status", {}).get("models", []) for row in each.get("fetching", [])]
    states = {row["version"]: row["state"] for row in rows}
    return states.get(COMING) == "Fetching" and any(row["version"] == COMING and row["bytes"] for row in rows)
