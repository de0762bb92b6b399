"""The file with which the model server starts, whoever was restarted in between."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.domain.config_text import read_back
from tfs_operator.domain.expectation import expectation
from tfs_operator.domain.model_config import Latest, ModelConfig, ModelServerConfig, Specific, VersionPolicy
from tfs_operator.fetcher.model_server.starting_config import StartingConfig


def model(policy: VersionPolicy, name: str = "m", path: str = "/models/m", **labels: int) -> ModelConfig:
    return ModelConfig(name, path, policy, labels)


class Scene:
    """A pod whose ConfigMap has `planned`, or only a text where that is empty."""

    def __init__(self, folder: Path, *planned: ModelConfig) -> None:
        self.file, self.default = folder / "models.config", folder / "default"
        self.planned = planned
        self.default.write_text("the ConfigMap's text")
        self.start()

    def start(self) -> None:
        """As after a restart of the agent's container."""
        self.config = StartingConfig(self.file, self.default, expectation(ModelServerConfig(self.planned)))

    def expect(self, *models: ModelConfig) -> None:
        self.config.expect(expectation(ModelServerConfig(models)))

    def written(self, there: Mapping[str, frozenset[int]] | None = None) -> tuple[ModelConfig, ...]:
        self.config.write((there or {}).get)
        return read_back(self.file.read_text()).models


def test_a_new_pod_starts_with_the_config_map(tmp_path: Path) -> None:
    scene = Scene(tmp_path, model(Specific((1,)), stable=1))
    assert not scene.config.is_written
    assert scene.written() == (model(Specific((1,)), stable=1),)
    assert scene.config.is_written


def test_the_last_order_wins_and_outlives_the_agent(tmp_path: Path) -> None:
    scene = Scene(tmp_path, model(Specific((1,)), stable=1))
    scene.expect(model(Specific((1, 2)), stable=2))
    assert scene.written() == (model(Specific((1, 2)), stable=2),)
    scene.start()
    assert scene.written() == (model(Specific((1, 2)), stable=2),)
    scene.expect(model(Specific((2,)), stable=2))
    assert scene.written() == (model(Specific((2,)), stable=2),)


def test_an_order_that_expects_nothing_changes_nothing(tmp_path: Path) -> None:
    scene = Scene(tmp_path, model(Specific((1,))))
    scene.expect()
    assert scene.written() == (model(Specific((1,))),)


def test_models_of_another_revision_are_left_out(tmp_path: Path) -> None:
    """One that is new, one that has moved, and one that the spec no longer has: it stays."""
    scene = Scene(tmp_path, model(Specific((1,))), model(Specific((1,)), "moved"), model(Specific((1,)), "gone"))
    scene.expect(model(Specific((2,))), model(Specific((2,)), "moved", "/elsewhere"), model(Specific((2,)), "new"))
    assert scene.written() == (
        model(Specific((2,))), model(Specific((1,)), "moved"), model(Specific((1,)), "gone"),
    )  # fmt: skip


def test_a_policy_names_what_is_there_at_each_moment(tmp_path: Path) -> None:
    scene = Scene(tmp_path, model(Latest(1)), model(Latest(1), "image", "/in/the/image"))
    assert scene.written() == (model(Latest(1)), model(Latest(1), "image", "/in/the/image"))
    assert scene.written({"m": frozenset({1, 2})})[0] == model(Specific((2,)))
    assert scene.written({"m": frozenset({1, 2, 3})})[0] == model(Specific((3,)))


def test_a_plan_of_an_older_operator_is_its_text_until_an_order_comes(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.config.write(lambda _: None)
    assert scene.file.read_text() == "the ConfigMap's text"
    scene.default.write_text("another")
    scene.config.write(lambda _: None)
    assert scene.file.read_text() == "another"
    scene.expect(model(Specific((1,))))
    assert scene.written() == (model(Specific((1,))),)


@pytest.mark.parametrize("damage", ["", "{", '[{"name": 1}]'])
def test_what_is_remembered_is_checked(tmp_path: Path, damage: str) -> None:
    (tmp_path / "expected.json").write_text(damage)
    assert Scene(tmp_path, model(Specific((1,)))).written() == (model(Specific((1,))),)


def test_a_file_that_cannot_be_written_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(tmp_path, model(Specific((1,))))
    (tmp_path / ".models.config").mkdir()
    scene.config.write(lambda _: None)
    assert not scene.config.is_written
    assert "models.config: cannot be written: Is a directory" in caplog.text
    (tmp_path / ".models.config").rmdir()
    assert scene.written() == (model(Specific((1,))),)
