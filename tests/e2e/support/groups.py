"""Which modules one process runs, one after the other, while other processes run others."""

from pathlib import PurePosixPath
from typing import Any

PAGES = ("test_readme", "test_example_boston", "test_example_flowers", "test_example_linear")
"""They forward the same ports of this machine."""
RELEASE = ("test_demo", "test_chart")
"""They install the operator again, and test the release."""

LONGEST_FIRST = (
    *(PAGES, RELEASE),
    *[(name,) for name in ("test_fetching", "test_lifecycle", "test_bad_input", "test_rollouts", "test_docs")],
)


def module(nodeid: str) -> str:
    return PurePosixPath(nodeid.partition("::")[0]).stem


def rank(nodeid: str) -> int:
    """The place of a test's group among those that take long; the others follow them."""
    found = [place for place, modules in enumerate(LONGEST_FIRST) if module(nodeid) in modules]
    return found[0] if found else len(LONGEST_FIRST)


def group(nodeid: str) -> str:
    place = rank(nodeid)
    return "+".join(LONGEST_FIRST[place]) if place < len(LONGEST_FIRST) else module(nodeid)


def scheduler(config: Any, log: Any) -> Any:
    """Returns pytest-xdist's scheduler of scopes, with groups as its scopes, in the order of the tests.

    Its own marker `xdist_group` has no effect with this release of pytest.
    """
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it ships no annotations

    config.option.loadscopereorder = False
    by_group = LoadScopeScheduling(config, log)
    by_group._split_scope = group
    return by_group
