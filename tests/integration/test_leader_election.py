"""Two operators: one acts. The other one takes over when it ends, is killed, hangs, or cannot reach the API server."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.api_client import Api
from testing.control_plane.candidates import FAILOVER_SECONDS, Candidates, candidates
from testing.control_plane.control_plane import ControlPlane
from testing.fleet import asking
from testing.fleet.fleet import tfmodel, wait_for_children
from testing.fleet.model_folder import ModelFolder
from testing.fleet.served import NAME, Served, serving
from testing.waiting import eventually

SLOW = 8


@pytest.fixture
def pair(control_plane: ControlPlane, api: Api, tmp_path: Path) -> Iterator[Candidates]:
    with candidates(control_plane, api, tmp_path) as made:
        yield made


@pytest.fixture
def loading(pair: Candidates, api: Api, saved_model: Path, tmp_path: Path) -> Iterator[Served]:
    """In the middle of a rollout: version 8 is being loaded for as long as a test wants."""
    folder = ModelFolder(tmp_path / "models" / NAME, saved_model)
    folder.publish(1, 2)
    with serving(api, folder, tmp_path / "pods") as served:
        folder.publish_slow(SLOW)
        served.edit(versionLabels={"stable": SLOW})
        served.until(lambda: [asking.version_states(p.address, NAME).get(SLOW) for p in served.pods] == ["LOADING"] * 2)
        yield served


def test_one_acts_and_the_other_stands_by(pair: Candidates, api: Api, namespace: str) -> None:
    leader, standby = pair.all
    began = time.monotonic()
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist")
    assert leader.acts(began)
    assert [passed for passed in standby.proxy.since(0) if passed.method != "GET"] == []
    assert standby.operator.get("/readyz") == (200, "ok\n")
    assert not standby.leads()


def test_the_lease_is_as_client_go_writes_it(pair: Candidates) -> None:
    lease = pair.lease()
    assert lease["holderIdentity"].partition("_")[0]
    assert lease["leaseDurationSeconds"] == 10
    assert lease["leaseTransitions"] == 0
    assert lease["acquireTime"] < lease["renewTime"] or eventually(
        lambda: pair.lease()["renewTime"] > lease["renewTime"]
    )


@pytest.mark.alone
def test_a_leader_that_is_asked_to_end_hands_over_at_once(pair: Candidates) -> None:
    leader, standby = pair.all
    before = pair.lease()
    began = time.monotonic()
    leader.operator.process.send_signal(signal.SIGTERM)
    took = pair.seconds_until_leads(standby, began)
    print(f"failover after SIGTERM: {took:.1f} s")
    assert took < before["leaseDurationSeconds"], "it waited for the lease to expire"
    assert leader.operator.process.wait(60) == 0
    assert pair.lease()["leaseTransitions"] == 1


def test_a_leader_that_is_alone_leaves_no_holder(pair: Candidates) -> None:
    leader, standby = pair.all
    standby.kill()
    leader.operator.process.send_signal(signal.SIGINT)
    assert leader.operator.process.wait(60) == 0
    assert pair.lease()["holderIdentity"] == ""
    began = time.monotonic()
    pair.seconds_until_leads(pair.start(), began)


def test_a_killed_leader_in_the_middle_of_a_rollout(pair: Candidates, loading: Served) -> None:
    """The lease expires, the other one goes on, and the time in which nobody drove the rollout does not count."""
    leader, standby = pair.all
    with loading.heard("stable") as heard:
        began = time.monotonic()
        leader.kill()
        took = pair.seconds_until_leads(standby, began)
        print(f"failover after SIGKILL: {took:.1f} s")
        loading.folder.finish(SLOW)
        loading.until_done()
    assert [answers.runs for answers in heard] == [[1, SLOW], [1, SLOW]]


def test_time_without_a_leader_is_no_time_of_the_load(pair: Candidates, loading: Served) -> None:
    loading.edit(rollout={"loadTimeoutSeconds": 10})
    loading.until(lambda: loading.is_observed() and loading.rollout()["step"] == "Load")
    leader, standby = pair.all
    leader.kill()
    pair.seconds_until_leads(standby, time.monotonic())
    time.sleep(3)  # a load that began before the leader was killed would have failed by now
    assert loading.rollout()["step"] == "Load"
    loading.folder.finish(SLOW)
    loading.until_done()


def test_a_leader_that_hung_writes_nothing_when_it_goes_on(pair: Candidates, api: Api, namespace: str) -> None:
    """Stopped in the middle of its work, while what it was about to write is changed by the next one."""
    leader, standby = pair.all
    for number in range(20):
        api.create(tfmodel(namespace, f"m{number}"))
    eventually(lambda: len(leader.acts(0)) > 10)
    began = time.monotonic()
    leader.operator.process.send_signal(signal.SIGSTOP)
    print(f"failover after SIGSTOP: {pair.seconds_until_leads(standby, began):.1f} s")
    for number in range(20):
        wait_for_children(api, namespace, f"m{number}")
        api.patch("TFModel", namespace, f"m{number}", {"spec": {"replicas": 3}})
    eventually(lambda: all(_replicas(api, namespace, f"m{number}") == 3 for number in range(20)))
    resumed = time.monotonic()
    leader.operator.process.send_signal(signal.SIGCONT)
    assert leader.operator.process.wait(60) == 1
    assert [passed for passed in leader.proxy.since(resumed) if passed.method != "GET"] == []
    assert all(_replicas(api, namespace, f"m{number}") == 3 for number in range(20))
    assert "lost lease" in leader.operator.lines()[-1]
    assert "Traceback" not in leader.operator.log.read_text()


def _replicas(api: Api, namespace: str, name: str) -> int:
    deployment = api.get("Deployment", namespace, name)
    return int(deployment["spec"]["replicas"]) if deployment else 0


@pytest.mark.alone
def test_a_leader_that_cannot_reach_the_api_server_ends_before_another_may_act(
    pair: Candidates, api: Api, namespace: str
) -> None:
    leader, standby = pair.all
    api.create(tfmodel(namespace))
    wait_for_children(api, namespace, "mnist")
    began = time.monotonic()
    leader.proxy.cut()
    eventually(lambda: not leader.leads(), FAILOVER_SECONDS, leader.operator.lines)
    assert not standby.leads()
    ended = time.monotonic() - began
    assert leader.operator.process.wait(60) == 1
    took = pair.seconds_until_leads(standby, began)
    print(f"cut off: gave up after {ended:.1f} s, failover after {took:.1f} s")
    assert took < FAILOVER_SECONDS
    assert "lost lease" in leader.operator.lines()[-1]
    api.delete("Service", namespace, "mnist")
    eventually(lambda: api.get("Service", namespace, "mnist"))


def test_an_api_server_that_is_two_seconds_slow_costs_nobody_the_lease(pair: Candidates) -> None:
    """Renewed over and over for longer than it lasts."""
    leader, standby = pair.all
    for candidate in pair.all:
        candidate.proxy.delay(2.0)
    began, lease = time.monotonic(), pair.lease()
    eventually(lambda: time.monotonic() - began > 2 * lease["leaseDurationSeconds"])
    assert leader.leads()
    assert not standby.leads()
    assert pair.lease()["leaseTransitions"] == lease["leaseTransitions"]
    assert pair.lease()["renewTime"] > lease["renewTime"]
