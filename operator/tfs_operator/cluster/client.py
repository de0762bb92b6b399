"""The one way in and out of the API server: JSON in, JSON out, our errors, bounded retries.

The client library's typed calls build a model object for every answer, which costs more CPU than all else
together, and raise nothing at all with `_preload_content=False`. So its ApiClient is used for what it does
well (addresses, TLS, tokens that rotate, the connection pool), and answers are judged here.
"""

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import cast

import aiohttp
from kubernetes.aio.client import ApiClient
from kubernetes.aio.config import ConfigException

from tfs_operator import __version__
from tfs_operator.api.identity import KIND as TFMODEL
from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.backoff import delay

from . import errors, pages
from .decoding import Decoder
from .kinds import RESOURCES
from .watch_events import WatchEvents

FIELD_MANAGER = "tfs-operator"
WATCH_SECONDS = 300
"""After which a watch is asked to end; less a fifth by chance, so that not all begin anew together."""
SILENCE_SECONDS = 70.0
"""The API server sends a bookmark every minute, to a watch at rest too: one that is silent for longer is dead."""
NO_VERSION = "1"
"""A resourceVersion that no object has: that of the empty store. As a precondition of an apply it is one of there being
no object: the API server compares it with the live one's (Conflict), and with nothing when there is none to compare."""
_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"
_BEARER = ["BearerToken"]

Items = tuple[list[Manifest], str]
"""Objects, and the resourceVersion that they were read at."""

Keep = Callable[[Manifest], Manifest | None]
"""What of an object is kept of a list; None for one that is left out."""

OnRequest = Callable[[str, str], None]
"""(code, method) of every single request; the code is `<error>` when there was no answer (client-go's word)."""


Permit = Callable[[], float]
"""Seconds from now for which a request that changes something may still be under way; 0 when none may be sent."""


def _always() -> float:
    return math.inf


_PERMIT: ContextVar[Permit] = ContextVar("permit", default=_always)
"""Of the request that is being sent."""


@dataclass(frozen=True)
class RetryPolicy:
    """Bounds how long one call may take altogether, in seconds."""

    tries: int = 5
    first_wait: float = 0.2
    longest_wait: float = 10.0
    request_timeout: float = 15.0
    deadline: float = 45.0

    def wait(self, attempt: int, asked: float) -> float:
        """Returns the seconds before the next try: exponential with jitter, never below what was `asked`."""
        return max(asked, delay(attempt, self.first_wait, self.longest_wait) * random.uniform(0.8, 1.2))


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Manifest | None = None
    content_type: str = "application/json"
    most_bytes: int | None = None
    """Of the answer. It is not read further than that."""


