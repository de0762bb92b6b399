"""Puts together the status, and writes it when it is not what the resource holds already."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.api.identity import API_VERSION, KIND
from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import Metadata, TFModel
from tfs_operator.api.status import TFModelStatus
from tfs_operator.cluster.cache import Cache
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.errors import NotFound
from tfs_operator.cluster.events import EventRecorder, EventType
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.metrics import Metrics, tfmodels
from tfs_operator.controller.reconcile.rollout_pass import PassResult
from tfs_operator.controller.reconcile.rollout_report import RolloutReport, rollout_reports
from tfs_operator.domain.conditions import merged
from tfs_operator.domain.evidence import Evidence, Verdict
from tfs_operator.domain.history import RolloutEvent, What
from tfs_operator.domain.model_status import available_versions, model_statuses
from tfs_operator.render.container import image
from tfs_operator.render.endpoints import endpoints
from tfs_operator.render.metadata import selector
from tfs_operator.render.settings import Settings

Verdicts = Mapping[ConditionType, Verdict]

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


def rfc3339_now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class StatusWriter:
    """At most one status write a reconcile, and the event and log line that go with a change."""

    def __init__(
        self,
        client: ClusterClient,
        cache: Cache,
        recorder: EventRecorder,
        settings: Settings,
        metrics: Metrics,
        now: Callable[[], str] = rfc3339_now,
    ) -> None:
        self._client = client
        self._cache = cache
        self._recorder = recorder
        self._settings = settings
        self._metrics = metrics
        self._now = now

    def forget(self, key: TFModelKey) -> None:
        """Drops the metrics of a TFModel that is gone."""
        self._metrics.forget(key)

    async def write(
        self, live: Manifest, tfmodel: TFModel, evidence: Evidence, verdicts: Verdicts, progress: PassResult
    ) -> None:
        """The whole status of a TFModel that is acted on, and what has happened since it was written last."""
        reports = rollout_reports(live.get("status", {}), progress, evidence.replicas)
        models = [
            model.model_copy(
                update={
                    "rollout": reports[model.name].rollout,
                    "fetching": list(evidence.fetching.get(model.name, ())),
                }
            )
            for model in model_statuses(evidence.aspired, evidence.pods)
        ]
        status = TFModelStatus.model_validate(
            {
                "observedGeneration": tfmodel.metadata.generation,
                "conditions": self._conditions(live, verdicts),
                "replicas": len(evidence.pods),
                "readyReplicas": len(evidence.ready_pods),
                "selector": ",".join(f"{key}={value}" for key, value in selector(tfmodel).items()),
                "endpoints": endpoints(tfmodel, self._settings),
                "availableVersions": available_versions(models),
                "models": models,
            }
        )
        self._metrics.show(_key(live), tfmodels.served(tfmodel, image(tfmodel, self._settings), evidence, verdicts))
        await self._write(live, status.model_dump(mode="json", exclude_none=True), verdicts)
        self._narrate(live, reports, progress)

    def _narrate(self, live: Manifest, reports: Mapping[str, RolloutReport], progress: PassResult) -> None:
        """After the status is written: what it says was told is told once, or, if the process ends here, not at all."""
        metadata = Metadata.model_validate(live["metadata"])
        for name, report in reports.items():
            self._metrics.steps_taken(_key(live), name, progress.taken[name])
            for step, seconds in report.steps:
                self._metrics.step_taken(step, seconds)
            for happening in report.rollout_events:
                note = f"model {name}: {happening.note}" if len(reports) > 1 else happening.note
                if happening.what is not What.VERSION_FAILED:  # the step Withdraw has said so
                    log.info("%s", note)
                self._recorder.record(live, _type(happening), happening.what, note, "Rollout")
                self._count(metadata, name, happening)

    def _count(self, metadata: Metadata, model: str, happening: RolloutEvent) -> None:
        if happening.what is What.LABEL_MOVED:
            self._metrics.label_moved(metadata.namespace, metadata.name, model)
        if happening.what is What.VERSION_FAILED:
            self._metrics.version_failed(metadata.namespace, metadata.name, model)

    async def write_verdicts(self, live: Manifest, verdicts: Verdicts) -> None:
        """Only the conditions, for a TFModel that is not acted on; what was observed before stays."""
        self._metrics.show(_key(live), tfmodels.conditions(verdicts))
        conditions = [condition.model_dump(mode="json") for condition in self._conditions(live, verdicts)]
        generation = live["metadata"].get("generation", 0)
        status = {**live.get("status", {}), "observedGeneration": generation, "conditions": conditions}
        await self._write(live, status, verdicts)

    def _conditions(self, live: Manifest, verdicts: Verdicts) -> list[Any]:
        previous = live.get("status", {}).get("conditions", [])
        return merged(verdicts, previous, live["metadata"].get("generation", 0), self._now())

    async def _write(self, live: Manifest, status: Manifest, verdicts: Verdicts) -> None:
        if live.get("status") == status:
            return
        metadata = {key: live["metadata"][key] for key in ("name", "namespace", "uid")}
        manifest = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "status": status}
        try:
            self._cache.upsert(await self._client.apply_status(manifest))
        except NotFound:
            return  # deleted meanwhile: nobody reads its status any more
        self._tell(live, verdicts)

    def _tell(self, live: Manifest, verdicts: Verdicts) -> None:
        """One log line and one event when Ready, or its reason, has changed; a version that a server cannot load has
        lines of its own."""
        old, ready = _ready(live.get("status", {})), verdicts[ConditionType.READY]
        if (old.get("status"), old.get("reason")) == (ready.status, ready.reason):
            return
        if ready.reason in _HAS_ITS_OWN_EVENT and ready != verdicts.get(ConditionType.MODELS_FETCHED):
            return
        log.info("Ready=%s %s: %s", ready.status, ready.reason, ready.message)
        kind: EventType = "Normal" if ready.reason in _GOOD_REASONS else "Warning"
        self._recorder.record(live, kind, ready.reason, ready.message, "Reconcile")


def _key(live: Manifest) -> TFModelKey:
    return TFModelKey(live["metadata"]["namespace"], live["metadata"]["name"])


def _type(happening: RolloutEvent) -> EventType:
    return "Warning" if happening.is_bad else "Normal"


def _ready(status: Mapping[str, Any]) -> Manifest:
    conditions = status.get("conditions", [])
    return next((condition for condition in conditions if condition["type"] == ConditionType.READY), {})
