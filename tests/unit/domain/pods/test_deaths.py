"""How a model server died, told from the statuses that a kubelet writes."""

from typing import Any

import pytest

from tests.unit.domain.pods.pods import LAST_WORDS, SERVER_LOG, container, ended, found, pod, waiting
from tfs_operator.domain.pods import Death
from tfs_operator.domain.pods.deaths import telling_lines


def death_of(status: dict[str, Any]) -> Death | None:
    return found(pod(containerStatuses=[status])).death


class TestWords:
    @pytest.mark.parametrize(
        ("code", "reason", "words"),
        [
            (137, "OOMKilled", "was killed, out of memory (limit 900Mi)"),
            (0, "OOMKilled", "was killed, out of memory (limit 900Mi)"),
            (137, "Error", "was killed by signal 9 (SIGKILL)"),
            (143, "Error", "was killed by signal 15 (SIGTERM)"),
            (139, "Error", "was killed by signal 11 (SIGSEGV)"),
            (134, "Error", "was killed by signal 6 (SIGABRT)"),
            (1, "Error", "ended with exit code 1"),
            (128, "Error", "ended with exit code 128"),
            (255, "Error", "ended with exit code 255"),
            (137, "ContainerStatusUnknown", "was lost by its node"),
            (128, "StartError", "could not be started"),
        ],
    )
    def test_how_it_ended(self, code: int, reason: str, words: str) -> None:
        assert death_of(container(ended(code, reason))) == Death(words, restarts=0)

    @pytest.mark.parametrize(
        ("code", "reason", "told"),
        [
            (255, "Error", True),
            (134, "Error", True),
            (128, "StartError", True),
            (137, "Error", True),
            (137, "OOMKilled", False),
        ],
    )
    def test_errors_among_its_last_words(self, code: int, reason: str, told: bool) -> None:
        death = death_of(container(ended(code, reason, SERVER_LOG)))
        assert death is not None
        assert death.words().endswith(f": {LAST_WORDS}") is told

    @pytest.mark.parametrize(("code", "told"), [(137, False), (134, True), (1, True)])
    def test_the_last_line_of_a_server_that_was_killed_tells_nothing(self, code: int, told: bool) -> None:
        death = death_of(container(ended(code, message="I am well")))
        assert death is not None
        assert ("I am well" in death.words()) is told

    def test_without_a_limit_it_was_the_nodes_memory(self) -> None:
        manifest = pod(containerStatuses=[container(ended(137, "OOMKilled"))])
        del manifest["spec"]["containers"][0]["resources"]
        assert found(manifest).death == Death("was killed, out of memory (no limit: that of the node)", 0)


class TestWhich:
    """A death has the restart count of the process that died, however far the kubelet is."""

    @pytest.mark.parametrize(
        "status",
        [
            container(ended(1), restartCount=2),
            waiting("CrashLoopBackOff", restartCount=2, lastState=ended(1)),
            container({"running": {}}, restartCount=3, lastState=ended(1)),
            container({"running": {}}, restartCount=3, lastState=ended(1), ready=True, started=True),
        ],
        ids=["just ended", "waiting to be restarted", "running again", "ready again"],
    )
    def test_the_same_death_in_all_that_follows(self, status: dict[str, Any]) -> None:
        assert death_of(status) == Death("ended with exit code 1", restarts=2)

    @pytest.mark.parametrize(
        "status",
        [
            container({"running": {}}),
            waiting("ContainerCreating"),
            container(ended(0, "Completed")),
            container({"running": {}}, restartCount=1, lastState=ended(0, "Completed")),
            container(ended(0, "Completed"), restartCount=1, lastState=ended(1)),
        ],
    )
    def test_a_process_that_lives_or_ended_well_has_not_died(self, status: dict[str, Any]) -> None:
        assert death_of(status) is None

    def test_a_pod_without_a_status(self) -> None:
        assert found({"metadata": {"name": "a"}}).death is None


@pytest.mark.parametrize(
    ("status", "running", "restarts"),
    [
        (container({"running": {}}), True, 0),
        (container({"running": {}}, ready=True, restartCount=4), True, 4),
        (waiting("CrashLoopBackOff", restartCount=4, lastState=ended(1)), False, 4),
        (container(ended(1), restartCount=4), False, 4),
        (waiting("PodInitializing"), False, 0),
    ],
)
def test_whether_its_server_runs_and_how_often_it_was_restarted(
    status: dict[str, Any], running: bool, restarts: int
) -> None:
    facts = found(pod(containerStatuses=[container({"running": {}}, name="other", restartCount=9), status]))
    assert (facts.running, facts.restarts) == (running, restarts)


class TestTellingLines:
    def test_the_last_two_errors_without_time_and_source(self) -> None:
        assert telling_lines(SERVER_LOG) == LAST_WORDS

    def test_without_an_error_the_last_line(self) -> None:
        assert telling_lines("one\n\n  two  \n\n") == "two"

    def test_without_an_error_nothing_where_only_errors_tell(self) -> None:
        assert telling_lines("one\n\n  two  \n\n", only_errors=True) == ""
        assert telling_lines(SERVER_LOG, only_errors=True) == LAST_WORDS

    def test_they_can_be_printed(self) -> None:
        assert telling_lines("Failed \x1b[31mto load\x07\ud83d") == "Failed [31mto load"

    def test_an_empty_log_says_nothing(self) -> None:
        assert telling_lines("") == ""

    def test_the_same_line_twice_is_said_once(self) -> None:
        assert telling_lines("Failed to x\nFailed to x\n") == "Failed to x"

    @pytest.mark.parametrize(
        "line",
        [
            "2026-11-21 06:30:00.1: E a/b.cc:75] it broke",
            "2026-11-21 06:30:00.1: F a/b.cc:75] it broke",
            "E0000 00:00:1795242600.123456    17 b.cc:75] it broke",
            "F1121 06:30:00.123456    17 b.cc:75] it broke",
        ],
    )
    def test_every_kind_of_prefix_is_known(self, line: str) -> None:
        assert telling_lines(f"{line}\nI bye") == "it broke"

    def test_brackets_of_the_message_itself_stay(self) -> None:
        assert telling_lines("Failed [1] of [2] models") == "Failed [1] of [2] models"

    def test_a_long_story_is_cut_at_its_front(self) -> None:
        told = telling_lines("Failed " + "x" * 5000 + " end")
        assert len(told) == 1024
        assert told.endswith(" end")
