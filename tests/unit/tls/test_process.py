"""The init container's program, from its arguments to its last words."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import text_format

from model_server.config import SSL_CONFIG  # the double has TF Serving's message, of which no wheel has a copy
from testing.tls_pairs import secret
from tfs_operator.cli import main
from tfs_operator.domain.tls import Certificate, served
from tfs_operator.tls.process import Config, run


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "out").mkdir()
    return Config(tmp_path / "secret", "mnist-tls", tmp_path / "out" / "ssl.config", tmp_path / "words", 60.0)


def never(_: float) -> None:
    raise AssertionError("it waits")


def test_the_file_is_what_the_model_server_reads(config: Config) -> None:
    secret(config.secret)
    assert run(config, never) == 0
    message = text_format.Parse(config.output.read_text(), SSL_CONFIG())
    assert message.server_key == (config.secret / "tls.key").read_text()
    assert message.server_cert == (config.secret / "tls.crt").read_text()
    assert message.client_verify is False


def test_nobody_else_may_read_it(config: Config) -> None:
    secret(config.secret)
    config.output.write_text("of a start before")
    run(config, never)
    assert stat.S_IMODE(config.output.stat().st_mode) == 0o600


def test_the_last_words_reach_the_operator(config: Config) -> None:
    secret(config.secret)
    run(config, never)
    terminated = {"exitCode": 0, "message": config.last_words.read_text()}
    found = served({"initContainerStatuses": [{"name": "tls", "state": {"terminated": terminated}}]})
    assert found is not None
    assert (len(found.sha256), found.name) == (64, "mnist.shop.svc")
    assert "PRIVATE" not in config.last_words.read_text()


def test_the_first_time_it_fails_at_once(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, never) == 1
    words = config.last_words.read_text()
    assert words.startswith("server.tls.secretName: Secret mnist-tls does not exist")
    assert capsys.readouterr().err == f"{words}\n"
    assert not config.output.exists()


def test_started_again_it_waits_for_the_secret(config: Config) -> None:
    run(config, never)

    def somebody_makes_it(_: float) -> None:
        secret(config.secret)

    assert run(config, somebody_makes_it) == 0
    assert json.loads(config.last_words.read_text())["name"] == "mnist.shop.svc"


def test_another_problem_is_told_at_once(config: Config) -> None:
    run(config, never)
    (secret(config.secret) / "tls.key").unlink()
    assert run(config, never) == 1
    assert "has no key tls.key" in config.last_words.read_text()


def test_the_same_problem_is_told_again_after_a_while(config: Config) -> None:
    run(config, never)
    waited: list[float] = []
    assert run(Config(config.secret, "mnist-tls", config.output, config.last_words, 0.0), waited.append) == 1
    assert waited == []


def test_the_command(config: Config) -> None:
    secret(config.secret)
    assert main(["tls", f"--secret={config.secret}", "--secret-name=mnist-tls", f"--output={config.output}",
                 f"--last-words={config.last_words}"]) == 0  # fmt: skip
    assert config.output.exists()


def test_it_imports_little() -> None:
    """It runs at every start of a pod, on a tenth of a core or less."""
    program = (
        "import sys; from tfs_operator.cli import main; import tfs_operator.tls.process\n"
        "try: main(['tls', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'pydantic', 'aiohttp', 'grpc', 'kubernetes', 'kopf', 'yaml', 'google'} & set(sys.modules)\n"
        "sys.exit(f'imports {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "status",
    [
        {"initContainerStatuses": [{"name": "tls", "state": {"running": {}}}]},
        {"initContainerStatuses": [{"name": "tls", "state": {"terminated": {"exitCode": 1, "message": "no JSON"}}}]},
        {"initContainerStatuses": [{"name": "tls", "state": {"terminated": {"exitCode": 0, "message": "[1]"}}}]},
        {"initContainerStatuses": [{"name": "tls"}]},
    ],
)
def test_a_pod_that_has_not_told_yet_is_trusted_with_no_certificate(status: dict[str, object]) -> None:
    assert served(status) == Certificate("")


@pytest.mark.parametrize("status", [{}, {"initContainerStatuses": [{"name": "fetcher", "state": {"running": {}}}]}])
def test_a_pod_without_the_container_speaks_no_tls(status: dict[str, object]) -> None:
    assert served(status) is None
