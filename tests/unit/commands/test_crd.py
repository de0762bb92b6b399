"""`tfs-operator crd`: the definition, as it is checked in."""

from pathlib import Path

import pytest
import yaml

from tfs_operator.api.crd import custom_resource_definition
from tfs_operator.cli import main

ROOT = Path(__file__).parents[3]


def test_it_prints_the_file_that_is_checked_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crd"]) == 0
    assert capsys.readouterr().out == (ROOT / "crds/tfs-operator.io_tfmodels.yaml").read_text(), "run make generate"


def test_it_is_plain_yaml_without_aliases(capsys: pytest.CaptureFixture[str]) -> None:
    main(["crd"])
    text = capsys.readouterr().out
    assert yaml.safe_load(text) == custom_resource_definition()
    assert not [event for event in yaml.parse(text) if isinstance(event, yaml.AliasEvent)]


def test_annotations_can_be_added(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crd", "--annotation", "a/b=c=d", "--annotation=e="]) == 0
    metadata = yaml.safe_load(capsys.readouterr().out)["metadata"]
    assert metadata == {"name": "tfmodels.tfs-operator.io", "annotations": {"a/b": "c=d", "e": ""}}


@pytest.mark.parametrize("annotation", ["a", "=b", ""])
def test_what_is_no_annotation_is_wrong_usage(annotation: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["crd", f"--annotation={annotation}"])
    assert stop.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "is not KEY=VALUE" in output.err
