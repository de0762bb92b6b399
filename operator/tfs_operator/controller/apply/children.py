"""Brings the children in line with what is rendered: creates, repairs, prunes; takes nothing from others."""

import logging
from collections.abc import Sequence
from typing import Any

from tfs_operator.api.conditions import Reason
from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.cluster.cache import Cache, Key, controller_of, key_of
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.errors import Conflict, Forbidden, Invalid, Terminating, Transient
from tfs_operator.controller.apply import replica_ownership
from tfs_operator.controller.apply.rejections import Rejections
from tfs_operator.controller.kinds import AUTOSCALER_KINDS, CHILD_KINDS, TFMODEL
from tfs_operator.domain.apply_errors import names_a_silent_webhook, rejected
from tfs_operator.domain.drift import DIGEST_ANNOTATION, holds, projection
from tfs_operator.domain.observation import Problem
from tfs_operator.planning.outcome import ApplyFailure
from tfs_operator.render.metadata import APPLICATION, MANAGED_BY, MANAGED_BY_LABEL, NAME_LABEL

Rewritten = dict[Key, tuple[str, Any]]

log = logging.getLogger(__name__)


_NEEDED = ("ConfigMap", "Deployment")
"""Without one of these no pod can serve as the spec says; the others are apart from each other."""
_CREATED_FIRST = ("Deployment", "ConfigMap", *AUTOSCALER_KINDS)
"""After the policy that protects its pods: the child that is most likely to be refused, and then little is half made;
its pods wait for the ConfigMap; the autoscaler acts on the Deployment, while the others matter only once a pod is
ready."""


