"""Counters and histograms under the real server's names, shown in Prometheus' text format.

(util/prometheus_exporter.cc, servables/tensorflow/util.cc, tensorflow/cc/saved_model/loader.cc)
"""

import bisect
import re
import threading
from itertools import accumulate

Labels = tuple[str, ...]


class Counter:
    """A number for each combination of label values."""

    def __init__(self, name: str, *labels: str) -> None:
        self.name, self.labels = name, labels
        self._lock = threading.Lock()
        self._cells: dict[Labels, int] = {}

    def add(self, *labels: str, by: int = 1) -> None:
        with self._lock:
            self._cells[labels] = self._cells.get(labels, 0) + by

    def first(self) -> int:
        """The value of the first combination, which is what a reload's metrics report."""
        with self._lock:
            return next(iter(self._cells.values()), 0)

    def lines(self) -> list[str]:
        name = _prometheus_name(self.name)
        with self._lock:
            cells = list(self._cells.items())
        values = [f"{name}{{{_pairs(self.labels, labels)}}} {value}" for labels, value in cells]
        return [f"# TYPE {name} counter", *values]


def exponential(scale: float, growth: float, count: int) -> tuple[float, ...]:
    """Limits of buckets that grow by a factor (tensorflow/core/lib/monitoring/sampler.h)."""
    return tuple(scale * growth**power for power in range(count))


class Histogram:
    """Values for each combination of label values; microseconds to ~20 minutes, where no other limits are given."""

    def __init__(self, name: str, *labels: str, limits: tuple[float, ...] = exponential(10, 1.8, 33)) -> None:
        self.name, self.labels, self._limits = name, labels, limits
        self._lock = threading.Lock()
        self._cells: dict[Labels, tuple[list[int], float]] = {}

    def observe(self, value: float, *labels: str) -> None:
        with self._lock:
            counts, total = self._cells.get(labels, ([0] * (len(self._limits) + 1), 0.0))
            counts[bisect.bisect_right(self._limits, value)] += 1
            self._cells[labels] = counts, total + value

    def lines(self) -> list[str]:
        name = _prometheus_name(self.name)
        with self._lock:
            cells = [(labels, list(counts), total) for labels, (counts, total) in self._cells.items()]
        shown = [line for labels, counts, total in cells for line in self._cell_lines(name, labels, counts, total)]
        return [f"# TYPE {name} histogram", *shown]

    def _cell_lines(self, name: str, labels: Labels, counts: list[int], total: float) -> list[str]:
        pairs = _pairs(self.labels, labels)
        before = f"{pairs}," if pairs else ""
        limits = [*(f"{limit:g}" for limit in self._limits), "+Inf"]
        cumulative = list(accumulate(counts))
        buckets = [
            f'{name}_bucket{{{before}le="{limit}"}} {count}' for limit, count in zip(limits, cumulative, strict=True)
        ]
        return [*buckets, f"{name}_sum{{{pairs}}} {total:g}", f"{name}_count{{{pairs}}} {cumulative[-1]}"]


REQUESTS = Counter("/tensorflow/serving/request_count", "model_name", "status")
REQUEST_LATENCY = Histogram("/tensorflow/serving/request_latency", "model_name", "API", "entrypoint")
RUNTIME_LATENCY = Histogram("/tensorflow/serving/runtime_latency", "model_name", "API", "runtime")
EXAMPLES = Counter("/tensorflow/serving/request_example_count_total", "model")
LOAD_ATTEMPTS = Counter("/tensorflow/cc/saved_model/load_attempt_count", "model_path", "status")
LOAD_LATENCY = Counter("/tensorflow/cc/saved_model/load_latency", "model_path")
WARMUP_LATENCY = Histogram("/tensorflow/serving/model_warmup_latency", "model_path", "status")
WARMUP_RECORDS = Counter("/tensorflow/serving/model_warmup_records_read", "model_path", "status")

_SIZES = exponential(1, 2, 14)
QUEUING_LATENCY = Histogram(
    "/tensorflow/serving/batching_session/queuing_latency", "thread_pool_name", limits=exponential(100, 1.2, 52)
)
BATCHES = Counter("/tensorflow/serving/batching_session/wrapped_run_count")
INPUT_BATCH_SIZE = Histogram("/tensorflow/serving/batching_session/input_batch_size", limits=_SIZES)
PROCESSED_BATCH_SIZE = Histogram("/tensorflow/serving/batching_session/processed_batch_size", limits=_SIZES)
PADDING_SIZE = Histogram("/tensorflow/serving/batching_session/padding_size", "execution_batch_size", limits=_SIZES)

_METRICS: tuple[Counter | Histogram, ...] = (
    LOAD_ATTEMPTS,
    LOAD_LATENCY,
    WARMUP_LATENCY,
    WARMUP_RECORDS,
    REQUESTS,
    EXAMPLES,
    REQUEST_LATENCY,
    RUNTIME_LATENCY,
    QUEUING_LATENCY,
    BATCHES,
    INPUT_BATCH_SIZE,
    PROCESSED_BATCH_SIZE,
    PADDING_SIZE,
)


def page() -> str:
    """The whole page; of a metric without a value it has the type only."""
    return "\n".join(line for metric in _METRICS for line in metric.lines()) + "\n"


def counter_value(name: str) -> int:
    """What a reload request asks for by a metric's inner name; 0 for one that is not a counter here."""
    return next((m.first() for m in _METRICS if isinstance(m, Counter) and m.name == name), 0)


def _prometheus_name(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_]", ":", name)


def _pairs(names: Labels, values: Labels) -> str:
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return ",".join(f'{name}="{value}"' for name, value in zip(names, escaped, strict=True))
