"""What the client library says, as it says it, and what the user is told. The texts were recorded from obstore 0.12;
tests/integration/fetcher has the servers that make it say most of them."""

import time

import pytest
from obstore.exceptions import GenericError, PreconditionError

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.stores.object_store.errors import explain

GET = "Error performing GET http://host:9000/b?list-type=2&prefix=m%2F in 1.1ms"
LIST = f"Generic S3 error: Error performing list request: {GET}"
TRIED = f"{LIST}, after 4 retries, max_retries: 4, retry_timeout: 60s "
SOURCE = '\n\nDebug source:\nGeneric {\n    store: "S3",\n'
CONNECT = f"{TRIED} - HTTP error: error sending request{SOURCE}inner: Http(HttpError {{ kind: Connect, source: "


def _answer(status: str, body: str) -> str:
    return f'{LIST} - Server returned non-2xx status code: {status}: {body}{SOURCE} body: Some("{body}")'


def _xml(code: str, message: str, more: str = "") -> str:
    return f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>'


@pytest.mark.parametrize(
    ("text", "reason", "retry", "said"),
    [
        (
            _answer("403 Forbidden", _xml("AccessDenied", "Access Denied.")),
            Reason.ACCESS_DENIED,
            False,
            "the store answers 403 AccessDenied: Access Denied.; check the rights to list and to read there",
        ),
        (
            _answer("403 Forbidden", _xml("InvalidAccessKeyId", "The key does not exist.")),
            Reason.ACCESS_DENIED,
            False,
            "InvalidAccessKeyId: The key does not exist.; check the keys in the Secret of storage.secretRef",
        ),
        (
            _answer("403 Forbidden", _xml("SignatureDoesNotMatch", "No match.", "<StringToSign>AWS4 x</StringToSign>")),
            Reason.ACCESS_DENIED,
            False,
            "SignatureDoesNotMatch: No match.; check the keys",
        ),
        (
            _answer("400 Bad Request", _xml("ExpiredToken", "The token has expired.")),
            Reason.ACCESS_DENIED,
            False,
            "ExpiredToken: The token has expired.; renew the session token",
        ),
        (
            _answer("403 Forbidden", '{"error":{"code":403,"message":"x does not have storage.objects.list access"}}'),
            Reason.ACCESS_DENIED,
            False,
            "the store answers 403 x does not have storage.objects.list access; check the rights",
        ),
        (
            _answer("401 Unauthorized", '{"error":"invalid_grant"}'),
            Reason.ACCESS_DENIED,
            False,
            "the store answers 401 invalid_grant",
        ),
        (
            _answer("404 Not Found", _xml("NoSuchBucket", "The specified bucket does not exist.")),
            Reason.STORE_NOT_FOUND,
            False,
            "404 NoSuchBucket: The specified bucket does not exist.; check its name in the URI",
        ),
        (
            _answer("404 Not Found", _xml("ContainerNotFound", "It does not exist.\nRequestId:1\nTime:2")),
            Reason.STORE_NOT_FOUND,
            False,
            "404 ContainerNotFound: It does not exist. RequestId:1 Time:2; check its name",
        ),
        (
            _answer(
                "400 Bad Request",
                _xml(
                    "AuthorizationHeaderMalformed", "the region &apos;us-east-1&apos; is wrong; expecting 'eu-west-1'"
                ),
            ),
            Reason.STORE_ERROR,
            False,
            "the region 'us-east-1' is wrong; expecting 'eu-west-1'; set storage.region to the bucket's region",
        ),
        (
            f"{LIST} - Received redirect without LOCATION, this normally indicates an incorrectly configured region"
            f"{SOURCE}inner: BareRedirect",
            Reason.STORE_ERROR,
            False,
            "set storage.region to the bucket's region",
        ),
        (
            _answer("503 Service Unavailable", _xml("SlowDown", "Please reduce your request rate.")),
            Reason.STORE_ERROR,
            True,
            "the store answers 503 SlowDown: Please reduce your request rate.",
        ),
        (_answer("429 Too Many Requests", ""), Reason.STORE_ERROR, True, "the store answers 429 Too Many Requests"),
        (
            _answer("502 Bad Gateway", "<html><body><h1>502</h1>\n<hr>nginx</body></html>"),
            Reason.STORE_ERROR,
            True,
            "the store answers 502 502 nginx",
        ),
        (
            CONNECT + 'ConnectError("dns error", Custom { error: "failed to lookup address information" })',
            Reason.STORE_UNREACHABLE,
            True,
            "the host is unknown; check storage.endpoint",
        ),
        (
            CONNECT + 'ConnectError("tcp connect error", Os { code: 111, kind: ConnectionRefused })',
            Reason.STORE_UNREACHABLE,
            True,
            "the connection is refused",
        ),
        (CONNECT + "reqwest::Error { source: TimedOut }", Reason.STORE_UNREACHABLE, True, "there is no answer in time"),
        (
            CONNECT + "Custom { kind: InvalidData, error: InvalidCertificate(UnknownIssuer) }",
            Reason.CERTIFICATE_NOT_TRUSTED,
            False,
            "the certificate is of an unknown authority; name the store's authority in storage.caBundle",
        ),
        (
            CONNECT + "InvalidCertificate(NotValidForNameContext { expected: DnsName })",
            Reason.CERTIFICATE_NOT_TRUSTED,
            False,
            "the certificate is for another name",
        ),
        (
            CONNECT + "InvalidCertificate(ExpiredContext { time: 1 })",
            Reason.CERTIFICATE_NOT_TRUSTED,
            False,
            "the certificate has expired",
        ),
        (
            CONNECT + "Custom { kind: InvalidData, error: InvalidMessage(InvalidContentType) }",
            Reason.STORE_UNREACHABLE,
            False,
            "the store does not speak TLS; say http:// in storage.endpoint",
        ),
        (
            "Generic HTTP client error: builder error\n\nDebug source:\nsource: InvalidCertificate(\n  BadEncoding,\n)",
            Reason.CERTIFICATE_NOT_TRUSTED,
            False,
            "storage.caBundle has something that is no certificate",
        ),
        (
            "No certificates found in `root_certificate` input; expected one or more PEM-encoded certificates.",
            Reason.CERTIFICATE_NOT_TRUSTED,
            False,
            "storage.caBundle has something that is no certificate",
        ),
        (
            "Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token in 983us - HTTP error",
            Reason.CREDENTIALS_MISSING,
            False,
            "there are no credentials: no Secret is named",
        ),
        (
            "Generic GCS error: GCP credential error: Unable to decode service account file: expected ident at line 1"
            "\n\nDebug source:\nDecodeCredentials { }",
            Reason.CREDENTIALS_MISSING,
            False,
            "the credentials are not valid; check the keys",
        ),
        (
            "Generic MicrosoftAzure error: Invalid Access Key: Invalid symbol 32.\n\nDebug source:\nInvalidAccessKey",
            Reason.CREDENTIALS_MISSING,
            False,
            "the credentials are not valid; check the keys",
        ),
        (
            'Error parsing Path "m/../b": Encountered illegal character sequence ".." whilst parsing path segment ".."',
            Reason.STORE_ERROR,
            False,
            'Error parsing Path "m/../b"',
        ),
        ("something new", Reason.STORE_ERROR, True, "something new"),
    ],
)
def test_what_an_error_means(text: str, reason: Reason, retry: bool, said: str) -> None:
    problem = explain(GenericError(text), "s3://b/m: version 1")
    assert (problem.reason, problem.retry) == (reason, retry), problem.message
    assert problem.message.startswith("s3://b/m: version 1: ")
    assert said in problem.message
    assert "\n" not in problem.message
    assert "Debug source" not in problem.message


