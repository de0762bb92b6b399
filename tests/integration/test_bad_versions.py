"""A version that cannot be loaded moves no label, is taken back everywhere, and is said in the server's own words."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from testing.api_client import Api, Manifest
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet import asking
from testing.fleet.asking import Answers
from testing.fleet.model_folder import ModelFolder
from testing.fleet.served import NAME, Served, serving

BAD = 9
KNOWN_WITHIN_SECONDS = 15.0
LOAD_TIMEOUT_SECONDS = 6


@dataclass(frozen=True)
class Kind:
    """A kind of bad version, and with which words it is refused: the server's, or the operator's about the server."""

    publish: Callable[[ModelFolder, int], None]
    words: str


KINDS = {
    "damaged": Kind(ModelFolder.publish_damaged, "OUT_OF_RANGE: Read less bytes than requested"),
    "bad-warmup": Kind(ModelFolder.publish_with_bad_warmup, "DATA_LOSS: corrupted record at 0"),
    "too-slow": Kind(ModelFolder.publish_slow, f"not AVAILABLE after {LOAD_TIMEOUT_SECONDS} s, it is LOADING"),
}


@dataclass
class Refusal:
    """Of a TFModel of its own, whose stable label was edited to a bad version, and that got a canary with it."""

    words: str
    fleet: Served
    config_map: Manifest
    started: float
    seconds: float = 0.0
    heard: list[Answers] = field(default_factory=list)


@pytest.fixture(scope="module")
def refusals(
    api: Api, operator: OperatorProcess, saved_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Refusal]]:
    """One of each kind, all at the same time."""
    with ExitStack() as stack:
        fleets = {name: stack.enter_context(_serving(api, saved_model, tmp_path_factory)) for name in KINDS}
        for fleet in fleets.values():
            fleet.until_done()
        with ExitStack() as asking_all:
            found = {name: _edit_to_bad(fleet, KINDS[name], asking_all) for name, fleet in fleets.items()}
            for refusal in found.values():
                _await(refusal)
        yield found
        fleets["too-slow"].folder.finish(BAD)
        fleets["too-slow"].until(lambda: "LOADING" not in states(fleets["too-slow"]))


def _serving(api: Api, saved_model: Path, paths: pytest.TempPathFactory) -> AbstractContextManager[Served]:
    folder = ModelFolder(paths.mktemp("models") / "mnist", saved_model)
    folder.publish(1, 2, 3)
    rollout = {"loadTimeoutSeconds": LOAD_TIMEOUT_SECONDS}
    return serving(api, folder, paths.mktemp("pods"), await_done=False, rollout=rollout)


def _edit_to_bad(fleet: Served, kind: Kind, stack: ExitStack) -> Refusal:
    kind.publish(fleet.folder, BAD)
    heard = stack.enter_context(fleet.heard("stable", "canary"))
    config_map = fleet.config_map()
    fleet.edit(versionLabels={"stable": BAD, "canary": 2})
    return Refusal(kind.words, fleet, config_map, time.monotonic(), heard=heard)


def _await(refusal: Refusal) -> None:
    """Waits for longer than it may take, so that it is a test that judges."""
    refusal.fleet.until_reason("VersionFailed", "Progressing")
    refusal.seconds = time.monotonic() - refusal.started


@pytest.fixture(params=KINDS)
def refused(refusals: dict[str, Refusal], request: pytest.FixtureRequest) -> Refusal:
    """All tests of this module look at the same ones; the last test ends them."""
    return refusals[request.param]


@pytest.fixture
def fleet(refused: Refusal) -> Served:
    return refused.fleet


@pytest.mark.alone
def test_it_is_known_soon(refused: Refusal) -> None:
    assert refused.seconds < KNOWN_WITHIN_SECONDS


def test_it_is_said_in_the_servers_words(fleet: Served, refused: Refusal) -> None:
    progressing, ready = fleet.condition("Progressing"), fleet.condition()
    assert (progressing["status"], progressing["reason"]) == ("False", "VersionFailed")
    assert (ready["status"], ready["reason"]) == ("False", "VersionFailed")
    assert f"version {BAD} on pod {NAME}-" in progressing["message"]
    assert refused.words in progressing["message"]
    assert fleet.rollout()["step"] == "Withdraw"


def test_an_event_and_a_metric_tell_of_it(fleet: Served, operator: OperatorProcess, refused: Refusal) -> None:
    of_model = {"namespace": fleet.namespace, "name": NAME, "model": NAME}
    assert operator.metric("tfmodel_version_failures_total", **of_model) == 1
    fleet.until(lambda: any(refused.words in note for note in fleet.events("VersionFailed")))
    assert any(refused.words in note for note in fleet.warnings())


def test_no_label_moves_and_nothing_is_committed(fleet: Served, refused: Refusal) -> None:
    """Neither the bad version's label nor the canary, which comes with the same wish."""
    assert [answers.runs for answers in refused.heard] == [[1], [None]] * 2
    assert (fleet.answers("stable"), fleet.answers("canary")) == ([1, 1], [None, None])
    assert fleet.config_map() == refused.config_map


def test_the_whole_wish_is_withdrawn_from_every_pod(fleet: Served, refused: Refusal) -> None:
    """The good canary too, since it comes with the same wish. A load that hangs cannot be ended from outside."""
    fleet.until(lambda: fleet.available() == [[1], [1]])
    fleet.until(lambda: states(fleet) <= {"END", "LOADING"})


def states(fleet: Served) -> set[str]:
    """Where the pods stand with the bad version."""
    return {asking.version_states(pod.address, NAME).get(BAD, "END") for pod in fleet.pods}


def test_pods_that_end_meanwhile_come_up_well(fleet: Served, refused: Refusal) -> None:
    """One that is killed, and one that is deleted."""
    killed, deleted = fleet.pods
    fleet.restart(killed)
    fleet.replace(deleted)
    assert fleet.answers("stable") == [1, 1]
    assert fleet.config_map() == refused.config_map


def test_a_corrected_spec_recovers_without_a_restart(fleet: Served, refused: Refusal) -> None:
    pods = [(pod.name, pod.restarts) for pod in fleet.pods]
    with fleet.heard("stable") as heard:
        fleet.edit(versionLabels={"stable": 3})
        fleet.until(lambda: fleet.answers("stable") == [3, 3])
        fleet.until_reason("Serving")
    assert [answers.runs for answers in heard] == [[1, 3], [1, 3]]
    assert fleet.answers("canary") == [2, 2]
    assert [(pod.name, pod.restarts) for pod in fleet.pods] == pods
