"""The operator's metrics, under the names that operators' users already chart.

Sources: client-go util/workqueue, controller-runtime pkg/internal/controller/metrics.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTROLLER = "tfmodel"
_STEP_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1800.0)
_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """One registry an operator. Also the queue's `QueueMetrics`."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        name = ("name",)
        controller = ("controller",)
        self._depth = Gauge("workqueue_depth", "Keys ready to be worked on.", name, registry=registry)
        self._adds = Counter("workqueue_adds", "Keys added.", name, registry=registry)
        self._queue_seconds = Histogram(
            "workqueue_queue_duration_seconds", "Time from ready to taken.", name, buckets=_SECONDS, registry=registry
        )
        self._work_seconds = Histogram(
            "workqueue_work_duration_seconds", "Time from taken to done.", name, buckets=_SECONDS, registry=registry
        )
        self._retries = Counter("workqueue_retries", "Keys added with back-off.", name, registry=registry)
        self._total = Counter(
            "controller_runtime_reconcile", "Reconciles by result.", (*controller, "result"), registry=registry
        )
        self._errors = Counter(
            "controller_runtime_reconcile_errors", "Failed reconciles.", controller, registry=registry
        )
        self._seconds = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "Time a reconcile.",
            controller,
            buckets=_SECONDS,
            registry=registry,
        )
        self._requests = Counter(
            "rest_client_requests", "Requests to the API server.", ("code", "method"), registry=registry
        )
        tfmodel = ("namespace", "name", "model")
        self._steps = Histogram(
            "tfmodel_rollout_step_duration_seconds",
            "Time that a model's rollout spent in a step.",
            ("step",),
            buckets=_STEP_SECONDS,
            registry=registry,
        )
        self._failures = Counter(
            "tfmodel_version_failures", "Versions given up, each attempt counted.", tfmodel, registry=registry
        )
        self._moves = Counter(
            "tfmodel_label_moves", "Labels that moved to a version on every pod.", tfmodel, registry=registry
        )
        self._leads = Gauge(
            "leader_election_master_status",
            "1 for the operator that acts, 0 for one that stands by.",
            name,
            registry=registry,
        )
        self.depth(0)
        self.leads(False)

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
        """`result` is one of controller-runtime's: success, requeue_after, error."""
        self._total.labels(CONTROLLER, result).inc()
        self._seconds.labels(CONTROLLER).observe(seconds)
        if result == "error":
            self._errors.labels(CONTROLLER).inc()

    def request(self, code: str, method: str) -> None:
        self._requests.labels(code, method).inc()

    def leads(self, leads: bool) -> None:
        self._leads.labels("tfs-operator").set(leads)

    def step_taken(self, step: str, seconds: float) -> None:
        self._steps.labels(step).observe(seconds)

    def version_failed(self, namespace: str, name: str, model: str) -> None:
        self._failures.labels(namespace, name, model).inc()

    def label_moved(self, namespace: str, name: str, model: str) -> None:
        self._moves.labels(namespace, name, model).inc()

    def forget(self, namespace: str, name: str) -> None:
        """Drops the series of a TFModel that is gone."""
        for metric in (self._failures, self._moves):
            metric.remove_by_labels({"namespace": namespace, "name": name})

    def exposition(self) -> bytes:
        """In the Prometheus text format."""
        return generate_latest(self.registry)
