"""Puts together the status of a TFModel."""

from collections.abc import Mapping
from typing import Any

from tfs_operator.api.conditions import ConditionType
from tfs_operator.api.manifest import Manifest
from tfs_operator.api.status import TFModelStatus
from tfs_operator.domain.conditions import merged
from tfs_operator.domain.evidence import Evidence, Verdict
from tfs_operator.domain.model_status import available_versions, model_statuses, verified_before
from tfs_operator.domain.times import rfc3339_seconds
from tfs_operator.planning.observed import Subject
from tfs_operator.planning.rollout_report import RolloutReport
from tfs_operator.planning.status_budget import within_budget
from tfs_operator.render.endpoints import endpoints
from tfs_operator.render.metadata import labels
from tfs_operator.render.settings import Settings

Verdicts = Mapping[ConditionType, Verdict]


def status_of(
    subject: Subject,
    evidence: Evidence,
    verdicts: Verdicts,
    reports: Mapping[str, RolloutReport],
    settings: Settings,
    agent: Mapping[str, str] | None,
    now: float,
) -> Manifest:
    """Returns the status of a TFModel that is acted on. `now`: seconds since the epoch, for conditions that change.
    `agent`: None where it stays as it is."""
    tfmodel = subject.tfmodel
    models = [
        model.model_copy(
            update={
                "rollout": reports[model.name].rollout,
                "fetching": list(evidence.fetching.get(model.name, ())),
            }
        )
        for model in model_statuses(evidence.aspired, evidence.pods, verified_before(subject.live.get("status", {})))
    ]
    status = TFModelStatus.model_validate(
        {
            "observedGeneration": tfmodel.metadata.generation,
            "conditions": _conditions(subject.live, verdicts, now),
            "replicas": len(evidence.pods),
            "readyReplicas": len(evidence.ready_pods),
            "selector": ",".join(f"{key}={value}" for key, value in labels(tfmodel).items()),
            "endpoints": endpoints(tfmodel, settings),
            "agent": agent or subject.agent or None,
            "availableVersions": available_versions(models),
            "models": models,
        }
    )
    written: Manifest = status.model_dump(mode="json", exclude_none=True)
    return {**written, "models": within_budget(written["models"])}


def status_of_refused(live: Manifest, verdicts: Verdicts, now: float) -> Manifest:
    """Returns the status of a TFModel that is not acted on: the conditions are new, what was observed before stays."""
    conditions = [condition.model_dump(mode="json") for condition in _conditions(live, verdicts, now)]
    generation = live["metadata"].get("generation", 0)
    return {**live.get("status", {}), "observedGeneration": generation, "conditions": conditions}


def _conditions(live: Manifest, verdicts: Verdicts, now: float) -> list[Any]:
    previous = live.get("status", {}).get("conditions", [])
    return merged(verdicts, previous, live["metadata"].get("generation", 0), rfc3339_seconds(now))
