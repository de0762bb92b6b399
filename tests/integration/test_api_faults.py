"""The API server, or the way to it, fails while TFModels and their children are changed. Afterwards everything is as
the specs say, and meanwhile nobody was asked without a pause."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from aiohttp import web

from testing.api_client import Api, Refused
from testing.control_plane.control_plane import OPERATOR, ControlPlane
from testing.control_plane.fault_proxy import FaultProxy, running_proxy
from testing.control_plane.operator_process import FLAGS, OperatorProcess, running_operator
from testing.fleet.churning import Churn
from testing.loopback import free_ports
from testing.waiting import eventually
from tfs_operator.controller.informer.throttle import QUICK_SECONDS

FAULT_SECONDS = 8.0
RECOVERY_SECONDS = 120.0
"""A request that waits in vain ends after 15 s, and pauses between tries are up to 15 s long."""
MAX_REQUESTS_A_SECOND = 20.0
"""What six watches and four workers ask for when all are refused, with their back-off, is below 10."""


@pytest.fixture(scope="module")
def proxy(control_plane: ControlPlane) -> Iterator[FaultProxy]:
    with running_proxy(control_plane, OPERATOR) as made:
        yield made


@pytest.fixture(scope="module")
def operator(proxy: FaultProxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorProcess]:
    folder = tmp_path_factory.mktemp("operator")
    with running_operator(proxy.kubeconfig(folder), folder / "operator.log", free_ports(1)[0], *FLAGS) as process:
        yield process


@pytest.fixture
def churn(api: Api, namespace: str, operator: OperatorProcess, proxy: FaultProxy) -> Iterator[Churn]:
    """Ten TFModels with all their children; afterwards the operator is the same process, and well."""
    churn = Churn(api, namespace)
    churn.create(10)
    churn.until_settled(90)
    eventually(lambda: proxy.calm_for() > QUICK_SECONDS)
    yield churn
    proxy.heal()
    assert operator.process.poll() is None, operator.lines()[-10:]
    assert operator.get("/healthz") == (200, "ok\n")


@contextmanager
def changing(churn: Churn, proxy: FaultProxy, name: str, seconds: float = FAULT_SECONDS) -> Iterator[None]:
    """The fault begins within the block; afterwards it goes on for a while, in which everything changes."""
    began = time.monotonic()
    yield
    while time.monotonic() - began < seconds:
        churn.step()
        time.sleep(0.2)
    churn.delete_a_child_of_each_kind()
    proxy.heal()
    recovers(churn, proxy, name, began)


def recovers(churn: Churn, proxy: FaultProxy, name: str, began: float) -> None:
    """Now that the fault is over. It must have been met, and not again and again without a pause."""
    healed = time.monotonic()
    rate = len(proxy.since(began)) / (healed - began)
    churn.until_settled(RECOVERY_SECONDS)
    print(f"{name}: {rate:.1f} requests a second, recovered {time.monotonic() - healed:.1f} s after")
    assert 0 < rate < MAX_REQUESTS_A_SECOND


def test_cut_connections(churn: Churn, proxy: FaultProxy) -> None:
    with changing(churn, proxy, "cut"):
        proxy.cut()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_refusals(churn: Churn, proxy: FaultProxy, status: int) -> None:
    with changing(churn, proxy, str(status)):
        proxy.cut_streams()
        proxy.refuse(status, headers={"Retry-After": "1"} if status == 429 else {})


def is_read(request: web.Request) -> bool:
    return request.method == "GET"


def is_watch(request: web.Request) -> bool:
    return "watch" in request.query


@pytest.mark.parametrize("only", [is_read, is_watch], ids=["lists and watches", "watches"])
def test_versions_that_are_gone(churn: Churn, proxy: FaultProxy, only: Callable[[web.Request], bool]) -> None:
    began = time.monotonic()
    with changing(churn, proxy, f"410 of {only.__name__}"):
        proxy.refuse(410, only=only)
        proxy.cut_streams()
    assert 410 in {passed.status for passed in proxy.since(began)}


def test_two_seconds_slow(churn: Churn, proxy: FaultProxy) -> None:
    with changing(churn, proxy, "slow"):
        proxy.delay(2.0)


def test_watches_that_fall_silent(churn: Churn, proxy: FaultProxy) -> None:
    """They stay open and bring nothing: found out when no bookmark comes, within 70 s."""
    began = time.monotonic()
    proxy.mute_streams()
    for _ in range(10):
        churn.step()
    churn.delete_a_child_of_each_kind()
    churn.until_settled(200)
    print(f"silent: {len(proxy.since(began))} requests, recovered {time.monotonic() - began:.1f} s after its begin")


def test_watches_that_end_as_soon_as_they_begin(churn: Churn, proxy: FaultProxy) -> None:
    """Each time with an answer, so that only its brevity tells."""
    began = time.monotonic()
    while time.monotonic() - began < FAULT_SECONDS:
        proxy.cut_streams()
        time.sleep(0.05)
    churn.delete_a_child_of_each_kind()
    recovers(churn, proxy, "brief", began)


def test_the_api_server_restarts(
    churn: Churn, proxy: FaultProxy, control_plane: ControlPlane, operator: OperatorProcess
) -> None:
    """What is changed before the operator gets through again, its watches cannot tell."""
    began = time.monotonic()
    control_plane.api_server.stop()
    proxy.refuse(0)
    time.sleep(2)
    control_plane.start_api_server()
    eventually(lambda: answers(churn))
    for _ in range(10):
        churn.step()
    churn.delete_a_child_of_each_kind()
    proxy.heal()
    recovers(churn, proxy, "restart", began)
    eventually(lambda: operator.get("/readyz") == (200, "ok\n"))


def answers(churn: Churn) -> bool:
    """It is ready before it can list what is defined by a CRD."""
    try:
        return bool(churn.names())
    except Refused:
        return False
