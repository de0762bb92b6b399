"""An OCI registry: CNCF distribution on a folder, for everybody, with a password, or with a token server."""

import base64
import gzip
import hashlib
import io
import json
import re
import tarfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from oras.client import OrasClient  # type: ignore[import-untyped] # ships no annotations

from testing.loopback import free_port
from testing.stores.certificates import Certificates
from testing.stores.process import binary, running
from testing.stores.tokens import ISSUER, SERVICE, running_tokens

USERNAME = "test-user"
PASSWORD = "test-password"
# The registry knows bcrypt only, which Python does not have: PASSWORD at the lowest cost.
_HTPASSWD = f"{USERNAME}:$2a$04$twgmsz7Mmo0XDo8LzKzJu.x87RK0XLpKF43Yir3DDct5jFA21kfru\n"

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
TAR = "application/vnd.oci.image.layer.v1.tar"
TAR_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
TITLE = "org.opencontainers.image.title"


@dataclass(frozen=True)
class Layer:
    """One blob of a manifest, and what the manifest says about it."""

    media_type: str
    content: bytes
    annotations: Mapping[str, str] | None = None

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"

    def descriptor(self) -> dict[str, Any]:
        said = {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content)}
        return said | ({"annotations": dict(self.annotations)} if self.annotations else {})


