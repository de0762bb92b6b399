"""The examples but `mnist`, whose end-to-end tests say enough: trained, served, and asked by the files that they have.

On the data that the scripts draw, so that it is the same on every machine.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from testing.clients import saved_model
from testing.conformance.models import config_list, model_config

EXAMPLES = Path(__file__).parents[2] / "examples"
TRAIN_SECONDS = 200
DRAWN = {"flowers": ["--data", "drawn"], "cats-vs-dogs": ["--data", "drawn"], "boston": ["--data", "drawn"]}


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Runs an example's train.py once; answers the folder that it was told to write."""
    trained: dict[str, Path] = {}

    def trained_once(example: str) -> Path:
        if example not in trained:
            out = tmp_path_factory.mktemp(example) / example
            command = [sys.executable, str(EXAMPLES / example / "train.py"), "--out", str(out)]
            subprocess.run([*command, *DRAWN.get(example, [])], check=True, timeout=TRAIN_SECONDS)
            trained[example] = out
        return trained[example]

    return trained_once


def request(path: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(path.read_text())
    return body


def served(start: Any, models: Mapping[str, Path], folder: Path) -> Any:
    """A server of these models, by name and base path, in all their versions."""
    file = folder / "models.config"
    file.write_text(config_list(*(model_config(name, path, policy="all {}") for name, path in models.items())))
    return start(f"--model_config_file={file}").until_ready().rest


def answered(rest: Any, route: str, body: Mapping[str, Any]) -> list[Any]:
    reply = rest.post(f"/v1/models/{route}:predict", body)
    assert reply.status == 200, reply.text
    return list(reply.json["predictions"])


def test_linear_finds_the_plane_and_answers_by_both_signatures(train: Any, start: Any, tmp_path: Path) -> None:
    out = train("linear")
    rest = served(start, {"linear": out}, tmp_path)
    for name in ("request.json", "request-by-name.json"):
        body = request(EXAMPLES / "linear" / name)
        answers = answered(rest, "linear", body)
        assert saved_model.alike(answers, saved_model.predictions(out / "1", body))
        assert answers == pytest.approx([3 * 1 + 2 * 2 + 1, 3 * 5 + 2 * 7 + 1], abs=0.1)


def test_flowers_answers_for_pixels_and_for_files(train: Any, start: Any, tmp_path: Path) -> None:
    out = train("flowers")
    rest = served(start, {"flowers": out}, tmp_path)
    by_pixels, by_file = request(out.with_name("flowers-request.json")), request(EXAMPLES / "flowers" / "request.json")
    for body in (by_pixels, by_file):
        assert saved_model.alike(answered(rest, "flowers", body), saved_model.predictions(out / "001", body))
    assert [each["name"] for each in answered(rest, "flowers", by_file)] == ["daisy", "tulips"]


def test_flowers_has_the_shapes_and_the_output_that_its_readme_names(train: Any, start: Any, tmp_path: Path) -> None:
    rest = served(start, {"flowers": train("flowers")}, tmp_path)
    metadata = rest.get("/v1/models/flowers/metadata").json
    assert metadata["model_spec"]["version"] == "1", "the folder is 001"
    signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
    sizes = {
        name: [dim["size"] for dim in signature[way][name]["tensor_shape"]["dim"]]
        for way, name in (("inputs", "image"), ("outputs", "custom_class"))
    }
    assert sizes == {"image": ["-1", "224", "224", "3"], "custom_class": ["-1", "5"]}


def test_cats_vs_dogs_has_two_models_in_two_versions_that_differ(train: Any, start: Any, tmp_path: Path) -> None:
    out = train("cats-vs-dogs")
    names = ("cats-vs-dogs", "cats-vs-dogs-small")
    rest = served(start, {name: out / name for name in names}, tmp_path)
    body, seen = request(EXAMPLES / "cats-vs-dogs" / "request.json"), []
    for name in names:
        for version in (1, 2):
            answers = answered(rest, f"{name}/versions/{version}", body)
            assert saved_model.alike(answers, saved_model.predictions(out / name / str(version), body))
            assert [each["class"] for each in answers] == ["cat", "dog"]
            seen.append(answers)
    assert not any(saved_model.alike(a, b) for i, a in enumerate(seen) for b in seen[:i]), "an answer tells who gave it"


def test_boston_answers_its_request_and_its_samples(train: Any, start: Any, tmp_path: Path) -> None:
    out = train("boston")
    rest = served(start, {"boston": out}, tmp_path)
    samples = [json.loads(line) for line in out.with_name("boston-samples.jsonl").read_text().splitlines()]
    prices = json.loads(out.with_name("boston-prices.json").read_text())
    answers = []
    for body in (request(EXAMPLES / "boston" / "request.json"), *samples):
        answers += answered(rest, "boston", body)
        assert saved_model.alike(answers[-1:], saved_model.predictions(out / "1", body))
    assert len(samples) == len(prices) == 20
    off = [abs(answer - price) for answer, price in zip(answers[1:], prices, strict=True)]
    assert sum(off) / len(off) < 4, "in 1,000 $"
