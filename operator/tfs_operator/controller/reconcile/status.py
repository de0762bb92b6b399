"""Writes a pass's status when it is not what the resource holds already, and then tells of what has happened."""

import logging
from collections.abc import Mapping
from typing import Any

from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.api.identity import API_VERSION, KIND
from tfs_operator.api.manifest import Manifest
from tfs_operator.cluster.cache import Cache
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.errors import Conflict, NotFound
from tfs_operator.cluster.events import EventRecorder, EventType
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.metrics import Metrics, tfmodels
from tfs_operator.domain.history import RolloutEvent, What
from tfs_operator.planning import Conclusion
from tfs_operator.render.container import image
from tfs_operator.render.settings import Settings

log = logging.getLogger(__name__)

_GOOD_REASONS = {
    Reason.SERVING,
    Reason.DEPLOYING,
    Reason.FETCHING,
    Reason.LOADING,
    Reason.LABELING,
    Reason.SCALED_TO_ZERO,
}
_HAS_ITS_OWN_EVENT = {Reason.VERSION_FAILED, Reason.VERSION_NOT_FOUND}


class StatusWriter:
    """Writes the status at most once a pass, and the events, log lines and metrics that go with it."""

    def __init__(
        self, client: ClusterClient, cache: Cache, recorder: EventRecorder, settings: Settings, metrics: Metrics
    ) -> None:
        self._client = client
        self._cache = cache
        self._recorder = recorder
        self._settings = settings
        self._metrics = metrics

    def forget(self, key: TFModelKey) -> None:
        """Drops the metrics of a TFModel that is gone."""
        self._metrics.forget(key)

    async def write(self, conclusion: Conclusion) -> None:
        """Writes the status, then reports what has happened since the last one: what the status says was reported is
        reported once, or, if the process ends here, not at all."""
        self._show(conclusion)
        if await self._write(conclusion):
            self._report_rollouts(conclusion)

    def _show(self, conclusion: Conclusion) -> None:
        tfmodel, evidence, verdicts = conclusion.tfmodel, conclusion.evidence, conclusion.verdicts
        if tfmodel is None or evidence is None:
            samples = tfmodels.conditions(verdicts)
        else:
            samples = tfmodels.served(tfmodel, image(tfmodel, self._settings), evidence, verdicts)
        self._metrics.show(_key(conclusion.live), samples)

    async def _write(self, conclusion: Conclusion) -> bool:
        """Returns whether the TFModel is still there."""
        live = conclusion.live
        if live.get("status") == conclusion.status:
            return True
        written = await self._applied(live["metadata"], conclusion.status)
        if written is None:
            return False
        self._cache.upsert(written)
        self._report_ready(conclusion)
        return True

    async def _applied(self, metadata: Mapping[str, Any], status: Manifest) -> Manifest | None:
        """Returns the TFModel, or None where it is gone. The API server does not compare the uid, so one of the same
        name that was made meanwhile is told by its resourceVersion."""
        try:
            return await self._client.apply_status(_status_manifest(metadata, status))
        except Conflict:
            found = await self._client.get(KIND, metadata["namespace"], metadata["name"])
        except NotFound:
            return None
        if found is None or found["metadata"]["uid"] != metadata["uid"]:
            return None
        return await self._client.apply_status(_status_manifest(found["metadata"], status))

    def _report_ready(self, conclusion: Conclusion) -> None:
        """One log line and one event when Ready, or its reason, has changed; a version that a server cannot load has
        lines of its own."""
        live, verdicts = conclusion.live, conclusion.verdicts
        old, ready = _ready(live.get("status", {})), verdicts[ConditionType.READY]
        if (old.get("status"), old.get("reason")) == (ready.status, ready.reason):
            return
        if ready.reason in _HAS_ITS_OWN_EVENT and ready != verdicts.get(ConditionType.MODELS_FETCHED):
            return
        kind: EventType = "Normal" if ready.reason in _GOOD_REASONS else "Warning"
        if self._recorder.record(live, kind, ready.reason, ready.message, "Reconcile"):
            log.info("Ready=%s %s: %s", ready.status, ready.reason, ready.message)

    def _report_rollouts(self, conclusion: Conclusion) -> None:
        key, reports = _key(conclusion.live), conclusion.reports
        for name, report in reports.items():
            self._metrics.steps_taken(key, name, report.taken)
            for step, seconds in report.ended:
                self._metrics.step_taken(step, seconds)
            for event in report.events:
                note = f"model {name}: {event.note}" if len(reports) > 1 else event.note
                told = self._recorder.record(conclusion.live, _type(event), event.what, note, "Rollout")
                if told and event.what is not What.VERSION_FAILED:  # the line of the step Withdraw has it
                    log.info("%s", note)
                self._count(key, name, event)

    def _count(self, key: TFModelKey, model: str, event: RolloutEvent) -> None:
        if event.what is What.LABEL_MOVED:
            self._metrics.label_moved(key.namespace, key.name, model)
        if event.what is What.VERSION_FAILED:
            self._metrics.version_failed(key.namespace, key.name, model)


def _status_manifest(metadata: Mapping[str, Any], status: Manifest) -> Manifest:
    identity = {key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion")}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": identity, "status": status}


def _key(live: Manifest) -> TFModelKey:
    return TFModelKey(live["metadata"]["namespace"], live["metadata"]["name"])


def _type(event: RolloutEvent) -> EventType:
    return "Warning" if event.is_bad else "Normal"


def _ready(status: Mapping[str, Any]) -> Manifest:
    conditions = status.get("conditions", [])
    return next((condition for condition in conditions if condition["type"] == ConditionType.READY), {})
