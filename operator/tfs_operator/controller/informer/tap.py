"""The HTTP session through which kopf watches TFModels.

It notes when a list or a watch begins, and slows down what would otherwise be repeated without a pause. And it hands to
kopf what the operator keeps of a TFModel instead of what the API server sends: kopf holds whole pages in memory, and
ends altogether over JSON that its decoder does not take.
"""

import json
import ssl
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol, cast

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from tfs_operator.cluster import pages
from tfs_operator.cluster.decoding import Decoder
from tfs_operator.cluster.kinds import RESOURCES
from tfs_operator.cluster.slim import slim
from tfs_operator.cluster.watch_events import BOOKMARK, lines
from tfs_operator.controller.informer.throttle import Throttle
from tfs_operator.controller.kinds import TFMODEL, Scope, scopes


class WatchHandler(Protocol):
    """Takes in what is watched."""

    def ingest(self, event_type: str | None, item: dict[str, Any]) -> None:
        """Takes in one event: the type is None for what was there before, else ADDED, MODIFIED or DELETED."""

    def listing(self, scope: Scope) -> None:
        """A list begins: whatever was known and does not come now, or later, may be gone."""

    def watching(self, scope: Scope) -> None:
        """The list is over, or was not needed, and the watch has begun."""


class Tap:
    """Sees kopf's requests go by, as a middleware of its HTTP session."""

    def __init__(self, namespaces: Sequence[str], handler: WatchHandler, throttle: Throttle, decoder: Decoder) -> None:
        self.handler = handler
        self._throttle = throttle
        self._decoder = decoder
        self._scopes = {
            RESOURCES[kind].path(namespace): (kind, namespace) for kind, namespace in scopes(namespaces, [TFMODEL])
        }
        self._sizes = {scope: pages.PageSize() for scope in self._scopes.values()}
        self._sessions: list[aiohttp.ClientSession] = []

    def session(self, authorization: str | None, tls: ssl.SSLContext) -> aiohttp.ClientSession:
        """Returns a new session, for as long as the credentials are good."""
        headers = {"Authorization": authorization} if authorization else {}
        connector = aiohttp.TCPConnector(limit=0, ssl=tls)
        session = aiohttp.ClientSession(
            connector=connector, headers=headers, middlewares=(self,), response_class=_Response
        )
        self._sessions = [*(each for each in self._sessions if not each.closed), session]
        return session

    async def close(self) -> None:
        """kopf closes them only where it ends in an orderly way."""
        for session in self._sessions:
            await session.close()

    async def __call__(self, request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
        path, query = request.url.raw_path, request.url.query
        scope = self._scope(path)
        if "continue" not in query:
            await self._throttle.pause((path, "watch" in query))
        if scope is None:
            return await send(request)
        if "watch" in query:
            return await self._watch(scope, request, send)
        if "continue" not in query:
            self._sizes[scope] = pages.PageSize()
            self.handler.listing(scope)
        size = self._sizes[scope]
        return await size.fitting(lambda: self._page(size, request, send))

    def _scope(self, path: str) -> Scope | None:
        return next((scope for end, scope in self._scopes.items() if path.endswith(end)), None)

    async def _watch(self, scope: Scope, request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
        response = await send(request)
        if response.status == 200:
            response.content = cast(aiohttp.StreamReader, _SlimEvents(response.content, self._decoder))
            self.handler.watching(scope)
        return response

    async def _page(self, size: pages.PageSize, request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
        """One page. Raises PageTooLarge. To kopf a page that has expired is the end; a broken answer makes it begin
        the list anew."""
        request.url = request.url.update_query(limit=size.objects)
        response = await send(request)
        if response.status == 410:
            response.close()
            raise aiohttp.ClientPayloadError("the list's next page has expired")
        if response.status != 200:
            return response
        try:
            body = await pages.read(response, size.most_bytes)
        except pages.PageTooLarge:
            response.close()
            raise
        size.grow(len(body))
        cast(_Response, response).answer = await self._slim_page(body)
        return response

    async def _slim_page(self, body: bytes) -> dict[str, Any]:
        try:
            page = await self._decoder.decode(body)
            return {**page, "items": [slim({**item, "kind": TFMODEL}) for item in page.get("items") or ()]}
        except (ValueError, LookupError, TypeError, AttributeError):
            raise aiohttp.ClientPayloadError("not a list of TFModels") from None


class _Response(ClientResponse):
    """An answer whose JSON may be another than what was sent."""

    answer: dict[str, Any] | None = None

    async def json(self, **options: Any) -> Any:
        """Returns the answer that it was given, if any."""
        return self.answer if self.answer is not None else await super().json(**options)


class _SlimEvents:
    """The events of a watch, a line each, with what is kept of each TFModel."""

    def __init__(self, content: aiohttp.StreamReader, decoder: Decoder) -> None:
        self._content = content
        self._decoder = decoder

    def __getattr__(self, name: str) -> Any:
        """All else is the stream's own, for aiohttp."""
        return getattr(self._content, name)

    async def iter_chunked(self, _: int) -> AsyncIterator[bytes]:
        """Yields whole lines, as kopf reads them."""
        async for line in lines(self._content.iter_any()):
            yield await self._slim_line(line)

    async def _slim_line(self, line: bytes) -> bytes:
        try:
            event = await self._decoder.decode(line)
            if event["type"] in ("ERROR", BOOKMARK):
                return line + b"\n"
            return json.dumps({**event, "object": slim({**event["object"], "kind": TFMODEL})}).encode() + b"\n"
        except (ValueError, LookupError, TypeError, AttributeError):
            raise aiohttp.ClientPayloadError("not an event of a watch") from None
