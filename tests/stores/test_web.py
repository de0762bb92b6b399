"""The web server as the tests use it."""

import ssl
import urllib.error
import urllib.request

import pytest

from testing.stores.certificates import Certificates, make_certificates
from testing.stores.proxy import faults_before
from testing.stores.web import WebServer, running_web


def _get(url: str, trust: ssl.SSLContext | None = None, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10, context=trust) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_only_who_trusts_the_authority_gets_an_answer(
    https_server: WebServer, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = https_server.publish("model.tar.gz", b"content")
    assert _get(url, certificates.for_client()) == (200, b"content")
    another = make_certificates(tmp_path_factory.mktemp("another"))
    for trust in (ssl.create_default_context(), another.for_client()):
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            _get(url, trust)


def test_a_proxy_speaks_tls_too(https_server: WebServer, certificates: Certificates) -> None:
    url = https_server.publish("model.tar.gz", b"content")
    tls, trust = certificates.for_server(), certificates.for_client()
    with faults_before(https_server.url, tls=tls, trust=trust) as proxy:
        proxy.faults.refuse(503)
        through = url.replace(https_server.url, proxy.url)
        assert [_get(through, trust)[0] for _ in range(2)] == [503, 200]


def test_a_range_holds_for_the_same_content_only(web_server: WebServer) -> None:
    url = web_server.publish("a", b"0123456789")
    with urllib.request.urlopen(url, timeout=60) as answer:
        etag = answer.headers["ETag"]
    assert _get(url, Range="bytes=2-4") == (206, b"234")
    assert _get(url, Range="bytes=7-", If_Range=etag) == (206, b"789")
    assert _get(url, Range="bytes=10-")[0] == 416
    assert _get(url, If_None_Match=etag)[0] == 304
    web_server.publish("a", b"abcdefghij")
    assert _get(url, Range="bytes=7-", If_Range=etag) == (200, b"abcdefghij")


def test_a_server_may_lack_ranges(web_server: WebServer) -> None:
    web_server.ranges = False
    assert _get(web_server.publish("a", b"0123456789"), Range="bytes=2-4") == (200, b"0123456789")


def test_credentials_are_asked_for(web_server: WebServer) -> None:
    url = web_server.publish("a", b"content")
    web_server.require_basic("somebody", "secret")
    assert _get(url)[0] == 401
    assert _get(url, Authorization="Basic c29tZWJvZHk6c2VjcmV0") == (200, b"content")
    web_server.require_token("t0ken")
    assert _get(url, Authorization="Bearer t0ken") == (200, b"content")
    assert web_server.requests()[-1].authorization == "Bearer t0ken"


def test_a_redirect_leads_to_another_server(web_server: WebServer) -> None:
    with running_web() as other:
        url = web_server.redirect("moved", other.publish("a", b"content"))
        assert _get(url) == (200, b"content")
