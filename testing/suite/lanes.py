"""Which tiers there are, how each is run, and which of them run side by side."""

from dataclasses import dataclass

_BY_FILE = "--dist=loadfile"
"""A module's tests stay in one process, so that they share its operator, its TFModel and its model server."""


@dataclass(frozen=True)
class Tier:
    """One run of pytest."""

    name: str
    arguments: tuple[str, ...]
    niceness: int = 0


def _side_by_side(name: str, workers: int, *more: str, niceness: int = 0) -> Tier:
    return Tier(name, (f"tests/{name}", "-m", "not alone", f"-n{workers}", _BY_FILE, *more), niceness)


NICENESS = 12
LANES: tuple[tuple[Tier, ...], ...] = (
    (
        Tier("e2e", ("tests/e2e", "-m", "not alone_in_cluster", "-n4", _BY_FILE)),
        Tier("e2e-alone", ("tests/e2e", "-m", "alone_in_cluster")),
        _side_by_side("conformance", 2, niceness=NICENESS),
        _side_by_side("recordings", 2, niceness=NICENESS),
        _side_by_side("chart", 2, niceness=NICENESS),
        _side_by_side("stores", 2, niceness=NICENESS),
    ),
    (
        _side_by_side("unit", 2, niceness=NICENESS),
        _side_by_side("fuzz", 2, niceness=NICENESS),
        _side_by_side("integration", 4, niceness=NICENESS),
    ),
)
"""The lanes run side by side, and the tiers of one lane one after the other. The first has the cluster to begin with,
and the second takes what that leaves of two cores.

The tests on the kind cluster are two: most of them in four processes, then those that disturb what all of them share.
Which modules belong together stands in tests/e2e/support/groups.py. Integration comes when most of them are over: the
cluster lies in one control group, which gets as much of a core as a single process beside it, and the dozen processes
of integration left it a fifth. Its pods then took seconds to answer. The tests alone in the cluster wait most of their
time, and so does integration: what computes comes before or after both."""

_WITH_TESTS_ALONE = ("integration",)
"""Their tests that are marked `alone` run one at a time after all lanes, with nothing beside them. They keep few."""


def names() -> list[str]:
    """Returns what can be chosen: the folders of tests/, in the order of the lanes."""
    return list(dict.fromkeys(_folder(tier) for lane in LANES for tier in lane))


def chosen(folders: list[str]) -> tuple[tuple[Tier, ...], ...]:
    """Returns the lanes with what runs the tests of these folders of tests/ only."""
    lanes = (tuple(tier for tier in lane if _folder(tier) in folders) for lane in LANES)
    return tuple(lane for lane in lanes if lane)


def alone(folders: list[str]) -> Tier | None:
    """Returns the run of what these folders have that runs alone; e2e sees to that itself."""
    arguments = tuple(f"tests/{name}" for name in folders if name in _WITH_TESTS_ALONE)
    return Tier("alone", (*arguments, "-m", "alone")) if arguments else None


def _folder(tier: Tier) -> str:
    return tier.name.partition("-")[0]
