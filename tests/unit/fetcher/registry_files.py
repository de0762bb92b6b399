"""What a registry answers for images and artifacts, as files of a web server."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.unit.fetcher.web_server import WebServer

TAR_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
TAR = "application/vnd.oci.image.layer.v1.tar"
TITLE = "org.opencontainers.image.title"
UNPACK = "io.deis.oras.content.unpack"


@dataclass(frozen=True)
class Layer:
    kind: str
    data: bytes
    annotations: Mapping[str, str] = field(default_factory=dict)

    def descriptor(self) -> dict[str, object]:
        return {
            "mediaType": self.kind,
            "digest": digest(self.data),
            "size": len(self.data),
            "annotations": self.annotations,
        }


def titled(title: str, data: bytes, kind: str = TAR) -> Layer:
    return Layer(kind, data, {TITLE: title})


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def push(server: WebServer, repo: str, tag: str, *layers: Layer) -> str:
    """Returns the manifest's digest."""
    for layer in layers:
        server.files[blob(repo, layer)] = layer.data
    manifest = {"schemaVersion": 2, "layers": [layer.descriptor() for layer in layers]}
    return put_manifest(server, repo, tag, manifest)


def put_manifest(server: WebServer, repo: str, tag: str, manifest: Mapping[str, object]) -> str:
    body = json.dumps(manifest).encode()
    for name in (tag, digest(body)):
        path = f"/v2/{repo}/manifests/{name}"
        server.files[path] = body
        server.headers_of[path] = {"Docker-Content-Digest": digest(body), "Content-Type": "application/json"}
    return digest(body)


def blob(repo: str, layer: Layer) -> str:
    return f"/v2/{repo}/blobs/{digest(layer.data)}"
