"""examples/flowers: every command of its README; and the answers of the image are the model's own."""

import json
from pathlib import Path

from testing.clients import saved_model
from testing.local_cluster.commands import ROOT
from testing.local_cluster.kubectl import Kubectl
from tests.e2e.support import page

EXAMPLE = ROOT / "examples" / "flowers"
IMAGE = ROOT / "build" / "flowers-image"
SECONDS = 600  # most of it for a download of photos, and for loading an image of 0.8 GB into the cluster


def test_the_readme_works_and_the_answers_are_the_models_own(kubeconfig: Path, namespace: Kubectl) -> None:
    output = page.run(EXAMPLE / "README.md", kubeconfig, namespace, SECONDS)
    bodies = [json.loads(file.read_text()) for file in (IMAGE / "flowers-request.json", EXAMPLE / "request.json")]
    local = [saved_model.predictions(IMAGE / "flowers" / "001", body) for body in bodies]
    assert saved_model.alike(page.predictions(output), local), local
    assert "outputs['custom_class'] tensor_info" in output, "saved_model_cli shows it"
    assert '"custom_class": {' in output, "and so does the server"
    page.await_nothing_left(namespace)