class ClusterClient:
    """Every method raises a ClusterError and nothing else; each is safe to send twice and is, if need be."""

    def __init__(
        self,
        api: ApiClient,
        *,
        on_request: OnRequest = lambda code, method: None,
        retry: RetryPolicy | None = None,
        permit: Permit = _always,
        decoder: Decoder | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`permit` says for how many seconds from now requests that change something may still be under way."""
        api.user_agent = f"tfs-operator/{__version__}"
        self._api = api
        self._on_request = on_request
        self._retry = retry or RetryPolicy()
        self._permit = permit
        self._decoder = decoder or Decoder()
        if permit is not _always:
            api.configuration.trace_configs = [_gate()]
        self._clock = clock

    async def close(self) -> None:
        """Closes the connections, also of others who use the same ApiClient."""
        await self._api.close()  # type: ignore[no-untyped-call]  # the library leaves it bare

    async def create(self, manifest: Manifest) -> Manifest:
        """Creates an object, by server-side apply. Conflict when there is one of its name, which is left
        as it is; that may be our own, when the answer to an earlier try was lost."""
        return await self._call(_apply(manifest, resourceVersion=NO_VERSION))

    async def apply(self, manifest: Manifest, uid: str) -> Manifest:
        """Applies to this very object, server-side: what the manifest has is taken over, also from other field
        managers. Conflict when the object is gone, or another one bears its name, which is left as it is.

        An apply that changes nothing answers the live object at its old resourceVersion.
        """
        return await self._call(_apply(manifest, uid=uid))

    async def apply_status(self, tfmodel: Manifest) -> Manifest:
        """Applies the status subresource, server-side; NotFound when the TFModel is gone.

        A `metadata.resourceVersion` is a precondition (Conflict); a `metadata.uid` is not looked at here.
        """
        return await self._call(_apply({"kind": TFMODEL, **tfmodel}, "status"))

    async def apply_as(self, manager: str, manifest: Manifest) -> Manifest:
        """Applies as another field manager, which takes nothing over: Conflict where another manager
        owns a field and gives it another value."""
        return await self._call(_apply(manifest, manager=manager, force=False))

    async def serves(self, kind: str) -> bool:
        """Returns whether the API server knows the kind: that of a CustomResourceDefinition may not be installed."""
        resource = RESOURCES[kind]
        try:
            found = await self._call(_Request("GET", resource.discovery_path))
        except errors.NotFound:
            return False
        return any(item.get("name") == resource.plural for item in found.get("resources") or ())

    async def get(self, kind: str, namespace: str, name: str) -> Manifest | None:
        """Returns the live object, or None."""
        try:
            return await self._call(_Request("GET", RESOURCES[kind].path(namespace, name)))
        except errors.NotFound:
            return None

    async def delete(self, kind: str, namespace: str, name: str, uid: str) -> None:
        """Deletes this very object; no error when it is gone or another one bears its name."""
        options = {"propagationPolicy": "Background", "preconditions": {"uid": uid}}
        try:
            await self._call(_Request("DELETE", RESOURCES[kind].path(namespace, name), body=options))
        except errors.NotFound:
            return
        except errors.Conflict:
            live = await self.get(kind, namespace, name)
            if live is not None and live["metadata"]["uid"] == uid:
                raise

    async def list(
        self, kind: str, *, label_selector: str = "", namespace: str | None = None, keep: Keep = lambda item: item
    ) -> Items:
        """Returns all objects, each with `kind` and `apiVersion`, as `keep` leaves them; of one namespace or of all.

        Read in pages, whose size is adapted to the objects'; when a page has expired meanwhile, anew.
        """
        path, query = RESOURCES[kind].path(namespace), _selected(label_selector)
        try:
            return await self._pages(kind, path, query, keep)
        except errors.Gone:
            return await self._pages(kind, path, query, keep)

    async def pod_metrics(self, *, label_selector: str = "", namespace: str | None = None) -> Sequence[Manifest]:
        """Returns what the resource metrics API says of pods. NotFound where the cluster has no such API; it neither
        pages nor versions its lists."""
        path = RESOURCES["PodMetrics"].path(namespace)
        found = await self._call(_Request("GET", path, _selected(label_selector)))
        items: Sequence[Manifest] = found.get("items") or ()
        return items

    @asynccontextmanager
    async def watch(
        self, kind: str, version: str, *, label_selector: str = "", namespace: str | None = None
    ) -> AsyncIterator[WatchEvents]:
        """Watches what happens after `version`, until the API server ends the watch, after some minutes. It has begun
        once the block is entered. Nothing is tried again here; Gone means that the version is too old to go on from.

        Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
        """
        seconds = int(WATCH_SECONDS * random.uniform(0.8, 1.0))
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(seconds),
            **_selected(label_selector),
        }
        request = _Request("GET", RESOURCES[kind].path(namespace), query)
        limits = aiohttp.ClientTimeout(sock_connect=self._retry.request_timeout, sock_read=SILENCE_SECONDS)
        with self._transient(request):
            response = await self._open(request, limits)
            async with response:
                self._on_request(str(response.status), request.method)
                if response.status != 200:
                    raise errors.from_response(response.status, response.headers, await response.read())
                yield WatchEvents(response.content.iter_any(), self._decoder)

    async def post(self, manifest: Manifest) -> Manifest:
        """Creates an object; Conflict when there is one of its name."""
        path = RESOURCES[manifest["kind"]].path(manifest["metadata"]["namespace"])
        return await self._call(_Request("POST", path, body=_typed(manifest["kind"], manifest)))

    async def replace(self, manifest: Manifest) -> Manifest:
        """Replaces a whole object; Conflict unless `metadata.resourceVersion` is the live one's."""
        metadata = manifest["metadata"]
        path = RESOURCES[manifest["kind"]].path(metadata["namespace"], metadata["name"])
        return await self._call(_Request("PUT", path, body=_typed(manifest["kind"], manifest)))

    async def create_event(self, event: Manifest) -> Manifest:
        """Creates an Event under the name that it bears; Conflict when there is one already."""
        path = RESOURCES["Event"].path(event["metadata"]["namespace"])
        return await self._call(_Request("POST", path, body=_typed("Event", event)))

    async def patch_event(self, namespace: str, name: str, patch: Manifest) -> Manifest:
        """Merges `patch` into an Event; NotFound when it has expired."""
        path = RESOURCES["Event"].path(namespace, name)
        return await self._call(_Request("PATCH", path, body=patch, content_type=_MERGE))

    async def _pages(self, kind: str, path: str, query: Mapping[str, str], keep: Keep) -> Items:
        items: list[Manifest] = []
        size, token = pages.PageSize(), ""
        while True:
            page = await self._page(path, {**query, "continue": token} if token else query, size)
            kept = (keep(_typed(kind, item)) for item in page.get("items") or ())
            items += [item for item in kept if item is not None]
            metadata = page["metadata"]
            token = metadata.get("continue", "")
            if not token:
                return items, metadata["resourceVersion"]

    async def _page(self, path: str, query: Mapping[str, str], size: pages.PageSize) -> Manifest:
        """One page, of as many objects as fit."""

        def ask() -> Awaitable[tuple[Manifest, int]]:
            limited = {**query, "limit": str(size.objects)}
            return self._sized(_Request("GET", path, limited, most_bytes=size.most_bytes))

        page, length = await size.fitting(ask)
        if not _is_list(page):
            raise errors.Transient(f"GET {path}: the answer is not a list of objects")
        size.grow(length)
        return page

    async def _call(self, request: _Request) -> Manifest:
        answer, _ = await self._sized(request)
        return answer

    async def _sized(self, request: _Request) -> tuple[Manifest, int]:
        """The answer, and how many bytes it had. Tries until it works, may not be retried, or the policy's bounds are
        reached."""
        deadline = self._clock() + self._retry.deadline
        attempt = 1
        while True:
            try:
                return await self._once(request)
            except errors.ClusterError as error:
                wait = self._retry.wait(attempt, getattr(error, "retry_after", 0.0))
                last = attempt >= self._retry.tries or self._clock() + wait >= deadline
                if last or not errors.is_retryable(error):
                    raise
            await asyncio.sleep(wait)
            attempt += 1

    async def _once(self, request: _Request) -> tuple[Manifest, int]:
        with self._transient(request):
            response = await self._open(request, aiohttp.ClientTimeout(total=self._seconds(request)))
            async with response:
                status, headers = response.status, response.headers
                body = await pages.read(response, request.most_bytes)
        self._on_request(str(status), request.method)
        if not 200 <= status < 300:
            raise errors.from_response(status, headers, body)
        return await self._object(request, body), len(body)

    async def _object(self, request: _Request, body: bytes) -> Manifest:
        try:
            answer = await self._decoder.decode(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise errors.Transient(f"{request.method} {request.path}: the answer is not a JSON object")
        return answer

    def _seconds(self, request: _Request) -> float:
        """For how long a request may be under way. Raises NotPermitted."""
        if request.method == "GET":
            return self._retry.request_timeout
        permit = self._permit()
        if permit <= 0:
            raise errors.NotPermitted(f"{request.method} {request.path}: this operator does not hold the lease")
        return min(permit, self._retry.request_timeout)

    @contextmanager
    def _transient(self, request: _Request) -> Iterator[None]:
        """Whatever keeps an answer from coming, whole and in time, is Transient."""
        try:
            yield
        except TimeoutError:
            self._on_request("<error>", request.method)
            raise errors.Transient(f"{request.method} {request.path}: no answer in time") from None
        except (aiohttp.ClientError, OSError, ConfigException) as error:
            # ConfigException: the token file was read while it was being replaced.
            self._on_request("<error>", request.method)
            raise errors.Transient(f"{request.method} {request.path}: {error!r}") from error

    async def _open(self, request: _Request, limits: aiohttp.ClientTimeout) -> aiohttp.ClientResponse:
        """The answer's head; who asks reads the body, and closes."""
        method, url, headers, _, _ = await self._api.param_serialize(
            method=request.method,
            resource_path=request.path,
            query_params=list(request.query.items()),
            header_params={"Accept": "application/json", "Content-Type": request.content_type},
            auth_settings=_BEARER,
        )
        _PERMIT.set(_always if request.method == "GET" else self._permit)
        answer = await self._api.call_api(
            method, url, header_params=headers, body=request.body, _request_timeout=limits
        )
        return cast(aiohttp.ClientResponse, answer.response)


def _gate() -> aiohttp.TraceConfig:
    """Looks at the permit once more when a body is about to go out: a process that was stopped between the first look
    and this one must not send it. Without its body a request is none."""

    async def look(*_: object) -> None:
        if _PERMIT.get()() <= 0:
            raise errors.NotPermitted("this operator does not hold the lease any more")

    trace = aiohttp.TraceConfig()
    trace.on_request_chunk_sent.append(look)  # aiohttp calls it before it sends the chunk
    return trace


def _apply(
    manifest: Manifest,
    subresource: str | None = None,
    *,
    manager: str = FIELD_MANAGER,
    force: bool = True,
    **preconditions: str,
) -> _Request:
    metadata = manifest["metadata"]
    path = RESOURCES[manifest["kind"]].path(metadata["namespace"], metadata["name"], subresource)
    # Not to be validated: that parses the body once more, for keys that are there twice, and changes nothing else.
    query = {"fieldManager": manager, "force": "true" if force else "false", "fieldValidation": "Ignore"}
    body = {**_typed(manifest["kind"], manifest), "metadata": {**metadata, **preconditions}}
    return _Request("PATCH", path, query, body, _APPLY)


def _selected(label_selector: str) -> dict[str, str]:
    return {"labelSelector": label_selector} if label_selector else {}


def _typed(kind: str, item: Manifest) -> Manifest:
    """The item with its kind and apiVersion, which the items of a list answer do not carry."""
    return {**item, "kind": kind, "apiVersion": RESOURCES[kind].api_version}


def _is_list(answer: Manifest) -> bool:
    """What else answers with JSON is a proxy in the way."""
    metadata, items = answer.get("metadata"), answer.get("items")
    is_known = isinstance(metadata, dict) and isinstance(metadata.get("resourceVersion"), str)
    return is_known and isinstance(items or [], list) and all(isinstance(item, dict) for item in items or ())
