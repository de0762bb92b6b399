"""Every answer and every missing answer has a reason, words, and an opinion on whether to try again."""

import socket
import ssl
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.http.errors import (
    RequestContext,
    TransientFetchError,
    Unauthorized,
    connection_error,
    refusal,
    retry_after,
    server_message,
)

ASKED = RequestContext("https://h/m.zip", StoreAccess(), "h")


@pytest.mark.parametrize(
    ("status", "reason", "retry"),
    [
        (400, Reason.STORE_ERROR, False),
        (401, Reason.ACCESS_DENIED, False),
        (403, Reason.ACCESS_DENIED, False),
        (404, Reason.STORE_NOT_FOUND, False),
        (407, Reason.ACCESS_DENIED, False),
        (408, Reason.STORE_ERROR, True),
        (410, Reason.STORE_NOT_FOUND, False),
        (412, Reason.VERSION_CHANGED, True),
        (429, Reason.STORE_ERROR, True),
        (500, Reason.STORE_ERROR, True),
        (503, Reason.STORE_ERROR, True),
    ],
)
def test_each_status(status: int, reason: Reason, retry: bool) -> None:
    problem = refusal(ASKED, status, {}, b"own words")
    assert (problem.reason, problem.retry) == (reason, retry)
    assert problem.message.startswith(f"https://h/m.zip: h answers {status} (own words)")


def test_a_401_keeps_the_challenge() -> None:
    problem = refusal(ASKED, 401, {"WWW-Authenticate": "Basic"}, b"")
    assert isinstance(problem, Unauthorized)
    assert problem.challenge == "Basic"


def test_what_to_do_depends_on_whether_there_is_a_secret() -> None:
    named = RequestContext("u", StoreAccess(credentials=Path("/x"), secret_name="keys"), "h")
    assert "name a Secret in storage.secretRef" in refusal(ASKED, 403, {}, b"").message
    assert "check the credentials in Secret keys, and their rights" in refusal(named, 403, {}, b"").message


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("text/plain", b" two\n lines\x00 ", "two lines"),
        ("text/html", b"<html><TITLE>Log &amp;\nin</TITLE><p>much more", "Log & in"),
        ("text/html", b"<p>much", ""),
        ("application/json", b'{"error": "Repository not found"}', "Repository not found"),
        ("application/json", b'{"errors": [{"code": "DENIED", "message": "no"}]}', "DENIED: no"),
        ("application/json", b'{"errors": []}', '{"errors": []}'),
        ("application/json", b"{", "{"),
        ("application/json", b"[1]", "[1]"),
        ("application/json", b"[" * 4000, "[" * 200 + "…"),
        ("text/plain", b"x" * 500, "x" * 200 + "…"),
        ("text/plain", b"\xff\xfe", "��"),
    ],
)
def test_own_words_are_one_short_line(kind: str, body: bytes, words: str) -> None:
    assert server_message({"Content-Type": kind}, body) == words


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("7", 7, 7), ("Fri, 01 Jan 2100 00:00:00 GMT", 1e9, 1e10), ("Fri, 01 Jan 2010 00:00:00 GMT", 0, 0)],
)
def test_a_server_may_ask_for_patience(text: str, low: float, high: float) -> None:
    found = retry_after({"Retry-After": text})
    assert found is not None
    assert low <= found <= high


NO_TIMES = ["soon", "-1", "Fri, 01 Jan 99999999999 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 +99999999999999999999"]


@pytest.mark.parametrize("headers", [{}, *({"Retry-After": text} for text in NO_TIMES)])
def test_or_not(headers: Mapping[str, str]) -> None:
    assert retry_after(headers) is None


def wrapped(cause: BaseException) -> Exception:
    """As a library raises it."""
    error = RuntimeError("https://signed?secret")
    error.__cause__ = cause
    return error


UNTRUSTED = ssl.SSLCertVerificationError(1, "x")
CASES = [
    (wrapped(UNTRUSTED), Reason.CERTIFICATE_NOT_TRUSTED, "put its authority's certificate into storage.caBundle"),
    (wrapped(ssl.SSLError(1, "x")), Reason.STORE_UNREACHABLE, "does not speak TLS"),
    (wrapped(socket.gaierror(-2, "Name or service not known")), Reason.STORE_UNREACHABLE, "unknown host h (Name or"),
    (wrapped(ConnectionRefusedError(111, "x")), Reason.STORE_UNREACHABLE, "no connection to h (Connection refused)"),
    (TimeoutError(), Reason.STORE_UNREACHABLE, "no answer from h in time"),
    (aiohttp.SocketTimeoutError(), Reason.STORE_UNREACHABLE, "no answer from h in time"),
    (aiohttp.ClientPayloadError(), Reason.STORE_UNREACHABLE, "the connection to h was cut"),
    (aiohttp.ServerDisconnectedError(), Reason.STORE_UNREACHABLE, "the connection to h was cut"),
    (aiohttp.InvalidURL("https://signed?secret"), Reason.STORE_ERROR, "redirects in circles"),
    (ValueError("https://signed?secret"), Reason.STORE_ERROR, "something else than HTTP"),
]


@pytest.mark.parametrize(("error", "reason", "words"), CASES)
def test_each_way_to_get_no_answer(error: Exception, reason: Reason, words: str) -> None:
    problem = connection_error(ASKED, error)
    assert problem.reason is reason
    assert words in problem.message
    assert "secret" not in problem.message
    assert isinstance(problem, TransientFetchError) == problem.retry


def test_the_config_map_is_named() -> None:
    context = RequestContext("u", StoreAccess(ca_bundle=Path("/x"), ca_name="authorities"), "h")
    assert "check ConfigMap authorities" in connection_error(context, UNTRUSTED).message
