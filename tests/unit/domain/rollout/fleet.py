"""A simulated fleet of model servers that obeys TensorFlow Serving's rules, one model in each.

A tick is a second. What is simulated: labels checked before loads, a refused reload that changes nothing, loads
that take time, fail or never end, the availability-preserving swap, END listed with its error, ports that open
with the first AVAILABLE version, a process that exits when a bad version ends first, and label maps in memory.
Where models are fetched, each server sees only the folders that its own fetcher has brought.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tfs_operator.domain.model_config import All, Latest, ModelConfig, Specific
from tfs_operator.domain.observation import ModelObservation, VersionStatus

GOOD, BAD, ENDLESS = "good", "bad", "endless"
KILLER, MUTE = "killer", "mute"
"""A version that ends the server which loads it, and one that is AVAILABLE and cannot predict."""
ERROR = ("NOT_FOUND", "saved_model.pb is damaged")


class Folders:
    """The model's base path: version -> what becomes of loading it."""

    def __init__(self, kinds: dict[int, str]) -> None:
        self.kinds = kinds

    def aspired(self, config: ModelConfig, held: set[int] | None = None) -> set[int]:
        """Of all folders, or of those that a pod holds."""
        found = self.kinds.keys() if held is None else self.kinds.keys() & held
        match config.policy:
            case Specific(versions):
                return {version for version in versions if version in found}
            case Latest(count):
                return set(sorted(found)[-count:])
            case All():
                return set(found)


class Unsafe(AssertionError):
    """An invariant is broken."""


@dataclass
class Server:
    """One process. `strict` refuses any label on a version that is not AVAILABLE."""

    name: str
    config: ModelConfig
    folders: Folders
    born: float
    strict: bool
    load_ticks: int
    ready: bool = False
    exited: bool = False
    ready_at: float = 0.0
    states: dict[int, tuple[str, int, bool]] = field(default_factory=dict)
    aspired: set[int] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    late: list[tuple[float, ModelConfig]] = field(default_factory=list)
    held: set[int] | None = None
    """Versions that its fetcher has brought; None where it sees the base path itself."""
    ordered: set[int] = field(default_factory=set)
    """What its fetcher was told to hold."""
    awaited: set[int] = field(default_factory=set)
    """What its fetcher was told that the server starts with; it is not started before."""
    restarts: int = 0
    killed_by: int | None = None
    mute: set[int] = field(default_factory=set)
    """What it has loaded and cannot predict with; a folder that is repaired later changes nothing."""

    def __post_init__(self) -> None:
        self.labels = dict(self.config.labels)

    @property
    def available(self) -> set[int]:
        return {version for version, state in self.states.items() if state[0] == "AVAILABLE"}

    def answers(self) -> dict[str, int]:
        available = self.available
        return {label: version for label, version in self.labels.items() if version in available}

    def observation(self, asked: set[str]) -> ModelObservation:
        listed = tuple(
            VersionStatus(version, state, *(ERROR if bad else ()))
            for version, (state, _, bad) in sorted(self.states.items(), reverse=True)
        )
        return ModelObservation(listed, {label: v for label, v in self.answers().items() if label in asked})

    def reload(self, config: ModelConfig) -> bool:
        """False: refused as a whole, and the old configuration goes on."""
        available = self.available
        for label, version in config.labels.items():
            if version not in available and (self.strict or self.labels.get(label, version) != version):
                return False
        self.config, self.labels = config, dict(config.labels)
        return True

    def take_late(self, now: float) -> None:
        """Reloads that timed out and take effect afterwards; the server's lock keeps them before any newer one."""
        for _, config in [late for late in self.late if late[0] <= now]:
            self.reload(config)
            self.answered &= self.answers().keys()  # nobody can call a push back: a label lost to it does not count
        self.late = [late for late in self.late if late[0] > now]

    def fetch(self, dice: Callable[[int], int]) -> None:
        """A version arrives sooner or later; one that nobody wants goes once it is unloaded."""
        if self.held is None:
            return
        loaded = {version for version, (state, _, _) in self.states.items() if state != "END"}
        self.held -= self.held - self.ordered - loaded
        self.held |= {version for version in self.ordered & self.folders.kinds.keys() if dice(3) == 0}

    def tick(self, now: float) -> None:
        self.take_late(now)
        self._poll()
        self._load()
        self._swap()
        if not self.ready and self.available:
            self.ready, self.ready_at = True, now

    def _poll(self) -> None:
        aspired = self.folders.aspired(self.config, self.held)
        for version in aspired - self.aspired:
            if self.states.get(version, ("END",))[0] == "END":
                self.states[version] = ("LOADING", self.load_ticks + version % 3, False)
        for version in self.aspired - aspired:
            if self.states[version][0] == "LOADING":
                self.states[version] = ("END", 0, False)
        self.aspired = aspired

    def _load(self) -> None:
        for version, (state, left, _) in list(self.states.items()):
            if state != "LOADING":
                continue
            kind = self.folders.kinds[version]
            if left > 0 or kind == ENDLESS:
                self.states[version] = ("LOADING", left - 1, False)
            elif kind in (GOOD, MUTE):
                self.states[version] = ("AVAILABLE", 0, False)
                (self.mute.add if kind == MUTE else self.mute.discard)(version)
            elif kind == KILLER:
                self.exited, self.killed_by = True, version
            else:
                self.states[version] = ("END", 0, True)
                self.exited = self.exited or not (self.ready or self.available)

    def _swap(self) -> None:
        available = self.available
        if available and not self.aspired:
            raise Unsafe(f"{self.name}: told of versions without a folder only, unloads all: {self.config}")
        if not available & self.aspired:
            return
        for version in available - self.aspired:
            if version in self.labels.values():
                raise Unsafe(f"{self.name}: version {version} has a label and is unloaded: {self.config}")
            self.states[version] = ("END", 0, False)
