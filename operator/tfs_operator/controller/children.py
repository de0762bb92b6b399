"""Brings the children in line with what is rendered: creates, repairs, prunes; takes nothing from others."""

import logging
from typing import Any

from tfs_operator.api.conditions import Reason
from tfs_operator.api.resource import TFModel
from tfs_operator.cluster.cache import Cache, Key, controller_of, key_of
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.errors import Conflict, Forbidden, Invalid, Terminating
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.kinds import CHILD_KINDS, TFMODEL
from tfs_operator.domain.drift import DIGEST_ANNOTATION, holds, projection
from tfs_operator.domain.observation import Problem
from tfs_operator.render.metadata import MANAGED_BY, MANAGED_BY_LABEL

Manifest = dict[str, Any]
Rewritten = dict[Key, tuple[str, Any]]

log = logging.getLogger(__name__)


class Children:
    """Applies what differs. Remembers how the API server rewrote a child that it does not keep as it was sent."""

    def __init__(self, client: ClusterClient, cache: Cache) -> None:
        self._client = client
        self._cache = cache
        self._rewritten: dict[TFModelKey, Rewritten] = {}

    async def reconcile(self, tfmodel: TFModel, manifests: list[Manifest]) -> Problem | None:
        """All children, or as far as the first that is refused. Raises ClusterError when it is worth a retry."""
        rewritten = self._rewritten.setdefault(TFModelKey(tfmodel.metadata.namespace, tfmodel.metadata.name), {})
        pending = [manifest for manifest in manifests if self._differs(manifest, rewritten)]
        if not pending:
            await self._prune(tfmodel, manifests)
            return None
        problem = await self._taken(tfmodel, pending) or await self._write(tfmodel, self._in_order(pending), rewritten)
        if problem is None:
            await self._prune(tfmodel, manifests)
        return problem

    def forget(self, key: TFModelKey) -> None:
        """Drops what is remembered of a TFModel that is gone."""
        self._rewritten.pop(key, None)

    def _in_order(self, pending: list[Manifest]) -> list[Manifest]:
        """What is missing comes first, since only that can turn out to be taken; and the Deployment before all, since it
        is the child most likely to be refused, and then nothing is half made. What pods read is changed before the
        pods."""
        missing = [manifest for manifest in pending if self._cache.get(*key_of(manifest)) is None]
        changed = [manifest for manifest in pending if manifest not in missing]
        return [*sorted(missing, key=lambda manifest: manifest["kind"] != "Deployment"), *changed]

    def _differs(self, desired: Manifest, rewritten: Rewritten) -> bool:
        key = key_of(desired)
        live = self._cache.get(*key)
        if live is None:
            return True
        if holds(live, desired):
            return False
        return rewritten.get(key) != (_digest_of(desired), projection(live, desired))

    async def _taken(self, tfmodel: TFModel, pending: list[Manifest]) -> Problem | None:
        """Of what is known already. A missing child is looked for only where a name was found taken the last time, so
        that nothing is made and taken back at each try."""
        looks = _name_was_taken(self._cache.get(TFMODEL, tfmodel.metadata.namespace, tfmodel.metadata.name))
        for key in map(key_of, pending):
            live = self._cache.get(*key) or (await self._client.get(*key) if looks else None)
            if live is not None and not _is_ours(live, tfmodel.metadata.uid):
                return _name_taken(live)
        return None

    async def _write(self, tfmodel: TFModel, pending: list[Manifest], rewritten: Rewritten) -> Problem | None:
        made: list[Manifest] = []
        for desired in pending:
            known = self._cache.get(*key_of(desired)) is not None
            answer = await self._written(tfmodel, desired)
            if isinstance(answer, Problem):
                await self._take_back(made if answer.reason is Reason.NAME_TAKEN else [])
                return answer
            if answer is not None:
                self._note(desired, answer, rewritten, "changed" if known else "created")
                made += [] if known else [answer]
        return None

    async def _written(self, tfmodel: TFModel, desired: Manifest) -> Manifest | Problem | None:
        """The object as the API server has it now; None when the TFModel goes with its namespace, and nobody reads its
        status any more."""
        key = key_of(desired)
        try:
            return await self._apply(tfmodel, desired)
        except Terminating:
            return None
        except (Invalid, Forbidden) as error:
            return Problem(Reason.CHILD_REFUSED, f"the API server refuses {key.kind} {key.name}: {error}")

    async def _apply(self, tfmodel: TFModel, desired: Manifest) -> Manifest | Problem:
        """Writes only what is ours, also when the cache is behind: an apply by itself would silently take over an object
        of the same name. Raises Conflict when the object has just gone."""
        live = self._cache.get(*key_of(desired))
        try:
            return await (self._client.apply(desired, _uid(live)) if live else self._client.create(desired))
        except Conflict:
            live = await self._client.get(*key_of(desired))
            if live is None:
                raise
        return await self._client.apply(desired, _uid(live)) if _is_ours(live, tfmodel.metadata.uid) else _name_taken(live)

    def _note(self, desired: Manifest, answer: Manifest, rewritten: Rewritten, what: str) -> None:
        key = key_of(desired)
        log.info("%s %s %s/%s", what, key.kind, key.namespace, key.name)
        self._cache.upsert(answer)
        if holds(answer, desired):
            rewritten.pop(key, None)
        else:
            rewritten[key] = (_digest_of(desired), projection(answer, desired))

    async def _take_back(self, made: list[Manifest]) -> None:
        """Nothing stays half made beside a name that is taken."""
        for live in made:
            await self._delete(live, "another child's name is taken")

    async def _prune(self, tfmodel: TFModel, manifests: list[Manifest]) -> None:
        wanted = {key_of(manifest) for manifest in manifests}
        for kind in CHILD_KINDS:
            for live in self._cache.owned_by(kind, tfmodel.metadata.uid):
                if key_of(live) not in wanted and "deletionTimestamp" not in live["metadata"]:
                    await self._delete(live, "no longer wanted")

    async def _delete(self, live: Manifest, why: str) -> None:
        key = key_of(live)
        await self._client.delete(*key, uid=_uid(live))
        self._cache.remove(live)
        log.info("deleted %s %s/%s: %s", key.kind, key.namespace, key.name, why)


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
