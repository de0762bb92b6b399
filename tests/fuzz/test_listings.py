"""Whatever a store answers, a listing has versions of clean paths, or a FetchError for users."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from huggingface_hub import set_client_factory
from hypothesis import given
from hypothesis import strategies as st
from obstore.exceptions import GenericError

from testing.fuzzing.edges import edge, fuzzed, memory_below
from testing.fuzzing.readable import assert_readable
from testing.fuzzing.strategies import FLOODS, TEXTS, bodies
from testing.fuzzing.web import WebAnswer, answering
from tfs_operator.fetcher.archives.limits import clean_path
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.http.errors import RequestContext, refusal, retry_after
from tfs_operator.fetcher.stores.https.store import WebArchive, vouched_sha256
from tfs_operator.fetcher.stores.huggingface import api
from tfs_operator.fetcher.stores.huggingface.store import HubSource
from tfs_operator.fetcher.stores.object_store.errors import explain
from tfs_operator.fetcher.stores.oci.auth import docker_login
from tfs_operator.fetcher.stores.oci.store import RegistryBackend

ACCESS = StoreAccess()
MOST_MEMORY = 64 * 2**20
"""Eight times the most that is read of an answer."""

DIGEST = f"sha256:{'ab' * 32}"
LAYER = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": DIGEST, "size": 9}
TITLED = {**LAYER, "mediaType": "x", "annotations": {"org.opencontainers.image.title": "1/saved_model.pb"}}
INDEX = {"manifests": [{**LAYER, "platform": {"os": "linux", "architecture": "amd64"}}]}
MANIFESTS: list[Any] = [{"schemaVersion": 2, "layers": [LAYER, TITLED]}, INDEX, {"token": "t"}]
CHALLENGES = st.sampled_from(
    [
        'Bearer realm="https://auth.example.com/token",service="r",scope="repository:m:pull"',
        'Bearer realm="https://[x",service="r"',
        'Bearer realm="http://auth.example.com/"',
        'Bearer realm="https://a:b@c:99999/"',
        f"Bearer {'a' * 8000}",
        f'Bearer realm="{"a=" * 4000}',
        "Basic",
        "",
    ]
)
HEADERS = st.fixed_dictionaries(
    {"WWW-Authenticate": CHALLENGES | TEXTS},
    optional={
        "Content-Type": st.sampled_from(["application/json", "text/html", ""]),
        "Content-Length": st.sampled_from(["0", "7", "9" * 19, "-1", "x"]),
        "Content-Range": st.sampled_from(["bytes 0-0/7", f"bytes 0-0/{'9' * 5000}", "bytes 0-0/*", "x"]),
        "Docker-Content-Digest": st.sampled_from([DIGEST, "sha256:", "../x"]),
        "ETag": TEXTS,
        "Digest": TEXTS | st.sampled_from([f"sha-256={'A' * 43}=", f"sha-256={'/' * 8000}"]),
    },
)
STATUSES = st.sampled_from([200, 200, 200, 206, 401, 401, 403, 404, 416, 451])
"""None after which a request is repeated with a pause."""


def answers(documents: list[Any]) -> st.SearchStrategy[list[WebAnswer]]:
    return st.lists(st.builds(WebAnswer, STATUSES, bodies(documents), HEADERS), min_size=1, max_size=4)


@given(answers(MANIFESTS))
@fuzzed(600)
def test_registries(canned: list[WebAnswer]) -> None:
    problem = ""
    with edge("store: registry", canned), answering(canned), memory_below(MOST_MEMORY):
        try:
            blobs = asyncio.run(RegistryBackend("oci://r.example.com/m:1", ACCESS).blobs())
            assert all(blob.packing or clean_path(blob.title) == blob.title for blob in blobs)
        except FetchError as error:
            problem = error.message
    assert_readable(problem, 2000)


@given(answers([{}]))
@fuzzed(300)
def test_web_servers(canned: list[WebAnswer]) -> None:
    problem = ""
    with edge("store: web server", canned), answering(canned):
        try:
            [blob] = asyncio.run(WebArchive("https://web.example.com/m.zip", ACCESS).blobs())
            assert blob.size >= 0
            assert len(vouched_sha256(canned[0].headers)) in (0, 64)
        except FetchError as error:
            problem = error.message
    assert_readable(problem, 2000)


FILE = {"type": "file", "path": "m/1/saved_model.pb", "size": 5, "oid": "ab" * 20}
LARGE = {**FILE, "path": "m/1/variables/v", "lfs": {"oid": "cd" * 32, "size": 2000, "pointerSize": 100}}
HUB: list[Any] = [{"id": "org/m", "modelId": "org/m", "sha": "c0ffee"}, [FILE, LARGE, {**FILE, "type": "directory"}]]


@pytest.fixture(scope="module")
def hub() -> Iterator[list[bytes]]:
    """What the hub answers, by the library's own client; the last is repeated."""
    answers: list[bytes] = []

    def handle(_: httpx2.Request) -> httpx2.Response:
        body = answers.pop(0) if len(answers) > 1 else answers[0]
        return httpx2.Response(200, content=body, headers={"Content-Type": "application/json"})

    api._use(ACCESS, None)
    set_client_factory(lambda: httpx2.Client(transport=httpx2.MockTransport(handle)))
    yield answers
    api._use.cache_clear()


