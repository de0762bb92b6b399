"""What /healthz and /readyz say."""

from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.controller.health import MAX_BEAT_AGE, MAX_MISTAKES_AGE, MAX_QUEUE_AGE, MAX_WORK_AGE, Health
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.reconcile.worker import UnexpectedErrors

KEY = TFModelKey("default", "mnist")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def made() -> tuple[Clock, WorkQueue[TFModelKey], Health]:
    clock = Clock()
    queue: WorkQueue[TFModelKey] = WorkQueue(clock=clock)
    return clock, queue, Health(queue, clock, UnexpectedErrors(clock), filled=True)


def test_a_fresh_process_is_healthy() -> None:
    _, _, health = made()
    assert health.problems() == health.unready() == []


def test_caches_that_are_not_filled_make_it_unready_and_not_ill() -> None:
    _, _, health = made()
    health.filled = False
    assert health.problems() == []
    assert health.unready() == ["the caches are not filled yet"]


def test_a_loop_that_does_not_beat_makes_it_ill() -> None:
    clock, _, health = made()
    clock.now += MAX_BEAT_AGE + 1
    assert health.problems() == ["the event loop was busy for 11 s, at most 10 s are fine"]
    health.beat()
    assert health.problems() == []


def test_a_key_that_nobody_takes_makes_it_ill() -> None:
    clock, queue, health = made()
    queue.add(KEY)
    clock.now += MAX_QUEUE_AGE + 1
    health.beat()
    assert health.problems() == ["a TFModel waited for a worker for 301 s, at most 300 s are fine"]


async def test_a_reconcile_without_an_end_makes_it_ill() -> None:
    clock, queue, health = made()
    queue.add(KEY)
    await queue.get()
    clock.now += MAX_WORK_AGE + 1
    health.beat()
    assert health.problems() == ["a reconcile ran for 151 s, at most 150 s are fine"]


def test_nothing_but_mistakes_makes_it_ill_and_one_reconcile_without_makes_it_well() -> None:
    clock, _, health = made()
    health.unexpected_errors.record()
    clock.now += MAX_MISTAKES_AGE + 1
    health.unexpected_errors.record()
    health.beat()
    assert health.problems() == [
        "every reconcile failed by a mistake in the operator for 181 s, at most 180 s are fine"
    ]
    health.unexpected_errors.reset()
    assert health.problems() == []
