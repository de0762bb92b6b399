"""Server programs that run for a while: started on a free port, waited for, ended by their own pid."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from testing import http_probe
from testing.waiting import eventually

ROOT = Path(__file__).parents[2]
START_SECONDS = 90.0
STOP_SECONDS = 10.0


@cache
def binary(name: str) -> Path:
    """Path of a server's program; hack/binaries.sh builds it if need be (some minutes, the first time)."""
    command = [str(ROOT / "hack/binaries.sh"), name]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=1500)
    return Path(result.stdout.strip().splitlines()[-1])


@contextmanager
def running(
    command: Sequence[str | Path], url: str, log: Path, *, environment: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs `command` for as long as the context lasts, from when `url` gives any HTTP answer. Raises with the end of
    its log when it ends or is not there after START_SECONDS."""
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output, env=environment) as process:
        try:
            _wait_until_it_answers(process, url, log)
            yield process
        finally:
            _stop(process)


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    def end() -> str:
        return log.read_text(errors="replace")[-2000:]

    def answers() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with status {process.returncode}: {end()}")
        return http_probe.answers(url)

    eventually(answers, START_SECONDS, end, what=f"an answer at {url}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
