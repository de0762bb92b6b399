"""The tests' own plain way to the API server."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tfs_operator.cluster.kinds import RESOURCES

Manifest = dict[str, Any]


class Refused(Exception):
    """The API server said no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Api:
    """Requests as one user; JSON in, JSON out."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        self._server = config["clusters"][0]["cluster"]["server"]
        self._token = config["users"][0]["user"]["token"]
        self._tls = ssl.create_default_context()
        self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE

    def request(
        self,
        method: str,
        path: str,
        body: Manifest | Sequence[Manifest] | None = None,
        content_type: str = "application/json",
    ) -> Manifest:
        """Raises Refused."""
        request = urllib.request.Request(
            self._server + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": content_type},
        )
        try:
            with urllib.request.urlopen(request, timeout=30, context=self._tls) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, json.loads(error.read() or b"{}").get("message", "")) from None

    def create(self, manifest: Manifest, query: str = "") -> Manifest:
        path = RESOURCES[manifest["kind"]].path(manifest["metadata"]["namespace"])
        return self.request("POST", path + query, manifest)

    def get(self, kind: str, namespace: str, name: str) -> Manifest | None:
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
        path = RESOURCES[kind].path(namespace, name, subresource)
        return self.request("PATCH", path, body, "application/merge-patch+json")

    def delete(self, kind: str, namespace: str, name: str) -> None:
        self.request("DELETE", RESOURCES[kind].path(namespace, name))

    def create_namespace(self, name: str) -> None:
        self.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
