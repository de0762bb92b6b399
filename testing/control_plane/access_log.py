"""What the API server asks its authorizers, one question for each thing that somebody needs a right for.

The audit log has requests, and a request may need more than its own verb: a server-side apply of an object that is
not there yet needs `create` beside `patch`. So a webhook stands before RBAC, notes every question down, and has no
opinion: RBAC decides.
"""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml


class Right(NamedTuple):
    """One entry of a role, spread out. The resource has its subresource: `tfmodels/status`."""

    group: str
    resource: str
    verb: str


class AccessLog:
    """Who was asked about, and for what."""

    def __init__(self, url: str, folder: Path) -> None:
        self._asked: set[tuple[str, str, Right]] = set()
        self._config = folder / "authorization-webhook.kubeconfig"
        self._config.write_text(yaml.safe_dump(_kubeconfig(url)))

    @property
    def flags(self) -> tuple[str, ...]:
        """For kube-apiserver."""
        return (
            "--authorization-mode=Webhook,RBAC",
            f"--authorization-webhook-config-file={self._config}",
            "--authorization-webhook-version=v1",
        )

    def note(self, review: dict[str, Any]) -> None:
        """Remembers a SubjectAccessReview; what is asked of paths such as /api is discovery, open to everybody."""
        spec = review["spec"]
        if resource := spec.get("resourceAttributes"):
            name = "/".join(filter(None, (resource["resource"], resource.get("subresource"))))
            right = Right(resource.get("group", ""), name, resource["verb"])
            self._asked.add((spec["user"], resource.get("namespace", ""), right))

    def needed_by(self, user: str, namespace: str | None = None) -> set[Right]:
        """In one namespace, or anywhere; `""` is what concerns no namespace, or all of them."""
        asked = set(self._asked)
        return {right for who, where, right in asked if who == user and namespace in (None, where)}


@contextmanager
def access_log(folder: Path) -> Iterator[AccessLog]:
    """Answers until the end of the block."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            log.note(review)
            body = json.dumps({**review, "status": {"allowed": False}}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        log = AccessLog(f"http://127.0.0.1:{server.server_address[1]}", folder)
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield log
        finally:
            server.shutdown()
            thread.join(10)


def _kubeconfig(url: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "log", "cluster": {"server": url}}],
        "contexts": [{"name": "log", "context": {"cluster": "log", "user": ""}}],
        "current-context": "log",
    }
