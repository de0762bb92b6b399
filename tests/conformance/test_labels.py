"""Version labels, section 2 of docs/tf-serving.md."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from testing.conformance.models import config_list, model_config
from testing.waiting import eventually

PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
UNAVAILABLE = "Request to assign label to version {} of model m, which is not currently available for inference"

Push = Callable[..., str]
"""Makes the config that serves these versions of `m` with these labels."""


@pytest.fixture(scope="module")
def base_path(library: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(library.publish(tmp_path_factory.mktemp("labels") / "m", 1, 2, 3))


@pytest.fixture(scope="module")
def strict(start_for_module: Any, base_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server without --allow_version_labels_for_unavailable_models."""
    return _start(start_for_module, base_path, tmp_path_factory)


@pytest.fixture(scope="module")
def lenient(start_for_module: Any, base_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    flag = "--allow_version_labels_for_unavailable_models=true"
    return _start(start_for_module, base_path, tmp_path_factory, flag)


def _start(start: Any, base_path: Path, folders: pytest.TempPathFactory, *flags: str) -> Any:
    config = folders.mktemp("config") / "models.config"
    config.write_text(config_list(model_config("m", base_path, 1, 2)))
    server = start(f"--model_config_file={config}", *flags)
    server.until_ready()
    return server


@pytest.fixture
def labelled(base_path: Path) -> Push:
    return lambda *versions, **labels: config_list(model_config("m", base_path, *versions, labels=labels))


def back_to_one_and_two(server: Any, labelled: Push) -> None:
    server.grpc.reload(labelled(1, 2))
    eventually(lambda: {**server.rest.states("m"), 3: "END"} == {3: "END", 2: "AVAILABLE", 1: "AVAILABLE"})


def test_labels_are_checked_before_versions_are_loaded(strict: Any, labelled: Push) -> None:
    back_to_one_and_two(strict, labelled)
    assert strict.grpc.refusal(labelled(1, 2, 3, stable=1, canary=3)) == (PRECONDITION, UNAVAILABLE.format(3))


def test_one_bad_label_refuses_the_whole_config(strict: Any, labelled: Push) -> None:
    back_to_one_and_two(strict, labelled)
    strict.grpc.reload(labelled(1, 2, stable=1))
    strict.grpc.refusal(labelled(1, 2, stable=2, canary=9))
    assert strict.rest.labelled("m", "stable") == 1
    assert strict.rest.labelled("m", "canary") is None


def test_a_label_moves_to_a_version_that_is_available(strict: Any, labelled: Push) -> None:
    back_to_one_and_two(strict, labelled)
    strict.grpc.reload(labelled(1, 2, stable=1))
    assert strict.rest.labelled("m", "stable") == 1
    strict.grpc.reload(labelled(1, 2, stable=2))
    assert strict.rest.labelled("m", "stable") == 2


def test_a_label_that_is_left_out_is_gone(strict: Any, labelled: Push) -> None:
    back_to_one_and_two(strict, labelled)
    strict.grpc.reload(labelled(1, 2, stable=1))
    strict.grpc.reload(labelled(1, 2))
    assert strict.rest.labelled("m", "stable") is None


def test_with_the_flag_a_new_label_may_name_an_unloaded_version(lenient: Any, labelled: Push) -> None:
    back_to_one_and_two(lenient, labelled)
    lenient.grpc.reload(labelled(1, 2, 3, fresh=3))
    eventually(lambda: lenient.rest.labelled("m", "fresh") == 3)


def test_with_the_flag_an_existing_label_still_needs_an_available_version(lenient: Any, labelled: Push) -> None:
    back_to_one_and_two(lenient, labelled)
    lenient.grpc.reload(labelled(1, 2, stable=1))
    assert lenient.grpc.refusal(labelled(1, 2, stable=9)) == (PRECONDITION, UNAVAILABLE.format(9))
    assert lenient.rest.labelled("m", "stable") == 1


def test_a_label_on_a_version_that_is_not_loaded_is_not_found(lenient: Any, labelled: Push) -> None:
    back_to_one_and_two(lenient, labelled)
    lenient.grpc.reload(labelled(1, 2, absent=9))
    reply = lenient.rest.get("/v1/models/m/labels/absent/metadata")
    assert (reply.status, reply.error) == (404, "Servable not found for request: Specific(m, 9)")


def test_at_start_any_label_makes_the_server_exit(start: Any, base_path: Path, tmp_path: Path) -> None:
    config = tmp_path / "models.config"
    config.write_text(config_list(model_config("m", base_path, 1, labels={"stable": 1})))
    server = start(f"--model_config_file={config}")
    assert server.until_exit() == 255
    refused = f"Failed to start server. Error: FAILED_PRECONDITION: {UNAVAILABLE.format(1)}"
    assert server.log.rstrip().endswith(refused)


def test_at_start_labels_are_taken_with_the_flag(start: Any, base_path: Path, tmp_path: Path) -> None:
    config = tmp_path / "models.config"
    config.write_text(config_list(model_config("m", base_path, 1, labels={"stable": 1})))
    flag = "--allow_version_labels_for_unavailable_models=true"
    server = start(f"--model_config_file={config}", flag).until_ready()
    assert server.rest.labelled("m", "stable") == 1
