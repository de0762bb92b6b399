"""`latest` and `all`, where the server finds versions by itself, with and without labels."""

from typing import Any

import pytest

from tests.integration.served import Served

LATEST: dict[str, Any] = {"latest": 1}
ALL: dict[str, Any] = {"all": {}}


@pytest.fixture
def served(fleet: Served) -> Served:
    """Version 1 is there, and served as stable; nothing else is."""
    fleet.folder.remove(*range(2, 10))
    fleet.rewrite(versionLabels={"stable": 1})
    fleet.until_done()
    return fleet


def until_available(served: Served, *versions: int) -> None:
    served.until(lambda: served.available() == [list(versions)] * len(served.pods))


def follows(served: Served, **spec: Any) -> None:
    """The policy is the wish, has found version 2, and is what a pod starts with."""
    served.rewrite(**spec)
    served.until_done()
    served.folder.publish(2)
    served.until(lambda: served.committed()[0] == followed(spec["versionPolicy"]))
    assert all(2 in versions for versions in served.available())
    served.until_done()


def followed(policy: dict[str, Any]) -> Any:
    """The policy as it is committed, when nothing is pinned."""
    return "all" if "all" in policy else policy


def test_latest_goes_to_a_newer_version(served: Served) -> None:
    follows(served, versionPolicy=LATEST)
    until_available(served, 2)
    assert served.committed() == (LATEST, {})
    assert served.tfmodel()["status"]["availableVersions"] == "2"


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


def test_a_bad_newest_version_of_latest_is_not_committed(alone: Served) -> None:
    """What is good is pinned, so that pods that restart come up, until there is a newer one."""
    follows(alone, versionPolicy=LATEST)
    _fails(alone, 3)
    alone.until(lambda: alone.committed() == ([2], {}))
    _restart_all(alone)
    assert alone.available() == [[2], [2]]
    alone.folder.publish(4)
    alone.until(lambda: alone.committed() == (LATEST, {}))
    assert all(4 in versions for versions in alone.available())


def test_a_bad_newest_version_of_all_is_not_committed_and_moves_no_label(alone: Served) -> None:
    """`all` goes on picking the bad one, so the good ones stay pinned, newer ones too."""
    follows(alone, versionPolicy=ALL, versionLabels={"stable": 1})
    with alone.heard("stable") as heard:
        _fails(alone, 3)
        alone.until(lambda: alone.committed() == ([1, 2], {"stable": 1}))
        alone.edit(versionLabels={"stable": 2})
        alone.until(lambda: alone.answers("stable") == [2, 2])
    assert [answers.runs for answers in heard] == [[1, 2], [1, 2]]
    _restart_all(alone)
    assert alone.available() == [[1, 2], [1, 2]]
    alone.folder.publish(4)
    alone.until(lambda: alone.committed() == ([1, 2, 4], {"stable": 2}))


def _fails(served: Served, version: int) -> None:
    served.folder.publish_damaged(version)
    said = served.until_reason("VersionFailed", "Progressing")
    assert said["status"] == "False"
    assert f"version {version}" in said["message"]


def _restart_all(served: Served) -> None:
    for pod in served.pods:
        served.restart(pod)


def test_named_versions_instead_of_a_policy_that_has_found_a_bad_one(alone: Served) -> None:
    """A server ignores every configuration that names a version which it keeps only for want of a better one."""
    alone.rewrite(versionPolicy=LATEST)
    alone.until_done()
    alone.folder.publish_damaged(2)
    alone.until_reason("VersionFailed")
    alone.rewrite(versions=[1], versionLabels={"stable": 1})
    alone.until_done()
    alone.folder.publish(3)
    alone.edit(versions=[1, 3], versionLabels={"canary": 3})
    alone.until_done()
    assert alone.available() == [[1, 3], [1, 3]]


def test_from_a_policy_back_to_named_versions(served: Served) -> None:
    follows(served, versionPolicy=LATEST)
    with served.heard("stable") as heard:
        served.rewrite(versionLabels={"stable": 1})
        served.until_done()
    assert served.available() == [[1], [1]]
    assert [answers.runs for answers in heard] == [[None, 1], [None, 1]]
