"""Several models in one server: each rolls out on its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from testing.api_client import Api, Manifest
from testing.control_plane.operator_process import OperatorProcess
from testing.fleet import asking
from testing.fleet.model_folder import ModelFolder
from testing.fleet.served import Served, serving

BAD = 9
CATS, DOGS = "cats", "dogs"


@dataclass(frozen=True)
class Both:
    """A TFModel with two models, and their folders."""

    served: Served
    cats: ModelFolder
    dogs: ModelFolder

    def rewrite(self, cats: dict[str, int], dogs: dict[str, int], *more: Manifest) -> None:
        """Which labels each of the two models has."""
        self.served.edit(models=[entry(CATS, self.cats, cats), entry(DOGS, self.dogs, dogs), *more])

    def answers(self, model: str, label: str = "stable") -> list[int | None]:
        return self.served.answers(label, model)


def entry(name: str, folder: ModelFolder, labels: dict[str, int]) -> Manifest:
    return {"name": name, "modelUri": folder.uri, "versionLabels": labels}


@pytest.fixture(scope="module")
def folders(saved_model: Path, tmp_path_factory: pytest.TempPathFactory) -> list[ModelFolder]:
    base = tmp_path_factory.mktemp("models")
    made = [ModelFolder(base / name, saved_model) for name in (CATS, DOGS)]
    for folder in made:
        folder.publish(1, 2, 3)
    return made


@pytest.fixture(scope="module")
def fleet(
    api: Api, operator: OperatorProcess, folders: list[ModelFolder], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    models = [entry(name, folder, {"stable": 1}) for name, folder in zip((CATS, DOGS), folders, strict=True)]
    spec: dict[str, Any] = {"modelUri": None, "versionLabels": None, "models": models}
    with serving(api, folders[0], tmp_path_factory.mktemp("pods"), **spec) as served:
        yield served


@pytest.fixture
def both(fleet: Served, folders: list[ModelFolder]) -> Both:
    """Both models serve version 1 as stable."""
    both = Both(fleet, *folders)
    both.rewrite({"stable": 1}, {"stable": 1})
    fleet.until_done()
    return both


def test_an_edit_of_one_moves_only_its_labels(both: Both) -> None:
    with both.served.heard("stable", model=DOGS) as heard:
        both.rewrite({"stable": 2, "canary": 3}, {"stable": 1})
        both.served.until_done()
    assert (both.answers(CATS), both.answers(CATS, "canary")) == ([2, 2], [3, 3])
    assert both.served.available(CATS) == [[2, 3], [2, 3]]
    assert both.served.available(DOGS) == [[1], [1]]
    assert [answers.runs for answers in heard] == [[1], [1]]


def test_both_move_in_one_edit(both: Both) -> None:
    both.rewrite({"stable": 2}, {"stable": 3})
    both.served.until_done()
    assert (both.answers(CATS), both.answers(DOGS)) == ([2, 2], [3, 3])
    assert both.served.committed(CATS) == ([2], {"stable": 2})
    assert both.served.committed(DOGS) == ([3], {"stable": 3})


def test_a_bad_version_of_one_holds_up_no_other(both: Both) -> None:
    served = both.served
    both.cats.publish_damaged(BAD)
    both.rewrite({"stable": BAD}, {"stable": 2})
    served.until_step("Withdraw", CATS)
    served.until_step("Done", DOGS)
    assert (both.answers(CATS), both.answers(DOGS)) == ([1, 1], [2, 2])
    assert served.condition("Progressing")["reason"] == "VersionFailed"
    assert f"model {CATS}" in served.condition("Progressing")["message"]
    assert served.committed(CATS) == ([1], {"stable": 1})
    assert served.committed(DOGS) == ([2], {"stable": 2})
    both.rewrite({"stable": BAD}, {"stable": 2, "canary": 2})
    served.until(lambda: both.answers(DOGS, "canary") == [2, 2])
    assert served.condition("Progressing")["reason"] == "VersionFailed"
    served.restart(served.pods[0])
    assert (both.answers(CATS), both.answers(DOGS, "canary")) == ([1, 1], [2, 2])
    served.until(lambda: any(note.startswith(f"model {CATS}: ") for note in served.events("VersionFailed")))
    assert any(note.startswith(f"model {DOGS}: canary → 2") for note in served.events("LabelMoved"))


def test_a_slow_version_of_one_holds_up_no_other(both: Both) -> None:
    served = both.served
    both.cats.publish_slow(BAD)
    both.rewrite({"stable": BAD}, {"stable": 1})
    served.until(lambda: asking.version_states(served.pods[0].address, CATS).get(BAD) == "LOADING")
    both.rewrite({"stable": BAD}, {"stable": 3})
    served.until(lambda: both.answers(DOGS) == [3, 3])
    served.until_step("Done", DOGS)
    assert asking.version_states(served.pods[0].address, CATS).get(BAD) == "LOADING"
    assert both.answers(CATS) == [1, 1]
    both.cats.finish(BAD)
    served.until_done()
    assert both.answers(CATS) == [BAD, BAD]


def test_a_missing_folder_of_one_holds_up_no_other(both: Both) -> None:
    both.rewrite({"stable": 1, "canary": 77}, {"stable": 1})
    both.served.until_step("Load", CATS)
    both.rewrite({"stable": 1, "canary": 77}, {"stable": 2})
    both.served.until(lambda: both.answers(DOGS) == [2, 2])
    both.served.until_step("Done", DOGS)
    assert both.answers(CATS) == [1, 1]


def test_a_model_is_added_and_taken_away(both: Both, saved_model: Path, tmp_path: Path) -> None:
    """Its pods are replaced one by one; labels of the others move before, and stay."""
    both.rewrite({"stable": 2}, {"stable": 1})
    both.served.until_done()
    before = {pod.name for pod in both.served.pods}
    birds = ModelFolder(tmp_path / "birds", saved_model)
    birds.publish(1)
    both.rewrite({"stable": 2}, {"stable": 1}, entry("birds", birds, {"stable": 1}))
    both.served.until_done()
    assert not before & {pod.name for pod in both.served.pods}
    assert [both.answers(name) for name in (CATS, DOGS, "birds")] == [[2, 2], [1, 1], [1, 1]]
    both.rewrite({"stable": 2}, {"stable": 1})
    both.served.until_done()
    assert both.answers("birds") == [None, None]
    assert both.answers(CATS) == [2, 2]
