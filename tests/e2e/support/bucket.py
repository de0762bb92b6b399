"""An S3 server in the cluster, and what people put into its bucket: good versions, and every kind of bad one."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.store import S3Store

from testing.local_cluster.kubectl import Kubectl
from testing.waiting import eventually

MANIFEST = Path(__file__).with_name("bucket.yaml")
BUCKET = "models"
SECRET = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}
STORAGE = {"endpoint": "http://store:7070", "secretRef": {"name": "models-s3"}, "pollIntervalSeconds": 5}
"""`spec.storage` of a TFModel that reads from it."""


@dataclass(frozen=True)
class Bucket:
    kubectl: Kubectl
    store: S3Store

    def put(self, prefix: str, files: Mapping[str, bytes]) -> None:
        for name, content in files.items():
            obstore.put(self.store, f"{prefix}/{name}", content)

    def publish(self, base_path: str, version: int, saved_model: Path, *without: str) -> None:
        """A SavedModel as a version, its saved_model.pb last; `without` leaves out files."""
        paths = [path for path in saved_model.rglob("*") if path.is_file()]
        files = {str(path.relative_to(saved_model)): path.read_bytes() for path in paths}
        chosen = {name: files[name] for name in sorted(files, reverse=True) if name not in without}
        self.put(f"{base_path}/{version}", chosen)

    def delete(self, prefix: str) -> None:
        paths = [str(found["path"]) for page in obstore.list(self.store, prefix) for found in page]
        obstore.delete(self.store, paths)

    @contextlib.contextmanager
    def unreachable(self) -> Iterator[None]:
        """Within the block nobody in the cluster answers at its address."""
        self._select("nobody")
        try:
            yield
        finally:
            self._select("store")

    def _select(self, app: str) -> None:
        self.kubectl("patch", "service", "store", "--patch", json.dumps({"spec": {"selector": {"app": app}}}))


@contextlib.contextmanager
def running(kubectl: Kubectl) -> Iterator[Bucket]:
    """Until the end of the block, with a connection to write to it."""
    kubectl.apply(MANIFEST)
    kubectl("rollout", "status", "deployment/store", "--timeout=180s", seconds=190)
    with kubectl.forward("deployment/store", 7070) as [address]:
        store = S3Store(
            BUCKET,
            endpoint=f"http://{address}",
            region="us-east-1",
            access_key_id=SECRET["AWS_ACCESS_KEY_ID"],
            secret_access_key=SECRET["AWS_SECRET_ACCESS_KEY"],
            client_options={"allow_http": True},
        )
        eventually(lambda: obstore.list_with_delimiter(store), 120, what="the bucket to answer")
        yield Bucket(kubectl, store)
