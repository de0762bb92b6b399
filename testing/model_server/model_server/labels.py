"""Version labels: the names under which versions of a model can be asked for.

(model_servers/server_core.cc, UpdateModelVersionLabelMap)
"""

import threading
from typing import Any

from model_server.states import State, StateMonitor
from model_server.status import Code, StatusError, failed_precondition, invalid_argument

Labels = dict[str, dict[str, int]]
"""Model → label → version."""


class VersionLabels:
    """The labels in force; a config with one bad label changes none of them."""

    def __init__(self, monitor: StateMonitor, *, allow_unavailable: bool) -> None:
        """`allow_unavailable`: a label that does not exist yet may name a version that is not available."""
        self._monitor = monitor
        self._allow_unavailable = allow_unavailable
        self._lock = threading.Lock()
        self._labels: Labels | None = None

    def assign(self, models: list[Any]) -> None:
        """Replaces all labels by those of the ModelConfigs; raises StatusError and keeps the old ones."""
        labels: Labels = {}
        for model in models:
            available = self._available(model.name)
            for label, version in model.version_labels.items():
                if version not in available and not self._may_name_unavailable(model.name, label, version):
                    raise failed_precondition(
                        f"Request to assign label to version {version} of model {model.name}, "
                        "which is not currently available for inference"
                    )
                labels.setdefault(model.name, {})[label] = version
        with self._lock:
            self._labels = labels

    def version(self, model: str, label: str) -> int:
        """The version that a label names; raises StatusError for an unknown label."""
        with self._lock:
            if self._labels is None:
                raise StatusError(Code.UNAVAILABLE, f"Model labels does not init yet.{label}")
            labels = self._labels.get(model, {})
        if label not in labels:
            raise invalid_argument(f"Unrecognized servable version label: {label}")
        return labels[label]

    def _available(self, model: str) -> set[int]:
        states = self._monitor.versions(model)
        return {version for version, known in states.items() if known.state is State.AVAILABLE}

    def _may_name_unavailable(self, model: str, label: str, version: int) -> bool:
        with self._lock:
            existing = (self._labels or {}).get(model, {}).get(label, version)
        return self._allow_unavailable and existing == version
