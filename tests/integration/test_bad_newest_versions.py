"""`latest` and `all` find a version that cannot be loaded. It is tried again soon, here."""

import pytest

from tests.integration.conftest import FLAGS
from tests.integration.policies import ALL, LATEST, follows
from tests.integration.served import Served

RECOVERY_SECONDS = 40.0


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


def _fails(served: Served, version: int) -> None:
    served.folder.publish_damaged(version)
    said = served.until_reason("VersionFailed", "Progressing")
    assert said["status"] == "False"
    assert f"version {version}" in said["message"]


def _restart_all(served: Served) -> None:
    for pod in served.pods:
        served.restart(pod)
