"""Brings the children in line with what is rendered: creates, repairs, prunes; takes nothing from others."""

import logging
from typing import Any

from tfs_operator.api.conditions import Reason
from tfs_operator.api.resource import TFModel
from tfs_operator.cluster.cache import Cache, Key, controller_of, key_of
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.cluster.errors import Forbidden, Invalid, Terminating
from tfs_operator.controller import handover
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.kinds import CHILD_KINDS
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
        pending = [manifest for manifest in self._in_order(manifests) if self._differs(manifest, rewritten)]
        for manifest in pending:
            if problem := await self._taken(tfmodel, manifest):
                return problem
        await self._prune(tfmodel, manifests)  # first: two autoscalers of one Deployment refuse or fight each other
        for manifest in pending:
            if problem := await self._apply(manifest, rewritten):
                return problem
        return None

    def forget(self, key: TFModelKey) -> None:
        """Drops what is remembered of a TFModel that is gone."""
        self._rewritten.pop(key, None)

    def _in_order(self, manifests: list[Manifest]) -> list[Manifest]:
        """A first Deployment goes first: it is the child most likely to be refused, and then nothing is half made.
        Later what the pods read comes before the pods."""
        deployments = [manifest for manifest in manifests if manifest["kind"] == "Deployment"]
        if all(self._cache.get(*key_of(manifest)) for manifest in deployments):
            return manifests
        return [*deployments, *(manifest for manifest in manifests if manifest["kind"] != "Deployment")]

    def _differs(self, desired: Manifest, rewritten: Rewritten) -> bool:
        key = key_of(desired)
        live = self._cache.get(*key)
        if live is None:
            return True
        if holds(live, desired):
            return False
        return rewritten.get(key) != (_digest_of(desired), projection(live, desired))

    async def _taken(self, tfmodel: TFModel, desired: Manifest) -> Problem | None:
        """Reads an object before the first write to its name: server-side apply would silently take it over."""
        key = key_of(desired)
        live = self._cache.get(*key) or await self._client.get(*key)
        if live is None or _is_ours(live, tfmodel.metadata.uid):
            return None
        owner = controller_of(live)
        holder = f"controlled by {owner['kind']} {owner['name']}" if owner else "not made by tfs-operator"
        return Problem(
            Reason.NAME_TAKEN,
            f"{key.kind} {key.name} exists and is {holder}: it is left alone. Delete it, or rename this TFModel",
        )

    async def _apply(self, desired: Manifest, rewritten: Rewritten) -> Problem | None:
        key = key_of(desired)
        live = self._cache.get(*key)
        try:
            await handover.before_apply(self._client, live, desired)
            answer = await self._client.apply(desired)
            if live is None:
                answer = await handover.after_create(self._client, answer)
        except Terminating:
            return None  # the TFModel goes with its namespace, and nobody reads its status any more
        except (Invalid, Forbidden) as error:
            return Problem(Reason.CHILD_REFUSED, f"the API server refuses {key.kind} {key.name}: {error}")
        log.info("%s %s %s/%s", "changed" if live else "created", key.kind, key.namespace, key.name)
        self._cache.upsert(answer)
        if holds(answer, desired):
            rewritten.pop(key, None)
        else:
            rewritten[key] = (_digest_of(desired), projection(answer, desired))
        return None

    async def _prune(self, tfmodel: TFModel, manifests: list[Manifest]) -> None:
        wanted = {key_of(manifest) for manifest in manifests}
        for kind in CHILD_KINDS:
            for live in self._cache.owned_by(kind, tfmodel.metadata.uid):
                key = key_of(live)
                if key not in wanted and "deletionTimestamp" not in live["metadata"]:
                    await self._client.delete(*key, uid=live["metadata"]["uid"])
                    self._cache.remove(live)
                    log.info("deleted %s %s/%s: no longer wanted", key.kind, key.namespace, key.name)


def _digest_of(manifest: Manifest) -> str:
    return str(manifest["metadata"]["annotations"][DIGEST_ANNOTATION])


def _is_ours(live: Manifest, uid: str) -> bool:
    """Controlled by this TFModel; or made by the operator and orphaned since, which is adopted."""
    owner = controller_of(live)
    if owner is not None:
        return bool(owner["uid"] == uid)
    return bool((live["metadata"].get("labels") or {}).get(MANAGED_BY_LABEL) == MANAGED_BY)
