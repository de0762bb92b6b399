"""Every manifest of a few TFModels, as text: what a change of the operator changes in a cluster shows in review.

`UPDATE_GOLDEN=1 pytest tests/unit/render/test_golden.py` writes the files anew; read the diff before it is committed.
"""

import os
from pathlib import Path

import pytest
import yaml

from tfs_operator.cli import main

HERE = Path(__file__).parent
EXAMPLES = sorted((HERE.parents[2] / "testing/tfmodels").glob("*.yaml"))
FLAGS = {
    "node-path": ["--allow-hostpath"],
    "encrypted": ["--operator-namespace=tfs"],
    "kubernetes-types": ["--operator-namespace=tfs"],
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_manifests_are_as_they_were(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "-f", str(path), *FLAGS.get(path.stem, [])]) == 0
    text = capsys.readouterr().out
    golden = HERE / "golden" / path.name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.write_text(text)
    assert text == golden.read_text()


def test_every_golden_file_has_its_tfmodel() -> None:
    assert [path.name for path in sorted((HERE / "golden").glob("*"))] == [path.name for path in EXAMPLES]


@pytest.mark.parametrize("path", sorted((HERE / "golden").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_golden_file_is_a_plain_stream_of_named_objects(path: Path) -> None:
    text = path.read_text()
    manifests = list(yaml.safe_load_all(text))
    assert all(manifest["apiVersion"] and manifest["kind"] and manifest["metadata"]["name"] for manifest in manifests)
    assert "&id" not in text
