"""Warmup, and the end of the process: section 6 of docs/tf-serving.md."""

import http.client
import signal
from pathlib import Path
from typing import Any

import pytest


def test_good_warmup_requests_are_replayed_before_a_version_is_available(
    start: Any, library: Any, tmp_path: Path
) -> None:
    base_path = library.publish_with_warmup(tmp_path / "warm", [1.0])
    server = start("--model_name=warm", f"--model_base_path={base_path}").until_ready()
    read = server.log.index("Number of warmup records read: 1")
    assert read < server.log.index("Successfully loaded servable version {name: warm version: 1}")


def test_a_bad_warmup_request_fails_the_load(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish_with_warmup(tmp_path / "warm", [1.0], signature="absent")
    server = start("--model_name=warm", f"--model_base_path={base_path}", "--max_num_load_retries=0")
    assert server.until_exit() == 255
    assert 'FAILED_PRECONDITION: Serving signature key "absent" not found.' in server.log


def test_a_warmup_file_that_is_no_tfrecord_fails_the_load(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish_with_warmup(tmp_path / "warm", [1.0])
    (base_path / "1" / "assets.extra" / "tf_serving_warmup_requests").write_text("this is not a TFRecord file")
    server = start("--model_name=warm", f"--model_base_path={base_path}", "--max_num_load_retries=0")
    assert server.until_exit() == 255
    assert "DATA_LOSS: corrupted record at 0" in server.log


@pytest.mark.own_process
def test_sigterm_kills_at_once_what_is_not_pid_1(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start("--model_name=m", f"--model_base_path={base_path}").until_ready()
    server.process.terminate()
    assert server.until_exit() == -signal.SIGTERM


@pytest.mark.own_process
def test_sigterm_has_no_handler_so_that_pid_1_never_sees_it(start: Any, library: Any, tmp_path: Path) -> None:
    base_path = library.publish(tmp_path / "m", 1)
    server = start("--model_name=m", f"--model_base_path={base_path}").until_ready()
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    assert not int(caught, 16) & (1 << (signal.SIGTERM - 1))


def nested(depth: int) -> str:
    """A request whose only value lies in so many lists."""
    return '{"instances":' + "[" * depth + "1" + "]" * depth + "}"


@pytest.mark.parametrize("model", ["scale", "various"])
def test_lists_nested_too_deep_end_the_process_without_a_word(
    start: Any, library: Any, tmp_path: Path, model: str
) -> None:
    base_path = library.publish(tmp_path / "m", 1, model=model)
    server = start("--model_name=m", f"--model_base_path={base_path}").until_ready()
    assert server.rest.post("/v1/models/m:predict", nested(5_000)).status == 400
    assert server.rest.post("/v1/models/absent:predict", nested(100_000)).status == 404
    assert server.rest.post("/v1/models/m:predict", "[" * 100_000).status == 400
    before = server.log
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        server.rest.post("/v1/models/m:predict", nested(100_000))
    assert server.until_exit() in (-signal.SIGSEGV, 128 + signal.SIGSEGV)
    assert server.log == before
