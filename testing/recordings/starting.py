"""Starts a server as one of startup.jsonl was started, and tells what became of it."""

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from testing.conformance.process import ServerProcess
from testing.recordings.data import StartUp
from testing.recordings.normalise import Normaliser
from testing.waiting import DeadlineError, eventually

_QUIET_SECONDS = 2.0
"""How long the ports of a server that waits have to stay closed: longer than it takes the same server to open them."""

_PREFIX = re.compile(r"^[IWEF] \S+\.cc:\d+\] *")
_ADDRESS = re.compile(r"\S+:\d+ \.\.\.$")

_OTHER_LINES = re.compile(
    "|".join(
        (
            # Frames of a stack of C++ functions.
            r"    @ .*",
            # Of the logging library, where a line is written before it is ready.
            r"WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR",
            # The mistake in a text file, in the words of the C++ parser.
            r"E text_format\.cc:.*",
            # The last of the forty flags, each with a sentence.
            r"\t--.*",
            # Memory that the double does not estimate.
            r"I simple_loader\.h:.*MallocExtension_ReleaseToSystem.*",
            # TensorFlow's own lines of a load that went well.
            r"I loader\.cc:.*",
            # A service that is of no use to an operator.
            r"I server\.cc:\d+\] Profiler service is enabled",
        )
    )
)
"""Recorded lines that another server need not write."""


@dataclass(frozen=True)
class Started:
    """`state` is `up`, `waiting` (REST closed) or `exit`; `unsaid` are the recorded last lines that its log lacks."""

    state: str
    exit: int | None
    grpc: bool
    unsaid: tuple[str, ...] = ()


def expected(case: StartUp) -> Started:
    return Started(case.outcome.state, case.outcome.exit, case.outcome.grpc)


def start(case: StartUp, command: Sequence[str], library: Path, folder: Path) -> Started:
    """`library` has the models in lib/; `folder` is empty, and what {dir} stands for."""
    (folder / "lib").symlink_to(library / "lib")
    (folder / "st").mkdir()
    normaliser = Normaliser(folder)
    flags = [normaliser.concrete(flag) for flag in case.flags]
    for name, text in case.files.items():
        path = next(flag.removeprefix(f"{name}=") for flag in flags if flag.startswith(f"{name}="))
        Path(path).write_text(normaliser.concrete(text))
    server = ServerProcess(command, flags, folder)
    try:
        return _became(case, server, normaliser)
    finally:
        server.stop()


def _became(case: StartUp, server: ServerProcess, normaliser: Normaliser) -> Started:
    def unsaid() -> tuple[str, ...]:
        return _unsaid(case, normaliser.log_line(server.log))

    def has_decided() -> bool:
        return server.is_listening() or server.process.poll() is not None

    if case.outcome.state == "waiting":
        with suppress(DeadlineError):
            eventually(lambda: has_decided() or not unsaid())
        time.sleep(_QUIET_SECONDS)
    else:
        with suppress(DeadlineError):
            eventually(has_decided)
    exit_status = server.process.poll()
    state = "exit" if exit_status is not None else "up" if server.is_listening() else "waiting"
    return Started(state, exit_status, server.is_grpc_listening(), unsaid())


def _unsaid(case: StartUp, log: str) -> tuple[str, ...]:
    """A line counts without its place in the sources and without the address of a port."""
    said = {_ADDRESS.sub("", re.sub(r"^.*?\] *", "", line)) for line in log.splitlines()} | set(log.splitlines())
    lines = (line for line in case.outcome.last_lines if not _OTHER_LINES.fullmatch(line))
    return tuple(line for line in lines if _ADDRESS.sub("", _PREFIX.sub("", line)) not in said)
