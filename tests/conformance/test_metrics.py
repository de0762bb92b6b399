"""Monitoring, section 5 of docs/tf-serving.md."""

from typing import Any

from testing.waiting import eventually

PAGE = "/monitoring/prometheus/metrics"


def value(server: Any, series: str) -> float:
    """The value of a series as it is printed, 0 if it is not there."""
    for line in server.rest.get(PAGE).text.splitlines():
        name, _, number = line.rpartition(" ")
        if name == series:
            return float(number)
    return 0.0


def grows(server: Any, series: str, before: float) -> None:
    eventually(lambda: value(server, series) > before)


def test_metrics_are_on_the_rest_port(server: Any) -> None:
    reply = server.rest.get(PAGE)
    assert reply.status == 200
    assert reply.content_type.startswith("text/plain")


def test_request_count_by_model_and_status(server: Any) -> None:
    series = ':tensorflow:serving:request_count{model_name="scale",status="OK"}'
    before = value(server, series)
    server.rest.predict("scale", 1.0)
    grows(server, series, before)


def test_callers_errors_are_counted_by_their_code(server: Any) -> None:
    series = ':tensorflow:serving:request_count{model_name="absent",status="NOT_FOUND"}'
    before = value(server, series)
    server.rest.post("/v1/models/absent:predict", {"instances": [1.0]})
    grows(server, series, before)


def test_request_latency_by_api_and_entrypoint(server: Any) -> None:
    labels = 'model_name="scale",API="predict",entrypoint="REST"'
    before = value(server, f":tensorflow:serving:request_latency_count{{{labels}}}")
    server.rest.predict("scale", 1.0)
    grows(server, f":tensorflow:serving:request_latency_count{{{labels}}}", before)
    assert value(server, f':tensorflow:serving:request_latency_bucket{{{labels},le="+Inf"}}') > before


def test_latencies_are_microsecond_histograms(server: Any) -> None:
    server.rest.predict("scale", 1.0)
    page = server.rest.get(PAGE).text
    assert "# TYPE :tensorflow:serving:request_latency histogram" in page
    assert 'API="predict",entrypoint="REST",le="10"}' in page
    assert 'API="predict",entrypoint="REST",le="18"}' in page


def test_runtime_latency_by_api_and_runtime(server: Any) -> None:
    series = ':tensorflow:serving:runtime_latency_count{model_name="scale",API="Predict",runtime="TF1"}'
    before = value(server, series)
    server.rest.predict("scale", 1.0)
    grows(server, series, before)


def test_status_and_metadata_calls_count_too_without_api(server: Any) -> None:
    series = ':tensorflow:serving:request_latency_count{model_name="scale",API="",entrypoint="REST"}'
    before = value(server, series)
    server.rest.get("/v1/models/scale")
    server.rest.get("/v1/models/scale/metadata")
    eventually(lambda: value(server, series) >= before + 2)


def test_loads_are_counted_by_path(server: Any) -> None:
    lines = server.rest.get(PAGE).text.splitlines()
    attempts = [line for line in lines if line.startswith(":tensorflow:cc:saved_model:load_attempt_count{model_path=")]
    assert any("/scale/1" in line and 'status="success"' in line for line in attempts)
    assert any(line.startswith(":tensorflow:cc:saved_model:load_latency{model_path=") for line in lines)


def test_metrics_are_off_by_default(start: Any, library: Any, tmp_path: Any) -> None:
    base_path = library.publish(tmp_path / "scale", 1)
    server = start("--model_name=scale", f"--model_base_path={base_path}").until_ready()
    assert server.rest.get(PAGE).status == 404
