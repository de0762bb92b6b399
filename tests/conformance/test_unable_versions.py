"""A version may be AVAILABLE and unable to predict: section 2 of docs/tf-serving.md."""

from pathlib import Path
from typing import Any

import grpc
import pytest

from testing.conformance import variants
from testing.conformance.models import config_list, model_config
from testing.recordings.models.graphs import write_table, write_uninitialised
from testing.waiting import eventually

UNABLE = {
    "an unknown operation": (
        variants.unknown_operation,
        404,
        "Op type not registered 'NoSuchOp' in binary",
    ),
    "a function with an input that is not there": (
        variants.missing_input_in_function,
        400,
        "input nowhere:output:0 is not ",
    ),
    "a signature that names no tensor": (variants.missing_output, 400, "nowhere:0, specified in either feed_devices"),
    "no variables": (variants.no_variables, 400, "Could not find variable "),
    "no variables.index": (variants.no_index, 400, "Could not find variable "),
}
"""How a version is spoilt, and how a prediction is refused by REST."""


@pytest.fixture
def started(start: Any, tmp_path: Path) -> Any:
    """Starts a server of the model `m` that tries each version once."""

    def started(base_path: Path, *flags: str) -> Any:
        return start("--model_name=m", f"--model_base_path={base_path}", "--max_num_load_retries=0", *flags)

    return started


@pytest.mark.parametrize("kind", UNABLE)
def test_it_is_available_and_takes_the_place_of_the_good_one(
    kind: str, started: Any, library: Any, tmp_path: Path
) -> None:
    spoil, status, words = UNABLE[kind]
    base_path = library.publish(tmp_path / "m", 1)
    server = started(base_path).until_ready()
    variants.publish_changed(library, base_path, 2, spoil)
    eventually(lambda: server.rest.states("m") == {2: "AVAILABLE", 1: "END"})
    refused = server.rest.post("/v1/models/m:predict", {"instances": [1.0]})
    assert refused.status == status
    assert words in refused.error


def test_over_grpc_it_is_refused_with_the_same_words(started: Any, library: Any, tmp_path: Path) -> None:
    base_path = variants.publish_changed(library, tmp_path / "m", 1, variants.unknown_operation)
    server = started(base_path).until_ready()
    with pytest.raises(grpc.RpcError) as refused:
        server.grpc.predict("m", x=[1.0])
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert refused.value.details().startswith("Op type not registered 'NoSuchOp'")


@pytest.mark.parametrize(
    ("write", "value", "words"),
    [
        (lambda folder: write_table(folder, initialised=False), "a", "Table not initialized."),
        (write_uninitialised, 1.0, "Could not find variable v."),
    ],
)
def test_what_nothing_initialises_fails_at_each_prediction(
    write: Any, value: Any, words: str, started: Any, tmp_path: Path
) -> None:
    write(tmp_path / "m" / "1")
    server = started(tmp_path / "m").until_ready()
    refused = server.rest.post("/v1/models/m:predict", {"instances": [value]})
    assert refused.status == 400
    assert refused.error.startswith(words)


def test_its_metadata_is_that_of_a_good_one(started: Any, library: Any, tmp_path: Path) -> None:
    base_path = variants.publish_changed(library, tmp_path / "m", 1, variants.unknown_operation)
    server = started(base_path).until_ready()
    metadata = server.rest.get("/v1/models/m/metadata")
    assert metadata.status == 200
    assert "serving_default" in metadata.json["metadata"]["signature_def"]["signature_def"]


def test_an_operation_that_loading_itself_needs_fails_the_load(started: Any, library: Any, tmp_path: Path) -> None:
    base_path = variants.publish_changed(library, tmp_path / "m", 1, variants.unknown_operation_in_restore)
    server = started(base_path)
    assert server.until_exit() == 255
    assert "{name: m version: 1} due to error: NOT_FOUND: Op type not registered 'NoSuchOp'" in server.log


def test_a_warmup_request_finds_it(started: Any, library: Any, tmp_path: Path) -> None:
    good = library.publish(tmp_path / "m", 1)
    server = started(good).until_ready()
    warm = library.publish_with_warmup(tmp_path / "warm", [1.0]) / "1"
    variants.unknown_operation(warm)
    warm.rename(good / "2")
    eventually(lambda: server.rest.states("m") == {2: "END", 1: "AVAILABLE"})
    status = server.rest.get("/v1/models/m/versions/2").json["model_version_status"][0]["status"]
    assert status["error_code"] == "NOT_FOUND"
    assert status["error_message"].startswith("Op type not registered 'NoSuchOp'")
    assert server.rest.predict("m", 1.0) == [1.0]


def test_pushed_beside_the_good_one_it_hurts_only_itself(started: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    variants.publish_changed(library, base_path, 2, variants.unknown_operation)
    server = started(base_path).until_ready()
    server.grpc.reload(config_list(model_config("m", base_path, 1, 2)))
    eventually(lambda: server.rest.states("m") == {2: "AVAILABLE", 1: "AVAILABLE"})
    assert server.rest.predict("m/versions/1", 1.0) == [1.0]
    assert server.rest.post("/v1/models/m/versions/2:predict", {"instances": [1.0]}).status == 404
