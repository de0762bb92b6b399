"""The hub, asked by huggingface_hub itself."""

import hashlib
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import RepoFile

from testing.stores.hub import LFS_SIZE, HubServer
from testing.stores.proxy import faults_before
from testing.stores.traffic import Kind

BIG = bytes(range(256)) * 400
FILES = {"README.md": b"hello", "mnist/1/saved_model.pb": b"small", "mnist/1/variables/data": BIG, "mnist/2/x": b"x"}


def _api(hub: HubServer, token: str | bool = False) -> HfApi:
    return HfApi(endpoint=hub.url, token=token)


def test_a_listing_has_sizes_and_checksums(hub: HubServer) -> None:
    commit = hub.publish("org/models", FILES)
    api = _api(hub)
    assert api.model_info("org/models").sha == commit
    listed = list(api.list_repo_tree("org/models", "mnist", recursive=True, revision=commit))
    files = {entry.path: entry for entry in listed if isinstance(entry, RepoFile)}
    assert list(files) == ["mnist/1/saved_model.pb", "mnist/1/variables/data", "mnist/2/x"]
    lfs = files["mnist/1/variables/data"].lfs
    assert lfs is not None
    assert (lfs.sha256, lfs.size) == (hashlib.sha256(BIG).hexdigest(), len(BIG))
    assert files["mnist/2/x"].lfs is None


def test_a_long_listing_comes_in_pages(hub: HubServer) -> None:
    hub.page_size = 2
    hub.publish("org/models", FILES)
    assert len(list(_api(hub).list_repo_tree("org/models", recursive=True))) == 8


@pytest.mark.parametrize("path", ["mnist/1/saved_model.pb", "mnist/1/variables/data"])
def test_files_are_downloaded_as_they_were_at_a_commit(hub: HubServer, tmp_path: Path, path: str) -> None:
    commit = hub.publish("org/models", FILES)
    hub.publish("org/models", dict.fromkeys(FILES, b"newer"))
    got = _api(hub).hf_hub_download("org/models", path, revision=commit, local_dir=tmp_path, cache_dir=tmp_path / "c")
    assert Path(got).read_bytes() == FILES[path]


def test_the_token_goes_to_the_hub_and_not_to_where_it_sends_one(hub: HubServer, tmp_path: Path) -> None:
    hub.token = "hf_secret"
    hub.publish("org/models", FILES)
    _api(hub, "hf_secret").hf_hub_download("org/models", "mnist/1/variables/data", local_dir=tmp_path)
    shown = {"/-/" in request.path: request.authorization for request in hub.requests()}
    assert shown == {False: "Bearer hf_secret", True: ""}


def test_refusals_are_those_of_the_hub(hub: HubServer) -> None:
    hub.publish("org/models", FILES)
    with pytest.raises(RepositoryNotFoundError):
        _api(hub).model_info("org/nothing")
    with pytest.raises(RevisionNotFoundError):
        _api(hub).model_info("org/models", revision="v9")
    with pytest.raises(EntryNotFoundError):
        list(_api(hub).list_repo_tree("org/models", "no/such/folder"))
    hub.token = "hf_secret"
    with pytest.raises(RepositoryNotFoundError, match="401"):
        _api(hub).model_info("org/models")
    with pytest.raises(HfHubHTTPError, match="Invalid credentials"):
        _api(hub, "hf_wrong").model_info("org/models")


def test_content_comes_through_a_proxy_too(hub: HubServer, tmp_path: Path) -> None:
    assert len(BIG) > LFS_SIZE
    hub.publish("org/models", FILES)
    with faults_before(hub.url) as proxy:
        api = HfApi(endpoint=proxy.url, token=False)
        api.hf_hub_download("org/models", "mnist/1/variables/data", local_dir=tmp_path)
        assert proxy.faults.count(Kind.GET, "/-/lfs/") == 1