@given(st.lists(bodies(HUB), max_size=2))
@fuzzed(300)
def test_the_hub(hub: list[bytes], canned: list[bytes]) -> None:
    problem, hub[:] = "", [json.dumps(HUB[0]).encode(), *canned, json.dumps(HUB[1]).encode()][-2:]
    with edge("store: hub (in a thread)", canned), memory_below(MOST_MEMORY):
        try:
            versions = asyncio.run(HubSource("hf://org/m/m", ACCESS).versions())
            assert all(0 <= number < 2**63 for number in versions)
        except FetchError as error:
            problem = error.message
    assert_readable(problem, 2000)


STATUS = "non-2xx status code: "
GENERIC = f"Generic S3 error: Error performing GET https://s3/m - Server returned {STATUS}403 Forbidden: "
REPEATED = st.builds(
    lambda unit, count: unit * count,
    st.sampled_from([b"<Code>", b"<Message>", b"http://", b"https://a?", b"<", b"&amp;", b"non-2xx status code: 1"]),
    st.sampled_from([10, 1000, 5000]),
)


BEGINNINGS = st.sampled_from(["", GENERIC, STATUS, f"{STATUS}{'9' * 5000} x: "])


@given(BEGINNINGS, bodies([{"error": {"message": "no"}}]) | REPEATED)
@fuzzed(400)
def test_errors_of_object_stores(beginning: str, body: bytes) -> None:
    text = beginning + body.decode(errors="replace")
    with edge("store: error of an object store", text):
        error = explain(GenericError(text), "s3://models/m", ["secret"])
    assert_readable(error.message, 2000)


@given(st.integers(400, 599), HEADERS, bodies([{"errors": [{"code": "x", "message": "y"}]}, {"error": "x"}]))
@fuzzed(400)
def test_refusals(status: int, headers: dict[str, str], body: bytes) -> None:
    with edge("store: refusal", body[:4096]):
        error = refusal(RequestContext("https://w/m.zip", ACCESS, "w"), status, headers, body[:4096])
    assert_readable(error.message, 2000)


DATE_PARTS = st.sampled_from(["01", "99", "9" * 30, "+0000", "-" + "9" * 9])
DATES = st.builds("Mon, {} Jan {} 00:00:00 {}".format, DATE_PARTS, DATE_PARTS, DATE_PARTS)


@given(TEXTS | DATES | st.sampled_from(["9" * 400, "nan", "-1", "1e9"]))
@fuzzed(300)
def test_pauses(text: str) -> None:
    found = retry_after({"Retry-After": text})
    assert found is None or found >= 0


@given(bodies([{"auths": {"r": {"auth": "YTpi"}, "https://r": {"username": "a", "password": "b"}}}]) | FLOODS)
@fuzzed(300)
def test_docker_logins(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    Path(folder, ".dockerconfigjson").write_bytes(body)
    try:
        docker_login(StoreAccess(credentials=folder), "r")
    except FetchError as error:
        assert_readable(error.message, 2000)
