"""The moves by a mounted ConfigMap: its file, and when there is time for one more."""

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from bench.configmap_moves import another, models_config


@pytest.mark.parametrize("version", [1, 2])
def test_the_polled_file_is_what_the_server_reads(version: int) -> None:
    (config,) = text_format.Parse(
        models_config(version), model_server_config_pb2.ModelServerConfig()
    ).model_config_list.config
    assert dict(config.version_labels) == {"stable": 1, "canary": version}
    assert list(config.model_version_policy.specific.versions) == [1, 2]
    assert (config.name, config.base_path, config.model_platform) == ("mnist", "/models/mnist", "tensorflow")


@pytest.mark.parametrize(
    ("done", "left", "expected"),
    [(0, 0, True), (1, 181, True), (1, 180, False), (3, 500, True), (4, 500, False)],
    ids=["the first", "time enough", "too little time", "the last", "all done"],
)
def test_no_polled_move_begins_that_might_not_end_in_time(done: int, left: float, expected: bool) -> None:
    assert another(done, 4, left) is expected
