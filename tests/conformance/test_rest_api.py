"""REST, section 3 of docs/tf-serving.md: routes, statuses, predictions."""

import json
from typing import Any

import pytest


def test_status_shows_all_versions_newest_first(server: Any) -> None:
    reply = server.rest.get("/v1/models/scale")
    assert reply.json == {
        "model_version_status": [
            {"version": version, "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
            for version in ("2", "1")
        ]
    }


def test_status_of_one_version(server: Any) -> None:
    reply = server.rest.get("/v1/models/scale/versions/1")
    assert [known["version"] for known in reply.json["model_version_status"]] == ["1"]


def test_status_ignores_a_label(server: Any) -> None:
    whole = server.rest.get("/v1/models/scale")
    assert server.rest.get("/v1/models/scale/labels/stable") == whole
    assert server.rest.get("/v1/models/scale/labels/no-such-label") == whole


def test_status_is_indented_by_one_space(server: Any) -> None:
    reply = server.rest.get("/v1/models/scale/versions/1")
    assert reply.text == json.dumps(reply.json, indent=1) + "\n"
    assert reply.content_type == "application/json"


@pytest.mark.parametrize(("target", "version"), [("", "2"), ("/versions/1", "1"), ("/labels/stable", "1")])
def test_metadata_tells_which_version_answers(server: Any, target: str, version: str) -> None:
    reply = server.rest.get(f"/v1/models/scale{target}/metadata")
    assert reply.status == 200
    assert (reply.json["model_spec"]["name"], reply.json["model_spec"]["version"]) == ("scale", version)


def test_metadata_holds_the_signatures(server: Any) -> None:
    signatures = server.rest.get("/v1/models/scale/metadata").json["metadata"]["signature_def"]["signature_def"]
    assert signatures["serving_default"]["inputs"]["x"]["dtype"] == "DT_FLOAT"
    assert signatures["serving_default"]["method_name"] == "tensorflow/serving/predict"


@pytest.mark.parametrize(
    ("target", "factor"), [("", 2), ("/versions/1", 1), ("/labels/stable", 1), ("/labels/canary", 2)]
)
def test_predict_answers_with_the_version_asked_for(server: Any, target: str, factor: int) -> None:
    assert server.rest.predict(f"scale{target}", 3.0) == [3.0 * factor]


def test_model_and_label_are_url_decoded(server: Any) -> None:
    assert server.rest.predict("%73cale/labels/%C3%BCber%20label", 3.0) == [6.0]


def test_routes_do_not_depend_on_case(server: Any) -> None:
    assert server.rest.get("/V1/Models/scale").status == 200


def test_instances_are_answered_by_predictions(server: Any) -> None:
    reply = server.rest.post("/v1/models/scale:predict", {"instances": [1.0, 2.5]})
    assert reply.text == '{\n    "predictions": [2.0, 5.0\n    ]\n}'
    assert reply.content_type == "application/json"


def test_inputs_are_answered_by_outputs(server: Any) -> None:
    reply = server.rest.post("/v1/models/scale:predict", {"inputs": {"x": [1.0, 2.5]}})
    assert reply.json == {"outputs": [2.0, 5.0]}


def test_several_outputs_keep_their_names(server: Any) -> None:
    body = {"signature_name": "pair", "instances": [{"a": 5, "b": 3}, {"a": 1, "b": 1}]}
    reply = server.rest.post("/v1/models/various:predict", body)
    assert reply.json == {"predictions": [{"difference": 2, "sum": 8}, {"difference": 0, "sum": 2}]}


def test_several_outputs_keep_their_names_in_columns(server: Any) -> None:
    body = {"signature_name": "pair", "inputs": {"a": [5, 1], "b": [3, 1]}}
    reply = server.rest.post("/v1/models/various:predict", body)
    assert reply.json == {"outputs": {"difference": [2, 0], "sum": [8, 2]}}


def test_bytes_go_in_as_b64(server: Any) -> None:
    body = {"signature_name": "echo", "instances": [{"b64": "aGVsbG8="}, "wörld"]}
    assert server.rest.post("/v1/models/various:predict", body).json == {"predictions": ["hello", "wörld"]}


def test_outputs_named_bytes_come_back_as_b64(server: Any) -> None:
    body = {"signature_name": "echo_bytes", "instances": ["hello"]}
    reply = server.rest.post("/v1/models/various:predict", body)
    assert reply.json == {"predictions": [{"b64": "aGVsbG8="}]}


def test_nan_and_infinity_are_tokens(server: Any) -> None:
    body = '{"signature_name": "inverse", "instances": [NaN, 0.0, -Infinity, 4.0]}'
    reply = server.rest.post("/v1/models/various:predict", body)
    assert reply.text == '{\n    "predictions": [NaN, Infinity, -0.0, 0.25\n    ]\n}'


@pytest.mark.parametrize(("value", "token"), [("0.1", "0.2"), ("4500000", "9e+06"), ("0.16666667", "0.333333343")])
def test_floats_are_short_and_give_themselves_back(server: Any, value: str, token: str) -> None:
    reply = server.rest.post("/v1/models/scale:predict", f'{{"instances": [{value}]}}')
    assert f"[{token}\n" in reply.text


def test_anything_after_the_document_is_ignored(server: Any) -> None:
    assert server.rest.post("/v1/models/scale:predict", '{"instances": [1.0]} and more').status == 200


def test_classify_answers_results(server: Any) -> None:
    body = {"signature_name": "classify", "examples": [{"x": 0.25}, {"x": 1.0}]}
    reply = server.rest.post("/v1/models/various:classify", body)
    assert reply.json == {"results": [[["low", 0.75], ["high", 0.25]], [["low", 0.0], ["high", 1.0]]]}


def test_regress_answers_results(server: Any) -> None:
    body = {"signature_name": "regress", "context": {"x": 1.5}, "examples": [{"x": 0.25}, {}]}
    reply = server.rest.post("/v1/models/various:regress", body)
    assert reply.json == {"results": [0.5, 3.0]}
