"""One TFModel, from whatever is to what is wanted. The same steps for every cause."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.api.resource import InvalidTFModel, TFModel
from tfs_operator.cluster.cache import Cache
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.kinds import TFMODEL
from tfs_operator.controller.reconcile.fetch_progress import FetchProgress
from tfs_operator.controller.reconcile.requeue import FAST_SECONDS, Requeue
from tfs_operator.controller.reconcile.rollout_pass import PassResult, Rollouts
from tfs_operator.controller.reconcile.status import StatusWriter
from tfs_operator.domain import autoscaler, deployment, rollout_status
from tfs_operator.domain.condition_checks import all_conditions, inactive_conditions
from tfs_operator.domain.evidence import Evidence
from tfs_operator.domain.fetch_status import fetch_statuses
from tfs_operator.domain.location import remotes
from tfs_operator.domain.observation import Problem
from tfs_operator.domain.policy import suspension, violation
from tfs_operator.domain.rollout import Memory
from tfs_operator.render import Settings
from tfs_operator.render.replicas import desired_replicas


@dataclass(frozen=True)
class Result:
    """When to look at the TFModel again, if nothing happens before: after `seconds`, or with back-off."""

    seconds: float | None = None
    back_off: bool = False


NO_REQUEUE = Result()


class Reconciler:
    """Raises ClusterError when the API server could not be used; the caller backs off."""

    def __init__(
        self,
        cache: Cache,
        settings: Settings,
        rollouts: Rollouts,
        status: StatusWriter,
        pace: Requeue,
        clock: Callable[[], float] = time.time,
        kind_available: Callable[[str], bool] = lambda kind: True,
    ) -> None:
        self._cache = cache
        self._settings = settings
        self._rollouts = rollouts
        self._status = status
        self._pace = pace
        self._clock = clock
        self._kind_available = kind_available
        self._fetch_progress = FetchProgress()
        self._driven: set[TFModelKey] = set()

    async def reconcile(self, key: TFModelKey) -> Result:
        """Level-triggered: reads the cache and the pods, never the reason for being called."""
        live = self._cache.get(TFMODEL, *key)
        if live is None or "deletionTimestamp" in live["metadata"]:
            return self._forget(key)
        try:
            tfmodel = TFModel.parse(live)
        except InvalidTFModel as error:
            return await self._refuse(live, Problem(Reason.INVALID_SPEC, str(error)))
        if problem := violation(tfmodel.spec, allow_hostpath=self._settings.allow_hostpath):
            return await self._refuse(live, problem)
        if problem := suspension(tfmodel.spec):
            return await self._refuse(live, problem)
        return await self._bring_about(key, live, tfmodel)

    def _forget(self, key: TFModelKey) -> Result:
        """The children go by garbage collection."""
        self._rollouts.forget(key)
        self._status.forget(key)
        self._pace.forget(key)
        self._fetch_progress.forget(key)
        self._driven.discard(key)
        return NO_REQUEUE

    async def _refuse(self, live: dict[str, Any], problem: Problem) -> Result:
        """Only a new spec can change the outcome, and it comes as an event."""
        self._driven.discard(TFModelKey(live["metadata"]["namespace"], live["metadata"]["name"]))
        await self._status.write_verdicts(live, inactive_conditions(problem))
        return NO_REQUEUE

    async def _bring_about(self, key: TFModelKey, live: dict[str, Any], tfmodel: TFModel) -> Result:
        progress = await self._rollouts.advance(key, tfmodel, self._memories(key, live))
        evidence = self._evidence(key, tfmodel, progress)
        verdicts = all_conditions(evidence)
        await self._status.write(live, tfmodel, evidence, verdicts, progress)
        if progress.trouble is not None and progress.trouble.blocking:
            return Result(back_off=True)
        seconds = self._pace.next(
            key,
            progress.steps,
            progress.aspired,
            pods=len(progress.sight.pods),
            settled=progress.pushed.settled,
            limits=progress.limits,
            now=progress.now,
            fetched=verdicts[ConditionType.MODELS_FETCHED].reason,
        )
        until = progress.sight.surge.until
        return Result(seconds=seconds if until is None else min(seconds, max(until - progress.now, FAST_SECONDS)))

    def _memories(self, key: TFModelKey, live: dict[str, Any]) -> dict[str, Memory]:
        """What the status remembers. Time that went by while nobody drove the rollouts does not count."""
        found = rollout_status.rollouts(live.get("status", {}))
        memories = {name: rollout_status.memory(rollout) for name, rollout in found.items()}
        if key not in self._driven:
            memories = {name: rollout_status.resumed(kept, self._clock()) for name, kept in memories.items()}
        self._driven.add(key)
        return memories

    def _evidence(self, key: TFModelKey, tfmodel: TFModel, progress: PassResult) -> Evidence:
        remote = frozenset(remotes(key.name, tfmodel.spec))
        pods = [seen for _, seen in progress.sight.current]
        arriving = {name: fetch_statuses(name, pods) for name in remote}
        live = self._cache.get("Deployment", *key)
        return Evidence(
            aspired=progress.aspired,
            replicas=desired_replicas(tfmodel, live),
            deployment=deployment.facts(live),
            pods=progress.sight.observations,
            blocked=progress.trouble.problem if progress.trouble else None,
            reload_problem=progress.pushed.problem,
            steps=progress.steps,
            now=progress.now,
            remote=remote,
            fetching=self._fetch_progress.shown(key, arriving, progress.now),
            surge=progress.sight.surge,
            autoscaler=self._autoscaler(key, tfmodel),
        )

    def _autoscaler(self, key: TFModelKey, tfmodel: TFModel) -> autoscaler.AutoscalerFacts | None:
        autoscaling = tfmodel.spec.autoscaling
        if autoscaling is None:
            return None
        kind = autoscaler.HPA if autoscaling.keda is None else autoscaler.SCALED_OBJECT
        live, installed = self._cache.get(kind, *key), self._kind_available(kind)
        return autoscaler.facts(kind, autoscaling.min_replicas, autoscaling.max_replicas, live, installed=installed)
