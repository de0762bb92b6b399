"""The whole page that Prometheus reads."""

from prometheus_client.parser import text_string_to_metric_families

from tests.unit.planning.passes import at
from tfs_operator import __version__
from tfs_operator.api.conditions import ConditionType, Reason
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.metrics import Metrics, tfmodels
from tfs_operator.domain.evidence import Verdict
from tfs_operator.domain.rollout import Action

KEY = TFModelKey("ml", "mnist")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def value(metrics: Metrics, series: str, **labels: str) -> float | None:
    """Of the page; None when it is not there."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    samples = [sample for family in families for sample in family.samples]
    found = [sample.value for sample in samples if (sample.name, sample.labels) == (series, labels)]
    assert len(found) <= 1, "a series twice"
    return found[0] if found else None


def about(metrics: Metrics) -> list[str]:
    """The lines about the TFModel."""
    return [line for line in metrics.exposition().decode().splitlines() if 'namespace="ml"' in line]


def busy() -> Metrics:
    metrics = Metrics()
    verdicts = {ConditionType.READY: Verdict("True", Reason.SERVING, "")}
    metrics.show(KEY, tfmodels.conditions(verdicts))
    metrics.label_moved("ml", "mnist", "mnist")
    metrics.version_failed("ml", "mnist", "mnist")
    return metrics


def test_the_page_has_both_kinds_of_series() -> None:
    metrics = busy()
    assert value(metrics, "tfmodel_status_condition", namespace="ml", name="mnist", type="Ready", status="True") == 1
    assert value(metrics, "tfmodel_label_moves_total", namespace="ml", name="mnist", model="mnist") == 1
    assert value(metrics, "tfs_operator_build_info", version=__version__) == 1
    assert (value(metrics, "process_resident_memory_bytes") or 0) > 1e6


def test_a_tfmodel_that_is_gone_leaves_no_series() -> None:
    metrics = busy()
    metrics.forget(KEY)
    assert about(metrics) == []


def test_leadership() -> None:
    metrics = Metrics()
    assert value(metrics, "leader_election_master_status", name="tfs-operator") == 0
    metrics.leads(True)
    assert value(metrics, "leader_election_master_status", name="tfs-operator") == 1


async def test_the_ages_of_the_queue_are_those_of_the_scrape() -> None:
    clock, metrics = Clock(), Metrics()
    queue: WorkQueue[TFModelKey] = WorkQueue(clock=clock)
    metrics.watch(queue)
    queue.add(KEY)
    clock.now += 7
    assert value(metrics, "workqueue_oldest_key_seconds", name="tfmodel") == 7
    await queue.get()
    clock.now += 3
    assert value(metrics, "workqueue_oldest_key_seconds", name="tfmodel") == 0
    assert value(metrics, "workqueue_longest_running_processor_seconds", name="tfmodel") == 3


def test_a_whole_rollout_is_one_observation() -> None:
    metrics = Metrics()
    metrics.steps_taken(KEY, "mnist", [at(Action.DONE, 0), at(Action.LOAD, 10)])
    metrics.steps_taken(KEY, "mnist", [at(Action.LOAD, 10), at(Action.DONE, 14)])
    assert value(metrics, "tfmodel_rollout_duration_seconds_sum") == 4
    assert value(metrics, "tfmodel_rollout_duration_seconds_count") == 1
