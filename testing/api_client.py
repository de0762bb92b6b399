"""Clients of a Kubernetes API server: `Api` blocks, `AsyncApi` is for an event loop and keeps its connections open.

Both take a kubeconfig, of which the first cluster and the first user count, and speak of objects by kind, namespace and
name. Errors, from both:

    ApiError
    ├── Refused    the server answered with an error; has `status` and `message`
    └── NoAnswer   no answer arrived
"""

import base64
import json
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import yaml

from tfs_operator.cluster.kinds import RESOURCES

REQUEST_SECONDS = 30
MAX_CONNECTIONS = 64
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"

Manifest = dict[str, Any]
Body = Manifest | Sequence[Manifest]


class ApiError(Exception):
    """A request to the API server failed."""


class Refused(ApiError):
    """The API server answered with an error."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.message = _message(body)
        super().__init__(f"{status}: {self.message}")


class NoAnswer(ApiError, OSError):
    """The connection failed, or no answer arrived in time."""


@dataclass(frozen=True)
class Server:
    """Where an API server is and how one user reaches it."""

    url: str
    headers: Mapping[str, str]
    tls: ssl.SSLContext

    @classmethod
    def of(cls, kubeconfig: Mapping[str, Any]) -> "Server":
        cluster, user = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]
        headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        return cls(cluster["server"], headers, _tls(cluster, user))


class Api:
    """Sends each request over a connection of its own."""

    def __init__(self, kubeconfig: Path) -> None:
        self._server = Server.of(yaml.safe_load(kubeconfig.read_text()))

    def request(self, method: str, path: str, body: Body | None = None, content_type: str = JSON) -> Manifest:
        """Returns the answer's JSON. Raises ApiError."""
        request = urllib.request.Request(
            self._server.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={**self._server.headers, "Content-Type": content_type},
        )
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_SECONDS, context=self._server.tls) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, error.read()) from None
        except OSError as error:
            raise NoAnswer(f"{method} {path}: no answer: {error!r}") from error

    def send(self, method: str, path: str, text: bytes) -> int:
        """Sends JSON that Python would not write, and reads nothing of the answer; its status."""
        headers = {**self._server.headers, "Content-Type": JSON}
        request = urllib.request.Request(self._server.url + path, method=method, data=text, headers=headers)
        with urllib.request.urlopen(request, timeout=REQUEST_SECONDS, context=self._server.tls) as answer:
            return int(answer.status)

    def create(self, manifest: Manifest, query: str = "") -> Manifest:
        return self.request("POST", _collection(manifest) + query, manifest)

    def get(self, kind: str, namespace: str, name: str) -> Manifest | None:
        """Returns None when there is no such object."""
        try:
            return self.request("GET", RESOURCES[kind].path(namespace, name))
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise

    def list(self, kind: str, namespace: str) -> list[Manifest]:
        items: list[Manifest] = self.request("GET", RESOURCES[kind].path(namespace))["items"]
        return items

    def patch(self, kind: str, namespace: str, name: str, body: Manifest, subresource: str | None = None) -> Manifest:
        """Applies a JSON merge patch, as `kubectl patch --type merge` does."""
        return self.request("PATCH", RESOURCES[kind].path(namespace, name, subresource), body, MERGE_PATCH)

    def delete(self, kind: str, namespace: str, name: str) -> None:
        self.request("DELETE", RESOURCES[kind].path(namespace, name))

    def create_namespace(self, name: str) -> None:
        self.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, whatever its status."""

    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class AsyncApi:
    """Keeps up to 64 connections open, so that what is measured has no share of opening them."""

    def __init__(self, kubeconfig: Mapping[str, Any]) -> None:
        """Needs a running event loop."""
        server = Server.of(kubeconfig)
        self._session = aiohttp.ClientSession(
            server.url,
            headers=server.headers,
            connector=aiohttp.TCPConnector(ssl=server.tls, limit=MAX_CONNECTIONS),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=REQUEST_SECONDS),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def request(self, method: str, path: str, body: Body | None = None, content_type: str = JSON) -> Manifest:
        """Returns the answer's JSON. Raises ApiError."""
        answer = await self.answer(method, path, body, content_type)
        if answer.status >= 300:
            raise Refused(answer.status, answer.body)
        return dict(answer.json())

    async def create(self, manifest: Manifest) -> Manifest:
        return await self.request("POST", _collection(manifest), manifest)

    async def get(self, kind: str, namespace: str, name: str) -> Manifest:
        """Raises Refused with status 404 when there is no such object."""
        return await self.request("GET", RESOURCES[kind].path(namespace, name))

    async def patch(self, kind: str, namespace: str, name: str, body: Manifest) -> Manifest:
        """Applies a JSON merge patch, as `kubectl patch --type merge` does."""
        return await self.request("PATCH", RESOURCES[kind].path(namespace, name), body, MERGE_PATCH)

    async def delete(self, kind: str, namespace: str, name: str) -> None:
        await self.request("DELETE", RESOURCES[kind].path(namespace, name))

    async def create_namespace(self, name: str) -> None:
        await self.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})

    async def get_from_pod(self, namespace: str, pod: str, port: int, path: str) -> Answer:
        """Sends a GET to a pod through the API server's proxy."""
        return await self.answer("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{path}")

    async def resource_version(self, kind: str) -> str:
        """Returns the resourceVersion of the objects of all namespaces, for a watch to begin with."""
        listed = await self.request("GET", f"{RESOURCES[kind].path(None)}?limit=1")
        return str(listed["metadata"]["resourceVersion"])

    async def watch(self, kind: str, since: str) -> AsyncIterator[Manifest]:
        """Yields the watch events of all namespaces. Raises NoAnswer when the server ends the watch."""
        path = f"{RESOURCES[kind].path(None)}?watch=true&resourceVersion={since}"
        async with self._session.get(path) as response:
            rest = b""
            async for chunk in response.content.iter_any():
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    yield json.loads(line)
        raise NoAnswer(f"the watch of {kind} ended")

    async def answer(self, method: str, path: str, body: Body | None = None, content_type: str = JSON) -> Answer:
        """Returns the answer of any status. Raises NoAnswer."""
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        headers = {"Content-Type": content_type}
        try:
            async with self._session.request(method, path, json=body, headers=headers, timeout=timeout) as response:
                return Answer(response.status, await response.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NoAnswer(f"{method} {path}: no answer: {error!r}") from error


def _collection(manifest: Manifest) -> str:
    return RESOURCES[manifest["kind"]].path(manifest["metadata"]["namespace"])


def _message(body: bytes) -> str:
    """Returns the Status object's message, or the text of another answer."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, LookupError, TypeError):
        return body.decode(errors="replace")


def _tls(cluster: Mapping[str, str], user: Mapping[str, str]) -> ssl.SSLContext:
    """Without an authority the server is not verified: a control plane of the tests, on 127.0.0.1, signs for itself."""
    context = ssl.create_default_context()
    if "certificate-authority-data" in cluster:
        context.load_verify_locations(cadata=_decoded(cluster, "certificate-authority-data").decode())
    else:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if "client-certificate-data" in user:
        with tempfile.NamedTemporaryFile() as file:  # readable by its owner only; ssl takes no key but from a file
            file.write(_decoded(user, "client-certificate-data") + _decoded(user, "client-key-data"))
            file.flush()
            context.load_cert_chain(file.name)
    return context


def _decoded(entry: Mapping[str, str], key: str) -> bytes:
    return base64.b64decode(entry[key])
