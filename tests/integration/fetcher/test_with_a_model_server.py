"""A fetcher beside a model server: versions arrive and go while it serves."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

from testing.fleet.model_servers import DOUBLE, START_SECONDS
from testing.loopback import free_ports
from testing.models.folder_source import content
from testing.stores.s3 import S3Server
from testing.waiting import eventually
from tests.integration.fetcher.arrivals import pod, until_failed, until_fetched, upload, upload_now
from tests.integration.fetcher.fetcher_process import order
from tests.integration.fetcher.saved_models import files
from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import VersionSet


def test_latest_is_followed_and_the_old_version_goes_once_it_is_unloaded(
    tmp_path: Path, s3_server: S3Server, bucket: str, one_shard: Path
) -> None:
    upload(s3_server, bucket, 1, files(one_shard))
    rest, grpc = free_ports(2)
    started = pod(tmp_path, s3_server, bucket, VersionSet(latest=1))
    base = tmp_path / "store" / "m"
    with replace(started, flags=(f"--model-server=http://127.0.0.1:{rest}",)).running() as fetcher:
        fetcher.until_ready()
        with model_server(base, tmp_path, rest, grpc):
            eventually(lambda: states(rest) == {"1": "AVAILABLE"}, explain=lambda: states(rest))
            upload(s3_server, bucket, 2, files(one_shard))
            until_fetched(fetcher, 2)
            eventually(lambda: states(rest) == {"2": "AVAILABLE", "1": "END"}, explain=lambda: states(rest))
            eventually(lambda: folders(base) == ["2"], explain=lambda: folders(base))
            s3_server.delete(bucket, *(f"mnist/2/{path}" for path in files(one_shard)))
            eventually(lambda: states(rest).get("1") == "AVAILABLE", explain=lambda: states(rest))
            eventually(lambda: folders(base) == ["1"], explain=lambda: folders(base))


def test_a_half_uploaded_version_changes_nothing_and_is_served_once_the_rest_has_come(
    tmp_path: Path, s3_server: S3Server, bucket: str, one_shard: Path
) -> None:
    """A walk over the folder uploads the graph first, long before the variables."""
    upload(s3_server, bucket, 1, files(one_shard))
    first = {path: file for path, file in files(one_shard).items() if "/" not in path}
    rest, grpc = free_ports(2)
    started = pod(tmp_path, s3_server, bucket, VersionSet(latest=1))
    base = tmp_path / "store" / "m"
    with replace(started, flags=(f"--model-server=http://127.0.0.1:{rest}",)).running() as fetcher:
        fetcher.until_ready()
        with model_server(base, tmp_path, rest, grpc):
            eventually(lambda: states(rest) == {"1": "AVAILABLE"}, explain=lambda: states(rest))
            with steadily_predicting(rest) as failures:
                upload(s3_server, bucket, 2, first)
                message = until_failed(fetcher, 2, Reason.INCOMPLETE_VERSION)
                assert "its graph restores variables from variables/variables.index, which is not there" in message
                assert states(rest) == {"1": "AVAILABLE"}
                assert folders(base) == [".fetching-2", "1"]
                upload_now(s3_server, bucket, 2, {path: f for path, f in files(one_shard).items() if path not in first})
                eventually(lambda: states(rest) == {"2": "AVAILABLE", "1": "END"}, explain=lambda: states(rest))
            assert failures == []


def test_a_version_that_is_ordered_no_more_stays_while_it_is_served(
    tmp_path: Path, s3_server: S3Server, bucket: str, one_shard: Path
) -> None:
    """In the pass that removes 3, which was never loaded, 1 comes before it."""
    for number in (1, 2, 3):
        upload(s3_server, bucket, number, files(one_shard))
    rest, grpc = free_ports(2)
    started = pod(tmp_path, s3_server, bucket, VersionSet(versions=(1, 2, 3)))
    base = tmp_path / "store" / "m"
    with replace(started, flags=(f"--model-server=http://127.0.0.1:{rest}",)).running() as fetcher:
        fetcher.until_ready()
        with model_server(base, tmp_path, rest, grpc, "specific { versions: 1 versions: 2 }"):
            eventually(lambda: states(rest) == {"1": "AVAILABLE", "2": "AVAILABLE"}, explain=lambda: states(rest))
            fetcher.order(order(VersionSet(versions=(2,))))
            eventually(lambda: folders(base) == ["1", "2"], explain=lambda: folders(base))
            assert states(rest) == {"1": "AVAILABLE", "2": "AVAILABLE"}


def test_a_version_that_is_found_unfit_is_replaced_by_what_is_uploaded_in_its_place(
    tmp_path: Path, s3_server: S3Server, bucket: str, one_shard: Path, three_shards: Path
) -> None:
    """It is AVAILABLE, and a server takes no notice of other files in the folder of a version that it has loaded."""
    upload(s3_server, bucket, 1, files(one_shard))
    rest, grpc = free_ports(2)
    wanted = VersionSet(versions=(1,))
    started = pod(tmp_path, s3_server, bucket, wanted)
    base = tmp_path / "store" / "m"
    with replace(started, flags=(f"--model-server=http://127.0.0.1:{rest}",)).running() as fetcher:
        fetcher.until_ready()
        with model_server(base, tmp_path, rest, grpc, "specific { versions: 1 }"):
            eventually(lambda: states(rest) == {"1": "AVAILABLE"}, explain=lambda: states(rest))
            before = answer(rest)
            upload(s3_server, bucket, 1, files(three_shards))
            fetcher.order(order(wanted, unfit=(1,)))
            new = content(three_shards).items()  # what was there before stays in the bucket, as with any upload
            eventually(lambda: new <= content(base / "1").items(), explain=fetcher.text)
            eventually(lambda: states(rest) == {"1": "AVAILABLE"} and answer(rest) != before, explain=fetcher.text)


def answer(port: int) -> str:
    """Of the version that is served: models with other weights give another one."""
    body = json.dumps({"instances": [[1.0] * 20]}).encode()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models/m:predict", body, timeout=30) as found:
            return str(found.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return ""


@contextmanager
def steadily_predicting(port: int) -> Iterator[list[str]]:
    """A client that asks without a pause meanwhile; what it was refused, in the server's words."""
    failures: list[str] = []
    ended = Event()

    def ask() -> None:
        body = json.dumps({"instances": [[1.0] * 20]}).encode()
        while not ended.wait(0.02):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models/m:predict", body, timeout=30).close()
            except urllib.error.HTTPError as error:
                with error:
                    failures.append(error.read().decode())

    client = Thread(target=ask)
    client.start()
    try:
        yield failures
    finally:
        ended.set()
        client.join()


