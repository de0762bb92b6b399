"""The model config and the versions on disk, section 2 of docs/tf-serving.md.

All tests of this file share one server and reload it; each serves models of its own.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from testing.conformance.models import config_list, model_config
from testing.waiting import eventually

INVALID = grpc.StatusCode.INVALID_ARGUMENT


@pytest.fixture(scope="module")
def reloaded(start_for_module: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    config = tmp_path_factory.mktemp("config") / "models.config"
    config.write_text("model_config_list {}")
    return start_for_module(f"--model_config_file={config}").until_ready()


@pytest.fixture
def serve(reloaded: Any) -> Callable[..., dict[int, str]]:
    """Serves one model with these settings, and answers the states of its versions once it is loaded."""

    def serve(base_path: Path, *versions: int, policy: str = "", settled: int = 1) -> dict[int, str]:
        name = base_path.name
        reloaded.grpc.reload(config_list(model_config(name, base_path, *versions, policy=policy)))
        return eventually(lambda: _all_available(reloaded.rest.states(name), settled))

    return serve


def _all_available(states: dict[int, str], count: int) -> dict[int, str]:
    return states if list(states.values()) == ["AVAILABLE"] * count else {}


def test_default_policy_is_the_latest_version(serve: Any, library: Any, tmp_path: Path) -> None:
    assert set(serve(library.publish(tmp_path / "default", 1, 2))) == {2}


def test_policy_latest(serve: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "latest", 1, 2, 3)
    assert set(serve(base_path, policy="latest { num_versions: 2 }", settled=2)) == {2, 3}


def test_policy_specific(serve: Any, library: Any, tmp_path: Path) -> None:
    assert set(serve(library.publish(tmp_path / "specific", 1, 2, 3), 1, 2, settled=2)) == {1, 2}


def test_policy_all(serve: Any, library: Any, tmp_path: Path) -> None:
    assert set(serve(library.publish(tmp_path / "all", 1, 2, 3), policy="all {}", settled=3)) == {1, 2, 3}


def test_base_path_must_be_absolute(reloaded: Any) -> None:
    code, message = reloaded.grpc.refusal(config_list(model_config("m", "models/m")))
    expected = "Expected model m to have an absolute path or URI; got base_path()=models/m"
    assert (code, message) == (INVALID, expected)


def test_names_must_be_unique(reloaded: Any) -> None:
    code, message = reloaded.grpc.refusal(config_list(*[model_config("m", "/models/m")] * 2))
    assert (code, message) == (INVALID, "Illegal to list model m multiple times in config list")


def test_only_names_that_are_int64_are_versions(serve: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "named", 1)
    for name in ("v2", "2.0", "latest", ".tmp-9", "9223372036854775808"):
        library.publish(base_path, 2, name=name)
    assert set(serve(base_path, policy="all {}")) == {1}


@pytest.mark.parametrize(("name", "version"), [("0", 0), ("001", 1)])
def test_zero_and_leading_zeros_are_versions(serve: Any, library: Any, tmp_path: Path, name: str, version: int) -> None:
    assert set(serve(library.publish(tmp_path / f"zeros-{name}", 3, name=name))) == {version}


def test_of_two_folders_with_one_number_one_is_taken_with_a_warning(
    serve: Any, reloaded: Any, library: Any, tmp_path: Path
) -> None:
    base_path = library.publish(tmp_path / "twice", 3, name="001")
    assert set(serve(library.publish(base_path, 1))) == {1}
    reloaded.until_logged("Duplicate version directories detected. Version 1 will be loaded from")


def test_a_version_is_published_by_renaming_a_finished_copy(
    serve: Any, reloaded: Any, library: Any, tmp_path: Path
) -> None:
    base_path = library.publish(tmp_path / "renamed", 1)
    library.publish(base_path, 2, name=".tmp-2")
    assert set(serve(base_path)) == {1}
    (base_path / ".tmp-2").rename(base_path / "2")
    eventually(lambda: reloaded.rest.states("renamed") == {2: "AVAILABLE", 1: "END"})


def test_a_new_version_takes_over_without_a_gap(serve: Any, reloaded: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "swapped", 1)
    serve(base_path)
    library.publish(base_path, 2)
    answers = []

    def predicts_always() -> bool:
        answers.extend(reloaded.rest.predict("swapped", 1.0))
        return bool(reloaded.rest.states("swapped") == {2: "AVAILABLE", 1: "END"})

    eventually(predicts_always)
    assert answers == sorted(answers)
    assert set(answers) <= {1.0, 2.0}


def test_specific_with_only_absent_versions_unloads_everything(
    serve: Any, reloaded: Any, library: Any, tmp_path: Path
) -> None:
    base_path = library.publish(tmp_path / "emptied", 1)
    serve(base_path)
    reloaded.grpc.reload(config_list(model_config("emptied", base_path, 7)))
    eventually(lambda: reloaded.rest.states("emptied") == {1: "END"})


def test_a_removed_version_stays_listed_as_end(serve: Any, reloaded: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "removed", 1, 2)
    serve(base_path, 1, 2, settled=2)
    reloaded.grpc.reload(config_list(model_config("removed", base_path, 2)))
    eventually(lambda: reloaded.rest.states("removed") == {2: "AVAILABLE", 1: "END"})
    status = reloaded.rest.get("/v1/models/removed/versions/1").json["model_version_status"][0]["status"]
    assert status == {"error_code": "OK", "error_message": ""}


def test_reload_replaces_the_whole_config(serve: Any, reloaded: Any, library: Any, tmp_path: Path) -> None:
    serve(library.publish(tmp_path / "before", 1))
    serve(library.publish(tmp_path / "after", 1))
    eventually(lambda: reloaded.rest.states("before") == {1: "END"})
    assert reloaded.rest.post("/v1/models/before:predict", {"instances": [1.0]}).status == 404


def test_reload_waits_for_new_models(reloaded: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "awaited", 1)
    reloaded.grpc.reload(config_list(model_config("awaited", base_path)))
    assert reloaded.rest.states("awaited") == {1: "AVAILABLE"}


def test_reload_does_not_wait_for_new_versions(serve: Any, reloaded: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "unawaited", 1, 2)
    serve(base_path, 1)
    reloaded.grpc.reload(config_list(model_config("unawaited", base_path, 1, 2)))
    assert reloaded.rest.states("unawaited").get(2) != "AVAILABLE"
    eventually(lambda: reloaded.rest.states("unawaited") == {2: "AVAILABLE", 1: "AVAILABLE"})


def test_a_models_platform_cannot_change(serve: Any, reloaded: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "platform", 1)
    serve(base_path)
    code, message = reloaded.grpc.refusal(config_list(model_config("platform", base_path, platform="other")))
    assert code is INVALID
    assert message.startswith("Illegal to change a model's platform. For model platform platform was tensorflow")


def test_a_refused_config_is_remembered_as_the_current_one(
    serve: Any, reloaded: Any, library: Any, tmp_path: Path
) -> None:
    served = library.publish(tmp_path / "served", 1)
    serve(served)
    kept = model_config("served", served)
    refused = config_list(kept, model_config("missing", "/absent", labels={"stable": 1}))
    assert reloaded.grpc.refusal(refused)[0] is grpc.StatusCode.FAILED_PRECONDITION
    # Had the refused config been forgotten, `missing` would be new here, and its platform nobody's concern.
    code, message = reloaded.grpc.refusal(config_list(kept, model_config("missing", "/absent", platform="other")))
    assert code is INVALID
    assert message.startswith("Illegal to change a model's platform. For model missing")
    assert reloaded.rest.states("served") == {1: "AVAILABLE"}
