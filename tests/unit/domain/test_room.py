"""The warning before a version is loaded that may not fit in the server's memory."""

from dataclasses import replace

import pytest

from tfs_operator.api.conditions import ConditionType
from tfs_operator.domain.condition_checks import all_conditions
from tfs_operator.domain.deployment import DeploymentFacts
from tfs_operator.domain.evidence import Evidence
from tfs_operator.domain.fetch_protocol import FetchState, ModelReport, VersionReport
from tfs_operator.domain.model_config import ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.observation import ModelObservation, PodObservation, VersionStatus
from tfs_operator.domain.recycle import ServerLoad
from tfs_operator.domain.room import tight

MIB = 1024 * 1024
SIZES = {1: 400, 2: 700, 3: 5000}
"""Of each version, in MiB. The spec does not have the last one."""


def pod(*available: int) -> PodObservation:
    versions = [VersionReport(version=n, state=FetchState.FETCHED, bytes=mib * MIB) for n, mib in SIZES.items()]
    seen = ModelObservation(tuple(VersionStatus(version, "AVAILABLE") for version in available))
    report = ModelReport(uri="pvc://c/m", versions=tuple(versions), local=True)
    return PodObservation("a", ready=True, models={"m": seen}, fetches={"m": report})


def evidence(limit: int, *available: int) -> Evidence:
    """The spec has versions 1 and 2; `limit` in MiB."""
    model = ModelConfig("m", "/models/pvc/c/m", Specific((1, 2)), {"stable": 1})
    complete = DeploymentFacts(current=True, desired=1, replicas=1, updated=1, ready=1)
    loads = (ServerLoad("a", "u/0", limit=limit * MIB),)
    return Evidence(ModelServerConfig((model,)), 1, complete, (pod(*available),), loads=loads)


def test_what_is_together_larger_than_the_limit_is_said_while_it_is_loaded() -> None:
    available = all_conditions(evidence(900, 1))[ConditionType.VERSIONS_AVAILABLE]
    assert available.status == "False"
    assert available.message == (
        "model m on pod a: waiting for version 2 to be AVAILABLE; what it is to have takes 1.1 GiB on disk, "
        "and its memory limit is 900 MiB (server.resources.limits.memory): it may be killed"
    )


@pytest.mark.parametrize("limit", [1100, 0], ids=["room enough", "no limit"])
def test_nothing_is_said_where_it_fits_or_nothing_is_known(limit: int) -> None:
    assert tight(evidence(limit, 1), pod(1)) is None


def test_sizes_that_nobody_has_seen_do_not_count() -> None:
    """Models in the image are seen by no agent."""
    unseen = replace(pod(1), fetches={})
    assert tight(evidence(10, 1), unseen) is None


def test_what_is_still_loaded_counts_though_the_spec_does_not_have_it() -> None:
    assert tight(evidence(1200, 1), pod(1)) is None
    assert tight(evidence(1200, 1, 3), pod(1, 3)) is not None


def test_where_all_is_loaded_nothing_is_said() -> None:
    assert all_conditions(evidence(900, 1, 2))[ConditionType.VERSIONS_AVAILABLE].status == "True"
