"""Puts the model server's TLS file together, or says why it cannot.

Its last words go into the pod's status, where the operator reads them. The first time it fails at once, so that they
are heard; started again by the kubelet it waits a while for a Secret that is another, since the kubelet starts it
less and less often.
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
    """Says where things are. `secret_name` is for messages."""

    secret: Path
    secret_name: str
    output: Path
    """The file for `--ssl_config_file`; its folder outlives a restart of the container."""

    last_words: Path
    """The termination message of the container."""

    patience_seconds: float = 300.0


def run(config: Config, sleep: Callable[[float], None] = time.sleep) -> int:
    """Returns the exit status: 0, or 1 when there is something to be mended."""
    remembered = config.output.with_name(_PROBLEM_FILE)
    problem = _awaited(config, _text_of(remembered), sleep)
    remembered.write_text(problem)
    if problem:
        _say(config, problem)
        print(problem, file=sys.stderr)
    return 1 if problem else 0


def _awaited(config: Config, before: str, sleep: Callable[[float], None]) -> str:
    """What is wrong now, "" if nothing; with the problem of before only after a while."""
    deadline = time.monotonic() + config.patience_seconds
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
    _say(config, as_last_words(certificate))
    return ""


def _write(path: Path, text: str) -> None:
    """Writes a file that only this user can read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text)


def _say(config: Config, words: str) -> None:
    config.last_words.write_text(words)


def _text_of(path: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        return path.read_text()
    return ""
