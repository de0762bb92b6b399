"""A GCS server: fake-gcs-server in memory. It believes everybody: refusals come from a proxy (`Faults.refuse`)."""

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from obstore.store import GCSStore

from testing.loopback import free_port
from testing.stores.process import binary, running


@dataclass(frozen=True)
class GcsServer:
    """A running one; `url` may be that of a proxy in front of it."""

    url: str

    @property
    def secret(self) -> dict[str, str]:
        """What a Kubernetes Secret with its credentials has: a service account's file. No token is asked for with it
        (`disable_oauth`), and `gcs_base_url` is object_store's own way to say where the server is."""
        account = {"gcs_base_url": self.url, "disable_oauth": True, "client_email": "", "private_key": ""}
        return {"gcloud-application-credentials.json": json.dumps({**account, "private_key_id": ""})}

    def behind(self, url: str) -> "GcsServer":
        """The same one, reached through a proxy at `url`."""
        return replace(self, url=url)

    def make_bucket(self, name: str) -> str:
        self._post("/storage/v1/b?project=test", json.dumps({"name": name}).encode(), "application/json")
        return name

    def store(self, bucket: str) -> GCSStore:
        return GCSStore(
            bucket,
            service_account_key=self.secret["gcloud-application-credentials.json"],
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )

    def put(self, bucket: str, files: Mapping[str, bytes]) -> None:
        """Uploads objects by key, in the order given."""
        for key, content in files.items():
            query = urllib.parse.urlencode({"uploadType": "media", "name": key})
            self._post(f"/upload/storage/v1/b/{bucket}/o?{query}", content, "application/octet-stream")

    def delete(self, bucket: str, *keys: str) -> None:
        for key in keys:
            path = f"/storage/v1/b/{bucket}/o/{urllib.parse.quote(key, safe='')}"
            request = urllib.request.Request(self.url + path, method="DELETE")
            urllib.request.urlopen(request, timeout=30).close()

    def _post(self, path: str, body: bytes, content_type: str) -> None:
        request = urllib.request.Request(self.url + path, body, {"Content-Type": content_type})
        urllib.request.urlopen(request, timeout=60).close()


@contextmanager
def running_gcs(folder: Path) -> Iterator[GcsServer]:
    """`folder` exists; it holds the server's log."""
    address = f"127.0.0.1:{free_port()}"
    url = f"http://{address}"
    command = [str(binary("fake-gcs-server")), "-listen", address]
    with running(command, f"{url}/_internal/healthcheck", folder / "fake-gcs-server.log"):
        yield GcsServer(url)
