"""Live objects as last seen: in a watch, in a list, or in the answer to our own apply.

Nothing goes backwards. A watch event may be older than the answer to an apply that was cached meanwhile, and
that answer may arrive after the event that says the object is deleted. The resourceVersion decides: since
Kubernetes 1.35 it is specified to be a number that grows with every change of a kind's objects
(KEP-5504), and has been one ever since etcd.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tfs_operator.api.manifest import Manifest
from tfs_operator.render.metadata import INSTANCE_LABEL

from .slim import INCOMPLETE, slim

MAX_TOMBSTONES = 10_000
"""Of objects deleted lately; a tombstone matters for the seconds that an answer may be late."""


class Key(NamedTuple):
    """What an object is called."""

    kind: str
    namespace: str
    name: str


class Cache:
    """Objects by key, with indexes by controlling owner and, for pods, by instance.

    The objects are shared, not copied: read them, never change them.
    """

    def __init__(self) -> None:
        self._objects: dict[Key, Manifest] = {}
        self._owned: defaultdict[str, set[Key]] = defaultdict(set)
        self._instances: defaultdict[tuple[str, str], set[Key]] = defaultdict(set)
        self._tombstones: OrderedDict[Key, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._objects)

    def keys(self, kind: str) -> list[Key]:
        """Returns all keys of one kind."""
        return [key for key in self._objects if key.kind == kind]

    def get(self, kind: str, namespace: str, name: str) -> Manifest | None:
        """Returns the object as last seen."""
        return self._objects.get(Key(kind, namespace, name))

    def owned_by(self, kind: str, uid: str) -> list[Manifest]:
        """Returns the objects of `kind` whose controlling owner has this uid, by name."""
        keys = self._owned.get(uid, ())
        return [self._objects[key] for key in sorted(keys) if key.kind == kind]

    def pods_of(self, namespace: str, instance: str) -> list[Manifest]:
        """Returns the pods that bear this instance label, by name."""
        return [self._objects[key] for key in sorted(self._instances.get((namespace, instance), ()))]

    def upsert(self, item: Mapping[str, Any]) -> bool:
        """Takes in an object; False when what is known is as new or newer, or newer than its deletion."""
        key, version = key_of(item), _version(item)
        if version <= max(self._known(key), self._tombstones.get(key, -1)):
            return False
        self._forget(key)
        self._tombstones.pop(key, None)
        self._remember(key, slim(item))
        return True

    def incomplete(self, uid: str) -> list[Key]:
        """Returns the objects of this controlling owner of which only the identity is known."""
        return [key for key in sorted(self._owned.get(uid, ())) if INCOMPLETE in self._objects[key]]

    def drop(self, item: Mapping[str, Any]) -> bool:
        """Forgets an object that is of no interest any more; False when it was not known, or what is known is newer."""
        key = key_of(item)
        if key not in self._objects or self._known(key) > _version(item):
            return False
        self._forget(key)
        return True

    def remove(self, item: Mapping[str, Any]) -> bool:
        """Takes in a DELETED event, with the object as it carries it; False when the object lives on anew."""
        return self._bury(key_of(item), _version(item))

    def replace(
        self, kind: str, items: Iterable[Mapping[str, Any]], resource_version: str, namespace: str | None = None
    ) -> set[Key]:
        """Takes in a whole list, of one namespace or of all; the keys that changed or vanished.

        `resource_version` is the list's own: an object cached at a later one is newer than the list.
        """
        seen, changed = set(), set()
        for item in items:
            key = key_of(item)
            seen.add(key)
            if self.upsert(item):
                changed.add(key)
        gone = [key for key in self.keys(kind) if key not in seen and namespace in (None, key.namespace)]
        return changed | {key for key in gone if self._bury(key, int(resource_version))}

    def _bury(self, key: Key, version: int) -> bool:
        self._tombstones[key] = max(version, self._tombstones.get(key, -1))
        self._tombstones.move_to_end(key)
        if len(self._tombstones) > MAX_TOMBSTONES:
            self._tombstones.popitem(last=False)
        if key not in self._objects or self._known(key) > version:
            return False
        self._forget(key)
        return True

    def _known(self, key: Key) -> int:
        """The version of what is known; of an object that is known by its identity alone, any version is news."""
        item = self._objects.get(key)
        return -1 if item is None or INCOMPLETE in item else _version(item)

    def _remember(self, key: Key, item: Manifest) -> None:
        self._objects[key] = item
        for index, value in self._index_entries(key, item):
            index[value].add(key)

    def _forget(self, key: Key) -> None:
        item = self._objects.pop(key, None)
        if item is None:
            return
        for index, value in self._index_entries(key, item):
            index[value].discard(key)
            if not index[value]:
                del index[value]

    def _index_entries(self, key: Key, item: Manifest) -> Iterator[tuple[defaultdict[Any, set[Key]], Any]]:
        owner = controller_of(item)
        if owner is not None:
            yield self._owned, owner["uid"]
        instance = (item["metadata"].get("labels") or {}).get(INSTANCE_LABEL)
        if key.kind == "Pod" and instance is not None:
            yield self._instances, (key.namespace, instance)


def key_of(item: Mapping[str, Any]) -> Key:
    """Returns what the object is called."""
    return Key(item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"])


def controller_of(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Returns the owner reference of the one that controls the object."""
    owners = item["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), None)


def _version(item: Mapping[str, Any]) -> int:
    return int(item["metadata"]["resourceVersion"])
