"""The models of the recordings, a server of them to ask, and the count of the cases that hold."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest

from testing.conformance.options import Addresses, command, given_addresses, is_command_given
from testing.conformance.process import ServerProcess
from testing.once import made_once
from testing.recordings.known_differences import known_difference
from testing.recordings.models.library import shared_flags, write_library, write_shared_configs
from testing.recordings.normalise import Normaliser

__all__ = ["command"]

Judge = Callable[[str, str, object, object], None]
"""Compares what a case of a file has with what was seen."""

_COUNTED = "recorded case"
_UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


@dataclass(frozen=True)
class Running:
    """A server of the recorded models; `rest` is host and port."""

    rest: tuple[str, int]
    channel: grpc.Channel
    normaliser: Normaliser


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder whose lib/ has the models: {dir} of the recordings. To be read only."""
    return made_once(tmp_path_factory, "recorded-models", write_library)


@pytest.fixture(scope="session")
def server(
    request: pytest.FixtureRequest, library: Path, command: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The server that rest.jsonl and grpc.jsonl were recorded on, or the one of the options."""
    yield from _given_or_started(request, library, command, tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="session")
def batching_server(
    request: pytest.FixtureRequest, library: Path, command: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The same with batching, for metrics.json; of the options it is the same."""
    folder = tmp_path_factory.mktemp("batching")
    yield from _given_or_started(request, library, command, folder, "--enable_batching=true")


def _given_or_started(
    request: pytest.FixtureRequest, library: Path, command: list[str], folder: Path, *flags: str
) -> Iterator[Running]:
    given = given_addresses(request.config)
    if given:
        yield _running(given, library)
        return
    write_shared_configs(folder, library)
    process = ServerProcess(command, [*shared_flags(folder), *flags], folder)
    try:
        process.until_ready()
        yield _running(Addresses(process.rest.url, process.grpc.address), library)
    finally:
        process.stop()


def _running(addresses: Addresses, library: Path) -> Running:
    netloc = urlsplit(addresses.rest).netloc
    host, _, port = netloc.rpartition(":")
    return Running((host, int(port)), grpc.insecure_channel(addresses.grpc, _UNLIMITED), Normaliser(library, netloc))


@pytest.fixture
def judge(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Judge:
    """Holds a case to its recording, unless it is a known difference of the double, which then must be one."""
    is_double = not (is_command_given(request.config) or given_addresses(request.config))

    def judged(file: str, name: str, recorded: object, seen: object) -> None:
        known = known_difference(file, name)
        is_excused = known is not None and seen != recorded
        record_property(_COUNTED, (file, "known to differ" if is_excused else "hold"))
        if known is None:
            assert seen == recorded
        elif is_double and not known.random:
            assert seen != recorded, f"is equal now, so that it has to leave the known differences ({known.reason})"

    return judged


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says how many cases of each file hold."""
    counts: Counter[tuple[str, str]] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for file, how in (value for name, value in report.user_properties if name == _COUNTED):
                counts[file, how if report.passed else "fail"] += 1
    if counts:
        terminalreporter.section("recorded cases")
    for (file, how), count in sorted(counts.items()):
        terminalreporter.write_line(f"{file}: {count} {how}")
