"""The readers of the recordings take all of each file, and the normaliser does what the recordings' README says."""

from testing.recordings.data import grpc_cases, metric_families, rest_cases, start_ups
from testing.recordings.histories import histories
from testing.recordings.normalise import Normaliser


def test_each_file_is_read_and_its_names_are_unique() -> None:
    for cases in (rest_cases(), grpc_cases(), start_ups(), histories()):
        names = [case.name for case in cases]
        assert names
        assert len(set(names)) == len(names)
    assert metric_families()


def test_what_differs_from_run_to_run_is_written_as_in_the_recordings() -> None:
    normaliser = Normaliser("/tmp/models", "127.0.0.1:8501")
    assert normaliser.text("/tmp/models/lib/scale at 127.0.0.1:8501") == "{dir}/lib/scale at HOST"
    assert normaliser.text("{{function_node __inference___1234}}{{node MatMul}}") == (
        "{{function_node __inference___N}}{{node MatMul}}"
    )
    assert normaliser.log_line("after 1234567 bytes of 12345") == "after N bytes of 12345"
    assert normaliser.concrete("--model_base_path={dir}/lib/scale") == "--model_base_path=/tmp/models/lib/scale"
