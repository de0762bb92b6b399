"""The chart as a whole: lint, labels, names, packaging, and what the defaults render to."""

import os
import tomllib
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOLDEN = HERE / "golden"
TEMPLATES = sorted(
    file.name for file in (ROOT / "charts/tfs-operator/templates").glob("*.yaml") if file.name != "crd.yaml"
)
METADATA = yaml.safe_load((ROOT / "charts/tfs-operator/Chart.yaml").read_text())


def test_lint(chart):
    output = chart.output("lint", "--strict", "--kube-version", "1.30", str(chart.path))
    assert "[WARNING]" not in output
    assert "1 chart(s) linted, 0 chart(s) failed" in output


def test_package_installs_the_same(chart, tmp_path):
    chart.output("package", str(chart.path), "--destination", str(tmp_path))
    (archive,) = tmp_path.iterdir()
    assert archive.name == f"tfs-operator-{METADATA['version']}.tgz"
    packaged = type(chart)(chart.helm, archive)
    assert packaged.render() == chart.render()


@pytest.mark.parametrize("template", TEMPLATES)
def test_defaults_render_as_recorded(chart, template):
    """`TFS_UPDATE_GOLDEN=1 pytest tests/chart` records anew. The CRD has its own comparison in test_crd.py."""
    golden = GOLDEN / template
    rendered = chart.source(template)
    if os.environ.get("TFS_UPDATE_GOLDEN") == "1":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(rendered)
    assert rendered == golden.read_text()


def test_no_golden_is_left_over():
    assert sorted(file.name for file in GOLDEN.iterdir()) == TEMPLATES


def test_every_template_has_a_test_module():
    modules = "".join(file.read_text() for file in HERE.glob("test_*.py") if file.name != Path(__file__).name)
    assert [name for name in [*TEMPLATES, "crd.yaml", "NOTES.txt"] if name not in modules] == []


def test_every_object_is_labelled(chart):
    for each in chart.render("crds.install=false"):
        labels = each["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == "tfs-operator"
        assert labels["app.kubernetes.io/instance"] == "tfs-operator"
        assert labels["app.kubernetes.io/version"] == METADATA["appVersion"]
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        assert labels["app.kubernetes.io/part-of"] == "tfs-operator"
        assert labels["helm.sh/chart"] == f"tfs-operator-{METADATA['version']}"


@pytest.mark.parametrize("namespace", ["default", "kube-system", "ml-platform"])
def test_goes_into_any_namespace(chart, namespace):
    namespaced = [each for each in chart.render(namespace=namespace) if "namespace" in each["metadata"]]
    assert {each["kind"] for each in namespaced} == {"ServiceAccount", "Deployment", "Service", "Role", "RoleBinding"}
    assert {each["metadata"]["namespace"] for each in namespaced} == {namespace}


@pytest.mark.parametrize(
    ("release", "setting", "name"),
    [
        ("tfs-operator", "", "tfs-operator"),
        ("prod", "", "prod-tfs-operator"),
        ("prod", "nameOverride=serving", "prod-serving"),
        ("prod", "fullnameOverride=serving", "serving"),
        ("a" * 53, "", "a" * 53 + "-t"),
    ],
)
def test_names(chart, release, setting, name):
    deployment = chart.one("deployment.yaml", *filter(None, [setting]), release=release)
    assert deployment["metadata"]["name"] == name


def test_names_that_yaml_takes_for_numbers_stay_text(chart):
    settings = ["serviceAccount.name=1e3"]
    for each in chart.render(*settings, "crds.install=false", release="1e3"):
        assert each["metadata"]["labels"]["app.kubernetes.io/instance"] == "1e3"
    assert chart.one("serviceaccount.yaml", *settings)["metadata"]["name"] == "1e3"


def test_no_object_appears_twice(chart):
    names = [(each["kind"], each["metadata"]["name"]) for each in chart.render()]
    assert len(names) == len(set(names)) == 10


def test_old_clusters_are_refused(chart):
    result = chart.run("template", "tfs-operator", str(chart.path), "--kube-version", "1.29.9")
    assert result.returncode != 0
    assert "requires kubeVersion: >=1.30.0-0" in result.stderr
    assert chart.run("template", "x", str(chart.path), "--kube-version", "v1.30.2-eks-1").returncode == 0


def test_version_is_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert METADATA["appVersion"] == project["version"]
    assert f"tfs-operator:{METADATA['appVersion']}" in METADATA["annotations"]["artifacthub.io/images"]


def test_artifacthub_annotations_are_yaml():
    annotations = METADATA["annotations"]
    (crd,) = yaml.safe_load(annotations["artifacthub.io/crds"])
    (example,) = yaml.safe_load(annotations["artifacthub.io/crdsExamples"])
    assert (crd["kind"], f"tfs-operator.io/{crd['version']}") == (example["kind"], example["apiVersion"])
