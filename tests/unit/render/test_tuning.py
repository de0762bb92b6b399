"""What each field that tunes the server puts on its command line, into its files and onto its pods."""

import re
from typing import Any

import pytest
from hypothesis import given

from tests.unit.render.rendering import child, container, rendered, tfmodel
from tests.unit.render.strategies import TUNINGS
from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import InvalidTFModel, TFModel
from tfs_operator.api.tuning import BATCHING_FILE_FLAGS, TYPED_FLAGS

BATCHING_FLAGS = tuple(f"--{name}" for name in BATCHING_FILE_FLAGS)
BATCHING_FLAG = "--batching_parameters_file=/etc/tfs-operator/batching.config"
DIGEST = "tfs-operator.io/batching-digest"


def flags(gpus: int = 0, **server: Any) -> list[str]:
    """Those that tune, without gRPC's, which test_connection_age.py is about."""
    typed = {name for field, names in TYPED_FLAGS.items() for name in names if field != "grpc"}
    tuning = tuple(f"--{name}=" for name in typed | {*BATCHING_FILE_FLAGS})
    args = container(rendered(tfmodel(gpus=gpus, server=server)))["args"]
    return [flag for flag in args if flag.startswith(tuning)]


def batching_file(**server: Any) -> str | None:
    text: str | None = child(rendered(tfmodel(server=server)), "ConfigMap")["data"].get("batching.config")
    return text


def annotation(**server: Any) -> str | None:
    pods = child(rendered(tfmodel(server=server)), "Deployment")["spec"]["template"]["metadata"]
    found: str | None = pods["annotations"].get(DIGEST)
    return found


GRPC_THREADS = "--grpc_max_threads=256"


def test_without_any_the_server_keeps_its_own_but_grpcs_threads() -> None:
    assert flags() == [GRPC_THREADS]
    assert (batching_file(), annotation()) == (None, None)


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ({"warmup": {}}, ["--enable_model_warmup=true", GRPC_THREADS]),
        ({"warmup": {"enabled": False}}, ["--enable_model_warmup=false", GRPC_THREADS]),
        (
            {"warmup": {"iterations": 5}},
            ["--enable_model_warmup=true", "--num_request_iterations_for_warmup=5", GRPC_THREADS],
        ),
        ({"parallelism": {}}, [GRPC_THREADS]),
        ({"parallelism": {"intraOp": 2}}, ["--tensorflow_intra_op_parallelism=2", GRPC_THREADS]),
        ({"parallelism": {"interOp": 3}}, ["--tensorflow_inter_op_parallelism=3", GRPC_THREADS]),
        ({"parallelism": {"restThreads": 4}}, ["--rest_api_num_threads=4", GRPC_THREADS]),
        ({"parallelism": {"grpcThreads": 100}}, ["--grpc_max_threads=100"]),
        ({"extraArgs": ["--grpc_max_threads=7"]}, ["--grpc_max_threads=7"]),
        (
            {"resources": {"requests": {"cpu": "1500m"}}},
            [
                "--tensorflow_intra_op_parallelism=2",
                "--tensorflow_inter_op_parallelism=2",
                "--rest_api_num_threads=32",
                GRPC_THREADS,
            ],
        ),
    ],
)
def test_each_field_is_its_flags(server: dict[str, Any], expected: list[str]) -> None:
    assert flags(**server) == expected


@pytest.mark.parametrize(("fraction", "text"), [(0.5, "0.5"), (1, "1.0"), (0.01, "0.01")])
def test_a_fraction_of_the_gpu_takes_the_place_of_growth(fraction: float, text: str) -> None:
    server = {"gpuMemoryFraction": fraction}
    assert flags(gpus=1, **server) == [GRPC_THREADS, f"--per_process_gpu_memory_fraction={text}"]
    assert growth(tfmodel(gpus=1, server=server)) == []


def test_growth_may_be_asked_for_besides() -> None:
    variable = {"name": "TF_FORCE_GPU_ALLOW_GROWTH", "value": "true"}
    server = {"gpuMemoryFraction": 0.5, "env": [variable]}
    assert growth(tfmodel(gpus=1, server=server)) == [variable]


