"""Which of the objects that are seen are kept, and what of them.

Anybody who may write a ConfigMap may give it the operator's label, and an owner reference to any TFModel. Such objects
are many and large where their writer likes: only what belongs to a TFModel that the cache knows is kept as a whole.
"""

from collections.abc import Mapping
from typing import Any

from tfs_operator.cluster.cache import Cache, controller_of
from tfs_operator.cluster.slim import Slim, slim, stub
from tfs_operator.controller.kinds import TFMODEL


def kept(cache: Cache, item: Mapping[str, Any]) -> Slim | None:
    """Returns the object as the cache keeps it: without content where its TFModel is not known, and None for a child
    without a TFModel. One that was orphaned is found by its name once it is needed."""
    if item["kind"] in (TFMODEL, "Pod"):
        return slim(item)
    owner = controller_of(item)
    if owner is None or owner.get("kind") != TFMODEL:
        return None
    tfmodel = cache.get(TFMODEL, item["metadata"].get("namespace", ""), owner.get("name", ""))
    known = tfmodel is not None and tfmodel["metadata"]["uid"] == owner.get("uid")
    return slim(item) if known else stub(item)
