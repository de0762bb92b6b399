"""Runs a program with a deadline."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class CommandError(Exception):
    """A program failed, or took too long. Its text has the command and what the program said."""


def run(
    command: Sequence[str],
    *,
    stdin: str | bytes | None = None,
    seconds: float = 60,
    env: Mapping[str, str] | None = None,
) -> str:
    """Standard output of a program that must succeed within `seconds`, run in the work tree."""
    shown = " ".join(command)
    try:
        done = subprocess.run(
            command,
            input=stdin.encode() if isinstance(stdin, str) else stdin or b"",
            capture_output=True,
            timeout=seconds,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
        )
    except subprocess.TimeoutExpired as error:
        said = (error.stderr or b"").decode(errors="replace")
        raise CommandError(f"`{shown}` did not end within {seconds:.0f} s\n{said}".strip()) from error
    except FileNotFoundError as error:
        raise CommandError(f"`{command[0]}` is not on PATH: `make` sets PATH, as hack/run.sh does") from error
    if done.returncode:
        said = (done.stderr + done.stdout).decode(errors="replace").strip()
        raise CommandError(f"`{shown}` failed (status {done.returncode})\n{said}")
    return done.stdout.decode()
