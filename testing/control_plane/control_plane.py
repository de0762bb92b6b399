"""kube-apiserver and etcd alone, on 127.0.0.1: a real API without nodes, up in seconds.

Each user has a token of its own, so that the audit log tells who wrote what. Unless told otherwise nothing is
authorised away, and no controller runs: whatever exists was made by the operator or by the test.
"""

import json
import secrets
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from testing.loopback import free_ports
from testing.waiting import eventually

ROOT = Path(__file__).parents[2]
START_SECONDS = 120.0
OPERATOR = "operator"
TESTER = "tester"
MASTERS = "system:masters"
ETCD_BYTES = 8 * 2**30
"""etcd's own limit of 2 GiB is less than a thousand of the largest objects."""
EVERYTHING = ("--authorization-mode=AlwaysAllow",)
_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}


class Program:
    """One of the two programs: it can be ended and started again."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command = list(command)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=output)

    def stop(self) -> None:
        """Returns once it has ended."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(60)
        self._process = None


@dataclass(frozen=True)
class ControlPlane:
    """A running API server: a kubeconfig a user, and the log of every request."""

    folder: Path
    server: str
    api_server: Program

    def start_api_server(self) -> None:
        """After `api_server.stop()`: as before, and with the same etcd; waits until it answers."""
        self.api_server.start()
        _wait_until_ready(self)

    def kubeconfig(self, user: str) -> Path:
        """Colons, as in a service account's name, would part a list of files."""
        return self.folder / f"{user.replace(':', '.')}.kubeconfig"

    def requests(self, user: str) -> list[dict[str, Any]]:
        """The user's requests so far, in the order in which they were answered."""
        lines = (self.folder / "audit.log").read_text().splitlines()
        events = [json.loads(line) for line in lines if line.endswith("}")]
        return [event for event in events if event["user"]["username"] == user]


def binary(name: str) -> Path:
    """Path of a control-plane program; hack/binaries.sh builds it if need be (minutes, the first time)."""
    result = subprocess.run(
        [ROOT / "hack/binaries.sh", name], stdout=subprocess.PIPE, text=True, check=True, timeout=1500
    )
    return Path(result.stdout.strip().splitlines()[-1])


@contextmanager
def running_control_plane(
    folder: Path,
    users: Mapping[str, str] = dict.fromkeys((OPERATOR, TESTER), MASTERS),
    flags: Sequence[str] = EVERYTHING,
) -> Iterator[ControlPlane]:
    """Starts both programs, waits until the API answers, and ends them. `users` has each one's group, TESTER among
    them; `flags` are further ones of kube-apiserver."""
    ports = free_ports(3)
    program = Program([*_api_server(folder, ports[0], ports[2]), *flags], folder / "kube-apiserver.log")
    plane = ControlPlane(folder, f"https://127.0.0.1:{ports[2]}", program)
    tokens = {user: secrets.token_hex(16) for user in users}
    _write_files(plane, tokens, users)
    with ExitStack() as stack:
        etcd = Program(_etcd(folder, ports[0], ports[1]), folder / "etcd.log")
        stack.callback(etcd.stop)
        etcd.start()
        stack.callback(plane.api_server.stop)
        plane.start_api_server()
        yield plane


def _write_files(plane: ControlPlane, tokens: dict[str, str], groups: Mapping[str, str]) -> None:
    rows = [f"{token},{user},{user},{groups[user]}\n" for user, token in tokens.items()]
    (plane.folder / "tokens.csv").write_text("".join(rows))
    (plane.folder / "audit-policy.yaml").write_text(yaml.safe_dump(_AUDIT_POLICY))
    key = plane.folder / "service-account.key"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True, timeout=60)
    for user, token in tokens.items():
        plane.kubeconfig(user).write_text(yaml.safe_dump(kubeconfig_for(plane.server, token)))


def kubeconfig_for(server: str, token: str) -> dict[str, Any]:
    cluster = {"server": server, "insecure-skip-tls-verify": True}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    }


def _etcd(folder: Path, client_port: int, peer_port: int) -> list[str]:
    client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    return [
        str(binary("etcd")),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        f"--quota-backend-bytes={ETCD_BYTES}",
        "--log-level=warn",
    ]


def _api_server(folder: Path, etcd_port: int, port: int) -> list[str]:
    return [
        str(binary("kube-apiserver")),
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certs'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        f"--service-account-key-file={folder / 'service-account.key'}",
        f"--service-account-signing-key-file={folder / 'service-account.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--disable-admission-plugins=ServiceAccount",
        f"--audit-policy-file={folder / 'audit-policy.yaml'}",
        f"--audit-log-path={folder / 'audit.log'}",
        "--audit-log-mode=blocking-strict",
    ]


@contextmanager
def running_program(command: list[str], log: Path) -> Iterator[None]:
    """From here to the end of the block."""
    program = Program(command, log)
    program.start()
    try:
        yield
    finally:
        program.stop()


def _wait_until_ready(plane: ControlPlane) -> None:
    token = yaml.safe_load(plane.kubeconfig(TESTER).read_text())["users"][0]["user"]["token"]
    log = plane.folder / "kube-apiserver.log"
    eventually(
        lambda: _answers(f"{plane.server}/readyz", token),
        START_SECONDS,
        lambda: log.read_text()[-2000:],
        what="kube-apiserver to be ready",
    )


def _answers(url: str, token: str) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=2, context=context) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
