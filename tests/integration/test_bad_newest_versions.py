"""`latest` and `all` find a version that cannot be loaded. It is tried again soon, here."""

import pytest

from testing.control_plane.operator_process import FLAGS
from testing.fleet import asking
from testing.fleet.policies import ALL, LATEST, follows
from testing.fleet.served import NAME, Served

RECOVERY_SECONDS = 120.0


@pytest.fixture(scope="module")
def operator_flags() -> tuple[str, ...]:
    return (*FLAGS, "--retry-seconds=1")


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


def test_a_label_waits_for_what_latest_is_loading(alone: Served) -> None:
    """Version 1 is kept by the server only until version 2 is loaded, and then it goes, label or not: so the label
    comes once version 2 is there, and then stays."""
    alone.rewrite(versionPolicy=LATEST)
    alone.until_done()
    alone.folder.publish_slow(2)
    alone.until(lambda: [asking.version_states(pod.address, NAME).get(2) for pod in alone.pods] == ["LOADING"] * 2)
    with alone.heard("stable") as heard:
        alone.rewrite(versionPolicy=LATEST, versionLabels={"stable": 1})
        alone.until(lambda: "labels wait for it" in alone.rollout()["message"])
        alone.folder.finish(2)
        alone.until_done()
    assert [answers.runs for answers in heard] == [[None, 1], [None, 1]]


def test_named_versions_instead_of_a_policy_that_has_found_a_bad_one(alone: Served) -> None:
    """A server ignores every configuration that names a version which it keeps only for want of a better one: the pods
    are replaced, one by one."""
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


def _fails(served: Served, version: int) -> None:
    served.folder.publish_damaged(version)
    said = served.until_reason("VersionFailed", "Progressing")
    assert said["status"] == "False"
    assert f"version {version}" in said["message"]


def _restart_all(served: Served) -> None:
    for pod in served.pods:
        served.restart(pod)
