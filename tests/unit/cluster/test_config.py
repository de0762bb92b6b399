"""Loading credentials, from real files, and keeping them fresh."""

import json
from pathlib import Path
from typing import Any

import certifi
import pytest
from kubernetes.aio.config import incluster_config

from tfs_operator.cluster import config
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.errors import ClusterError


def kubeconfig(folder: Path, server: str, user: dict[str, Any], proxy: str | None = None) -> str:
    path = folder / "kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server, **({"proxy-url": proxy} if proxy else {})}}],
        "users": [{"name": "u", "user": user}],
    }
    path.write_text(json.dumps(content))
    return str(path)


async def test_a_token_file_is_read_anew(tmp_path, apiserver, api, monkeypatch):
    token = tmp_path / "token"
    token.write_text("one")
    path = kubeconfig(tmp_path, api.configuration.host, {"tokenFile": str(token)})
    client = ClusterClient(await config.load(path))
    await client.get("Service", "ns", "m")
    token.write_text("two")
    await client.get("Service", "ns", "m")
    monkeypatch.setattr(config, "REFRESH_SECONDS", 0.0)
    await client.get("Service", "ns", "m")
    await client.close()
    tokens = [seen.headers.get("authorization", seen.headers.get("Authorization")) for seen in apiserver.seen]
    assert tokens == ["Bearer one", "Bearer one", "Bearer two"]


@pytest.mark.parametrize("content", [None, "", "[]", "{", "apiVersion: v1"], ids=repr)
async def test_a_kubeconfig_that_is_none(tmp_path, content):
    path = tmp_path / "kubeconfig"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ClusterError, match="cannot reach a cluster"):
        await config.load(str(path))


@pytest.fixture
def service_account(tmp_path, monkeypatch) -> Path:
    """A pod's view: environment and mounted files."""
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    (tmp_path / "token").write_text("one")
    (tmp_path / "ca.crt").write_text(Path(certifi.where()).read_text())
    return tmp_path


async def test_in_a_pod_it_is_the_service_account(service_account):
    api = await config.load(None)
    assert api.configuration.host == "https://[fd00::1]:443"
    assert api.configuration.api_key["BearerToken"] == "bearer one"
    assert api.configuration.refresh_api_key_hook is not None
    await api.close()


async def test_in_a_pod_without_a_token(service_account):
    (service_account / "token").unlink()
    with pytest.raises(ClusterError, match="token file does not exist"):
        await config.load(None)


@pytest.mark.parametrize(
    ("server", "proxy"),
    [
        ("https://api.example.com:6443", "http://proxy:3128"),
        ("https://api.cluster.local:6443", None),
        ("http://api.example.com", None),
    ],
)
async def test_the_proxy_of_the_environment(tmp_path, monkeypatch, server, proxy):
    for name in ("HTTP_PROXY", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", ".cluster.local")
    api = await config.load(kubeconfig(tmp_path, server, {"token": "t"}))
    assert api.configuration.proxy == proxy
    await api.close()


async def test_the_proxy_of_the_kubeconfig_comes_first(tmp_path, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    api = await config.load(kubeconfig(tmp_path, "https://api.example.com", {"token": "t"}, proxy="http://other:3128"))
    assert api.configuration.proxy == "http://other:3128"
    await api.close()
