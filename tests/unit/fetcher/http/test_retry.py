"""What fails in passing is tried again: not at once, not for ever, and anew after progress."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.http.errors import TransientFetchError
from tfs_operator.fetcher.http.retry import Retry, with_retries

AT_ONCE = Retry(attempts=3, first_seconds=0)


class Attempts:
    """Fail with the errors, one after the other; `arrived` is what has come before each."""

    def __init__(self, *errors: FetchError, arrived: tuple[int, ...] = ()) -> None:
        self.errors = list(errors)
        self.count = 0
        self._arrived = arrived

    async def __call__(self) -> str:
        self.count += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    def arrived(self) -> int:
        return self._arrived[self.count] if self.count < len(self._arrived) else 0


CUT = TransientFetchError(Reason.STORE_UNREACHABLE, "cut")


async def test_a_passing_error_is_tried_again() -> None:
    assert await with_retries(AT_ONCE, Attempts(CUT, CUT), lambda: 0) == "done"


async def test_not_for_ever() -> None:
    attempts = Attempts(CUT, CUT, CUT, CUT)
    with pytest.raises(TransientFetchError):
        await with_retries(AT_ONCE, attempts, lambda: 0)
    assert attempts.count == 3


async def test_another_error_is_not_tried_again() -> None:
    attempts = Attempts(FetchError(Reason.ACCESS_DENIED, "no"))
    with pytest.raises(FetchError, match="no"):
        await with_retries(AT_ONCE, attempts, lambda: 0)
    assert attempts.count == 1


async def test_progress_begins_the_count_anew() -> None:
    attempts = Attempts(CUT, CUT, CUT, CUT, arrived=(0, 0, 10, 10, 20, 20))
    assert await with_retries(AT_ONCE, attempts, attempts.arrived) == "done"


async def test_the_server_is_given_the_time_that_it_asks_for() -> None:
    begun = time.monotonic()
    await with_retries(AT_ONCE, Attempts(TransientFetchError(Reason.STORE_ERROR, "busy", after=0.2)), lambda: 0)
    assert time.monotonic() - begun >= 0.2


@given(failures=st.integers(1, 60), context=st.none() | st.floats(0, 1e9))
def test_a_pause_grows_and_has_a_bound(failures: int, context: float | None) -> None:
    pause = Retry().pause(failures, context)
    assert min(30, 0.5 * 2 ** (failures - 1)) <= pause <= 30