@pytest.mark.parametrize("error", [PreconditionError("Request precondition failure"), FileNotFoundError("not found")])
def test_an_object_that_is_another_or_gone_has_changed(error: Exception) -> None:
    problem = explain(error, "s3://b/m: version 1: saved_model.pb")
    assert (problem.reason, problem.retry) == (Reason.VERSION_CHANGED, True)
    assert problem.message == "s3://b/m: version 1: saved_model.pb: changed, or was removed, while it was being fetched"


def test_secrets_and_signatures_are_never_shown() -> None:
    body = _xml("Odd", "key hush at https://host/b?sig=abc%3D&amp;se=1 refused", "<StringToSign>hush</StringToSign>")
    message = explain(GenericError(_answer("400 Bad Request", body)), "az://a/c/m", ["hush"]).message
    assert "key *** at https://host/b refused" in message
    assert not {"hush", "sig=", "StringToSign"} & set(message.replace("&", " ").split())


def test_long_answers_are_cut() -> None:
    message = explain(GenericError(_answer("500 Internal Server Error", "x" * 5000)), "s3://b/m").message
    assert len(message) < 350
    assert message.endswith("…")


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"error":' * 100_000, '{"error": 3}', "<" * 200_000, "<Code>" * 50_000]
)
def test_an_answer_of_any_form_is_read_in_no_time(body: str) -> None:
    """Some forms would take minutes: a bracket that never closes is looked for from each of its beginnings."""
    begun = time.process_time()
    assert explain(GenericError(_answer("500 Internal Server Error", body)), "s3://b/m").reason is Reason.STORE_ERROR
    assert time.process_time() - begun < 5


def test_a_status_of_thousands_of_digits_is_none() -> None:
    problem = explain(GenericError(_answer(f"{'9' * 5000} Odd", "x")), "s3://b/m")
    assert problem.reason is Reason.STORE_ERROR


def test_a_secret_is_not_shown_where_an_answer_is_cut() -> None:
    body = f"<{'a' * 8000}>{'hush' * 1000}"
    message = explain(GenericError(_answer("400 Bad Request", body)), "s3://b/m", ["hush" * 1000]).message
    assert "hush" not in message
