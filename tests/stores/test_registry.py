"""The OCI registry as the tests use it, and what is pushed to it."""

import json
import tarfile
import urllib.error
import urllib.request
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from testing.stores.proxy import faults_before
from testing.stores.registry import INDEX, MANIFEST, TITLE, Layer, Registry, file_layer, tar_layer
from testing.stores.traffic import Kind


def _manifest(registry: Registry, repository: str, reference: str) -> dict[str, Any]:
    path = f"/v2/{repository}/manifests/{reference}"
    parsed: dict[str, Any] = json.loads(registry.request("GET", path, headers={"Accept": f"{MANIFEST}, {INDEX}"}))
    return parsed


def _blob(registry: Registry, repository: str, descriptor: dict[str, Any]) -> bytes:
    return registry.request("GET", f"/v2/{repository}/blobs/{descriptor['digest']}")


def test_layers_are_what_was_pushed(registry: Registry) -> None:
    layers = [tar_layer({"1/saved_model.pb": b"graph"}), tar_layer({"2/x": b"x"}, compressed=False)]
    digest = registry.push("models/mnist", "latest", [*layers, file_layer("README.md", b"hello")])
    manifest = _manifest(registry, "models/mnist", digest)
    assert manifest == _manifest(registry, "models/mnist", "latest")
    assert [_blob(registry, "models/mnist", said) for said in manifest["layers"][:2]] == [it.content for it in layers]
    assert manifest["layers"][2]["annotations"] == {TITLE: "README.md"}
    with tarfile.open(fileobj=BytesIO(layers[0].content)) as archive:
        assert archive.getnames() == ["1/saved_model.pb"]


def test_an_index_names_platforms(registry: Registry) -> None:
    amd = registry.push("models/two", "amd", [file_layer("a", b"amd")])
    arm = registry.push("models/two", "arm", [file_layer("a", b"arm")])
    registry.push_index("models/two", "both", {"linux/arm64": arm, "linux/amd64": amd})
    listed = _manifest(registry, "models/two", "both")["manifests"]
    assert {entry["platform"]["architecture"]: entry["digest"] for entry in listed} == {"arm64": arm, "amd64": amd}


def test_oras_pushes_folders_and_files_with_titles(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1/saved_model.pb").write_bytes(b"graph")
    (tmp_path / "notes.txt").write_bytes(b"notes")
    registry.push_with_oras("models/oras:1", tmp_path / "1", tmp_path / "notes.txt")
    folder, file = _manifest(registry, "models/oras", "1")["layers"]
    assert (folder["annotations"][TITLE], file["annotations"][TITLE]) == ("1", "notes.txt")
    assert _blob(registry, "models/oras", file) == b"notes"
    with tarfile.open(fileobj=BytesIO(_blob(registry, "models/oras", folder))) as archive:
        assert "1/saved_model.pb" in archive.getnames()


def test_a_password_is_asked_for(private_registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    private_registry.push_with_oras("models/private:1", tmp_path / "file")
    assert _manifest(private_registry, "models/private", "1")["layers"]
    url = f"{private_registry.url}/v2/models/private/manifests/1"
    with pytest.raises(urllib.error.HTTPError, match="401") as raised:
        urllib.request.urlopen(url, timeout=60)
    with raised.value as error:
        assert error.headers["WWW-Authenticate"] == 'Basic realm="test"'


def test_a_token_server_opens_one_repository(token_registry: Registry) -> None:
    digest = token_registry.push("models/private", "1", [file_layer("a", b"content")])
    url = f"{token_registry.url}/v2/models/private/manifests/{digest}"
    with pytest.raises(urllib.error.HTTPError, match="401") as raised:
        urllib.request.urlopen(url, timeout=60)
    with raised.value as error:
        challenge = (
            f'Bearer realm="{token_registry.realm}",service="test-registry",scope="repository:models/private:pull"'
        )
        assert error.headers["WWW-Authenticate"] == challenge
    assert _status(url, token_registry.token("repository:models/private:pull")) == 200
    assert _status(url, token_registry.token("repository:models/another:pull")) == 401
    with pytest.raises(urllib.error.HTTPError, match="401") as raised:
        urllib.request.urlopen(token_registry.realm, timeout=60)
    raised.value.close()


def _status(url: str, token: str) -> int:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}", "Accept": MANIFEST})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_blobs_know_ranges_and_pass_a_proxy(registry: Registry) -> None:
    layer = Layer("application/octet-stream", b"0123456789")
    registry.push("models/range", "1", [layer])
    with faults_before(registry.url) as proxy:
        path = f"/v2/models/range/blobs/{layer.digest}"
        assert registry.behind(proxy.url).request("GET", path, headers={"Range": "bytes=2-4"}) == b"234"
        assert proxy.faults.count(Kind.GET) == 1
