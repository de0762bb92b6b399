"""How long to wait after failures in a row. Pure: jitter, clocks and state are the callers'."""

_MAX_DOUBLINGS = 64
"""Keeps the power within a float, however often something has failed."""


def delay(failures: int, first: float, most: float) -> float:
    """Returns the seconds to wait after `failures` in a row: `first` after one, twice as long after each further one,
    never more than `most`; 0 without a failure."""
    if failures < 1:
        return 0.0
    return min(first * 2.0 ** min(failures - 1, _MAX_DOUBLINGS), most)
