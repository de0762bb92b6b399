"""Writes the model server's TLS configuration, or reports why it cannot.

The termination message goes into the pod's status, where the operator reads it. The first start fails at once, so that
the problem shows. Later starts wait for a change of the Secret, because the kubelet restarts the container less and
less often.
"""

import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tfs_operator.domain.tls import as_last_words, ssl_config
from tfs_operator.tls.secret import NotUsable, check, read

POLL_SECONDS = 1.0
_PROBLEM_FILE = "problem.txt"


@dataclass(frozen=True)
class Config:
    """The command's paths and times. `secret_name` is for messages."""

    secret: Path
    secret_name: str
    output: Path
    """The file for `--ssl_config_file`; its folder outlives a restart of the container."""

    termination_log: Path
    """The termination message of the container."""

    wait_seconds: float = 300.0


def run(config: Config, sleep: Callable[[float], None] = time.sleep) -> int:
    """Returns the exit status: 0, or 1 if the Secret cannot be used."""
    remembered = config.output.with_name(_PROBLEM_FILE)
    problem = _awaited(config, _text_of(remembered), sleep)
    remembered.write_text(problem)
    if problem:
        _report(config, problem)
        print(problem, file=sys.stderr)
    return 1 if problem else 0


def _awaited(config: Config, before: str, sleep: Callable[[float], None]) -> str:
    """Returns the problem, or "". Waits up to `wait_seconds` while the problem is that of the last start."""
    deadline = time.monotonic() + config.wait_seconds
    while (problem := _attempt(config)) and problem == before and time.monotonic() < deadline:
        sleep(POLL_SECONDS)
    return problem


def _attempt(config: Config) -> str:
    try:
        pair = read(config.secret)
        certificate = check(pair, config.secret)
    except NotUsable as error:
        return f"server.tls.secretName: Secret {config.secret_name} {error}"
    _write(config.output, ssl_config(pair.private_key, pair.certificates))
    _report(config, as_last_words(certificate))
    return ""


def _write(path: Path, text: str) -> None:
    """Writes a file that only this user can read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text)


def _report(config: Config, message: str) -> None:
    config.termination_log.write_text(message)


def _text_of(path: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        return path.read_text()
    return ""
