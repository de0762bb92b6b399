"""examples/linear: every command of its README; and the answers of the archive are the model's own."""

import json
from pathlib import Path

from testing.clients import saved_model
from testing.local_cluster.commands import ROOT
from testing.local_cluster.kubectl import Kubectl
from tests.e2e.support import page

EXAMPLE = ROOT / "examples" / "linear"
SECONDS = 400


def test_the_readme_works_and_the_answers_are_the_models_own(kubeconfig: Path, namespace: Kubectl) -> None:
    output = page.run(EXAMPLE / "README.md", kubeconfig, namespace, SECONDS)
    bodies = [json.loads((EXAMPLE / name).read_text()) for name in ("request.json", "request-by-name.json")]
    local = [saved_model.predictions(ROOT / "build" / "linear" / "1", body) for body in bodies]
    assert saved_model.alike(page.predictions(output), local), local
    assert 'Serving signature name: \\"squared\\" not found in signature def' in output
    page.await_nothing_left(namespace)
