"""Starting, sections 1 and 2 of docs/tf-serving.md: flags, closed ports, exits."""

from pathlib import Path
from typing import Any

from testing.conformance.models import config_list, model_config
from testing.waiting import eventually

LOADED = "Successfully loaded servable version {{name: {} version: {}}}"
NO_MODEL = "Could not find SavedModel .pb or .pbtxt at supplied export directory path: {}"
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
    failed = f"Loading servable: {{name: bad version: 1}} failed: NOT_FOUND: {NO_MODEL.format(base_path / '1')}"
    assert server.log.count(failed) == 2
    last_words = server.log.splitlines()[-1]
    unavailable = "UNKNOWN: 1 servable(s) did not become available: {{{name: bad version: 1} due to error: NOT_FOUND: "
    assert last_words.startswith(f"Failed to start server. Error: {unavailable}")


def test_a_bad_version_beside_a_good_one_keeps_the_ports_closed_through_its_retries(
    start: Any, library: Any, tmp_path: Path
) -> None:
    base_path = library.publish_bad(library.publish(tmp_path / "half", 1), 2)
    server = start(config_file(tmp_path, config_list(model_config("half", base_path, 1, 2))), *FEW_RETRIES)
    server.until_logged(LOADED.format("half", 1))
    server.until_ready()
    assert "exhausted max_num_retries: 1" in server.log
    assert server.rest.states("half") == {2: "END", 1: "AVAILABLE"}


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
