"""templates/crd.yaml: the generated CustomResourceDefinition, unchanged, and kept at uninstall."""

import yaml

TEMPLATE = "crd.yaml"
KEEP = {"helm.sh/resource-policy": "keep"}


def test_is_the_generated_file_with_the_releases_labels(chart):
    file = chart.path / "files" / "tfmodels-crd.yaml"
    definition = chart.one(TEMPLATE)
    assert definition["metadata"].pop("labels") == chart.one("service.yaml")["metadata"]["labels"]
    assert definition == yaml.safe_load(file.read_text())


def test_is_the_one_under_crds_with_the_keep_policy(chart):
    definition = chart.one(TEMPLATE)
    (original,) = (yaml.safe_load(file.read_text()) for file in (chart.path.parents[1] / "crds").glob("*.yaml"))
    annotations = definition["metadata"]["annotations"]
    assert annotations.items() >= KEEP.items()
    annotations = {key: value for key, value in annotations.items() if key not in KEEP}
    definition["metadata"].pop("annotations")
    definition["metadata"].pop("labels")
    if annotations:
        definition["metadata"]["annotations"] = annotations
    assert definition == original


def test_names_what_the_roles_name(chart):
    definition = chart.one(TEMPLATE)
    assert definition["metadata"]["name"] == "tfmodels.tfs-operator.io"
    assert definition["spec"]["names"]["kind"] == "TFModel"
    assert definition["spec"]["scope"] == "Namespaced"


def test_can_be_left_out(chart):
    kinds = {kind for kind, _ in chart.kinds("crds.install=false")}
    assert "CustomResourceDefinition" not in kinds
