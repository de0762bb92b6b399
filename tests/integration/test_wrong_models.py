"""One model of a server is wrong, or lost: labels of the others move and roll back as ever, and clients reach them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from testing.api_client import Api, Manifest
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet.model_folder import ModelFolder
from testing.fleet.served import Served, serving

CATS, DOGS, BIRDS = "cats", "dogs", "birds"


@dataclass(frozen=True)
class Pets:
    """A TFModel with cats and dogs, versions 1 and 2 of each, and birds that are not served yet."""

    served: Served
    folders: dict[str, ModelFolder]

    def entry(self, name: str, stable: int = 1, uri: str = "") -> Manifest:
        return {"name": name, "modelUri": uri or self.folders[name].uri, "versionLabels": {"stable": stable}}

    def edit(self, *entries: Manifest) -> None:
        self.served.edit(models=list(entries))

    def answers(self, model: str) -> list[int | None]:
        return self.served.answers("stable", model)

    def until_moved(self, model: str, version: int) -> None:
        """On every ready pod, and committed."""
        self.served.until(lambda: self.answers(model) == [version, version])
        self.served.until(lambda: self.served.committed(model)[1] == {"stable": version})


@pytest.fixture
def pets(api: Api, operator: OperatorProcess, saved_model: Path, tmp_path: Path) -> Iterator[Pets]:
    folders = {name: ModelFolder(tmp_path / name, saved_model) for name in (CATS, DOGS, BIRDS)}
    for folder in folders.values():
        folder.publish(1, 2)
    with started(api, folders, tmp_path / "pods") as found:
        yield found


@contextmanager
def started(api: Api, folders: dict[str, ModelFolder], logs: Path) -> Iterator[Pets]:
    models = [{"name": name, "modelUri": folders[name].uri, "versionLabels": {"stable": 1}} for name in (CATS, DOGS)]
    spec: dict[str, Any] = {"modelUri": None, "versionLabels": None, "models": models}
    with serving(api, folders[CATS], logs, **spec) as served:
        yield Pets(served, folders)


def test_a_model_with_a_typo_freezes_no_other(pets: Pets) -> None:
    served, before = pets.served, set(pets.served.pods)
    typo = pets.folders[BIRDS].uri.replace("birds", "brids")
    pets.edit(pets.entry(CATS), pets.entry(DOGS), pets.entry(BIRDS, uri=typo))
    served.until(lambda: len(served.pods) == 3)
    with served.heard("stable", model=DOGS) as heard:
        pets.edit(pets.entry(CATS, 2), pets.entry(DOGS), pets.entry(BIRDS, uri=typo))
        pets.until_moved(CATS, 2)
        pets.edit(pets.entry(CATS, 1), pets.entry(DOGS), pets.entry(BIRDS, uri=typo))
        pets.until_moved(CATS, 1)
    assert {tuple(answers.runs) for answers in heard if answers.pod in {pod.address for pod in before}} == {(1,)}
    served.until(served.is_observed)
    ready = served.condition()
    assert (ready["status"], ready["reason"]) == ("False", "Deploying")
    assert f"model {BIRDS}: " in ready["message"]
    assert "brids" in ready["message"]
    assert CATS not in ready["message"]
    assert before <= set(served.pods)
    pets.edit(pets.entry(CATS, 2), pets.entry(DOGS), pets.entry(BIRDS))
    served.until_done()
    assert [pets.answers(name) for name in (CATS, DOGS, BIRDS)] == [[2, 2], [1, 1], [1, 1]]
    assert not before & set(served.pods)


def test_a_damaged_model_freezes_no_other(pets: Pets) -> None:
    served = pets.served
    pets.folders[BIRDS].publish_damaged(1)
    pets.edit(pets.entry(CATS), pets.entry(DOGS), pets.entry(BIRDS))
    failed = served.until_reason("ModelServerFailed")
    assert BIRDS in failed["message"]
    pets.edit(pets.entry(CATS, 2), pets.entry(DOGS, 2), pets.entry(BIRDS))
    pets.until_moved(CATS, 2)
    pets.until_moved(DOGS, 2)
    pets.edit(pets.entry(CATS, 2), pets.entry(DOGS, 2))
    served.until_done()
    assert [pets.answers(name) for name in (CATS, DOGS)] == [[2, 2], [2, 2]]


def test_a_model_that_moves_to_a_wrong_place_is_served_from_the_old_one(pets: Pets) -> None:
    served, before = pets.served, pets.served.pods
    typo = pets.folders[DOGS].uri.replace("dogs", "dgos")
    with served.heard("stable", model=DOGS) as heard:
        pets.edit(pets.entry(CATS), pets.entry(DOGS, uri=typo))
        served.until(lambda: len(served.pods) == 3)
        pets.edit(pets.entry(CATS, 2), pets.entry(DOGS, uri=typo))
        pets.until_moved(CATS, 2)
        assert f"model {DOGS}: " in served.condition()["message"]
        pets.edit(pets.entry(CATS, 2), pets.entry(DOGS))
        served.until_done()
    assert [answers.runs for answers in heard] == [[1], [1]]
    assert served.pods == before, "no pod had to be replaced"
    assert [pod.restarts for pod in before] == [0, 0]


def test_a_model_that_is_removed_or_renamed_is_served_until_its_pod_goes(pets: Pets) -> None:
    served = pets.served
    served.node.is_full = True
    renamed = {**pets.entry(DOGS), "name": "hounds"}
    pets.edit(pets.entry(CATS, 2), renamed)
    pets.until_moved(CATS, 2)
    assert pets.answers(DOGS) == [1, 1]
    pets.edit(pets.entry(CATS, 1))
    pets.until_moved(CATS, 1)
    assert pets.answers(DOGS) == [1, 1]
    served.node.is_full = False
    served.until_done()
    assert (pets.answers(CATS), pets.answers(DOGS)) == ([1, 1], [None, None])


def test_the_loss_of_the_first_model_leaves_the_others_reachable(pets: Pets) -> None:
    served = pets.served
    served.node.keeps_probing = True
    away = pets.folders[CATS].move_away(1)
    found = served.until_reason("VersionNotFound")
    assert f"model {CATS} version 1" in found["message"]
    assert [pod.ready for pod in served.pods] == [True, True]
    assert (pets.answers(CATS), pets.answers(DOGS)) == ([None, None], [1, 1])
    pets.edit(pets.entry(CATS), pets.entry(DOGS, 2))
    pets.until_moved(DOGS, 2)
    pets.folders[CATS].move_back(1, away)
    served.until_done()
    assert (pets.answers(CATS), pets.answers(DOGS)) == ([1, 1], [2, 2])
    assert [pod.ready for pod in served.pods] == [True, True]
