"""Sends requests to web servers, with the trust and time limits that are configured. Errors are FetchErrors."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import certifi
from yarl import URL

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError, ListingRefused
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.http.errors import RequestContext, connection_error, refusal

CHUNK = 1024**2
CONNECT_SECONDS = 15
SILENCE_SECONDS = 60
"""A server that sends nothing for so long is taken for dead. Downloads have no other limit: they may take hours."""

_BUFFERED = 256 * 1024
"""Twice that is what a cut connection loses of what has arrived, and what a stream holds in memory."""

_BODY_SHOWN = 4096
_BODY_MAX = 4 * 1024**2
"""Of an answer that is read as a whole, such as a manifest: registries take no larger ones either."""

_REDIRECTS = 6


@dataclass(frozen=True)
class Page:
    """An answer that fits into memory."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """Sends the requests of one model's source. Cookies are not kept; proxies come from the environment."""

    def __init__(self, uri: str, storage: StoreAccess, *, silence: float = SILENCE_SECONDS) -> None:
        self.uri = uri
        self.storage = storage
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=silence)
        self._sessions: list[aiohttp.ClientSession] = []
        """The last one is used; earlier ones, which trust other authorities, may still have a download running."""

        self._trusted: bytes | None = None

    @asynccontextmanager
    async def ask(
        self, url: str, headers: Mapping[str, str] | None = None, *, method: str = "GET", accept: tuple[int, ...] = ()
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Yields the answer, once its headers are there: one below 400, or one of `accept`. Raises FetchError, also for
        what goes wrong while the body is read. An Authorization header is not sent to another host after a redirect."""
        address = self._address(url)
        context = RequestContext(self.uri, self.storage, address.authority)
        try:
            async with self._open().request(
                method, address, headers=headers, allow_redirects=True, max_redirects=_REDIRECTS
            ) as answer:
                if answer.status >= 400 and answer.status not in accept:
                    body = await answer.content.read(_BODY_SHOWN)
                    answer.close()  # the next request goes to whoever answers at the address by then
                    raise refusal(context, answer.status, answer.headers, body)
                yield answer
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise connection_error(context, error) from None

    async def read(self, url: str, headers: Mapping[str, str], *, method: str = "GET") -> Page:
        """Returns a whole small answer, within SILENCE_SECONDS."""
        try:
            async with asyncio.timeout(SILENCE_SECONDS), self.ask(url, headers, method=method) as answer:
                return Page(answer.status, answer.headers.copy(), await self._small_body(answer))
        except TimeoutError as error:
            context = RequestContext(self.uri, self.storage, self._address(url).authority)
            raise connection_error(context, error) from None

    async def close(self) -> None:
        for session in self._sessions:
            await session.close()
        self._sessions.clear()

    def _open(self) -> aiohttp.ClientSession:
        """Connections are kept while the authorities stay: a ConfigMap that is changed works without a restart."""
        trusted = self.storage.authorities()
        if self._sessions and trusted == self._trusted:
            return self._sessions[-1]
        self._trusted = trusted
        redirects = aiohttp.TraceConfig()
        redirects.on_request_redirect.append(self._refuse_downgrade)
        self._sessions.append(
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=tls_context(self.storage, trusted)),
                timeout=self._timeout,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "tfs-operator", "Accept-Encoding": "identity"},
                read_bufsize=_BUFFERED,
                requote_redirect_url=False,
                trust_env=True,
                trace_configs=[redirects],
            )
        )
        return self._sessions[-1]

    async def _small_body(self, answer: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        while data := await answer.content.read(CHUNK):
            body += data
            if len(body) > _BODY_MAX:
                raise ListingRefused(f"{self.uri}: {answer.url.authority} answers with more than {_BODY_MAX} bytes")
        return bytes(body)

    def _address(self, text: str) -> URL:
        """What is encoded already stays as it is: a signature may cover it. Raises FetchError: a server may have named
        it."""
        try:
            return URL(text, encoded="%" in text)
        except ValueError:
            raise self._led_astray() from None

    def _led_astray(self) -> FetchError:
        return FetchError(Reason.STORE_ERROR, f"{self.uri}: leads to an address that is none", retry=False)

    async def _refuse_downgrade(
        self, _: aiohttp.ClientSession, __: object, redirect: aiohttp.TraceRequestRedirectParams
    ) -> None:
        """Before the request goes out: it may have a signature in its URL."""
        answer = redirect.response
        try:
            target = answer.url.join(URL(answer.headers.get("Location") or answer.headers.get("URI") or ""))
        except ValueError:
            raise self._led_astray() from None
        if answer.url.scheme == "https" and target.scheme != "https":
            message = f"{self.uri}: redirects from https to {target.scheme}, to {target.authority}"
            raise FetchError(Reason.STORE_ERROR, message, retry=False)


def tls_context(storage: StoreAccess, authorities: bytes | None) -> ssl.SSLContext:
    """Trusts the system's authorities, and those of the ConfigMap besides. Raises FetchError(CREDENTIALS_MISSING)."""
    context = ssl.create_default_context()
    # Newer Pythons refuse authorities that lack optional extensions, as many of companies do; other clients take them.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not context.cert_store_stats()["x509_ca"]:
        context.load_verify_locations(cafile=certifi.where())  # A small image has no authorities of its own.
    if authorities is None:
        return context
    try:
        context.load_verify_locations(cadata=authorities.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        name = f"ConfigMap {storage.ca_name}" if storage.ca_name else "the ConfigMap of storage.caBundle"
        message = f"{name}: has no certificate in PEM form"
        raise FetchError(Reason.CREDENTIALS_MISSING, message, retry=False) from None
    return context
