"""Repositories of a hub: one commit at a time, every file checked, no token where it does not belong."""

import asyncio
import gzip
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import huggingface_hub
import pytest
from aiohttp import web
from huggingface_hub.utils import _detect_agent

from testing.models.packing import ONE, TWO, WEIGHTS, below, tree
from tests.unit.fetcher.hub_files import hub_files
from tests.unit.fetcher.site import ANYONE, Site, secret
from tests.unit.fetcher.web_server import WebServer
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError, ListingRefused
from tfs_operator.fetcher.core.progress import Progress
from tfs_operator.fetcher.core.source import Source
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.stores.huggingface import api, bounds
from tfs_operator.fetcher.stores.huggingface.store import HubUri, parse_hub_uri

FIRST, SECOND = "1" * 40, "2" * 40


@pytest.fixture(autouse=True)
def library_closed() -> Iterator[None]:
    """The library has one client for the whole process."""
    yield
    huggingface_hub.close_session()


def hub(site: Site, uri: str = "hf://org/repo", storage: StoreAccess = ANYONE) -> Source:
    return site.open(uri, replace(storage, endpoint=site.server.url))


URIS = [
    ("hf://org/repo", HubUri("org/repo", None, "")),
    ("hf://org/repo/", HubUri("org/repo", None, "")),
    ("hf://org/repo/a/b", HubUri("org/repo", None, "a/b")),
    ("hf://org/repo@v1.0/a", HubUri("org/repo", "v1.0", "a")),
    ("hf://org/repo@refs/pr/3/a", HubUri("org/repo", "refs/pr/3", "a")),
    ("hf://org/repo@feature%2Fx", HubUri("org/repo", "feature/x", "")),
]


@pytest.mark.parametrize(("uri", "expected"), URIS)
def test_a_uri_is_taken_apart(uri: str, expected: HubUri) -> None:
    assert parse_hub_uri(uri) == expected


@pytest.mark.parametrize(
    "uri", ["hf://org", "hf:///repo", "hf://org/repo@", "hf://org/repo/../x", "hf://org/repo/a//b"]
)
def test_a_uri_that_cannot_be_is_refused(uri: str) -> None:
    with pytest.raises(FetchError) as caught:
        parse_hub_uri(uri)
    assert caught.value.reason is Reason.INVALID_SPEC


async def test_versions_are_folders_and_arrive_whole(site: Site) -> None:
    site.server.files = hub_files("org/repo", FIRST, TWO)
    source = hub(site)
    assert await site.download(source, 1) == ONE
    assert await site.download(source, 2) == ONE | {"saved_model.pb": b"other"}


async def test_a_folder_of_a_revision(site: Site) -> None:
    files = below("models/a", TWO) | {"models/ab/7/saved_model.pb": b""}
    site.server.files = hub_files("org/repo", FIRST, files, revision="v1", path="models/a")
    source = hub(site, "hf://org/repo@v1/models/a")
    assert list(await source.versions()) == [1, 2]
    assert await site.download(source, 1) == ONE


async def test_a_repository_that_is_a_saved_model_is_version_1_without_what_lies_beside_it(site: Site) -> None:
    site.server.files = hub_files("org/repo", FIRST, ONE | {"README.md": b"#", "pytorch_model.bin": WEIGHTS})
    assert await site.download(hub(site), 1) == ONE


async def test_a_poll_is_one_request_while_the_commit_stays(site: Site) -> None:
    site.server.files = hub_files("org/repo", FIRST, TWO)
    source = hub(site)
    before = await source.versions()
    site.server.seen.clear()
    assert await source.versions() == before
    assert len(site.server.seen) == 1


async def test_a_new_commit_shows_new_versions_and_leaves_the_old_ones_equal(site: Site) -> None:
    site.server.files = hub_files("org/repo", FIRST, below("1", ONE))
    source = hub(site)
    before = await source.versions()
    site.server.files |= hub_files("org/repo", SECOND, TWO)
    after = await source.versions()
    assert after[1] == before[1]
    assert list(after) == [1, 2]


async def test_all_files_are_of_the_commit_that_was_listed(site: Site, tmp_path: Path) -> None:
    site.server.files = hub_files("org/repo", FIRST, below("1", ONE))
    source = hub(site)
    version = (await source.versions())[1]
    site.server.files |= hub_files("org/repo", SECOND, below("1", ONE | {"saved_model.pb": b"new"}))
    await source.download(version, tmp_path, Progress(0))
    assert tree(tmp_path) == ONE


