"""The API server over connections that stay open: a kubectl for each request would add 0.1 s to what is measured."""

import base64
import json
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

from testing.local_cluster.kubectl import Kubectl, Manifest

REQUEST_SECONDS = 10
MERGE_PATCH = "application/merge-patch+json"


class ApiError(Exception):
    """The API server, or a pod behind its proxy, refused a request. Its text has what was said."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Api:
    """Everything is asked within one namespace, as the client of that kubectl's kubeconfig."""

    def __init__(self, kubectl: Kubectl) -> None:
        """Needs a running event loop."""
        config = json.loads(kubectl("config", "view", "--raw", "--minify", "--output", "json"))
        cluster = config["clusters"][0]["cluster"]
        self._namespace = kubectl.namespace
        self._session = aiohttp.ClientSession(
            cluster["server"],
            connector=aiohttp.TCPConnector(ssl=tls(cluster, config["users"][0]["user"])),
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, group: str, name: str) -> Manifest:
        """`group` is the path's beginning and the plural, such as `api/v1/configmaps`."""
        return await self._object("GET", group, name)

    async def create(self, group: str, manifest: Manifest) -> Manifest:
        return await self._object("POST", group, body=manifest)

    async def patch(self, group: str, name: str, change: Manifest) -> Manifest:
        """A JSON merge patch, as of `kubectl patch --type merge`."""
        return await self._object("PATCH", group, name, change, {"Content-Type": MERGE_PATCH})

    async def ask_pod(self, pod: str, port: int, path: str) -> Answer:
        """A GET through the API server's proxy, whatever the pod answers."""
        address = f"/api/v1/namespaces/{self._namespace}/pods/{pod}:{port}/proxy{path}"
        return await self._request("GET", address)

    async def _object(
        self,
        method: str,
        group: str,
        name: str = "",
        body: Manifest | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Manifest:
        version, _, plural = group.rpartition("/")
        path = f"/{version}/namespaces/{self._namespace}/{plural}/{name}".rstrip("/")
        answer = await self._request(method, path, body, headers)
        if answer.status >= 300:
            raise ApiError(f"{method} {path}: {answer.status}: {answer.body.decode(errors='replace')}")
        found: Manifest = answer.json()
        return found

    async def _request(
        self, method: str, path: str, body: Manifest | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        try:
            async with self._session.request(method, path, json=body, headers=headers) as response:
                return Answer(response.status, await response.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ApiError(f"{method} {path}: no answer: {error!r}") from error


def tls(cluster: Mapping[str, str], user: Mapping[str, str]) -> ssl.SSLContext:
    """Of kind's kubeconfig, which holds the certificates itself."""
    context = ssl.create_default_context(cadata=decoded(cluster, "certificate-authority-data").decode())
    with tempfile.NamedTemporaryFile() as file:  # readable by its owner only; ssl takes no key but from a file
        file.write(decoded(user, "client-certificate-data") + decoded(user, "client-key-data"))
        file.flush()
        context.load_cert_chain(file.name)
    return context


def decoded(entry: Mapping[str, str], key: str) -> bytes:
    return base64.b64decode(entry[key])
