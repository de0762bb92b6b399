"""examples/cats-vs-dogs: every command of its README; and each version of each model answers as it does locally."""

import json
from pathlib import Path

from testing.clients import saved_model
from testing.local_cluster.commands import ROOT
from testing.local_cluster.kubectl import Kubectl
from tests.e2e.support import page

EXAMPLE = ROOT / "examples" / "cats-vs-dogs"
ASKED = ("cats-vs-dogs/2", "cats-vs-dogs/1", "cats-vs-dogs-small/1", "cats-vs-dogs-small/2")
SECONDS = 600  # most of it for a download of photos, and for training


def test_the_readme_works_and_the_answers_are_the_models_own(kubeconfig: Path, namespace: Kubectl) -> None:
    output = page.run(EXAMPLE / "README.md", kubeconfig, namespace, SECONDS)
    body = json.loads((EXAMPLE / "request.json").read_text())
    local = [saved_model.predictions(ROOT / "build" / "pets" / version, body) for version in ASKED]
    assert saved_model.alike(page.predictions(output), local), local
    assert not any(saved_model.alike(a, b) for i, a in enumerate(local) for b in local[:i]), "each answers otherwise"
    page.await_nothing_left(namespace)
