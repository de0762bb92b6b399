"""The proxy that makes things go wrong, in front of a real S3 server."""

import contextlib
import datetime
import hashlib
import http.client
import time
import urllib.error
import urllib.request
from email.message import Message

import obstore
import pytest
from yarl import URL

from testing.stores.proxy import Proxy
from testing.stores.s3 import S3Server
from testing.stores.traffic import Kind, kind_of

CONTENT = bytes(range(256)) * 4096
KEY = "model/1/variables"


@pytest.fixture
def url(s3_server: S3Server, bucket: str, s3_proxy: Proxy) -> str:
    """Of an object of 1 MiB, through the proxy, signed, so that any client can get it."""
    s3_server.put(bucket, {KEY: CONTENT})
    store = s3_server.behind(s3_proxy.url).store(bucket)
    return obstore.sign(store, "GET", KEY, datetime.timedelta(minutes=5))


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return bytes(answer.read())


def _assert_it_stalls_after(url: str, count: int) -> None:
    """So many bytes of the body come, however late, and then none for half a second."""
    address = URL(url)
    with contextlib.closing(http.client.HTTPConnection(str(address.host), address.port, timeout=60)) as connection:
        connection.connect()
        wire = connection.sock
        connection.request("GET", address.raw_path_qs)
        with connection.getresponse() as answer:
            assert len(answer.read(count)) == count
            wire.settimeout(0.5)
            with pytest.raises(TimeoutError):
                answer.read(1)


def _arrived(url: str) -> int:
    """How many bytes of the body come before the connection ends."""
    try:
        return len(_get(url))
    except http.client.IncompleteRead as error:
        return len(error.partial)


def _refused(url: str) -> tuple[int, Message]:
    with pytest.raises(urllib.error.HTTPError) as raised:
        _get(url)
    with raised.value as error:
        return error.code, error.headers


def test_signed_requests_pass_unharmed(s3_server: S3Server, bucket: str, s3_proxy: Proxy) -> None:
    through = s3_server.behind(s3_proxy.url)
    through.put(bucket, {"a b/ü+%": b"content"})
    store = through.store(bucket)
    assert [meta["path"] for meta in obstore.list(store).collect()] == ["a b/ü+%"]
    assert bytes(obstore.get_range(store, "a b/ü+%", start=1, end=4)) == b"ont"


def test_a_cut_comes_after_so_many_bytes_and_so_many_times(url: str, s3_proxy: Proxy) -> None:
    s3_proxy.faults.cut(100_001, times=2)
    assert [_arrived(url) for _ in range(3)] == [100_001, 100_001, len(CONTENT)]
    assert s3_proxy.faults.pending == 0


def test_a_cut_can_come_before_the_first_byte(url: str, s3_proxy: Proxy) -> None:
    s3_proxy.faults.cut(0)
    assert _arrived(url) == 0


def test_a_burst_of_refusals_ends(url: str, s3_proxy: Proxy) -> None:
    s3_proxy.faults.refuse(429, times=2, retry_after=7)
    for _ in range(2):
        status, headers = _refused(url)
        assert (status, headers["Retry-After"]) == (429, "7")
    assert _get(url) == CONTENT


def test_a_fault_can_be_for_some_paths_only(url: str, s3_proxy: Proxy) -> None:
    s3_proxy.faults.refuse(503, path="saved_model.pb")
    assert _get(url) == CONTENT
    assert s3_proxy.faults.pending == 1


def test_a_stall_lasts_until_it_is_released(url: str, s3_proxy: Proxy) -> None:
    s3_proxy.faults.stall(5000)
    _assert_it_stalls_after(url, 5000)
    s3_proxy.faults.stall(5000)
    with urllib.request.urlopen(url, timeout=60) as answer:
        start = answer.read(5000)
        s3_proxy.faults.release()
        assert start + answer.read() == CONTENT


def test_what_happens_in_between_is_done_before_more_bytes_come(
    url: str, s3_server: S3Server, bucket: str, s3_proxy: Proxy
) -> None:
    """The object is changed while it is being downloaded."""
    s3_proxy.faults.when_passed(1000, lambda: s3_server.put(bucket, {KEY: b"changed"}))
    with urllib.request.urlopen(url, timeout=60) as answer:
        answer.read(1001)
        assert _get(url) == b"changed"


def test_the_rate_is_limited_over_all(url: str, s3_proxy: Proxy) -> None:
    s3_proxy.faults.limit_rate(4 * len(CONTENT))
    began = time.monotonic()
    assert hashlib.md5(_get(url) + _get(url)).digest() == hashlib.md5(CONTENT * 2).digest()
    assert time.monotonic() - began > 0.4


def test_after_so_many_bytes_of_all_answers_nothing_comes_until_it_is_released(url: str, s3_proxy: Proxy) -> None:
    s3_proxy.faults.hold_after(len(CONTENT) + 64 * 1024)
    assert _get(url) == CONTENT
    _assert_it_stalls_after(url, 64 * 1024)
    s3_proxy.faults.release()
    assert _get(url) == CONTENT


def test_requests_are_counted_by_kind(url: str, s3_server: S3Server, bucket: str, s3_proxy: Proxy) -> None:
    store = s3_server.behind(s3_proxy.url).store(bucket)
    obstore.list(store, "model/").collect()
    obstore.head(store, KEY)
    obstore.get_range(store, KEY, start=10, end=20)
    passed = s3_proxy.faults.requests()
    assert [request.kind for request in passed] == [Kind.LIST, Kind.HEAD, Kind.GET]
    assert passed[-1].range == "bytes=10-19"
    s3_proxy.faults.clear()
    assert s3_proxy.faults.count() == 0


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("/bucket?list-type=2&prefix=mnist", Kind.LIST),
        ("/bucket/mnist/1/saved_model.pb", Kind.GET),
        ("/storage/v1/b/bucket/o?prefix=mnist", Kind.LIST),
        ("/devstoreaccount1/models?restype=container&comp=list", Kind.LIST),
        ("/devstoreaccount1/models/mnist/1/saved_model.pb", Kind.GET),
        ("/v2/models/mnist/manifests/latest", Kind.LIST),
        ("/v2/models/mnist/blobs/sha256:00", Kind.GET),
        ("/api/models/org/repo/tree/main", Kind.LIST),
        ("/org/repo/resolve/main/saved_model.pb", Kind.GET),
        ("/models/mnist.tar.gz", Kind.GET),
    ],
)
def test_what_a_request_is_for(url: str, kind: Kind) -> None:
    assert kind_of("GET", URL(url)) is kind
