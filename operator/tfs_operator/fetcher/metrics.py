"""Counts what a fetcher does, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from tfs_operator.fetcher.core.progress import Progress

_SECONDS = (0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)


class FetcherMetrics:
    """The metrics of one process. `model` is the model's name, or several joined by `/` where they have one URI."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self._bytes = Counter("tfmodel_fetched_bytes", "Bytes of versions in place.", ("model",), registry=registry)
        self._seconds = Histogram(
            "tfmodel_fetch_duration_seconds",
            "Time from the first byte of an attempt to the version in place.",
            ("model",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._failures = Counter(
            "tfmodel_fetch_failures", "Attempts and list calls that failed.", ("model", "reason"), registry=registry
        )

    def fetched(self, model: str, progress: Progress) -> None:
        self._bytes.labels(model).inc(progress.total)
        self._seconds.labels(model).observe(progress.clock() - progress.begun)

    def failed(self, model: str, reason: str) -> None:
        self._failures.labels(model, reason).inc()

    def exposition(self) -> bytes:
        """Returns all of them in the Prometheus text format."""
        return generate_latest(self.registry)