@pytest.mark.parametrize("name", ["variables/variables.data", "saved_model.pb"])
async def test_large_files_and_small_ones_are_checked(name: str, site: Site) -> None:
    """The first by its SHA-256, the second as a git blob."""
    site.server.files = hub_files("org/repo", FIRST, below("1", ONE))
    right = site.server.files[f"/org/repo/resolve/{FIRST}/1/{name}"]
    site.server.files[f"/org/repo/resolve/{FIRST}/1/{name}"] = bytes(len(right))
    with pytest.raises(FetchError, match=f"{name} has the (SHA-256|git blob id)") as caught:
        await site.download(hub(site), 1)
    assert caught.value.reason is Reason.VERSION_CHANGED


async def test_a_cut_download_goes_on_where_it_was(site: Site) -> None:
    site.server.files = hub_files("org/repo", FIRST, below("1", ONE))
    source = hub(site)
    await source.versions()
    weights = f"/org/repo/resolve/{FIRST}/1/variables/variables.data"
    site.server.cuts[weights] = [200_000]
    assert await site.download(source, 1) == ONE
    assert site.resumed(weights)


async def test_the_token_is_sent_to_the_hub_and_to_nobody_else(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    site.server.files = hub_files("org/repo", FIRST, below("1", ONE))
    weights = f"/org/repo/resolve/{FIRST}/1/variables/variables.data"
    async with WebServer(files={"/cdn": WEIGHTS}).running() as elsewhere:
        site.server.redirects[weights] = f"{elsewhere.url}/cdn?Signature=a%2Bb"
        site.server.authorization = "Bearer hf_s3cr3t"
        source = hub(site, storage=secret(site.folder / "secret", HF_TOKEN="hf_s3cr3t\n"))
        assert await site.download(source, 1) == ONE
        assert elsewhere.seen
        assert all(request.headers.get("Authorization") is None for request in elsewhere.seen)
        assert elsewhere.seen[0].raw_path == "/cdn?Signature=a%2Bb"
    assert "s3cr3t" not in caplog.text


async def test_nobody_but_the_named_hub_is_asked(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library logs each connection that it tries. What it asks of huggingface.co it asks once a process."""
    monkeypatch.setattr(_detect_agent, "_registry", None)
    caplog.set_level(logging.DEBUG)
    site.server.files = hub_files("org/repo", FIRST, below("1", ONE))
    await hub(site).versions()
    assert "127.0.0.1" in caplog.text
    assert "huggingface.co" not in caplog.text


async def test_no_token_of_the_machine_is_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_machine")
    site.server.files = hub_files("org/repo", FIRST, below("1", ONE))
    await site.download(hub(site), 1)
    assert not any("Authorization" in request.headers for request in site.server.seen)


REFUSALS = [
    (401, Reason.ACCESS_DENIED, "name a Secret"),
    (403, Reason.ACCESS_DENIED, "name a Secret"),
    (404, Reason.STORE_NOT_FOUND, "check the URI"),
]


@pytest.mark.parametrize(("status", "reason", "words"), REFUSALS)
async def test_a_refusal_has_a_reason_and_the_hubs_own_words(
    status: int, reason: Reason, words: str, site: Site
) -> None:
    site.server.answers = [web.json_response({"error": "Repository not found"}, status=status)]
    with pytest.raises(FetchError, match=rf"hf://org/repo: .*\(Repository not found\).*{words}") as caught:
        await hub(site).versions()
    assert caught.value.reason is reason


async def test_something_else_than_a_hub_is_said(site: Site) -> None:
    site.server.files["/api/models/org/repo"] = b"<html>welcome</html>"
    with pytest.raises(FetchError, match="something else than the hub's API"):
        await hub(site).versions()


async def test_a_secret_without_a_token_is_named(site: Site) -> None:
    with pytest.raises(FetchError, match=r"Secret web: .*HF_TOKEN") as caught:
        await hub(site, storage=secret(site.folder / "secret")).versions()
    assert caught.value.reason is Reason.CREDENTIALS_MISSING


async def test_nobody_there_is_said(site: Site) -> None:
    source = site.open("hf://org/repo", StoreAccess(endpoint="http://127.0.0.1:9"))
    with pytest.raises(FetchError, match=r"no connection to 127.0.0.1:9 \(Connection refused\)") as caught:
        await source.versions()
    assert caught.value.reason is Reason.STORE_UNREACHABLE


TREE = f"/api/models/org/repo/tree/{FIRST}"


def info(sha: object) -> bytes:
    return json.dumps({"id": "org/repo", "sha": sha}).encode()


ENTRY = {"type": "file", "path": "1/a", "size": 1, "oid": "1" * 40}
NO_HUB = [
    (info(3), b"[]"),
    (info("../../x"), b"[]"),
    (info("a" * 200), b"[]"),
    (b"[" * 100_000, b"[]"),
    (b"[]", b"[]"),
    (b'{"id": 3, "sha": ' + b"9" * 5000 + b"}", b"[]"),
    (info(FIRST), b"[" * 100_000),
    (info(FIRST), b'{"a": 1}'),
    (info(FIRST), b"[3]"),
    *(
        (info(FIRST), json.dumps([ENTRY | wrong]).encode())
        for wrong in (
            {"path": 3},
            {"size": "1"},
            {"size": -1},
            {"size": 10**30},
            {"size": None},
            {"size": float("nan")},
            {"oid": 3},
            {"lfs": 3},
            {"lfs": {"oid": 3, "size": 1, "pointerSize": 1}},
        )
    ),
]


@pytest.mark.parametrize(("commit", "tree"), NO_HUB)
async def test_answers_that_no_hub_gives(commit: bytes, tree: bytes, site: Site) -> None:
    site.server.files = {"/api/models/org/repo": commit, TREE: tree}
    with pytest.raises(FetchError, match="answers with something else than the hub's API"):
        await hub(site).versions()


TOO_LONG = [
    b"[" + b" " * bounds.MAX_BYTES + b"]",
    b"[" + b"{}," * bounds.MAX_VALUES + b"{}]",
]


@pytest.mark.parametrize("body", TOO_LONG)
@pytest.mark.parametrize("path", ["/api/models/org/repo", TREE])
async def test_an_answer_has_a_bound(body: bytes, path: str, site: Site) -> None:
    site.server.files = {"/api/models/org/repo": info(FIRST), path: body}
    with pytest.raises(ListingRefused, match=r"hf://org/repo: 127.* answers with more than .* is it a hub"):
        await hub(site).versions()


async def test_a_compressed_answer_is_not_read(site: Site) -> None:
    """A few bytes may be any number of them."""
    site.server.files["/api/models/org/repo"] = gzip.compress(info(FIRST))
    site.server.headers["Content-Encoding"] = "gzip"
    with pytest.raises(FetchError, match="something else than the hub's API"):
        await hub(site).versions()
    assert site.server.seen[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("kind", ["file", "directory"])
async def test_a_repository_has_a_bound(kind: str, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MAX_FILES", 3)
    tree = [ENTRY | {"type": kind, "path": f"1/{number}"} for number in range(4)]
    site.server.files = {"/api/models/org/repo": info(FIRST), TREE: json.dumps(tree).encode()}
    with pytest.raises(ListingRefused, match="hf://org/repo: has more than 3 entries"):
        await hub(site).versions()


async def test_pages_that_never_end_are_left(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_CALL_SECONDS", 0.3)
    site.server.files = {"/api/models/org/repo": info(FIRST), TREE: b"[]"}
    site.server.headers_of[TREE] = {"Link": f'<{site.server.url}{TREE}>; rel="next"'}
    with pytest.raises(FetchError, match=r"no answer from 127.* in time"):
        await hub(site).versions()
    asked = len(site.server.seen)
    await asyncio.sleep(0.2)
    assert len(site.server.seen) == asked


def test_a_hub_of_https_leads_to_https_only() -> None:
    [begin] = bounds.hooks(tls=True)["request"]
    begin(httpx2.Request("GET", "https://hub/api"))
    with pytest.raises(bounds.Downgraded):
        begin(httpx2.Request("GET", "http://hub/api"))
    [plain] = bounds.hooks(tls=False)["request"]
    plain(httpx2.Request("GET", "http://hub/api"))


async def test_a_refusal_in_deep_json_is_said(site: Site) -> None:
    site.server.answers = [web.Response(status=403, body=b"[" * 100_000, content_type="application/json")]
    with pytest.raises(FetchError, match="answers with something else than the hub's API"):
        await hub(site).versions()
