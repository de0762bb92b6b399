"""Logs in to a registry: https://distribution.github.io/distribution/spec/auth/token/."""

import base64
import binascii
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.foreign_json import NotJson, decode
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.http.client import HttpClient
from tfs_operator.fetcher.http.errors import Unauthorized

SECRET_KEY = ".dockerconfigjson"
DOCKER_HUB = "docker.io"
_CHALLENGE_LETTERS = 4096
_TOKEN = re.compile("[!-~]{1,65536}")
_DOCKER_HUB_NAMES = ("https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io")


class RegistryAuth:
    """Finds the Authorization header of one registry, once the registry asks for it."""

    def __init__(self, web: HttpClient, host: str, *, is_plain: bool) -> None:
        self._web = web
        self._host = host
        self._is_plain = is_plain
        self.headers: Mapping[str, str] = {}

    async def answer(self, problem: Unauthorized, used: Mapping[str, str]) -> None:
        """Sets `headers` to what the registry asked for when it refused those that were `used`. Raises FetchError where
        it asks for a login and there is none."""
        if used is not self.headers:
            return  # Another request has answered meanwhile.
        scheme, _, rest = problem.challenge.partition(" ")
        basic = docker_login(self._web.storage, self._host)
        if scheme.lower() == "bearer":
            self.headers = {"Authorization": f"Bearer {await self._token(rest, basic)}"}
        elif scheme.lower() == "basic" and basic:
            self.headers = {"Authorization": f"Basic {basic}"}
        else:
            raise problem

    async def _token(self, challenge: str, basic: str | None) -> str:
        """From the place that the registry names; without a login it may give one that reads what is public."""
        context = dict(re.findall(r'(?:^|[ ,])(\w+)="([^"]*)"', challenge[:_CHALLENGE_LETTERS]))
        realm = context.get("realm", "")
        schemes = ("https", "http") if self._is_plain else ("https",)
        if realm.partition("://")[0].lower() not in schemes:
            message = f"{self._web.uri}: {self._host} wants the login sent to an address that is not https"
            raise FetchError(Reason.STORE_ERROR, message, retry=False)
        query = urlencode({key: context[key] for key in ("service", "scope") if key in context})
        headers = {"Authorization": f"Basic {basic}"} if basic else {}
        page = await self._web.read(f"{realm}{'&' if '?' in realm else '?'}{query}", headers)
        token = _token_of(page.body)
        if token is None:
            raise FetchError(Reason.STORE_ERROR, f"{self._web.uri}: {self._host} gives no token")
        return token


def _token_of(body: bytes) -> str | None:
    """A text that can stand in a header."""
    try:
        said = decode(body)
        token = said.get("token") or said["access_token"]
    except (NotJson, KeyError, AttributeError):
        return None
    return token if isinstance(token, str) and _TOKEN.fullmatch(token) else None


def docker_login(storage: StoreAccess, host: str) -> str | None:
    """Returns user and password for a Basic header, from the Secret (kubernetes.io/dockerconfigjson); None without a
    Secret. Raises FetchError(CREDENTIALS_MISSING) for a Secret that has nothing for this registry."""
    if storage.credentials is None or storage.anonymous:
        return None
    text = storage.secret_value(SECRET_KEY)
    if text is None:
        raise storage.credentials_missing(f"is missing, or has no key {SECRET_KEY}")
    try:
        entries = decode(text.encode())["auths"]
        names = [host, f"https://{host}", f"https://{host}/", f"https://{host}/v1/", f"https://{host}/v2/"]
        names += _DOCKER_HUB_NAMES if host == DOCKER_HUB else ()
        entry = next((entries[name] for name in names if name in entries), None)
        login = None if entry is None else _login(entry)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise storage.credentials_missing(f"key {SECRET_KEY} is no Docker configuration") from None
    if login is None:
        raise storage.credentials_missing(f"key {SECRET_KEY} has no user and password for {host}")
    return login


def _login(entry: Mapping[str, str]) -> str | None:
    if entry.get("auth"):
        base64.b64decode(entry["auth"], validate=True)
        return entry["auth"]
    if entry.get("username") and entry.get("password"):
        return base64.b64encode(f"{entry['username']}:{entry['password']}".encode()).decode()
    return None
