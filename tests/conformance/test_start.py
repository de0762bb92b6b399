"""Starting, sections 1 and 2 of docs/tf-serving.md: flags, closed ports, exits."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from testing.conformance.models import config_list, model_config
from testing.conformance.variants import publish_waiting
from testing.waiting import eventually

LOADED = "Successfully loaded servable version {{name: {} version: {}}}"
NO_MODEL = "Specified file path does not appear to contain a SavedModel bundle (should have a file called "
NO_RETRIES = "--max_num_load_retries=0"
FEW_RETRIES = ("--max_num_load_retries=1", "--load_retry_interval_micros=500000")


def config_file(folder: Path, text: str) -> str:
    path = folder / "models.config"
    path.write_text(text)
    return f"--model_config_file={path}"


def test_ports_are_closed_until_every_model_has_an_available_version(start: Any, library: Any, tmp_path: Path) -> None:
    ready, empty = library.publish(tmp_path / "ready", 1), tmp_path / "empty"
    empty.mkdir()
    models = config_list(model_config("ready", ready), model_config("empty", empty))
    server = start(config_file(tmp_path, models))
    server.until_logged(LOADED.format("ready", 1))
    assert not server.is_listening()
    library.publish(empty, 1)
    server.until_ready()
    assert server.rest.states("empty") == {1: "AVAILABLE"}


def test_a_missing_base_path_is_waited_for(start: Any, library: Any, tmp_path: Path) -> None:
    server = start("--model_name=late", f"--model_base_path={tmp_path}/late")
    server.until_logged(f"Could not find base path {tmp_path}/late for servable late", times=2)
    assert not server.is_listening()
    library.publish(tmp_path / "late", 1)
    server.until_ready()


def test_a_bad_version_alone_makes_the_server_exit(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish_bad(tmp_path / "bad", 1)
    server = start("--model_name=bad", f"--model_base_path={base_path}", *FEW_RETRIES)
    assert server.until_exit() == 255
    assert server.log.count(f"Loading servable: {{name: bad version: 1}} failed: NOT_FOUND: {NO_MODEL}") == 2
    unavailable = "UNKNOWN: 1 servable(s) did not become available: {{{name: bad version: 1} due to error: NOT_FOUND: "
    first, second = server.log.splitlines()[-2:]
    assert first.startswith(f"Failed to start server. Error: {unavailable}{NO_MODEL}")
    assert second == f"Specified file path: {base_path}/1}}, }}"


def test_a_bad_version_that_ends_after_a_good_one_is_loaded_keeps_the_ports_closed_until_then(
    start: Any, library: Any, tmp_path: Path
) -> None:
    pipe = publish_waiting(library, library.publish(tmp_path / "half", 1), 2)
    server = start(config_file(tmp_path, config_list(model_config("half", tmp_path / "half", 1, 2))), NO_RETRIES)
    server.until_logged(LOADED.format("half", 1))
    server.until_logged("Loading servable version {name: half version: 2}")
    time.sleep(1)
    assert not server.is_listening()
    pipe.write_text("this is not a TFRecord file")
    server.until_ready()
    assert server.rest.states("half") == {2: "END", 1: "AVAILABLE"}


def test_a_bad_version_that_ends_before_a_good_one_is_loaded_makes_the_server_exit(
    start: Any, library: Any, tmp_path: Path
) -> None:
    pipe = publish_waiting(library, library.publish_bad(tmp_path / "half", 2), 3)
    server = start(config_file(tmp_path, config_list(model_config("half", tmp_path / "half", 2, 3))), NO_RETRIES)
    server.until_logged("Loading servable version {name: half version: 3}")
    server.until_logged("Encountered an error for servable version {name: half version: 2}")
    pipe.write_text("")
    assert server.until_exit() == 255
    assert "1 servable(s) did not become available: {{{name: half version: 2} due to error: NOT_FOUND" in server.log


def test_beside_a_bad_version_with_few_retries_it_is_a_race(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish_bad(library.publish(tmp_path / "half", 1), 2)
    server = start(config_file(tmp_path, config_list(model_config("half", base_path, 1, 2))), NO_RETRIES)
    eventually(lambda: server.is_listening() or server.process.poll() is not None)
    if server.process.poll() is None:
        assert server.rest.states("half") == {2: "END", 1: "AVAILABLE"}
    else:
        assert server.process.poll() == 255
        assert "{name: half version: 2} due to error: NOT_FOUND" in server.log


def test_a_file_in_place_of_a_version_beside_a_good_one_makes_the_server_exit(
    start: Any, library: Any, tmp_path: Path
) -> None:
    """No race: while its files are looked through, no load can end."""
    base_path = library.publish(tmp_path / "half", 1)
    (base_path / "2").write_text("")
    server = start(config_file(tmp_path, config_list(model_config("half", base_path, policy="all {}"))), NO_RETRIES)
    assert server.until_exit() == 255
    assert f"{base_path}/2; Not a directory" in server.log


def test_an_unknown_flag_is_printed_and_ignored(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start("--no_such_flag=1", "--model_name=m", f"--model_base_path={base_path}").until_ready()
    assert server.rest.states("m") == {1: "AVAILABLE"}


def test_a_bad_value_makes_the_server_exit(start: Any) -> None:
    server = start("--file_system_poll_wait_seconds=soon", "--model_base_path=/models/m")
    assert server.until_exit() == 255
    assert "usage: " in server.log


def test_batching_parameters_without_batching_are_fatal(start: Any, tmp_path: Path) -> None:
    parameters = tmp_path / "batching.config"
    parameters.write_text("max_batch_size { value: 8 }")
    server = start("--model_base_path=/models/m", f"--batching_parameters_file={parameters}")
    assert server.until_exit() == 255
    assert "without setting server_options.enable_batching to true" in server.log


def test_no_model_at_all_is_fatal(start: Any) -> None:
    server = start()
    assert server.until_exit() == 255
    assert "Both server_options.model_base_path and server_options.model_config_file are empty!" in server.log


def test_a_folder_for_a_config_file_is_fatal(start: Any, tmp_path: Path) -> None:
    server = start(f"--model_config_file={tmp_path}")
    assert server.until_exit() == 255
    assert f"NOT_FOUND: {tmp_path}; No such device" in server.log


@pytest.mark.parametrize("flag", ["tensorflow_session_config_file", "platform_config_file"])
def test_a_missing_file_of_another_flag_is_fatal(flag: str, start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start(f"--{flag}={tmp_path}/absent", f"--model_base_path={base_path}")
    assert server.until_exit() == 255
    assert f"NOT_FOUND: {tmp_path}/absent; No such file or directory" in server.log


def test_logging_of_requests_is_fatal(start: Any, library: Any, tmp_path: Path) -> None:
    model = model_config("m", library.publish(tmp_path / "m", 1))
    server = start(config_file(tmp_path, config_list(model.removesuffix("}") + "logging_config {} }")))
    assert server.until_exit() == 255
    assert "Failed to start server. Error: INVALID_ARGUMENT: No request-logger-creator provided." in server.log


@pytest.mark.own_process
@pytest.mark.parametrize("flag", ["--num_load_threads=-1", "--rest_api_num_threads=0", "--ssl_config_file=/absent"])
def test_some_bad_values_abort_the_process(flag: str, start: Any, library: Any, tmp_path: Path) -> None:
    server = start(flag, f"--model_base_path={library.publish(tmp_path / 'm', 1)}")
    assert server.until_exit() == -signal.SIGABRT


@pytest.mark.own_process
def test_a_channel_argument_without_a_value_ends_it_by_a_segmentation_fault(
    start: Any, library: Any, tmp_path: Path
) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start("--grpc_channel_arguments=grpc.max_connection_age_ms", f"--model_base_path={base_path}")
    assert server.until_exit() == -signal.SIGSEGV


def test_minus_one_retry_is_none(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start("--max_num_load_retries=-1", "--model_name=m", f"--model_base_path={base_path}").until_ready()
    assert server.rest.states("m") == {1: "AVAILABLE"}


def test_an_empty_config_file_is_fatal(start: Any, tmp_path: Path) -> None:
    server = start(config_file(tmp_path, ""))
    assert server.until_exit() == 255
    assert f"{tmp_path}/models.config; Invalid argument" in server.log


def test_a_config_file_with_a_mistake_is_fatal(start: Any, tmp_path: Path) -> None:
    server = start(config_file(tmp_path, "model_config_list { confg {} }"))
    assert server.until_exit() == 255
    assert f"Invalid protobuf file: '{tmp_path}/models.config'" in server.log


def test_a_missing_config_file_is_fatal(start: Any, tmp_path: Path) -> None:
    server = start(f"--model_config_file={tmp_path}/absent")
    assert server.until_exit() == 255
    assert f"NOT_FOUND: {tmp_path}/absent; No such file or directory" in server.log


def test_rest_is_off_unless_its_port_is_set(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start("--rest_api_port=0", "--model_name=m", f"--model_base_path={base_path}")
    server.until_logged("Running gRPC ModelServer at")
    assert len(server.grpc.status("m").model_version_status) == 1
    assert not server.is_listening()


def test_the_log_names_both_ports(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start("--model_name=m", f"--model_base_path={base_path}").until_ready()
    server.until_logged(f"Exporting HTTP/REST API at:localhost:{server.rest_port} ...")
    assert "Running gRPC ModelServer at " in server.log


def test_the_health_service_needs_its_flag(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start("--enable_grpc_healthcheck_service=true", "--model_name=m", f"--model_base_path={base_path}")
    server.until_ready()
    check = server.grpc.channel.unary_unary("/grpc.health.v1.Health/Check")
    # The field `status`, number 1, with the value SERVING.
    assert eventually(lambda: check(b"", timeout=10)) == b"\x08\x01"
