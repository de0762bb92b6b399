"""The operator's metrics, under the names that operators' users already chart.

Sources: client-go util/workqueue, controller-runtime pkg/internal/controller/metrics.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from tfs_operator import __version__
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.metrics.exposition import Family, Sample, TFModelSeries
from tfs_operator.controller.metrics.rollouts import RolloutTimes
from tfs_operator.controller.metrics.tfmodels import FAMILIES
from tfs_operator.domain.rollout import Memory

CONTROLLER = "tfmodel"
OPERATOR = "tfs-operator"
RESULTS = ("success", "requeue_after", "error")
"""Of a reconcile, in controller-runtime's words."""

_STEP_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1800.0)
_ROLLOUT_SECONDS = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Holds the metrics of one operator. Also the queue's `QueueMetrics`."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self._counter = partial(Counter, registry=registry)
        self._gauge = partial(Gauge, registry=registry)
        self._histogram = partial(Histogram, registry=registry)
        self._make_queues()
        self._make_reconciles()
        self._make_rollouts()
        self._make_process()
        self._series = TFModelSeries(FAMILIES)
        self._rollout_times = RolloutTimes()
        self.depth(0)
        self.leads(False)
        self._begin_at_zero()

    def _make_queues(self) -> None:
        name, timed = ("name",), partial(self._histogram, buckets=_SECONDS)
        self._depth = self._gauge("workqueue_depth", "Keys ready to be worked on.", name)
        self._adds = self._counter("workqueue_adds", "Keys added.", name)
        self._queue_seconds = timed("workqueue_queue_duration_seconds", "Time from ready to taken.", name)
        self._work_seconds = timed("workqueue_work_duration_seconds", "Time from taken to done.", name)
        self._retries = self._counter("workqueue_retries", "Keys added with back-off.", name)

    def _make_reconciles(self) -> None:
        name, controller = "controller_runtime_reconcile", ("controller",)
        self._total = self._counter(name, "Reconciles by result.", (*controller, "result"))
        self._errors = self._counter(f"{name}_errors", "Failed reconciles.", controller)
        self._seconds = self._histogram(f"{name}_time_seconds", "Time of a reconcile.", controller, buckets=_SECONDS)
        self._requests = self._counter("rest_client_requests", "Requests to the API server.", ("code", "method"))

    def _make_rollouts(self) -> None:
        model = ("namespace", "name", "model")
        self._steps = self._histogram(
            "tfmodel_rollout_step_duration_seconds",
            "Time that a model's rollout spent in a step.",
            ("step",),
            buckets=_STEP_SECONDS,
        )
        self._rollouts = self._histogram(
            "tfmodel_rollout_duration_seconds",
            "Time from a new wish to its being served on every pod, where pods were there to be asked.",
            buckets=_ROLLOUT_SECONDS,
        )
        self._failures = self._counter("tfmodel_version_failures", "Versions given up, each attempt counted.", model)
        self._moves = self._counter("tfmodel_label_moves", "Labels that moved to a version on every pod.", model)

    def _make_process(self) -> None:
        self._leader = self._gauge("leader_election_master_status", "1 for the operator that acts.", ("name",))
        build = self._gauge("tfs_operator_build_info", "Of this process; always 1.", ("version",))
        build.labels(__version__).set(1)
        ProcessCollector(registry=self.registry)

    def _begin_at_zero(self) -> None:
        """Else the first error would be a series' first value, and no increase."""
        for metric in (self._adds, self._retries, self._errors):
            metric.labels(CONTROLLER)
        for result in RESULTS:
            self._total.labels(CONTROLLER, result)

    def watch(self, queue: WorkQueue[Any]) -> None:
        """Reads the queue's ages at each scrape."""
        for name, text, age in (
            ("workqueue_oldest_key_seconds", "Time that a ready key has been waiting.", queue.oldest_age),
            ("workqueue_longest_running_processor_seconds", "Time of the slowest worker.", queue.longest_running),
        ):
            self._gauge(name, text, ("name",)).labels(CONTROLLER).set_function(age)

    def leads(self, leader: bool) -> None:
        """Shows whether this process is the one that acts."""
        self._leader.labels(OPERATOR).set(leader)

    def depth(self, keys: int) -> None:
        self._depth.labels(CONTROLLER).set(keys)

    def added(self) -> None:
        self._adds.labels(CONTROLLER).inc()

    def queued(self, seconds: float) -> None:
        self._queue_seconds.labels(CONTROLLER).observe(seconds)

    def worked(self, seconds: float) -> None:
        self._work_seconds.labels(CONTROLLER).observe(seconds)

    def retried(self) -> None:
        self._retries.labels(CONTROLLER).inc()

    def reconciled(self, result: str, seconds: float) -> None:
        """Counts a reconcile; `result` is one of RESULTS."""
        self._total.labels(CONTROLLER, result).inc()
        self._seconds.labels(CONTROLLER).observe(seconds)
        if result == "error":
            self._errors.labels(CONTROLLER).inc()

    def request(self, code: str, method: str) -> None:
        self._requests.labels(code, method).inc()

    def step_taken(self, step: str, seconds: float) -> None:
        self._steps.labels(step).observe(seconds)

    def version_failed(self, namespace: str, name: str, model: str) -> None:
        self._failures.labels(namespace, name, model).inc()

    def label_moved(self, namespace: str, name: str, model: str) -> None:
        self._moves.labels(namespace, name, model).inc()

    def steps_taken(self, key: TFModelKey, model: str, taken: Sequence[Memory]) -> None:
        """Takes the steps of one pass in order, beginning with the one before. The model's counters begin at 0 here."""
        for metric in (self._failures, self._moves):
            metric.labels(*key, model)
        for seconds in self._rollout_times.ended(key, model, taken):
            self._rollouts.observe(seconds)

    def show(self, key: TFModelKey, samples: Iterable[Sample]) -> None:
        """Shows exactly these series of a TFModel from now on, besides its counters."""
        self._series.show(*key, samples)

    def forget(self, key: TFModelKey) -> None:
        """Drops the series of a TFModel that is gone."""
        for metric in (self._failures, self._moves):
            metric.remove_by_labels(key._asdict())
        self._series.forget(*key)
        self._rollout_times.forget(key)

    @property
    def families(self) -> dict[str, Family]:
        """The series of each TFModel that are not in the registry, by name."""
        return {family.name: family for family in FAMILIES}

    def exposition(self) -> bytes:
        """Returns all metrics in the Prometheus text format."""
        return generate_latest(self.registry) + self._series.text().encode()
