"""gRPC over TLS, section 1 of docs/tf-serving.md: --ssl_config_file, with the PEM texts inline."""

import json
import subprocess
from pathlib import Path
from typing import Any

import grpc
import pytest


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A key and a certificate, signed by itself, for the name `model-server`."""
    folder = tmp_path_factory.mktemp("pair")
    command = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", "key", "-out", "certificate"]
    names = ["-subj", "/CN=x", "-addext", "subjectAltName=DNS:model-server"]
    subprocess.run(["openssl", *command, *names], cwd=folder, check=True, capture_output=True, timeout=60)
    return (folder / "key").read_text(), (folder / "certificate").read_text()


def ssl_config(folder: Path, key: str, certificate: str) -> str:
    """JSON's strings are among the strings of text format."""
    path = folder / "ssl.config"
    path.write_text(f"server_key: {json.dumps(key)}\nserver_cert: {json.dumps(certificate)}\n")
    return f"--ssl_config_file={path}"


def is_reached(address: str, credentials: grpc.ChannelCredentials | None, name: str = "model-server") -> bool:
    options = [("grpc.ssl_target_name_override", name)]
    opened = grpc.secure_channel(address, credentials, options) if credentials else grpc.insecure_channel(address)
    with opened as channel:
        try:
            grpc.channel_ready_future(channel).result(3)
        except grpc.FutureTimeoutError:
            return False
        return True


def test_grpc_speaks_tls_and_rest_does_not(start: Any, library: Any, tmp_path: Path, pair: tuple[str, str]) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start("--model_name=m", f"--model_base_path={base_path}", ssl_config(tmp_path, *pair)).until_ready()
    address = f"127.0.0.1:{server.grpc_port}"
    trusting = grpc.ssl_channel_credentials(pair[1].encode())
    assert is_reached(address, trusting)
    assert not is_reached(address, trusting, "another-name")
    assert not is_reached(address, None)
    assert server.rest.states("m") == {1: "AVAILABLE"}


@pytest.mark.parametrize("text", ["no text format", "server_key: 'unfinished"])
def test_a_file_that_cannot_be_read_is_fatal(start: Any, library: Any, tmp_path: Path, text: str) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    path = tmp_path / "ssl.config"
    path.write_text(text)
    server = start("--model_name=m", f"--model_base_path={base_path}", f"--ssl_config_file={path}")
    assert server.until_exit() != 0
    assert f"Invalid protobuf file: '{path}'" in server.log


def test_a_pair_that_is_none_is_fatal(start: Any, library: Any, tmp_path: Path, pair: tuple[str, str]) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start("--model_name=m", f"--model_base_path={base_path}", ssl_config(tmp_path, "no key", pair[1]))
    assert server.until_exit() != 0
    assert "Failed to BuildAndStart gRPC server" in server.log
