"""Versions and models that do not load while the server is running, section 2 of docs/tf-serving.md."""

from pathlib import Path
from typing import Any

import grpc
import pytest

from testing.conformance.models import config_list, model_config
from testing.waiting import eventually

LOADED = "Successfully loaded servable version {{name: {} version: {}}}"


@pytest.fixture
def start_with(start: Any, tmp_path: Path) -> Any:
    """Starts a server with a config and waits for it."""

    def start_with(models: str, *flags: str) -> Any:
        config = tmp_path / "models.config"
        config.write_text(models)
        return start(f"--model_config_file={config}", *flags).until_ready()

    return start_with


def test_a_bad_version_is_loading_through_its_retries_then_ends_and_hurts_no_other(
    start_with: Any, library: Any, tmp_path: Path
) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start_with(
        config_list(model_config("m", base_path)),
        "--max_num_load_retries=1",
        "--load_retry_interval_micros=1000000",
    )
    library.publish_bad(base_path, 2)
    eventually(lambda: server.rest.states("m") == {2: "LOADING", 1: "AVAILABLE"})
    server.until_logged("Loading servable: {name: m version: 2} failed: NOT_FOUND")
    assert server.rest.states("m") == {2: "LOADING", 1: "AVAILABLE"}
    eventually(lambda: server.rest.states("m") == {2: "END", 1: "AVAILABLE"})
    status = server.rest.get("/v1/models/m/versions/2").json["model_version_status"][0]["status"]
    assert status["error_code"] == "NOT_FOUND"
    assert status["error_message"] == (
        "Specified file path does not appear to contain a SavedModel bundle (should have a file called "
        f"`saved_model.pb`)\nSpecified file path: {base_path}/2"
    )
    assert server.rest.predict("m", 1.0) == [1.0]


def test_an_ended_version_is_tried_again_only_after_it_was_dropped(
    start_with: Any, library: Any, tmp_path: Path
) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    both, one = config_list(model_config("m", base_path, 1, 2)), config_list(model_config("m", base_path, 1))
    server = start_with(one, "--max_num_load_retries=0")
    library.publish_bad(base_path, 2)
    server.grpc.reload(both)
    eventually(lambda: server.rest.states("m") == {2: "END", 1: "AVAILABLE"})
    (base_path / "2").rmdir()
    library.publish(base_path, 2)
    # A further version that loads shows that the files have been looked at again meanwhile.
    library.publish(base_path, 3)
    server.grpc.reload(config_list(model_config("m", base_path, 1, 2, 3)))
    eventually(lambda: server.rest.states("m") == {3: "AVAILABLE", 2: "END", 1: "AVAILABLE"})
    server.grpc.reload(config_list(model_config("m", base_path, 1, 3)))
    server.grpc.reload(one)
    eventually(lambda: server.rest.states("m") == {3: "END", 2: "END", 1: "AVAILABLE"})
    server.grpc.reload(both)
    eventually(lambda: server.rest.states("m") == {3: "END", 2: "AVAILABLE", 1: "AVAILABLE"})


def test_without_load_threads_retries_hold_up_every_other_load_and_unload(
    start_with: Any, library: Any, tmp_path: Path
) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start_with(
        config_list(model_config("m", base_path, 1)),
        "--max_num_load_retries=1",
        "--load_retry_interval_micros=2000000",
    )
    library.publish(library.publish_bad(base_path, 3), 2)
    server.grpc.reload(config_list(model_config("m", base_path, 1, 2, 3)))
    server.until_logged("Loading servable: {name: m version: 3} failed: NOT_FOUND")
    assert server.rest.states("m").get(2) != "AVAILABLE"
    server.until_logged(LOADED.format("m", 2))
    assert server.log.index("exhausted max_num_retries: 1") < server.log.index(LOADED.format("m", 2))


