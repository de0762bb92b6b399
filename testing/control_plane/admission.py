"""Rules of a cluster that refuse objects: a quota, an admission policy, a webhook."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from testing.api_client import Api, Manifest, Refused
from testing.stores.certificates import make_certificates
from testing.waiting import eventually

REGISTRATION = "/apis/admissionregistration.k8s.io/v1"
PROBE = {"apiVersion": "v1", "metadata": {"name": "probe"}}


def only_in(namespace: str) -> Manifest:
    return {"matchLabels": {"kubernetes.io/metadata.name": namespace}}


def set_quota(api: Api, namespace: str, **hard: str) -> None:
    """Its status by hand: there is no controller here that would see to it."""
    path = f"/api/v1/namespaces/{namespace}/resourcequotas"
    limits = {name.replace("_", "/"): amount for name, amount in hard.items()}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "team"}, "spec": {"hard": limits}}
    try:
        api.request("POST", path, quota)
    except Refused:
        api.request("PATCH", f"{path}/team", {"spec": {"hard": limits}}, "application/merge-patch+json")
    status = {"status": {"hard": limits, "used": dict.fromkeys(limits, "0")}}
    api.request("PATCH", f"{path}/team/status", status, "application/merge-patch+json")


@contextmanager
def policy_denies(api: Api, namespace: str, group: str, plural: str, message: str) -> Iterator[None]:
    """A ValidatingAdmissionPolicy against one kind of objects in one namespace, until the end of the block."""
    name = f"no-{plural}-{namespace}"
    rule = {"apiGroups": [group], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": [plural]}
    matched = {"resourceRules": [rule], "namespaceSelector": only_in(namespace)}
    policy = {
        "metadata": {"name": name},
        "spec": {"matchConstraints": matched, "validations": [{"expression": "false", "message": message}]},
    }
    binding = {"metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"]}}
    api.request("POST", f"{REGISTRATION}/validatingadmissionpolicies", policy)
    api.request("POST", f"{REGISTRATION}/validatingadmissionpolicybindings", binding)
    try:
        eventually(lambda: refuses(api, namespace, group, plural))
        yield
    finally:
        api.request("DELETE", f"{REGISTRATION}/validatingadmissionpolicybindings/{name}")
        api.request("DELETE", f"{REGISTRATION}/validatingadmissionpolicies/{name}")
        eventually(lambda: not refuses(api, namespace, group, plural))


_BODIES: dict[str, Manifest] = {
    "services": {"spec": {"ports": [{"port": 80}]}},
    "deployments": {
        "spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "c", "image": "example/other:1"}]},
            },
        }
    },
}


def refuses(api: Api, namespace: str, group: str, plural: str) -> bool:
    """Whether the API server has heard of the rule by now, which takes it a moment."""
    prefix = f"/apis/{group}/v1" if group else "/api/v1"
    probe = {"metadata": {"name": "probe"}, **_BODIES[plural]}
    try:
        api.request("POST", f"{prefix}/namespaces/{namespace}/{plural}?dryRun=All", probe)
    except Refused as refusal:
        return refusal.status in (400, 403, 422, 500)
    return False


class Webhook:
    """An HTTPS server that denies whatever it is asked."""

    def __init__(self, folder: Path, message: str) -> None:
        certificates = make_certificates(folder)
        self.authority = base64.b64encode(certificates.authority.read_bytes()).decode()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _denying(message))
        self._server.socket = certificates.for_server().wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Nobody answers from now on."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def _denying(message: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # HTTP/1.0: no connection is kept that would outlive the server.
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = {"uid": review["request"]["uid"], "allowed": False, "status": {"message": message}}
            body = json.dumps({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": answer}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """pytest shows what fails."""

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (OSError, ssl.SSLError):
                self.close_connection = True

    return Handler


@contextmanager
def webhook_denies(api: Api, namespace: str, plural: str, webhook: Webhook) -> Iterator[None]:
    """A ValidatingWebhookConfiguration against one kind of core objects in one namespace."""
    name = f"no-{plural}-{namespace}"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": [plural]}
    hook = {
        "name": "rules.example.com",
        "clientConfig": {"url": webhook.url, "caBundle": webhook.authority},
        "rules": [rule],
        "namespaceSelector": only_in(namespace),
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "timeoutSeconds": 2,
        "admissionReviewVersions": ["v1"],
    }
    path = f"{REGISTRATION}/validatingwebhookconfigurations"
    api.request("POST", path, {"metadata": {"name": name}, "webhooks": [hook]})
    try:
        eventually(lambda: refuses(api, namespace, "", plural))
        yield
    finally:
        api.request("DELETE", f"{path}/{name}")
        eventually(lambda: not refuses(api, namespace, "", plural))
