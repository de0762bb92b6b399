"""The operator's metrics, under the names that controller-runtime and client-go use.

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
"""The results of a reconcile, in controller-runtime's words."""

_STEP_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1800.0)
_ROLLOUT_SECONDS = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Holds all metrics of one operator process. It implements the queue's `QueueMetrics`."""

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
        self._depth = self._gauge("workqueue_depth", "Keys that are ready and not yet taken by a worker.", name)
        self._adds = self._counter("workqueue_adds", "Keys added to the queue.", name)
        self._queue_seconds = timed(
            "workqueue_queue_duration_seconds", "Time from a key being ready until a worker takes it.", name
        )
        self._work_seconds = timed("workqueue_work_duration_seconds", "Time that a worker needs for a key.", name)
        self._retries = self._counter("workqueue_retries", "Keys added again with back-off after an error.", name)

    def _make_reconciles(self) -> None:
        name, controller = "controller_runtime_reconcile", ("controller",)
        self._total = self._counter(name, "Reconciles, by result.", (*controller, "result"))
        self._errors = self._counter(f"{name}_errors", "Reconciles that ended with an error.", controller)
        self._seconds = self._histogram(
            f"{name}_time_seconds", "Duration of a reconcile.", controller, buckets=_SECONDS
        )
        self._requests = self._counter(
            "rest_client_requests", "Requests to the API server, by status code and method.", ("code", "method")
        )
        self._malformed = self._counter(
            "tfs_operator_malformed_answers",
            "Answers of the API server with an object that is nested too deep or cannot be decoded, which were read"
            " without that part.",
        )

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
            "Time from a spec change until every pod serves it; not measured while no pod is ready.",
            buckets=_ROLLOUT_SECONDS,
        )
        self._failures = self._counter("tfmodel_version_failures", "Failed attempts to load a version.", model)
        self._moves = self._counter(
            "tfmodel_label_moves", "Version labels that were moved to another version on every pod.", model
        )

    def _make_process(self) -> None:
        self._leader = self._gauge(
            "leader_election_master_status", "1 for the operator that holds the Lease, 0 for a standby.", ("name",)
        )
        build = self._gauge("tfs_operator_build_info", "The version of this process; always 1.", ("version",))
        build.labels(__version__).set(1)
        ProcessCollector(registry=self.registry)

    def _begin_at_zero(self) -> None:
        """Creates the counters at 0, so that the first error shows as an increase."""
        for metric in (self._adds, self._retries, self._errors):
            metric.labels(CONTROLLER)
        for result in RESULTS:
            self._total.labels(CONTROLLER, result)

    def watch(self, queue: WorkQueue[Any]) -> None:
        """Registers gauges that read the ages of the queue's keys at each scrape."""
        for name, text, age in (
            ("workqueue_oldest_key_seconds", "Time that the oldest ready key has been waiting.", queue.oldest_age),
            (
                "workqueue_longest_running_processor_seconds",
                "Running time of the longest reconcile in progress.",
                queue.longest_running,
            ),
        ):
            self._gauge(name, text, ("name",)).labels(CONTROLLER).set_function(age)

    def leads(self, leader: bool) -> None:
        """Records whether this process holds the Lease."""
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

    def malformed_answer(self) -> None:
        self._malformed.inc()

    def step_taken(self, step: str, seconds: float) -> None:
        self._steps.labels(step).observe(seconds)

    def version_failed(self, namespace: str, name: str, model: str) -> None:
        self._failures.labels(namespace, name, model).inc()

    def label_moved(self, namespace: str, name: str, model: str) -> None:
        self._moves.labels(namespace, name, model).inc()

    def steps_taken(self, key: TFModelKey, model: str, taken: Sequence[Memory]) -> None:
        """Records the steps of one pass, in order, from the step before it. Starts the model's counters at 0."""
        for metric in (self._failures, self._moves):
            metric.labels(*key, model)
        for seconds in self._rollout_times.ended(key, model, taken):
            self._rollouts.observe(seconds)

    def show(self, key: TFModelKey, samples: Iterable[Sample]) -> None:
        """Replaces all gauges of a TFModel by `samples`; its counters stay."""
        self._series.show(*key, samples)

    def forget(self, key: TFModelKey) -> None:
        """Drops all series of a deleted TFModel."""
        for metric in (self._failures, self._moves):
            metric.remove_by_labels(key._asdict())
        self._series.forget(*key)
        self._rollout_times.forget(key)

    @property
    def families(self) -> dict[str, Family]:
        """The gauges of each TFModel by name; they are not in `registry`."""
        return {family.name: family for family in FAMILIES}

    def exposition(self) -> bytes:
        """Returns all metrics in the Prometheus text format."""
        return generate_latest(self.registry) + self._series.text().encode()
