"""`latest` and `all`, where the server finds versions by itself, with and without labels."""

import pytest

from testing.fleet.policies import ALL, LATEST, follows
from testing.fleet.served import Served


@pytest.fixture
def served(fleet: Served) -> Served:
    """Version 1 is there, and served as stable; nothing else is."""
    fleet.folder.remove(*range(2, 10))
    fleet.rewrite(versionLabels={"stable": 1})
    fleet.until_done()
    return fleet


def until_available(served: Served, *versions: int) -> None:
    served.until(lambda: served.available() == [list(versions)] * len(served.pods))


def test_latest_goes_to_a_newer_version(served: Served) -> None:
    follows(served, versionPolicy=LATEST)
    until_available(served, 2)
    assert served.committed() == (LATEST, {})
    served.until(lambda: served.tfmodel()["status"]["availableVersions"] == "2")


def test_latest_two_keeps_two(served: Served) -> None:
    follows(served, versionPolicy={"latest": 2})
    until_available(served, 1, 2)
    served.folder.publish(3)
    until_available(served, 2, 3)
    served.until_done()


def test_latest_with_a_label_keeps_what_the_label_names(served: Served) -> None:
    served.folder.publish(2)
    served.rewrite(versionPolicy=LATEST, versionLabels={"stable": 1})
    served.until_done()
    served.folder.publish(3)
    with served.heard("stable") as heard:
        served.edit(versionLabels={"canary": 3})
        served.until_done()
    assert [answers.runs for answers in heard] == [[1], [1]]
    assert served.answers("canary") == [3, 3]
    served.restart(served.pods[0])
    assert (served.answers("stable"), served.answers("canary")) == ([1, 1], [3, 3])


def test_all_keeps_whatever_is_there(served: Served) -> None:
    follows(served, versionPolicy=ALL)
    until_available(served, 1, 2)
    assert served.committed() == ("all", {})


def test_a_label_moves_to_a_version_that_all_has_found(served: Served) -> None:
    follows(served, versionPolicy=ALL, versionLabels={"stable": 1})
    assert served.answers("stable") == [1, 1]
    with served.heard("stable") as heard:
        served.edit(versionLabels={"stable": 2, "old": 1})
        served.until_done()
    assert [answers.runs for answers in heard] == [[1, 2], [1, 2]]
    assert served.answers("old") == [1, 1]
    assert served.committed() == ("all", {"old": 1, "stable": 2})


def test_from_a_policy_back_to_named_versions(served: Served) -> None:
    follows(served, versionPolicy=LATEST)
    with served.heard("stable") as heard:
        served.rewrite(versionLabels={"stable": 1})
        served.until_done()
    assert served.available() == [[1], [1]]
    assert [answers.runs for answers in heard] == [[None, 1], [None, 1]]
