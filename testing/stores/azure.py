"""An Azure Blob server: azurite, with its well-known account."""

import base64
import hashlib
import hmac
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path

import obstore
from obstore.store import AzureStore

from testing.loopback import free_port
from testing.stores.process import binary, running

ACCOUNT = "devstoreaccount1"
# Published by Microsoft for its emulators; it opens nothing else.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_VERSION = "2023-11-03"


@dataclass(frozen=True)
class AzureServer:
    """A running one. The account is the first part of every path, as azurite has it; `url` is without it, and may be
    that of a proxy in front."""

    url: str

    @property
    def endpoint(self) -> str:
        """The account's own URL."""
        return f"{self.url}/{ACCOUNT}"

    @property
    def secret(self) -> dict[str, str]:
        """What a Kubernetes Secret with its credentials has."""
        return {"AZURE_STORAGE_ACCESS_KEY": KEY}

    def sas_token(self, container: str) -> str:
        """Lets its bearer list and read one container, for an hour."""
        expiry = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        # https://learn.microsoft.com/rest/api/storageservices/create-service-sas
        resource = f"/blob/{ACCOUNT}/{container}"
        signature = _sign("\n".join(["rl", "", expiry, resource, "", "", "", _VERSION, "c", *[""] * 7]))
        return urllib.parse.urlencode({"sp": "rl", "se": expiry, "sv": _VERSION, "sr": "c", "sig": signature})

    def behind(self, url: str) -> "AzureServer":
        """The same one, reached through a proxy at `url`."""
        return replace(self, url=url)

    def make_container(self, name: str) -> str:
        url = f"{self.endpoint}/{name}?restype=container"
        urllib.request.urlopen(urllib.request.Request(url, b"", _signed_put(name), method="PUT"), timeout=30).close()
        return name

    def store(self, container: str, key: str = KEY) -> AzureStore:
        return AzureStore(
            container,
            account_name=ACCOUNT,
            account_key=key,
            endpoint=self.endpoint,
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )

    def put(self, container: str, files: Mapping[str, bytes]) -> None:
        """Uploads blobs by name, in the order given."""
        store = self.store(container)
        for key, content in files.items():
            obstore.put(store, key, content, use_multipart=False)

    def delete(self, container: str, *keys: str) -> None:
        obstore.delete(self.store(container), list(keys))


def _signed_put(container: str) -> dict[str, str]:
    """Headers for making a container, which obstore cannot."""
    date = formatdate(usegmt=True)
    headers = f"x-ms-date:{date}\nx-ms-version:{_VERSION}"
    # https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
    resource = f"/{ACCOUNT}/{ACCOUNT}/{container}\nrestype:container"
    content_type = "application/octet-stream"
    signature = _sign("\n".join(["PUT", "", "", "", "", content_type, *[""] * 6, headers, resource]))
    return {
        "Authorization": f"SharedKey {ACCOUNT}:{signature}",
        "Content-Type": content_type,
        "x-ms-date": date,
        "x-ms-version": _VERSION,
    }


def _sign(text: str) -> str:
    return base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)).decode()


@contextmanager
def running_azure(folder: Path) -> Iterator[AzureServer]:
    """`folder` exists; it holds the blobs and the server's log."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    # obstore may speak a newer version of the API than azurite has heard of.
    flags = ["--blobPort", str(port), "--location", str(folder / "blobs")]
    quietly = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    with running([str(binary("azurite")), *flags, *quietly], url, folder / "azurite.log"):
        yield AzureServer(url)