def test_with_load_threads_a_retrying_version_holds_up_no_other(start_with: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    one_minute_retries = "--num_load_threads=2"
    server = start_with(config_list(model_config("m", base_path, 1)), one_minute_retries)
    library.publish(library.publish_bad(base_path, 3), 2)
    server.grpc.reload(config_list(model_config("m", base_path, 1, 2, 3)))
    eventually(lambda: server.rest.states("m") == {3: "LOADING", 2: "AVAILABLE", 1: "AVAILABLE"})


def test_a_file_in_place_of_a_version_holds_up_every_load_through_its_retries(
    start_with: Any, library: Any, tmp_path: Path
) -> None:
    """The files are looked through before LOADING, with the lock held that every other load needs."""
    base_path = library.publish(tmp_path / "m", 1)
    config = config_list(model_config("m", base_path, policy="all {}"))
    retries = ("--max_num_load_retries=2", "--load_retry_interval_micros=1000000")
    server = start_with(config, "--num_load_threads=4", *retries)
    (base_path / "3").write_text("")
    reserving = "Reserving resources for servable: {name: m version: 3}"
    server.until_logged(f"{reserving} failed: FAILED_PRECONDITION: {base_path}/3; Not a directory")
    library.publish(base_path, 2)
    eventually(lambda: server.rest.states("m") == {3: "END", 2: "AVAILABLE", 1: "AVAILABLE"})
    assert server.log.index(f"{reserving} exhausted max_num_retries: 2") < server.log.index(LOADED.format("m", 2))
    assert "Loading servable version {name: m version: 3}" not in server.log
    error = "Error while attempting to reserve resources to load servable {name: m version: 3}"
    assert server.rest.get("/v1/models/m/versions/3").json["model_version_status"][0]["status"] == {
        "error_code": "FAILED_PRECONDITION",
        "error_message": f"{error}: {base_path}/3; Not a directory",
    }


def test_logging_of_requests_is_refused_and_the_rest_of_the_config_is_applied(
    start_with: Any, library: Any, tmp_path: Path
) -> None:
    base_path = library.publish(tmp_path / "m", 1, 2)
    server = start_with(config_list(model_config("m", base_path, 1)))
    logged = model_config("m", base_path, 2).removesuffix("}") + "logging_config { sampling_config {} } }"
    refusal = (grpc.StatusCode.INVALID_ARGUMENT, "No request-logger-creator provided.")
    assert server.grpc.refusal(config_list(logged)) == refusal
    eventually(lambda: server.rest.states("m") == {2: "AVAILABLE", 1: "END"})


def test_a_new_model_without_platform_spoils_every_later_reload(start_with: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    good = config_list(model_config("m", base_path))
    server = start_with(good)
    spoilt = config_list(model_config("m", base_path), model_config("n", base_path, platform=""))
    code, message = server.grpc.refusal(spoilt)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert message.startswith("Illegal setting neither ModelServerConfig::model_type (deprecated) nor")
    assert server.grpc.refusal(good) == (code, message)


def test_a_new_model_without_base_path_holds_the_config_and_stops_all_polling(
    start_with: Any, library: Any, tmp_path: Path
) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    kept = model_config("m", base_path)
    server = start_with(config_list(kept))
    waiting = config_list(kept, model_config("absent", tmp_path / "absent"))
    assert server.grpc.refusal(waiting, seconds=1)[0] is grpc.StatusCode.DEADLINE_EXCEEDED
    assert server.grpc.refusal(config_list(kept), seconds=1)[0] is grpc.StatusCode.DEADLINE_EXCEEDED
    library.publish(base_path, 2)
    looks = server.log.count("encountered a filesystem access error: Could not find base path")
    server.until_logged("encountered a filesystem access error: Could not find base path", times=looks + 2)
    assert server.rest.states("m") == {1: "AVAILABLE"}
    assert server.rest.predict("m", 1.0) == [1.0]


def test_polling_the_files_only_once_keeps_a_new_model_waiting(start_with: Any, library: Any, tmp_path: Path) -> None:
    kept = model_config("m", library.publish(tmp_path / "m", 1))
    server = start_with(config_list(kept), "--file_system_poll_wait_seconds=0")
    more = config_list(kept, model_config("n", library.publish(tmp_path / "n", 1)))
    assert server.grpc.refusal(more, seconds=1)[0] is grpc.StatusCode.DEADLINE_EXCEEDED


def test_errors_of_polling_the_config_file_are_only_logged(start_with: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start_with(config_list(model_config("m", base_path)), "--model_config_file_poll_wait_seconds=1")
    (tmp_path / "models.config").write_text("")
    server.until_logged("Failed to read ModelServerConfig file: ")
    (tmp_path / "models.config").write_text(config_list(model_config("m", base_path, labels={"stable": 7})))
    server.until_logged("PollFilesystemAndReloadConfig failed to ReloadConfig: Request to assign label to version 7")
    assert server.rest.predict("m", 1.0) == [1.0]


def test_polling_the_config_file_overwrites_what_was_pushed(start_with: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    filed = config_list(model_config("m", base_path, labels={"filed": 1}))
    server = start_with(
        filed,
        "--model_config_file_poll_wait_seconds=1",
        "--allow_version_labels_for_unavailable_models=true",
    )
    server.grpc.reload(config_list(model_config("m", base_path, labels={"pushed": 1})))
    eventually(lambda: server.rest.labelled("m", "filed") == 1 and server.rest.labelled("m", "pushed") is None)
