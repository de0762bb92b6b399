"""The agent of a pod on the tests' node is the real one, by what the operator has rendered."""

from pathlib import Path

from testing.fleet.node_agent import NodeAgent
from testing.loopback import fresh_address
from testing.waiting import eventually
from tests.unit.domain.config_text import read_back
from tests.unit.render.rendering import child, rendered, tfmodel
from tfs_operator.domain.model_config import aspired_config
from tfs_operator.render.volumes import CONFIG_PATH, STARTING_PATH


def test_it_writes_what_the_server_starts_with(tmp_path: Path) -> None:
    model = tfmodel(modelUri="file:///models/mnist", versionLabels={"stable": 1})
    manifests = rendered(model)
    for file, text in child(manifests, "ConfigMap")["data"].items():
        (tmp_path / file).write_text(text)
    starting = tmp_path / "starting"
    starting.mkdir()
    places = {CONFIG_PATH: str(tmp_path), STARTING_PATH: str(starting)}
    agent = NodeAgent(child(manifests, "Deployment")["spec"]["template"], fresh_address(), places)
    assert not agent.lets_the_server_start()
    agent.start()
    try:
        eventually(agent.lets_the_server_start)
        assert read_back((starting / "models.config").read_text()) == aspired_config("mnist", model.spec)
    finally:
        agent.end()
    assert not agent.lets_the_server_start()
