"""`tfs-operator` itself."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from tfs_operator import __version__
from tfs_operator.cli import main


def test_it_tells_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"tfs-operator {__version__}\n"


def test_its_version_is_that_of_the_package() -> None:
    assert version("tfs-operator") == __version__


@pytest.mark.parametrize("arguments", [[], ["fly"], ["render", "-f", "x", "--fly"]])
def test_wrong_usage_is_exit_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage: tfs-operator" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "fetch", "tls", "render", "crd"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"usage: tfs-operator {command}" in capsys.readouterr().out


def test_render_and_crd_need_neither_a_client_nor_kopf() -> None:
    """In a process of its own, since this one has imported everything."""
    program = "import sys; from tfs_operator.cli import main; main(['crd']); print(*sys.modules, file=sys.stderr)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.startswith("apiVersion: apiextensions.k8s.io/v1\n")
    assert {"kopf", "grpc", "kubernetes", "aiohttp"} & set(result.stderr.split()) == set()


def test_a_fetcher_imports_nothing_of_the_operator() -> None:
    """Every pod with fetched models pays for what it imports."""
    program = (
        "import sys; from tfs_operator.cli import main\n"
        "try: main(['fetch', '--help'])\n"
        "except SystemExit: pass\n"
        "import tfs_operator.fetcher.process, tfs_operator.fetcher.stores.object_store.store\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    heavy = {"kopf", "grpc", "kubernetes", "yaml", "requests", "huggingface_hub", "oras", "tfs_operator.api.spec"}
    assert heavy & set(result.stderr.split()) == set()
