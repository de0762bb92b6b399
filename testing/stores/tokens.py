"""A token server, as public registries have beside them: it takes a login and gives a token for one repository.

https://distribution.github.io/distribution/spec/auth/token/
"""

import base64
import json
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from testing.stores.certificates import Certificates
from testing.stores.served import serving

SERVICE = "test-registry"
ISSUER = "test-issuer"
LIFE_SECONDS = 60


@dataclass(frozen=True)
class TokenServer:
    """Gives tokens to who shows `login`, signed so that a registry believes them that trusts the authority."""

    certificates: Certificates
    login: str
    """The value of a Basic Authorization header, without `Basic`."""

    async def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/token", self._token)
        return app

    async def _token(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Basic {self.login}":
            return web.Response(status=401, text="login needed")
        scopes = [_access(scope) for scope in request.query.getall("scope", [])]
        token = signed(self.certificates, claims(request.query.get("service", ""), scopes))
        return web.json_response({"token": token, "expires_in": LIFE_SECONDS})


def _access(scope: str) -> dict[str, Any]:
    """`repository:models/mnist:pull,push` in parts."""
    kind, _, rest = scope.partition(":")
    name, _, actions = rest.rpartition(":")
    return {"type": kind, "name": name, "actions": actions.split(",")}


def claims(service: str, access: list[dict[str, Any]]) -> dict[str, Any]:
    now = int(time.time())
    times = {"iat": now, "nbf": now - 1, "exp": now + LIFE_SECONDS}
    return {"iss": ISSUER, "sub": "test", "aud": service, "jti": uuid.uuid4().hex, "access": access, **times}


def signed(certificates: Certificates, content: dict[str, Any]) -> str:
    """A JSON Web Token with the server's certificate in it."""
    certificate = "".join(certificates.server.read_text().split("-----")[2].split())
    head = {"alg": "RS256", "typ": "JWT", "x5c": [certificate]}
    text = f"{_encoded(json.dumps(head).encode())}.{_encoded(json.dumps(content).encode())}"
    command = ["openssl", "dgst", "-sha256", "-sign", str(certificates.server_key)]
    result = subprocess.run(command, input=text.encode(), capture_output=True, check=True, timeout=30)
    return f"{text}.{_encoded(result.stdout)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@contextmanager
def running_tokens(certificates: Certificates, login: str) -> Iterator[str]:
    """Yields the realm, the URL that a registry sends its clients to."""
    with serving(TokenServer(certificates, login).application) as url:
        yield f"{url}/token"
