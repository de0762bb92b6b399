"""Which server the tiers ask that know what a model server does: the double, or one that an option names."""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from testing.once import shared_folder


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("the model server of tests/conformance and tests/recordings")
    group.addoption("--model-server-rest", help="URL of a running server with the suite's models")
    group.addoption("--model-server-grpc", help="gRPC address of the same server")
    group.addoption(
        "--model-server-command",
        help="command that starts a server, flags are appended; {dir} is the folder it has to see",
    )


@dataclass(frozen=True)
class Addresses:
    """Of a server that was started elsewhere: the URL of REST, and host and port of gRPC."""

    rest: str
    grpc: str


def given_addresses(config: pytest.Config) -> Addresses | None:
    rest, grpc = (config.getoption(f"--model-server-{port}") for port in ("rest", "grpc"))
    return Addresses(rest, grpc) if rest and grpc else None


def is_command_given(config: pytest.Config) -> bool:
    return bool(config.getoption("--model-server-command"))


@pytest.fixture(scope="session")
def command(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Starts a server: the double of this checkout with the Python that runs the tests, or what the option says."""
    template = request.config.getoption("--model-server-command")
    if template:
        return _given_command(template, shared_folder(tmp_path_factory))
    return [sys.executable, "-m", "model_server"]


def _given_command(template: str, folder: Path) -> list[str]:
    """Splits a command line like a shell; `{dir}` in it is the folder that the server has to see."""
    return [part.replace("{dir}", str(folder)) for part in shlex.split(template)]
