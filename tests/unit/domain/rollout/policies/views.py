"""What the tests of single policies are given: pods by what they answer, and the view of the model that they serve."""

from collections.abc import Collection
from typing import Any

from tfs_operator.domain.model_config import Latest, ModelConfig, Specific
from tfs_operator.domain.observation import AVAILABLE, END, ModelObservation, VersionStatus
from tfs_operator.domain.rollout import Facts, Fleet, Limits, Memory, Pod
from tfs_operator.domain.rollout.view import View, fingerprint

NOW = 1000.0
LIMITS = Limits(load_timeout=60.0, bake=30.0, settle=3.0, absent=8.0)


def named(*versions: int, **labels: int) -> ModelConfig:
    """The model with exactly these versions."""
    return ModelConfig("m", "/models/m", Specific(versions), labels)


def latest(count: int = 1, **labels: int) -> ModelConfig:
    """The model with the policy `latest`."""
    return ModelConfig("m", "/models/m", Latest(count), labels)


def pod(name: str, *available: int, loading: Collection[int] = (), failed: Collection[int] = (), **labels: int) -> Pod:
    """A pod that has been ready for long and answers so."""
    states = [VersionStatus(version, AVAILABLE) for version in available]
    states += [VersionStatus(version, "LOADING") for version in loading]
    states += [VersionStatus(version, END, "NOT_FOUND", "no saved_model.pb") for version in failed]
    return Pod(name, ModelObservation(tuple(states), labels))


def facts(aspired: ModelConfig, committed: ModelConfig | None, *pods: Pod, **more: Any) -> Facts:
    """`silent` and `crash_looping` are the fleet's, everything else is remembered of this very spec."""
    fleet = Fleet(pods, more.pop("silent", 0), more.pop("crash_looping", False))
    return Facts(aspired, committed, fleet, Memory(fingerprint(aspired), **more), LIMITS, NOW)


def view(aspired: ModelConfig, committed: ModelConfig, *pods: Pod, **more: Any) -> View:
    return View(facts(aspired, committed, *pods, **more), aspired, committed)
