"""A cluster with the operator in it, a namespace for each test module, and two trained models.

Needs what `make e2e` sets up: TFS_KUBECONFIG, and the images of hack/images.sh in that cluster. Several processes may
run tests of this folder at the same time, except for those that are marked `alone_in_cluster`.
"""

import os
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.local_cluster import chart, diagnose, model
from testing.local_cluster.commands import CommandError
from testing.local_cluster.kubectl import Kubectl
from tests.e2e.support import groups

NAMESPACE_SECONDS = 90


@pytest.fixture(scope="session")
def admin() -> Kubectl:
    """kubectl for the local cluster."""
    kubeconfig = os.environ.get("TFS_KUBECONFIG")
    if not kubeconfig or not Path(kubeconfig).exists():
        pytest.fail("no local cluster: `make e2e` makes one and names its kubeconfig in TFS_KUBECONFIG")
    kubectl = Kubectl(Path(kubeconfig))
    try:
        kubectl("get", "--raw", "/readyz", seconds=60)
    except CommandError as error:
        pytest.fail(f"the cluster of TFS_KUBECONFIG does not answer: {error}")
    return kubectl


@pytest.fixture(scope="session")
def operator(admin: Kubectl) -> Kubectl:
    """kubectl for the namespace of the operator, which Helm has installed from charts/tfs-operator.

    It stays, as the cluster does: another process may be at work with it.
    """
    chart.install(admin)
    return admin.within(chart.NAMESPACE)


@pytest.fixture(scope="session")
def namespaces(admin: Kubectl) -> Iterator[list[str]]:
    """Those that the tests made: deleted in the background one by one, and gone at the end."""
    made: list[str] = []
    yield made
    for name in made:
        admin("wait", "--for=delete", f"namespace/{name}", f"--timeout={NAMESPACE_SECONDS}s", seconds=100)


@pytest.fixture(scope="module")
def namespace(request: pytest.FixtureRequest, operator: Kubectl, namespaces: list[str]) -> Iterator[Kubectl]:
    """kubectl for a namespace of this module's own, in which only restricted pods are admitted."""
    module = Path(request.node.name).stem.removeprefix("test_").replace("_", "-")
    name = f"e2e-{module}-{uuid.uuid4().hex[:5]}"
    kubectl = operator.make_namespace(name, chart.RESTRICTED)
    namespaces.append(name)
    request.node.stash[NAMESPACE] = kubectl
    yield kubectl
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def claim(namespace: Kubectl) -> Kubectl:
    """The namespace, with the claim `models` and a pod through which models are copied into it."""
    model.start_loader(namespace)
    return namespace


@pytest.fixture
def kubeconfig(namespace: Kubectl, tmp_path: Path) -> Path:
    """The cluster's, with this module's namespace as the current one: plain `kubectl` then uses it."""
    own = tmp_path / "kubeconfig"
    own.write_bytes(namespace.kubeconfig.read_bytes())
    own.chmod(0o600)
    Kubectl(own)("config", "set-context", "--current", f"--namespace={namespace.namespace}")
    return own


@pytest.fixture(scope="session")
def version_1() -> model.Trained:
    """The example model, trained on the digits that are checked in: the same on every machine."""
    return model.trained(seed=1, data="digits")


@pytest.fixture(scope="session")
def version_2() -> model.Trained:
    """Trained from another seed, so that an answer tells which of the two has given it."""
    return model.trained(seed=2, data="digits")


@pytest.fixture(scope="session")
def damaged(version_1: model.Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version whose saved_model.pb is not one."""
    folder = tmp_path_factory.mktemp("damaged") / "1"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"\xff" * 64 + (version_1.folder / "saved_model.pb").read_bytes()[:1000])
    return folder


NAMESPACE = pytest.StashKey[Kubectl]()
ALONE = (
    "alone_in_cluster: changes or counts what all tests share, the operator or the node: no other one may run beside it"
)
TEST_SECONDS = 900
"""For one test, on a machine that is busy, with its wait for what others use."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", ALONE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, where several processes share the work."""
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.timeout(TEST_SECONDS))
    others = [item for item in items if item not in ours]
    items[:] = [*others, *sorted(ours, key=lambda item: groups.rank(item.nodeid))]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """For `pytest -n4 --dist=loadfile`: one process runs the whole of a group, which is a module or several of them."""
    return groups.scheduler(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test's report has what the cluster showed when it failed."""
    report = yield
    module = item.getparent(pytest.Module)
    kubectl = module.stash.get(NAMESPACE, None) if module else None
    if report.failed and kubectl:
        report.sections.append(("the cluster", diagnose.excerpt(kubectl)))
    return report
