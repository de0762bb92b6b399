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


E2E = Tier("e2e", ("tests/e2e",))
"""The tests on the kind cluster: they wait for the cluster most of the time. How they are spread stands here alone."""

LANES: tuple[tuple[Tier, ...], ...] = (
    (E2E,),
    (_side_by_side("integration", 5),),
    (
        _side_by_side("unit", 2, niceness=5),
        _side_by_side("conformance", 2, niceness=5),
        _side_by_side("chart", 2, niceness=5),
        _side_by_side("stores", 2, niceness=5),
    ),
)
"""The lanes run side by side, and the tiers of one lane one after the other. Integration waits two thirds of its time,
so five workers fill what the others leave of two cores; more would make its tests wait for each other."""

ALONE = Tier(
    "alone", ("tests/unit", "tests/stores", "tests/chart", "tests/conformance", "tests/integration", "-m", "alone")
)
"""After all lanes, one test at a time with nothing beside it: those that are marked so. They keep few."""


def chosen(names: list[str]) -> tuple[tuple[Tier, ...], ...]:
    """Returns the lanes with the tiers of these names only. Raises ValueError when there is no such tier."""
    known = {tier.name for lane in LANES for tier in lane}
    if unknown := set(names) - known:
        raise ValueError(f"no tier is called {', '.join(sorted(unknown))}: there are {', '.join(sorted(known))}")
    lanes = (tuple(tier for tier in lane if tier.name in names) for lane in LANES)
    return tuple(lane for lane in lanes if lane)


def alone(names: list[str]) -> Tier | None:
    """Returns the run of what these tiers have that runs alone; e2e has no such tests."""
    folders = tuple(f"tests/{name}" for name in names if f"tests/{name}" in ALONE.arguments)
    return Tier(ALONE.name, (*folders, "-m", "alone")) if folders else None
