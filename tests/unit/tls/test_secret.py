"""What a Secret may hold, and what is said of one that cannot be used."""

import hashlib
import re
import ssl
import time
from pathlib import Path

import pytest

from testing.tls_pairs import openssl, secret
from tfs_operator.domain.tls import Certificate
from tfs_operator.tls.secret import NotUsable, check, read


def examined(folder: Path) -> Certificate:
    return check(read(folder), folder)


def refusal(folder: Path) -> str:
    with pytest.raises(NotUsable) as raised:
        examined(folder)
    return str(raised.value)


def test_a_good_pair_tells_what_clients_will_see(tmp_path: Path) -> None:
    found = examined(secret(tmp_path))
    der = ssl.PEM_cert_to_DER_cert((tmp_path / "tls.crt").read_text())
    assert (found.sha256, found.name) == (hashlib.sha256(der).hexdigest(), "mnist.shop.svc")
    assert found.not_after - found.not_before == 86400
    assert found.not_before <= time.time() < found.not_after


@pytest.mark.parametrize(
    ("extensions", "name"),
    [
        ("subjectAltName = DNS:*.shop.svc, IP:10.0.0.1\n", "tfs-operator.shop.svc"),
        ("subjectAltName = IP:10.0.0.1\n", "10.0.0.1"),
        ("basicConstraints = CA:FALSE\n", "mnist"),
    ],
)
def test_some_name_is_found_that_it_is_valid_for(tmp_path: Path, extensions: str, name: str) -> None:
    assert examined(secret(tmp_path, extensions=extensions)).name == name


def test_text_about_the_certificates_is_left_out_and_the_chain_kept(tmp_path: Path) -> None:
    secret(tmp_path / "one")
    other = (secret(tmp_path / "other") / "tls.crt").read_text()
    file = tmp_path / "one" / "tls.crt"
    file.write_text(f'server_key: "é"\n{file.read_text()}# and its authority\n{other}')
    certificates = read(tmp_path / "one").certificates
    assert certificates.count("BEGIN CERTIFICATE") == 2
    assert certificates.endswith(other)
    assert set(certificates.splitlines()) <= set(file.read_text().splitlines())
    assert "server_key" not in certificates
    assert examined(tmp_path / "one").name == "mnist.shop.svc"


def test_a_secret_that_is_not_there(tmp_path: Path) -> None:
    assert "does not exist, or has neither tls.crt nor tls.key: create it" in refusal(tmp_path)


@pytest.mark.parametrize("key", ["tls.crt", "tls.key"])
def test_a_key_that_is_missing(tmp_path: Path, key: str) -> None:
    (secret(tmp_path) / key).unlink()
    assert refusal(tmp_path).startswith(f"has no key {key}: add it")


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("tls.crt", "", "key tls.crt holds no certificate in PEM"),
        ("tls.key", "\xff\x00", "key tls.key holds no private key in PEM"),
        ("tls.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "key tls.crt holds a damaged"),
        ("tls.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "tls.crt or tls.key is damaged"),
    ],
)
def test_what_is_no_pem(tmp_path: Path, key: str, text: str, words: str) -> None:
    (secret(tmp_path) / key).write_text(text)
    assert refusal(tmp_path).startswith(words)


def test_a_key_of_another_certificate(tmp_path: Path) -> None:
    other = secret(tmp_path / "other")
    (secret(tmp_path / "one") / "tls.key").write_bytes((other / "tls.key").read_bytes())
    assert refusal(tmp_path / "one").startswith("tls.key does not belong to the certificate in tls.crt")


def test_a_key_with_a_passphrase(tmp_path: Path) -> None:
    secret(tmp_path)
    openssl(tmp_path, "pkcs8", "-topk8", "-in", "tls.key", "-passout", "pass:secret", "-out", "encrypted")
    (tmp_path / "encrypted").rename(tmp_path / "tls.key")
    assert refusal(tmp_path).startswith("key tls.key is encrypted")


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (("20200101000000Z", "20210101000000Z"), "the certificate in tls.crt has expired: renew it"),
        (("20900101000000Z", "20910101000000Z"), "the certificate in tls.crt is not valid yet"),
    ],
)
def test_a_certificate_out_of_its_time(tmp_path: Path, days: tuple[str, str], words: str) -> None:
    assert refusal(secret(tmp_path, days=days)).startswith(words)


def test_a_certificate_that_is_for_clients_only(tmp_path: Path) -> None:
    words = refusal(secret(tmp_path, extensions="extendedKeyUsage = clientAuth\n"))
    assert re.match("no client would take the certificate in tls.crt: .*purpose", words)