def growth(model: TFModel) -> list[Manifest]:
    """What the server is told of it."""
    variables = container(rendered(model)).get("env", [])
    return [variable for variable in variables if variable["name"] == "TF_FORCE_GPU_ALLOW_GROWTH"]


class TestBatching:
    def test_without_parameters_the_server_keeps_its_own(self) -> None:
        """An empty file would be refused."""
        assert flags(batching={}) == ["--enable_batching=true", GRPC_THREADS]
        assert (batching_file(batching={}), annotation(batching={})) == (None, None)

    def test_parameters_are_a_file(self) -> None:
        batching = {"maxBatchSize": 8, "batchTimeoutMicros": 0, "allowedBatchSizes": [2, 8]}
        assert flags(batching=batching) == ["--enable_batching=true", BATCHING_FLAG, GRPC_THREADS]
        assert batching_file(batching=batching) == (
            "max_batch_size { value: 8 }\nbatch_timeout_micros { value: 0 }\n"
            "allowed_batch_sizes: 2\nallowed_batch_sizes: 8\n"
        )

    def test_every_field_is_its_parameter(self) -> None:
        batching = {"maxEnqueuedBatches": 3, "numBatchThreads": 2, "padVariableLengthInputs": True}
        assert batching_file(batching=batching) == (
            "max_enqueued_batches { value: 3 }\nnum_batch_threads { value: 2 }\npad_variable_length_inputs: true\n"
        )

    def test_threads_follow_the_cpu_request(self) -> None:
        resources = {"requests": {"cpu": "2500m"}}
        assert batching_file(batching={}, resources=resources) == "num_batch_threads { value: 3 }\n"

    def test_another_parameter_replaces_the_pods_and_the_same_does_not(self) -> None:
        """The flags are the same, and the server reads the file at its start only."""
        digests = [annotation(batching={"maxBatchSize": size}) for size in (8, 8, 9)]
        assert digests[0] == digests[1] != digests[2]
        assert None not in digests

    def test_the_digest_cannot_be_forged(self) -> None:
        with pytest.raises(InvalidTFModel, match="set by the operator"):
            tfmodel(server={"batching": {"maxBatchSize": 8}}, podTemplate={"annotations": {DIGEST: "forged"}})


@given(TUNINGS)
def test_no_number_can_end_the_server(tuning: dict[str, Any]) -> None:
    """A size below 1 or a time below 0 does, at each load: the only file of parameters is the operator's own."""
    args = container(rendered(tfmodel(gpus=1, server=tuning)))["args"]
    assert [flag for flag in args if flag.startswith(BATCHING_FLAGS)] in ([], [BATCHING_FLAG])
    text = batching_file(**{key: value for key, value in tuning.items() if key != "gpuMemoryFraction"}) or ""
    numbers = {name: int(value) for name, value in re.findall(r"(\w+) { value: (-?\d+) }", text)}
    assert len(numbers) == text.count("value:")
    assert numbers.pop("batch_timeout_micros", 0) >= 0
    assert all(number >= 1 for number in numbers.values())


@pytest.mark.parametrize("field", ["volumes", "containers", "initContainers"])
def test_no_volume_of_the_users_own_can_bring_another_file(field: str) -> None:
    """The API server drops or refuses what the schema does not have."""
    with pytest.raises(InvalidTFModel, match=f"spec.podTemplate.{field}: Extra inputs are not permitted"):
        tfmodel(podTemplate={field: [{"name": "config"}]})


@given(TUNINGS)
def test_nothing_can_be_slipped_in(tuning: dict[str, Any]) -> None:
    """Whatever the numbers: one flag an item, the file is the message that was meant, no flag is there twice."""
    args = container(rendered(tfmodel(gpus=1, server=tuning)))["args"]
    names = [flag.partition("=")[0] for flag in args]
    assert len(set(names)) == len(names)
    assert all(flag.isprintable() and flag.startswith("--") for flag in args)
    text = batching_file(**{key: value for key, value in tuning.items() if key != "gpuMemoryFraction"})
    assert (text is not None) == (BATCHING_FLAG in args)
    if text is not None:
        parameters = tuning["batching"]
        lines = text.splitlines()
        assert len(lines) == sum(len(v) if isinstance(v, list) else 1 for v in parameters.values())
