"""Images and artifacts in a real registry, also such as oras-py pushes."""

import base64
import json
from pathlib import Path

import pytest

from testing.models.packing import ONE, TWO, below
from testing.stores.certificates import Certificates
from testing.stores.proxy import faults_before
from testing.stores.registry import Registry, file_layer, tar_layer
from tests.integration.fetcher.arriving import arriving
from tests.integration.fetcher.places import mounted
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.store_access import StoreAccess


def uri(registry: Registry, reference: str) -> str:
    return f"oci://{registry.host}/{reference}"


async def test_a_folder_that_oras_pushed(registry: Registry, tmp_path: Path) -> None:
    for path, data in below("pushed/1", ONE).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    registry.push_with_oras("pushed/oras:1", tmp_path / "pushed" / "1")
    async with arriving(uri(registry, "pushed/oras:1"), StoreAccess(endpoint=registry.url), tmp_path) as model:
        assert await model.fetched(1) == ONE


async def test_an_image_of_two_layers_and_an_artifact_of_files(registry: Registry, tmp_path: Path) -> None:
    registry.push("image/models", "v1", [tar_layer({"bin/sh": b""}), tar_layer(below("models", TWO), compressed=False)])
    registry.push("artifact", "v1", [file_layer(path, data) for path, data in TWO.items()])
    for reference in ("image/models:v1", "artifact:v1"):
        folder = tmp_path / reference.partition("/")[0]
        folder.mkdir()
        async with arriving(uri(registry, reference), StoreAccess(endpoint=registry.url), folder) as model:
            assert list(await model.source.versions()) == [1, 2]
            assert await model.fetched(1) == ONE


async def test_an_index_and_a_digest(registry: Registry, tmp_path: Path) -> None:
    image = registry.push("multi", "one", [tar_layer(below("1", ONE))])
    index = registry.push_index("multi", "v1", {"linux/arm64": image, "linux/amd64": image})
    for reference in ("multi:v1", f"multi@{index}", f"multi@{image}"):
        async with arriving(uri(registry, reference), StoreAccess(endpoint=registry.url), tmp_path) as model:
            assert await model.fetched(1) == ONE


async def test_a_tag_that_moves(registry: Registry, tmp_path: Path) -> None:
    registry.push("moving", "v1", [tar_layer(below("1", ONE))])
    async with arriving(uri(registry, "moving:v1"), StoreAccess(endpoint=registry.url), tmp_path) as model:
        assert list(await model.source.versions()) == [1]
        registry.push("moving", "v1", [tar_layer(TWO)])
        assert list(await model.source.versions()) == [1, 2]


@pytest.mark.parametrize("reference", ["none:v1", "artifact-there:none"])
async def test_what_is_not_there_is_said(reference: str, registry: Registry, tmp_path: Path) -> None:
    registry.push("artifact-there", "v1", [tar_layer(below("1", ONE))])
    async with arriving(uri(registry, reference), StoreAccess(endpoint=registry.url), tmp_path) as model:
        with pytest.raises(FetchError, match="UNKNOWN") as caught:
            await model.source.versions()
        assert caught.value.reason is Reason.STORE_NOT_FOUND


async def test_a_password(private_registry: Registry, tmp_path: Path) -> None:
    private_registry.push("private", "v1", [tar_layer(below("1", ONE))])
    secret = mounted(tmp_path / "secret", private_registry.secret)
    storage = StoreAccess(endpoint=private_registry.url, credentials=secret, secret_name="login")
    async with arriving(uri(private_registry, "private:v1"), storage, tmp_path) as model:
        assert await model.fetched(1) == ONE


async def test_a_token(token_registry: Registry, tmp_path: Path) -> None:
    token_registry.push("private", "v1", [tar_layer(below("1", ONE))])
    secret = mounted(tmp_path / "secret", token_registry.secret)
    storage = StoreAccess(endpoint=token_registry.url, credentials=secret, secret_name="login")
    async with arriving(uri(token_registry, "private:v1"), storage, tmp_path) as model:
        assert await model.fetched(1) == ONE
    async with arriving(uri(token_registry, "private:v1"), StoreAccess(endpoint=token_registry.url), tmp_path) as model:
        with pytest.raises(FetchError, match="name a Secret") as caught:
            await model.source.versions()
        assert caught.value.reason is Reason.ACCESS_DENIED


async def test_no_password_or_a_wrong_one(private_registry: Registry, tmp_path: Path) -> None:
    wrong = {"auths": {private_registry.host: {"auth": base64.b64encode(b"me:wr0ng").decode()}}}
    secret = mounted(tmp_path / "secret", {".dockerconfigjson": json.dumps(wrong)})
    anyone = StoreAccess(endpoint=private_registry.url)
    somebody = StoreAccess(endpoint=private_registry.url, credentials=secret, secret_name="login")
    for storage, words in ((anyone, "name a Secret"), (somebody, "check the credentials in Secret login")):
        async with arriving(uri(private_registry, "private:v1"), storage, tmp_path) as model:
            with pytest.raises(FetchError, match=words) as caught:
                await model.source.versions()
            assert caught.value.reason is Reason.ACCESS_DENIED
            assert "wr0ng" not in caught.value.message


async def test_https_with_an_authority_of_ones_own_and_cut_connections(
    registry: Registry, certificates: Certificates, tmp_path: Path
) -> None:
    registry.push("cut", "v1", [tar_layer(below("1", ONE))])
    with faults_before(registry.url, tls=certificates.for_server()) as proxy:
        proxy.faults.cut(100_000, times=2, path="/blobs/")
        host = proxy.url.removeprefix("https://")
        storage = StoreAccess(ca_bundle=certificates.authority)
        async with arriving(f"oci://{host}/cut:v1", storage, tmp_path) as model:
            assert await model.fetched(1) == ONE
        assert not proxy.faults.pending
