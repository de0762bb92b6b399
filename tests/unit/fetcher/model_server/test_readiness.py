"""When a pod takes traffic, by a clock that tests move."""

import pytest

from tests.unit.fetcher.clock import Clock
from tfs_operator.fetcher.model_server.in_step import Lag
from tfs_operator.fetcher.model_server.readiness import NO_ORDER_SECONDS, SILENT_SECONDS, STUCK_SECONDS, Readiness

LOADING, STUCK = Lag("label stable answers version 1", moving=True), Lag("label stable answers version 1", moving=False)


class Pod:
    """A pod whose server has just come up, with an operator that has just given an order."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.readiness = Readiness(self.clock)
        self.readiness.ordered()
        self.readiness.came_up()

    def answers(self, lag: Lag | None) -> None:
        self.readiness.served()
        self.readiness.lags(lag)

    @property
    def ready(self) -> bool:
        return self.readiness.why_not() is None

    def after(self, seconds: float, lag: Lag | None, *, orders: bool) -> None:
        """A server that answers so all the time, each second."""
        for _ in range(int(seconds)):
            self.clock.now += 1
            if orders:
                self.readiness.ordered()
            self.answers(lag)


@pytest.fixture
def pod() -> Pod:
    return Pod()


def test_in_step_at_once(pod: Pod) -> None:
    assert not pod.ready
    pod.answers(None)
    assert pod.ready
    assert pod.readiness.lag == ""


def test_a_label_that_moves_later_takes_no_pod_away(pod: Pod) -> None:
    pod.answers(None)
    pod.answers(LOADING)
    assert pod.ready
    assert pod.readiness.lag == ""


def test_a_load_is_waited_for_as_long_as_an_operator_gives_orders(pod: Pod) -> None:
    pod.after(600, LOADING, orders=True)
    assert pod.readiness.why_not() == pod.readiness.lag == LOADING.words
    pod.answers(None)
    assert pod.ready


@pytest.mark.parametrize("lag", [LOADING, STUCK])
def test_without_an_operator_it_serves_what_it_has(pod: Pod, lag: Lag) -> None:
    pod.after(NO_ORDER_SECONDS - 1, lag, orders=False)
    assert not pod.ready
    pod.after(1, lag, orders=False)
    assert pod.ready


def test_the_time_without_an_operator_counts_from_when_the_server_came_up(pod: Pod) -> None:
    pod.readiness.went_down()
    pod.clock.now += 60
    pod.readiness.came_up()
    pod.answers(LOADING)
    assert not pod.ready
    pod.after(NO_ORDER_SECONDS, LOADING, orders=False)
    assert pod.ready


def test_where_the_operator_brings_nothing_it_serves_what_it_has(pod: Pod) -> None:
    pod.after(STUCK_SECONDS, LOADING, orders=True)
    pod.after(STUCK_SECONDS, STUCK, orders=True)
    assert not pod.ready, "it has moved until then"
    pod.after(1, STUCK, orders=True)
    assert pod.ready


def test_a_new_process_begins_anew(pod: Pod) -> None:
    pod.answers(None)
    pod.readiness.went_down()
    assert pod.readiness.why_not() == "the model server serves nothing"
    pod.readiness.came_up()
    assert not pod.ready
    pod.answers(LOADING)
    assert not pod.ready
    pod.answers(None)
    assert pod.ready


def test_a_server_that_serves_nothing_takes_no_traffic(pod: Pod) -> None:
    pod.answers(None)
    pod.clock.now += SILENT_SECONDS
    assert pod.ready
    pod.clock.now += 1
    assert pod.readiness.why_not() == "the model server serves nothing"
    pod.readiness.served()
    assert pod.ready
