"""Hands a Deployment's replicas over to an autoscaler, so that the count never moves by it.

Server-side apply resets a field that its only owner no longer applies: a Deployment of five replicas would fall to
the default of one in the moment in which autoscaling is switched on. So another field manager owns the count first,
with the value that it has; the autoscaler's first write takes it over from that one. Source:
https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
"""

from tfs_operator.api.manifest import Manifest
from tfs_operator.cluster.client import ClusterClient
from tfs_operator.render.replicas import first_replicas

REPLICAS_MANAGER = "tfs-operator-replicas"
_DEFAULT = 1
"""What Kubernetes makes of a Deployment that does not say."""


async def before_apply(client: ClusterClient, live: Manifest | None, desired: Manifest) -> None:
    """Has another field manager own the count where an apply of `desired` to `live` would reset it. Raises Conflict
    when the count has changed since `live` was seen, so look again."""
    if live is not None and _lets_go(live, desired):
        await client.apply_as(REPLICAS_MANAGER, _only_replicas(live, live["spec"].get("replicas", _DEFAULT)))


async def after_create(client: ClusterClient, created: Manifest) -> Manifest:
    """Gives a new Deployment that an autoscaler scales its first count; `created` is the answer to its first apply.
    Should the process end in between, the autoscaler itself brings it there. One that was there before is left as it
    is."""
    first = first_replicas(created) if created["kind"] == "Deployment" else None
    is_new = created["metadata"].get("generation") == 1 and created["spec"].get("replicas", _DEFAULT) == _DEFAULT
    if first is None or first == _DEFAULT or not is_new:
        return created
    return await client.apply_as(REPLICAS_MANAGER, _only_replicas(created, first))


def _lets_go(live: Manifest, desired: Manifest) -> bool:
    if desired["kind"] != "Deployment":
        return False
    return first_replicas(desired) is not None and first_replicas(live) is None


def _only_replicas(live: Manifest, count: int) -> Manifest:
    metadata = {key: live["metadata"][key] for key in ("name", "namespace", "uid")}
    return {"kind": "Deployment", "metadata": metadata, "spec": {"replicas": count}}
