"""When a pod shows what it was told."""

import pytest

from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.observation import AVAILABLE, ModelObservation, VersionStatus
from tfs_operator.domain.rollout import settled


def config(labels: dict[str, int], *versions: int) -> ModelServerConfig:
    policy = Specific(versions) if versions else Latest(1)
    return ModelServerConfig((ModelConfig("m", "/m", policy, labels),))


def observed(labels: dict[str, int], **states: str) -> dict[str, ModelObservation]:
    """`v1="AVAILABLE"` is version 1."""
    statuses = tuple(VersionStatus(int(name[1:]), state) for name, state in states.items())
    return {"m": ModelObservation(statuses, labels)}


@pytest.mark.parametrize(
    ("told", "seen", "answer"),
    [
        (config({"stable": 1}, 1), observed({"stable": 1}, v1=AVAILABLE), True),
        (config({"stable": 1}, 1), observed({"stable": 1}, v1=AVAILABLE, v2="END"), True),
        (config({"stable": 1}, 1), observed({"stable": 1}, v1=AVAILABLE, v2=AVAILABLE), False),
        (config({"stable": 1}, 1), observed({"stable": 2}, v1=AVAILABLE), False),
        (config({"stable": 1}, 1), observed({}, v1=AVAILABLE), False),
        (config({"stable": 0}, 0), observed({"stable": 0}, v0=AVAILABLE), True),
        (config({"stable": 0}, 0), observed({}, v0=AVAILABLE), False),
        (config({}, 1, 2), observed({}, v1=AVAILABLE, v2="LOADING"), False),
        (config({}), observed({}, v7=AVAILABLE), True),
        (config({}), observed({}, v7="LOADING"), False),
        (config({}), {}, False),
        (ModelServerConfig((ModelConfig("m", "/m", All()),)), observed({}, v1=AVAILABLE, v2=AVAILABLE), True),
    ],
)
def test_only_when_versions_and_labels_are_as_told(
    told: ModelServerConfig, seen: dict[str, ModelObservation], answer: bool
) -> None:
    assert settled(told, seen) is answer


def test_every_model_counts() -> None:
    two = ModelServerConfig((ModelConfig("m", "/m", Latest(1)), ModelConfig("n", "/n", Latest(1))))
    seen = observed({}, v1=AVAILABLE)
    assert not settled(two, seen)
    assert settled(two, {**seen, "n": seen["m"]})
