"""The rows of `schema_cases` about new versions that are tried on one pod first."""

from typing import Any

Manifest = dict[str, Any]
Pair = tuple[Any, Any]
Rows = dict[str, dict[str, Pair | list[Pair]]]

MAX_INT32 = 2**31 - 1
MAX_INT64 = 2**63 - 1
TIME = "2026-11-21T06:30:00.250Z"
TRIAL: Manifest = {"version": 1, "pod": "mnist-a", "since": TIME}
LOADING: Manifest = {"version": 1, "pod": "mnist-a", "restarts": 0}

SIBLINGS: dict[str, Manifest] = {
    "status.models[].rollout.trial": TRIAL,
    "status.models[].rollout.loading[]": LOADING,
}

_VERSION: dict[str, Pair | list[Pair]] = {"minimum": (0, -1), "format int64": (MAX_INT64, MAX_INT64 + 1)}
_TIME: dict[str, Pair | list[Pair]] = {"format date-time": (TIME, "today")}
_POD: dict[str, Pair | list[Pair]] = {"maxLength": ("a" * 253, "a" * 254)}


def _required(item: Manifest) -> dict[str, Pair | list[Pair]]:
    return {f"required {key}": (item, {name: item[name] for name in item if name != key}) for key in item}


ROWS: Rows = {
    "spec.rollout.trialSeconds": {"minimum": (0, -1), "maximum": (86400, 86401)},
    "status.models[].rollout.approved": {"maxItems": ([1] * 256, [1] * 257)},
    "status.models[].rollout.approved[]": _VERSION,
    "status.models[].rollout.failures[].cause": {"enum": [("Load", ""), ("Death", "death"), ("Answer", "Answered")]},
    "status.models[].rollout.trial": _required(TRIAL),
    "status.models[].rollout.trial.version": _VERSION,
    "status.models[].rollout.trial.pod": _POD,
    "status.models[].rollout.trial.since": _TIME,
    "status.models[].rollout.trial.availableAt": _TIME,
    "status.models[].rollout.loading": {"maxItems": ([LOADING] * 64, [LOADING] * 65)},
    "status.models[].rollout.loading[]": _required(LOADING),
    "status.models[].rollout.loading[].version": _VERSION,
    "status.models[].rollout.loading[].pod": _POD,
    "status.models[].rollout.loading[].restarts": {
        "minimum": (0, -1),
        "maximum": (MAX_INT32, MAX_INT32 + 1),
    },
}
