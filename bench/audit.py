"""What one user asked of the API server, counted in its audit log."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WRITING_VERBS = frozenset({"create", "update", "patch", "delete", "deletecollection"})
LEASES = "leases"


@dataclass(frozen=True)
class Requests:
    """`reads` are GETs of single objects, `lists` are lists and watches, which do not grow with the number of objects.
    Requests for the Lease of the leader are neither, and counted apart; Events are writes like others."""

    reads: int = 0
    lists: int = 0
    writes: int = 0
    leases: int = 0
    by_resource: Mapping[str, int] = field(default_factory=dict)
    """Reads and writes, such as `patch tfmodels/status`."""

    @property
    def nothing(self) -> bool:
        """But for the Lease."""
        return not (self.reads or self.lists or self.writes)

    def __add__(self, more: "Requests") -> "Requests":
        return Requests(
            self.reads + more.reads,
            self.lists + more.lists,
            self.writes + more.writes,
            self.leases + more.leases,
            dict(sorted((Counter(self.by_resource) + Counter(more.by_resource)).items())),
        )


class AuditLog:
    """Reads on from where it was read last."""

    def __init__(self, path: Path, user: str) -> None:
        self._path = path
        self._user = user
        self._offset = 0

    def since_last(self) -> Requests:
        """The user's requests that were answered since the last call. A line that is half written is left for later."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        events = map(json.loads, whole.splitlines())
        return counted(event for event in events if event["user"]["username"] == self._user)


def counted(events: Iterable[Mapping[str, Any]]) -> Requests:
    """A watch is counted when it ends."""
    found: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for event in events:
        reference = event.get("objectRef")
        if event["stage"] == "ResponseStarted" or reference is None:
            continue
        kind = _kind(event["verb"], reference)
        found[kind] += 1
        if kind in ("reads", "writes"):
            kinds[f"{event['verb']} {_resource(reference)}"] += 1
    return Requests(found["reads"], found["lists"], found["writes"], found["leases"], dict(sorted(kinds.items())))


def _kind(verb: str, reference: Mapping[str, str]) -> str:
    if reference.get("resource") == LEASES:
        return "leases"
    if verb == "get" and reference.get("name"):
        return "reads"
    return "writes" if verb in WRITING_VERBS else "lists"


def _resource(reference: Mapping[str, str]) -> str:
    subresource = reference.get("subresource")
    return f"{reference['resource']}/{subresource}" if subresource else reference["resource"]
