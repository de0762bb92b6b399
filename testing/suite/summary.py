"""The words at the end of a run: what failed and how, how long each tier took and what came of it, and again, in a line
each, what failed: of a long log often only the end is shown."""

from collections.abc import Iterator, Sequence

from testing.suite.results import Result


def clock(seconds: float) -> str:
    """`4:05`, in minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def summary(results: Sequence[Result], seconds: float) -> Iterator[str]:
    """The lines. The last one is `N passed, N failed`, for programs."""
    for result in results:
        yield from _failures(result)
    yield ""
    yield f"{'tier':<12} {'time':>6} {'CPU time':>9} {'passed':>7} {'failed':>7} {'skipped':>8}"
    for result in results:
        yield _row(result)
    cpu = sum(result.cpu_seconds for result in results)
    yield f"{'together':<12} {clock(seconds):>6} {clock(cpu):>9}"
    for result in results:
        yield from (f"failed: {result.tier}: {test}" for test in _failed_tests(result))
    yield f"{sum(result.passed for result in results)} passed, {sum(failed(result) for result in results)} failed"


def failed(result: Result) -> int:
    """A tier that ended badly without a failed test, such as by a crash, counts as one."""
    return len(_failed_tests(result)) or int(not result.is_good)


def _row(result: Result) -> str:
    times = f"{clock(result.seconds):>6} {clock(result.cpu_seconds):>9}"
    ended = "" if result.is_good else f"  exit status {result.exit_code}"
    return f"{result.tier:<12} {times} {result.passed:>7} {failed(result):>7} {result.skipped:>8}{ended}"


def _failed_tests(result: Result) -> list[str]:
    """Each once, though its set-up or teardown may have failed too."""
    return list(dict.fromkeys(failure.test for failure in result.failures))


def _failures(result: Result) -> Iterator[str]:
    for failure in result.failures:
        yield f"\n{'=' * 30} {result.tier}: {failure.test}"
        yield failure.text
