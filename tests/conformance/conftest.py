"""Where the conformance suite gets its server from; README.md shows how to point it at another one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from testing.conformance.clients import Grpc, Rest
from testing.conformance.models import Library, write_shared
from testing.conformance.options import command, given_addresses, is_command_given
from testing.conformance.process import ServerProcess

__all__ = ["command"]

Start = Callable[..., ServerProcess]
"""Starts a server with flags; does not wait for it. It is stopped after the test (or the module)."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "own_process: looks at the server's process itself, not through a port")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if is_command_given(config):
        for item in items:
            if item.get_closest_marker("own_process"):
                item.add_marker(pytest.mark.skip(reason="the given command's process may not be the server's"))


@dataclass(frozen=True)
class Running:
    """A server that answers, wherever it came from."""

    rest: Rest
    grpc: Grpc


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="session")
def server(
    request: pytest.FixtureRequest, library: Library, command: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The server that tests share which change nothing in it."""
    given = given_addresses(request.config)
    if given:
        yield Running(Rest(given.rest), Grpc(given.grpc))
        return
    folder = tmp_path_factory.mktemp("shared")
    write_shared(library, folder, str(folder))
    process = ServerProcess(command, shared_flags(folder), folder)
    try:
        process.until_ready()
        yield Running(process.rest, process.grpc)
    finally:
        process.stop()


def shared_flags(folder: Path) -> list[str]:
    return [
        f"--model_config_file={folder}/models.config",
        f"--monitoring_config_file={folder}/monitoring.config",
        "--allow_version_labels_for_unavailable_models=true",
    ]


@pytest.fixture
def start(command: list[str], tmp_path: Path) -> Iterator[Start]:
    yield from _starting(command, tmp_path)


@pytest.fixture(scope="module")
def start_for_module(command: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    yield from _starting(command, tmp_path_factory.mktemp("module"))


def _starting(command: list[str], folder: Path) -> Iterator[Start]:
    started: list[ServerProcess] = []

    def start(*flags: str) -> ServerProcess:
        started.append(ServerProcess(command, flags, folder))
        return started[-1]

    yield start
    for process in started:
        process.stop()
