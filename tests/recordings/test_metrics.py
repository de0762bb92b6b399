"""The families of the metrics page have the type, the labels and the buckets that they have on a real server."""

import json
import urllib.request

import pytest

from testing.conformance.options import is_command_given
from testing.recordings.data import MetricFamily, metric_families
from testing.recordings.metrics_page import families_of
from tests.recordings.conftest import Judge, Running


@pytest.fixture
def page(batching_server: Running) -> dict[str, MetricFamily]:
    """What the page has after a request of each kind."""
    ask(batching_server, "v1/models/scale:predict", {"instances": [1.0]})
    ask(batching_server, "v1/models/kinds:classify", {"signature_name": "classify", "examples": [{"x": 0.5}]})
    ask(batching_server, "v1/models/kinds:regress", {"signature_name": "regress", "examples": [{"x": 0.5}]})
    return families_of(ask(batching_server, "monitoring/prometheus/metrics"))


def ask(server: Running, path: str, body: object = None) -> str:
    url = f"http://{server.rest[0]}:{server.rest[1]}/{path}"
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(url, data, timeout=60) as response:
        return str(response.read().decode())


def test_families(page: dict[str, MetricFamily], judge: Judge, request: pytest.FixtureRequest) -> None:
    """A real server may have families of newer TensorFlow; the double has a few of those that were recorded."""
    recorded = metric_families()
    assert page
    assert is_command_given(request.config) or set(page) <= set(recorded)
    for name in sorted(set(page) & set(recorded)):
        judge("metrics", name, without_samples(recorded[name], page[name]), without_samples(page[name], recorded[name]))


def without_samples(family: MetricFamily, other: MetricFamily) -> MetricFamily:
    """Leaves the type only, where the other one has had no values."""
    return MetricFamily(family.type, family.help) if other.labels is None else family
