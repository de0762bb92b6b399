"""One TFModel, from whatever is to what is wanted. The same steps for every cause."""

from dataclasses import dataclass
from typing import Any

from tfs_operator.api.conditions import Reason
from tfs_operator.api.resource import InvalidTFModel, TFModel
from tfs_operator.cluster.cache import Cache
from tfs_operator.controller.children import Children
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.kinds import TFMODEL
from tfs_operator.controller.observe import living_pods, observe
from tfs_operator.controller.pace import Pace
from tfs_operator.controller.push import Pusher
from tfs_operator.controller.status import StatusWriter
from tfs_operator.domain import deployment
from tfs_operator.domain.admission import objection, suspension
from tfs_operator.domain.judgement import Evidence, judge, refused
from tfs_operator.domain.model_config import ModelServerConfig, wanted_config
from tfs_operator.domain.observation import Problem
from tfs_operator.render import Settings, children
from tfs_operator.serving.rest import ModelStatusClient


@dataclass(frozen=True)
class Again:
    """When to look at the TFModel again, if nothing happens before: after `seconds`, or with back-off."""

    seconds: float | None = None
    back_off: bool = False


NOT_AGAIN = Again()


class Reconciler:
    """Raises ClusterError when the API server could not be used; the caller backs off."""

    def __init__(
        self,
        cache: Cache,
        settings: Settings,
        children: Children,
        model_servers: ModelStatusClient,
        pusher: Pusher,
        status: StatusWriter,
        pace: Pace,
    ) -> None:
        self._cache = cache
        self._settings = settings
        self._children = children
        self._model_servers = model_servers
        self._pusher = pusher
        self._status = status
        self._pace = pace

    async def reconcile(self, key: TFModelKey) -> Again:
        """Level-triggered: reads the cache and the pods, never the reason for being called."""
        live = self._cache.get(TFMODEL, *key)
        if live is None or "deletionTimestamp" in live["metadata"]:
            return self._forget(key)
        try:
            tfmodel = TFModel.parse(live)
        except InvalidTFModel as error:
            return await self._refuse(live, Problem(Reason.INVALID_SPEC, str(error)))
        if problem := objection(tfmodel.spec, allow_hostpath=self._settings.allow_hostpath):
            return await self._refuse(live, problem)
        if problem := suspension(tfmodel.spec):
            return await self._refuse(live, problem)
        return await self._bring_about(key, live, tfmodel)

    def _forget(self, key: TFModelKey) -> Again:
        """The children go by garbage collection."""
        self._children.forget(key)
        self._pusher.forget(key)
        self._pace.forget(key)
        return NOT_AGAIN

    async def _refuse(self, live: dict[str, Any], problem: Problem) -> Again:
        """Only a new spec can change the outcome, and it comes as an event."""
        await self._status.write_verdicts(live, refused(problem))
        return NOT_AGAIN

    async def _bring_about(self, key: TFModelKey, live: dict[str, Any], tfmodel: TFModel) -> Again:
        wanted = wanted_config(key.name, tfmodel.spec)
        blocked = await self._children.reconcile(tfmodel, children(tfmodel, wanted, self._settings))
        evidence, settled = await self._observe(key, tfmodel, wanted, blocked)
        verdicts = judge(evidence)
        await self._status.write(live, tfmodel, evidence, verdicts)
        if blocked is not None:
            return Again(back_off=True)
        return Again(seconds=self._pace.next(key, verdicts, settled=settled))

    async def _observe(
        self, key: TFModelKey, tfmodel: TFModel, wanted: ModelServerConfig, blocked: Problem | None
    ) -> tuple[Evidence, bool]:
        pods = living_pods(self._cache.pods_of(*key))
        observations = await observe(self._model_servers, pods, wanted)
        pushed = await self._pusher.push(key, wanted, pods, observations)
        evidence = Evidence(
            wanted=wanted,
            replicas=tfmodel.spec.replicas,
            deployment=deployment.facts(self._cache.get("Deployment", *key)),
            pods=observations,
            blocked=blocked,
            reload_problem=pushed.problem,
        )
        return evidence, pushed.settled
