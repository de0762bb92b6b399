"""Runs tiers as processes of their own, each with its log, and ends all of them when it is interrupted."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from testing.suite import progress
from testing.suite.lanes import Tier
from testing.suite.results import Result, result

PATIENCE_SECONDS = 30.0
"""For pytest to tear down what its fixtures have started, before its processes are killed."""

_MARK = "TFS_TEST_RUN"
"""A variable of the environment that all processes of a run inherit, also those in a session of their own."""


class Run:
    """The runs of pytest of one call, in a folder for their logs and reports."""

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self._folder = folder
        self._tell = tell
        self._lock = threading.Lock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._is_over = False
        self.results: list[Result] = []

    def lane(self, tiers: tuple[Tier, ...]) -> None:
        """Runs the tiers one after the other."""
        for tier in tiers:
            self._tier(tier)

    def interrupt(self) -> None:
        """Ends what runs as Ctrl-C does, so that fixtures end their programs; nothing more is started."""
        with self._lock:
            self._is_over = True
            running = list(self._running.values())
        for process in running:
            _signal(process, signal.SIGINT)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._running and time.monotonic() < deadline:
            time.sleep(0.1)
        for process in running:
            _signal(process, signal.SIGKILL)
        _kill_strays(self._folder)

    def state(self) -> str:
        """How far each tier that runs is."""
        with self._lock:
            names = list(self._running)
        return ", ".join(self._progress(name) for name in names)

    def _progress(self, name: str) -> str:
        total, done = progress.read(self._file(name, "progress"))
        failed = [entry["test"] for entry in done if entry["outcome"] == "failed"]
        return f"{name} {len(done)}/{total or '?'}" + (f" ({len(failed)} failed, {failed[-1]})" if failed else "")

    def _tier(self, tier: Tier) -> None:
        began = time.monotonic()
        process = self._start(tier)
        if process is None:
            return
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        with self._lock:
            del self._running[tier.name]
        seconds, cpu = time.monotonic() - began, usage.ru_utime + usage.ru_stime
        found = result(tier.name, process.returncode, seconds, cpu, self._file(tier.name, "xml"))
        self.results.append(found)
        self._tell(f"{tier.name} has ended: {found.passed} passed, log in {self._file(tier.name, 'log')}")

    def _start(self, tier: Tier) -> "subprocess.Popen[bytes] | None":
        command = [sys.executable, "-m", "pytest", *tier.arguments, f"--junitxml={self._file(tier.name, 'xml')}"]
        command += ["-p", "testing.suite.progress", "--durations=30", "--durations-min=5", "--color=no"]
        marks = {_MARK: str(self._folder), progress.FILE_VARIABLE: str(self._file(tier.name, "progress"))}
        with self._lock, self._file(tier.name, "log").open("wb") as log:
            if self._is_over:
                return None
            process = subprocess.Popen(
                ["nice", "-n", str(tier.niceness), *command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **marks}, start_new_session=True,
            )  # fmt: skip
            self._running[tier.name] = process
        return process

    def _file(self, name: str, suffix: str) -> Path:
        return self._folder / f"{name}.{suffix}"


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """To the process and to those that it has started in its session."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _kill_strays(folder: Path) -> None:
    """Kills what an interrupted run has left: programs whose test could not end them. They are known by `_MARK`."""
    mark = f"{_MARK}={folder}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (process / "environ").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGKILL)
