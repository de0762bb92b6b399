"""REST, the table of refusals in section 3 of docs/tf-serving.md; every one is `{"error": …}`."""

from typing import Any

import pytest

PREDICT = "/v1/models/scale:predict"
ELEMENT = "Failed to process element: {} of 'instances' list. Error: INVALID_ARGUMENT: "


def refused(reply: Any, status: int, message: str) -> None:
    assert (reply.status, reply.error) == (status, message)
    assert reply.content_type == "application/json"


def test_status_of_an_unknown_model(server: Any) -> None:
    refused(server.rest.get("/v1/models/absent"), 404, "Could not find any versions of model absent")


def test_status_of_an_unknown_version(server: Any) -> None:
    refused(server.rest.get("/v1/models/scale/versions/7"), 404, "Could not find version 7 of model scale")


def test_predict_with_an_unknown_model(server: Any) -> None:
    reply = server.rest.post("/v1/models/absent:predict", {"instances": [1.0]})
    refused(reply, 404, "Servable not found for request: Latest(absent)")


def test_predict_with_a_version_that_is_not_loaded(server: Any) -> None:
    reply = server.rest.post("/v1/models/scale/versions/7:predict", {"instances": [1.0]})
    refused(reply, 404, "Servable not found for request: Specific(scale, 7)")


def test_metadata_of_an_unknown_model(server: Any) -> None:
    reply = server.rest.get("/v1/models/absent/metadata")
    refused(reply, 404, "Servable not found for request: Latest(absent)")


def test_metadata_of_a_version_that_is_not_loaded(server: Any) -> None:
    reply = server.rest.get("/v1/models/scale/versions/7/metadata")
    refused(reply, 404, "Servable not found for request: Specific(scale, 7)")


def test_predict_with_an_unknown_label(server: Any) -> None:
    reply = server.rest.post("/v1/models/scale/labels/absent:predict", {"instances": [1.0]})
    refused(reply, 400, "Unrecognized servable version label: absent")


def test_metadata_of_an_unknown_label(server: Any) -> None:
    reply = server.rest.get("/v1/models/scale/labels/absent/metadata")
    refused(reply, 400, "Unrecognized servable version label: absent")


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/v1/foo"),
        ("GET", "/v1/models/scale:predict"),
        ("GET", "/v1/models/scale/versions/x"),
        ("POST", "/v1/models/scale"),
        ("POST", "/v1/models/scale:explain"),
        ("PUT", "/v1/models/scale"),
        ("DELETE", "/v1/models/scale"),
    ],
)
def test_bad_route_or_verb(server: Any, verb: str, path: str) -> None:
    refused(server.rest.ask(verb, path), 400, f"Malformed request: {verb} {path}")


def test_all_models_cannot_be_asked_for(server: Any) -> None:
    refused(server.rest.get("/v1/models"), 400, "Missing model name in request.")


def test_empty_body(server: Any) -> None:
    refused(server.rest.post(PREDICT, ""), 400, "JSON Parse error: The document is empty")


def test_bad_json(server: Any) -> None:
    """The parser has taken the n, which might have begun a null, when it gives up."""
    refused(server.rest.post(PREDICT, "nonsense"), 400, "JSON Parse error: Invalid value. at offset: 1")
    refused(server.rest.post(PREDICT, "?"), 400, "JSON Parse error: Invalid value. at offset: 0")


def test_json_is_parsed_before_the_model_is_looked_up(server: Any) -> None:
    reply = server.rest.post("/v1/models/absent:predict", "")
    refused(reply, 400, "JSON Parse error: The document is empty")


def test_neither_instances_nor_inputs(server: Any) -> None:
    refused(server.rest.post(PREDICT, {"values": [1.0]}), 400, "Missing 'inputs' or 'instances' key")


def test_wrong_type(server: Any) -> None:
    message = 'JSON Value: "x" Type: String is not of expected type: float'
    refused(server.rest.post(PREDICT, {"instances": ["x"]}), 400, ELEMENT.format(0) + message)


def test_ragged_rows(server: Any) -> None:
    reply = server.rest.post("/v1/models/various:predict", {"instances": [[1.0, 2.0], [1.0]]})
    refused(reply, 400, ELEMENT.format(1) + "Expecting tensor size: 2 but got: 1")


def test_shape_mismatch_in_the_graph_is_in_tensorflows_words(server: Any) -> None:
    reply = server.rest.post("/v1/models/various:predict", {"instances": [[1.0, 2.0, 3.0]]})
    assert reply.status == 400
    assert "Matrix size-incompatible: In[0]: [1,3], In[1]: [2,1]" in reply.error


def test_unknown_signature(server: Any) -> None:
    reply = server.rest.post(PREDICT, {"signature_name": "absent", "instances": [1.0]})
    refused(reply, 400, 'Serving signature name: "absent" not found in signature def')


def test_a_missing_input_in_an_instance(server: Any) -> None:
    reply = server.rest.post("/v1/models/various:predict", {"signature_name": "pair", "instances": [{"a": 1}]})
    assert reply.status == 400
    assert reply.error.startswith("Failed to process element: 0 of 'instances' list. JSON object: {")
    assert reply.error.endswith("keys must be equal to: a,b")


def test_outside_v1_is_an_html_page(server: Any) -> None:
    reply = server.rest.get("/metrics")
    assert reply.status == 404
    assert reply.content_type.startswith("text/html")
    assert "<H1>Not Found</H1>" in reply.text