@dataclass(frozen=True)
class Registry:
    """A running one; `url` may be that of a proxy in front of it."""

    url: str
    needs_password: bool = False
    realm: str = ""
    """URL of the token server that it sends its clients to, where it has one: there, the password is needed."""

    @property
    def host(self) -> str:
        """host:port, as in a reference."""
        return urllib.parse.urlsplit(self.url).netloc

    @property
    def secret(self) -> dict[str, str]:
        """What a Kubernetes Secret of type kubernetes.io/dockerconfigjson has."""
        entry = {"username": USERNAME, "password": PASSWORD, "auth": login()}
        return {".dockerconfigjson": json.dumps({"auths": {self.host: entry}})}

    def behind(self, url: str) -> "Registry":
        """The same one, reached through a proxy at `url`."""
        return replace(self, url=url)

    def push(self, repository: str, tag: str, layers: Sequence[Layer], *, config: Layer | None = None) -> str:
        """An image, or an artifact, of exactly these layers. Returns the manifest's digest."""
        config = config or Layer(CONFIG, b"{}")
        for blob in (config, *layers):
            self._upload(repository, blob)
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config.descriptor()}
        return self._put_manifest(repository, tag, manifest | {"layers": [layer.descriptor() for layer in layers]})

    def push_index(self, repository: str, tag: str, manifests: Mapping[str, str]) -> str:
        """An index of manifests that were pushed before, by platform, such as linux/amd64. Returns its digest."""
        entries = [self._entry(repository, platform, digest) for platform, digest in manifests.items()]
        return self._put_manifest(repository, tag, {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})

    def push_with_oras(self, reference: str, *paths: Path) -> None:
        """As `oras push` does: each file as a layer with its name for a title, each folder as a tar+gzip likewise.
        `reference` is without the registry, such as models/mnist:1."""
        # Each of its back-ends knows one challenge: "token" takes the realm of a Basic one for a URL.
        backend = "token" if self.realm else "basic"
        client = OrasClient(hostname=self.host, insecure=True, tls_verify=False, auth_backend=backend)
        if self.needs_password or self.realm:
            client.auth.set_basic_auth(USERNAME, PASSWORD)
        files = [str(path) for path in paths]
        client.push(f"{self.host}/{reference}", files=files, disable_path_validation=True, quiet=True)

    def _entry(self, repository: str, platform: str, digest: str) -> dict[str, Any]:
        system, architecture = platform.split("/")
        size = len(self.request("GET", f"/v2/{repository}/manifests/{digest}", headers={"Accept": MANIFEST}))
        said = {"mediaType": MANIFEST, "digest": digest, "size": size}
        return said | {"platform": {"os": system, "architecture": architecture}}

    def _upload(self, repository: str, blob: Layer) -> None:
        begun = self._open("POST", f"{self.url}/v2/{repository}/blobs/uploads/")
        location = urllib.parse.urljoin(self.url, begun.headers["Location"])
        begun.close()
        query = urllib.parse.urlencode({"digest": blob.digest})
        joined = f"{location}{'&' if '?' in location else '?'}{query}"
        self._open("PUT", joined, blob.content, {"Content-Type": "application/octet-stream"}).close()

    def _put_manifest(self, repository: str, tag: str, manifest: dict[str, Any]) -> str:
        body = json.dumps(manifest).encode()
        self.request("PUT", f"/v2/{repository}/manifests/{tag}", body, {"Content-Type": manifest["mediaType"]})
        return f"sha256:{hashlib.sha256(body).hexdigest()}"

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """The body of the answer."""
        with self._open(method, self.url + path, body, headers) as answer:
            return bytes(answer.read())

    def _open(self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Any:
        request = urllib.request.Request(url, body, {**(headers or {}), **self._login(url)}, method=method)
        return urllib.request.urlopen(request, timeout=60)

    def _login(self, url: str) -> dict[str, str]:
        if self.realm:
            repository = re.sub(r"^/v2/(.*?)/(blobs|manifests)/.*$", r"\1", urllib.parse.urlsplit(url).path)
            return {"Authorization": f"Bearer {self.token(f'repository:{repository}:pull,push')}"}
        return {"Authorization": f"Basic {login()}"} if self.needs_password else {}

    def token(self, scope: str) -> str:
        """One of the token server's."""
        query = urllib.parse.urlencode({"service": SERVICE, "scope": scope})
        request = urllib.request.Request(f"{self.realm}?{query}", headers={"Authorization": f"Basic {login()}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(json.load(answer)["token"])


def login() -> str:
    """What follows `Basic` in a header."""
    return base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()


def tar_layer(files: Mapping[str, bytes], *, compressed: bool = True) -> Layer:
    """A layer of an image with these files, by path."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    if not compressed:
        return Layer(TAR, packed.getvalue())
    return Layer(TAR_GZIP, gzip.compress(packed.getvalue(), mtime=0))


def file_layer(title: str, content: bytes) -> Layer:
    """A layer that is one file of that name."""
    return Layer("application/octet-stream", content, {TITLE: title})


@contextmanager
def running_registry(folder: Path, *, needs_password: bool = False) -> Iterator[Registry]:
    """`folder` exists and is empty; it holds the blobs, the configuration and the log."""
    (folder / "htpasswd").write_text(_HTPASSWD)
    password = {"htpasswd": {"realm": "test", "path": str(folder / "htpasswd")}}
    with _running(folder, password if needs_password else {}) as url:
        yield Registry(url, needs_password)


@contextmanager
def running_token_registry(folder: Path, certificates: Certificates) -> Iterator[Registry]:
    """The like with a token server beside it, as public registries have."""
    with running_tokens(certificates, login()) as realm:
        token = {"realm": realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(certificates.authority)}
        with _running(folder, {"token": token}) as url:
            yield Registry(url, realm=realm)


@contextmanager
def _running(folder: Path, auth: dict[str, Any]) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    storage = {"filesystem": {"rootdirectory": str(folder / "blobs")}, "delete": {"enabled": True}}
    log = {"level": "warn", "accesslog": {"disabled": True}}
    config = {"version": 0.1, "log": log, "storage": storage, "http": {"addr": address}}
    (folder / "config.yaml").write_text(yaml.safe_dump(config | ({"auth": auth} if auth else {})))
    url = f"http://{address}"
    with running([binary("registry"), "serve", folder / "config.yaml"], f"{url}/v2/", folder / "registry.log"):
        yield url
