"""Decides when pods are replaced because their model servers have grown: `server.recycle`.

What a swap of versions leaves in a process only its end gives back (tensorflow/serving#1346, #2142; measured in
docs/tuning.md). All pods of a TFModel make the same swaps, so all are replaced when the first has reached a bound: by a
rolling update, as for any other change of the pods, which starts a new pod before it stops an old one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tfs_operator.api.recycle import Recycle
from tfs_operator.domain.fetch_status import size
from tfs_operator.domain.observation import END, PodObservation

LEAST_SECONDS = 3600.0
"""Between two replacements for the memory of servers that have unloaded nothing: a limit that is too low would have
them replaced without an end."""

Version = tuple[str, int]


@dataclass(frozen=True)
class Swaps:
    """How many versions one process of a model server has unloaded. `loaded` are those that it had when last seen."""

    count: int = 0
    loaded: frozenset[Version] = frozenset()


def counted(before: Swaps | None, seen: PodObservation) -> Swaps:
    """Returns the count after another look at the same process. A server lists what it has unloaded for as long as it
    lives, each version once, so that little is lost with what was seen before."""
    ended = {key for key, state in _states(seen) if state == END}
    loaded = frozenset(key for key, state in _states(seen) if state != END)
    known = before or Swaps()
    return Swaps(max(known.count + len(known.loaded & ended), len(ended)), loaded)


def recounted(before: Mapping[str, Swaps], pairs: Iterable[tuple[str, PodObservation]]) -> dict[str, Swaps]:
    """Returns the counts by process, of those in `pairs`; of one that does not answer as it was."""
    return {
        process: counted(before.get(process), seen) if seen.models else before.get(process, Swaps())
        for process, seen in pairs
    }


def _states(seen: PodObservation) -> Iterable[tuple[Version, str]]:
    return (((name, each.version), each.state) for name, model in seen.models.items() for each in model.versions)


@dataclass(frozen=True)
class ServerLoad:
    """What one model server has behind it. `process` tells it from the next one in the same pod."""

    pod: str
    process: str
    swaps: int = 0
    memory: int | None = None
    """In bytes; None where it is not known."""

    limit: int = 0
    """Of its memory, in bytes; 0 without one."""

    started_at: float = 0.0
    """In seconds since the epoch."""

    @property
    def percent(self) -> int | None:
        """Returns the memory in percent of the limit; None where either is not known."""
        return None if self.memory is None or not self.limit else 100 * self.memory // self.limit


@dataclass(frozen=True)
class RecycleFacts:
    """What is known of the servers of a TFModel with `server.recycle`. `unreadable`: why their memory cannot be
    read."""

    bound: Recycle
    loads: tuple[ServerLoad, ...] = ()
    unreadable: str = ""
    resting: bool = False
    """No change is under way, so that pods may be replaced."""


@dataclass(frozen=True)
class Turn:
    """A replacement that is due. `name` is another one for each; `words` say which server has reached what."""

    name: str
    words: str


def due(facts: RecycleFacts, now: float) -> Turn | None:
    """Returns the replacement that is due, whether pods may be replaced now or not. `now` in seconds since the
    epoch."""
    for load in sorted(facts.loads, key=lambda each: each.pod):
        words = _swapped(load, facts.bound) or (_grown(load, facts.bound) if _may_help(load, now) else None)
        if words:
            return Turn(load.process.replace("/", "."), f"the model server of pod {load.pod} {words}")
    return None


def in_vain(facts: RecycleFacts, now: float) -> str | None:
    """Returns which server has reached the bound on memory although nothing is known that a new one would not need."""
    for load in sorted(facts.loads, key=lambda each: each.pod):
        if not _may_help(load, now) and (words := _grown(load, facts.bound)):
            return f"the model server of pod {load.pod} {words}, and has unloaded no version"
    return None


def _swapped(load: ServerLoad, bound: Recycle) -> str | None:
    if bound.swaps is None or load.swaps < bound.swaps:
        return None
    return f"has unloaded {load.swaps} versions (server.recycle.swaps is {bound.swaps})"


def _grown(load: ServerLoad, bound: Recycle) -> str | None:
    if bound.memory_percent is None or load.percent is None or load.percent < bound.memory_percent:
        return None
    limit = f"its memory limit of {size(load.limit)}"
    return f"has reached {bound.memory_percent}% of {limit} (server.recycle.memoryPercent)"


def _may_help(load: ServerLoad, now: float) -> bool:
    return load.swaps > 0 or now - load.started_at >= LEAST_SECONDS
