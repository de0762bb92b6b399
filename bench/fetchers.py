"""Who fetches in a measurement: the command line of each, in this one place."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.fetch_data import VERSION, Shape
from testing.local_cluster.commands import ROOT
from testing.stores.process import binary
from testing.stores.s3 import REGION, S3Server
from tfs_operator.domain.fetch_protocol import FetchOrder, FetchPlan, ModelOrder, ModelSource, VersionSet

MODEL = "bench"


@dataclass(frozen=True)
class Job:
    """Bring the version of `shape` from the server into the folder `into`, which is empty. `work` is another one, for
    what the fetcher has to be told in files."""

    server: S3Server
    shape: Shape
    into: Path
    work: Path


@dataclass(frozen=True)
class Command:
    """A process that ends with status 0 when the version is there."""

    arguments: list[str]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Fetcher:
    name: str
    command: Callable[[Job], Command]


def ours(job: Job) -> Command:
    """`tfs-operator fetch` as a pod runs it, but that it ends when everything is there."""
    secret = job.work / "secret"
    secret.mkdir(exist_ok=True)
    for key, value in job.server.secret.items():
        (secret / key).write_text(value)
    plan = job.work / "fetch.json"
    plan.write_text(_plan(job).model_dump_json())
    store = [f"--endpoint={job.server.url}", f"--region={REGION}", f"--credentials={secret}"]
    fetch = ["fetch", f"--plan={plan}", f"--root={job.into.parent}", *store, "--host=127.0.0.1", "--port=0"]
    sources = {"PYTHONPATH": f"{ROOT}:{ROOT / 'operator'}", "PYTHONUNBUFFERED": "1"}
    until_there = [sys.executable, "-m", "bench.run_until_there", str(job.into / str(VERSION)), *fetch]
    return Command(until_there, {**os.environ, **sources})


def _plan(job: Job) -> FetchPlan:
    source = ModelSource(name=MODEL, uri=f"s3://{job.shape.base_path}", base_path=str(job.into))
    order = FetchOrder(models={MODEL: ModelOrder(start=VersionSet(versions=(VERSION,)))})
    return FetchPlan(sources=(source,), order=order)


def rclone(job: Job) -> Command:
    """`rclone copy` with its defaults."""
    keys = job.server.secret
    settings = {
        "RCLONE_CONFIG": os.devnull,
        "RCLONE_S3_PROVIDER": "Other",
        "RCLONE_S3_ENDPOINT": job.server.url,
        "RCLONE_S3_REGION": REGION,
        "RCLONE_S3_ACCESS_KEY_ID": keys["AWS_ACCESS_KEY_ID"],
        "RCLONE_S3_SECRET_ACCESS_KEY": keys["AWS_SECRET_ACCESS_KEY"],
    }
    copy = ["copy", f":s3:{job.shape.base_path}/{VERSION}", str(job.into / str(VERSION))]
    return Command([str(binary("rclone")), *copy], {**os.environ, **settings})


FETCHERS = (Fetcher("tfs-operator fetch", ours), Fetcher("rclone copy", rclone))