def states(port: int) -> dict[str, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models/m", timeout=5) as answer:
            found = json.load(answer)["model_version_status"]
    except urllib.error.URLError:
        return {}
    return {entry["version"]: entry["state"] for entry in found}


def folders(base: Path) -> list[str]:
    return sorted(path.name for path in base.iterdir())


@contextmanager
def model_server(base: Path, folder: Path, rest: int, grpc: int, policy: str = "latest {}") -> Iterator[None]:
    """The test double, which follows the base path by the policy."""
    config, log = folder / "models.config", folder / "server.log"
    model = f'name: "m" base_path: "{base}" model_platform: "tensorflow" model_version_policy {{ {policy} }}'
    config.write_text(f"model_config_list {{ config {{ {model} }} }}")
    command = [sys.executable, "-m", "model_server", f"--port={grpc}", f"--rest_api_port={rest}"]
    environment = {"PYTHONPATH": str(DOUBLE), "TFS_DOUBLE_BIND_ADDRESS": "127.0.0.1", "PATH": ""}
    flags = [f"--model_config_file={config}"]
    with log.open("wb") as output:
        process = subprocess.Popen([*command, *flags], stdout=output, stderr=output, env=environment)
        try:
            eventually(lambda: "Exporting HTTP/REST API" in log.read_text(), START_SECONDS, log.read_text)
            yield
        finally:
            process.kill()
            process.wait(60)