class Children:
    """Applies what differs of one TFModel's children. Remembers how the API server rewrote a child that it does not
    keep as it was sent, and which children it rejected a moment ago."""

    def __init__(self, client: ClusterClient, cache: Cache, rejections: Rejections | None = None) -> None:
        self._client = client
        self._cache = cache
        self._rejections = rejections or Rejections()
        self._rewritten: Rewritten = {}

    async def reconcile(self, tfmodel: TFModel, manifests: Sequence[Manifest]) -> ApplyFailure | None:
        """Applies all children that are not rejected; without one that pods need, nothing more. Raises ClusterError
        when it is worth a retry."""
        await self._prune(tfmodel, manifests, AUTOSCALER_KINDS)  # first: two of one Deployment fight each other
        pending = [manifest for manifest in manifests if self._differs(manifest)]
        failure = await self._write_all(tfmodel, pending) if pending else None
        if failure is None or not failure.blocking:
            await self._prune(tfmodel, manifests)
        return failure

    async def _write_all(self, tfmodel: TFModel, pending: list[Manifest]) -> ApplyFailure | None:
        """A name that is taken holds up everything while nothing serves yet, so that nothing is half made."""
        serves = self._cache.get("Deployment", tfmodel.metadata.namespace, tfmodel.metadata.name) is not None
        asides, free = await self._set_aside(tfmodel, pending)
        taken = [each for each in asides if each.problem.reason == Reason.NAME_TAKEN]
        held_up = next((each for each in asides if each.blocking or (each in taken and not serves)), None)
        if held_up is not None:
            return ApplyFailure(held_up.problem, blocking=True)
        return await self._write(tfmodel, self._in_order(free), serves) or next(iter(asides), None)

    async def _set_aside(self, tfmodel: TFModel, pending: list[Manifest]) -> tuple[list[ApplyFailure], list[Manifest]]:
        """Splits manifests into known failures and those worth applying. A missing child is looked for only where a
        name was found taken the last time, so that nothing is made and taken back at each try."""
        asides, free = [], []
        looks = _name_was_taken(self._cache.get(TFMODEL, tfmodel.metadata.namespace, tfmodel.metadata.name))
        for desired in pending:
            needed = self._is_needed(desired, pending)
            standing = None if needed else self._rejections.standing(key_of(desired), _digest_of(desired))
            if problem := standing or await self._taken(tfmodel, desired, looks=looks):
                asides.append(ApplyFailure(problem, needed))
            else:
                free.append(desired)
        return asides, free

    def _is_needed(self, manifest: Manifest, pending: Sequence[Manifest]) -> bool:
        """Whether nothing goes on without it; then the queue's back-off is enough. Pods are made only if a policy
        protects them. A rollout goes on without the pod on which versions are tried."""
        if manifest["kind"] == "NetworkPolicy":
            deployments = [each for each in pending if each["kind"] == "Deployment"]
            return any(self._is_missing(manifest) or self._is_missing(each) for each in deployments)
        return manifest["kind"] in _NEEDED and manifest["metadata"]["labels"][NAME_LABEL] == APPLICATION

    def _is_missing(self, manifest: Manifest) -> bool:
        return self._cache.get(*key_of(manifest)) is None

    def _in_order(self, pending: list[Manifest]) -> list[Manifest]:
        """Policies come first. Then what is missing, since only that can turn out to be taken. What pods read is
        changed before the pods."""
        policies = [manifest for manifest in pending if manifest["kind"] == "NetworkPolicy"]
        others = [manifest for manifest in pending if manifest not in policies]
        missing = [manifest for manifest in others if self._is_missing(manifest)]
        changed = [manifest for manifest in others if manifest not in missing]
        return [*policies, *sorted(missing, key=_turn), *changed]

    def _differs(self, desired: Manifest) -> bool:
        key = key_of(desired)
        live = self._cache.get(*key)
        if live is None:
            return True
        if holds(live, desired):
            return False
        return self._rewritten.get(key) != (_digest_of(desired), projection(live, desired))

    async def _taken(self, tfmodel: TFModel, desired: Manifest, *, looks: bool) -> Problem | None:
        key = key_of(desired)
        live = self._cache.get(*key) or (await self._client.get(*key) if looks else None)
        if live is None or _is_ours(live, tfmodel.metadata.uid):
            return None
        self._rejections.record(key, _digest_of(desired), _name_taken(live))
        return _name_taken(live)

    async def _write(self, tfmodel: TFModel, pending: list[Manifest], serves: bool) -> ApplyFailure | None:
        """The first that is refused, after all that go on without it."""
        made: list[Manifest] = []
        aside: ApplyFailure | None = None
        for desired in pending:
            known, needed = not self._is_missing(desired), self._is_needed(desired, pending)
            answer = await self._written(tfmodel, desired)
            if isinstance(answer, Problem):
                takes_back = answer.reason == Reason.NAME_TAKEN and not serves
                if takes_back or needed:
                    await self._take_back(made if takes_back else [])
                    return ApplyFailure(answer, blocking=True)
                aside = aside or ApplyFailure(answer, blocking=False)
            elif answer is not None:
                self._note(desired, answer, "changed" if known else "created")
                self._rejections.clear(key_of(desired))
                made += [] if known else [answer]
        return aside

    async def _written(self, tfmodel: TFModel, desired: Manifest) -> Manifest | Problem | None:
        """The object as the API server has it now; None when the TFModel goes with its namespace, and its
        status with it."""
        key = key_of(desired)
        try:
            answer = await self._apply(tfmodel, desired)
        except Terminating:
            return None
        except (Invalid, Forbidden) as error:
            answer = rejected(key.kind, key.name, str(error))
        except Transient as error:
            if not names_a_silent_webhook(str(error)):
                raise
            answer = rejected(key.kind, key.name, str(error))
        if isinstance(answer, Problem):
            self._rejections.record(key, _digest_of(desired), answer)
        return answer

    async def _apply(self, tfmodel: TFModel, desired: Manifest) -> Manifest | Problem:
        """Writes only what is ours, also when the cache is behind: an apply by itself would silently take over an
        object of the same name. Raises Conflict while that comes and goes."""
        try:
            return await self._apply_to(self._cache.get(*key_of(desired)), desired)
        except Conflict:
            live = await self._client.get(*key_of(desired))
        if live is None or _is_ours(live, tfmodel.metadata.uid):
            return await self._apply_to(live, desired)
        return _name_taken(live)

    async def _apply_to(self, live: Manifest | None, desired: Manifest) -> Manifest:
        if live is None:
            return await replica_ownership.after_create(self._client, await self._client.create(desired))
        await replica_ownership.before_apply(self._client, live, desired)
        return await self._client.apply(desired, _uid(live))

    def _note(self, desired: Manifest, answer: Manifest, what: str) -> None:
        key = key_of(desired)
        log.info("%s %s %s/%s", what, key.kind, key.namespace, key.name)
        self._cache.upsert(answer)
        if holds(answer, desired):
            self._rewritten.pop(key, None)
        else:
            self._rewritten[key] = (_digest_of(desired), projection(answer, desired))

    async def _take_back(self, made: list[Manifest]) -> None:
        """Nothing stays half made beside a name that is taken."""
        for live in made:
            await self._delete(live, "another child's name is taken")

    async def _prune(self, tfmodel: TFModel, manifests: Sequence[Manifest], kinds: Sequence[str] = CHILD_KINDS) -> None:
        desired = {key_of(manifest) for manifest in manifests}
        for kind in kinds:
            for live in self._cache.owned_by(kind, tfmodel.metadata.uid):
                if key_of(live) not in desired and "deletionTimestamp" not in live["metadata"]:
                    await self._delete(live, "no longer desired")

    async def _delete(self, live: Manifest, why: str) -> None:
        key = key_of(live)
        await self._client.delete(*key, uid=_uid(live))
        self._cache.remove(live)
        log.info("deleted %s %s/%s: %s", key.kind, key.namespace, key.name, why)


def _turn(manifest: Manifest) -> int:
    """The place of a child that is missing."""
    kind = manifest["kind"]
    return _CREATED_FIRST.index(kind) if kind in _CREATED_FIRST else len(_CREATED_FIRST)


def _digest_of(manifest: Manifest) -> str:
    return str(manifest["metadata"]["annotations"][DIGEST_ANNOTATION])


def _uid(live: Manifest) -> str:
    return str(live["metadata"]["uid"])


def _name_was_taken(tfmodel: Manifest | None) -> bool:
    """As its status says."""
    conditions = (tfmodel or {}).get("status", {}).get("conditions") or []
    return any(condition["reason"] == Reason.NAME_TAKEN for condition in conditions)


def _name_taken(live: Manifest) -> Problem:
    key, owner = key_of(live), controller_of(live)
    holder = f"controlled by {owner['kind']} {owner['name']}" if owner else "not made by tfs-operator"
    return Problem(
        Reason.NAME_TAKEN,
        f"{key.kind} {key.name} exists and is {holder}: it is left alone. Delete it, or rename this TFModel",
    )


def _is_ours(live: Manifest, uid: str) -> bool:
    """Controlled by this TFModel; or made by the operator and orphaned since, which is adopted."""
    owner = controller_of(live)
    if owner is not None:
        return bool(owner["uid"] == uid)
    return bool((live["metadata"].get("labels") or {}).get(MANAGED_BY_LABEL) == MANAGED_BY)
