"""One control plane and one operator for the whole tier; a namespace for each test."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testing.api_client import Api
from testing.control_plane.control_plane import OPERATOR, TESTER, ControlPlane, running_control_plane
from testing.control_plane.crd import install_crd
from testing.control_plane.operator_process import FLAGS, OperatorProcess, running_operator
from testing.fleet.model_folder import ModelFolder
from testing.fleet.served import Served, serving
from testing.loopback import free_ports
from testing.once import made_once

StartOperator = Callable[..., "OperatorProcess"]


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with running_control_plane(tmp_path_factory.mktemp("control-plane")) as plane:
        install_crd(Api(plane.kubeconfig(TESTER)))
        yield plane


@pytest.fixture(scope="session")
def api(control_plane: ControlPlane) -> Api:
    return Api(control_plane.kubeconfig(TESTER))


@pytest.fixture
def namespace(api: Api) -> Iterator[str]:
    """Its TFModels go at the end, so that no operator asks for pods of an earlier test."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    api.create_namespace(name)
    yield name
    for item in api.list("TFModel", name):
        api.delete("TFModel", name, item["metadata"]["name"])


@pytest.fixture(scope="module")
def operator_flags() -> tuple[str, ...]:
    """A module may have its own."""
    return FLAGS


@pytest.fixture(scope="module")
def operator(
    control_plane: ControlPlane, operator_flags: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    """An operator that runs for all tests of a module."""
    log = tmp_path_factory.mktemp("operator") / "operator.log"
    with running_operator(control_plane.kubeconfig(OPERATOR), log, free_ports(1)[0], *operator_flags) as process:
        yield process


@pytest.fixture
def operator_log(tmp_path: Path) -> Path:
    return tmp_path / "operator.log"


@pytest.fixture(scope="session")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest SavedModel that answers: y = 2x."""
    return made_once(tmp_path_factory, "doubling", _save_doubling)


def _save_doubling(path: Path) -> None:
    import tensorflow as tf

    module = tf.Module()
    signature = [tf.TensorSpec([None], tf.float32, name="x")]
    module.double = tf.function(lambda x: {"y": 2.0 * x}, input_signature=signature)
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.double})


@pytest.fixture(scope="module")
def folder(saved_model: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """Where the versions of a module's model lie: 1, 2 and 3 are good."""
    made = ModelFolder(tmp_path_factory.mktemp("models") / "mnist", saved_model)
    made.publish(1, 2, 3)
    return made


@pytest.fixture(scope="module")
def fleet(
    api: Api, operator: OperatorProcess, folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A TFModel of two replicas for all tests of a module."""
    with serving(api, folder, tmp_path_factory.mktemp("pods")) as served:
        yield served


@pytest.fixture
def served(fleet: Served) -> Served:
    """The module's TFModel at rest, with version 1 as stable and nothing else."""
    fleet.rewrite(versionLabels={"stable": 1}, replicas=2, suspend=False)
    fleet.until_done()
    return fleet


@pytest.fixture
def alone(api: Api, operator: OperatorProcess, saved_model: Path, tmp_path: Path) -> Iterator[Served]:
    """A TFModel for one test, with version 1 only: a server lists what has failed for as long as it lives."""
    made = ModelFolder(tmp_path / "model", saved_model)
    made.publish(1)
    with serving(api, made, tmp_path / "pods") as served:
        yield served
