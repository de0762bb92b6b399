"""The chart as a whole: lint, labels, names, packaging, and what the defaults render to."""

import json
import os
import tomllib
from functools import reduce
from pathlib import Path

import pytest
import yaml

from hack import chart_readme
from testing.chart import VALUE_FILES

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOLDEN = HERE / "golden"
CHART = ROOT / "charts/tfs-operator"
TEMPLATES = sorted(str(file.relative_to(CHART / "templates")) for file in (CHART / "templates").rglob("*.yaml"))
CASES = {"defaults": (GOLDEN, []), **{case: (GOLDEN / case, [file]) for case, file in VALUE_FILES.items()}}
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
EVERYTHING = yaml.safe_load(Path(VALUE_FILES["everything"]).read_text())
METADATA = yaml.safe_load((CHART / "Chart.yaml").read_text())


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


@pytest.mark.parametrize("case", CASES)
def test_renders_as_recorded(chart, case):
    """`TFS_UPDATE_GOLDEN=1 pytest tests/chart` records anew. The CRD has its own comparison in test_crd.py."""
    golden, settings = CASES[case]
    rendered = {name: text for name in TEMPLATES if name != "crd.yaml" and (text := chart.source(name, *settings))}
    if os.environ.get("TFS_UPDATE_GOLDEN") == "1":
        record(golden, rendered)
    assert {name: (golden / name).read_text() for name in recorded(golden)} == rendered


def test_everything_has_every_setting_away_from_its_default(values):
    """But for what is on by default, and for the namespaces that have a case of their own."""
    for path, default, _ in chart_readme.leaves(values, SCHEMA):
        if default is not True and path != "watchNamespaces":
            given = reduce(lambda part, name: part.get(name, {}), path.split("."), EVERYTHING)
            assert given not in ({}, default), f"everything-values.yaml leaves {path} as it is"


def recorded(golden):
    """The files of one case: those of the defaults lie beside the other cases' folders."""
    files = (file.relative_to(golden) for file in golden.rglob("*.yaml"))
    return sorted(str(file) for file in files if file.parts[0] not in VALUE_FILES)


def record(golden, rendered):
    for name in recorded(golden):
        (golden / name).unlink()
    for name, text in rendered.items():
        (golden / name).parent.mkdir(parents=True, exist_ok=True)
        (golden / name).write_text(text)


def test_every_template_renders_in_some_case(chart):
    """Else nothing would see a mistake in it."""
    text = "".join(chart.text(*settings) for _, settings in CASES.values())
    assert [name for name in TEMPLATES if f"# Source: tfs-operator/templates/{name}\n" not in text] == []


def test_every_template_has_a_test_module():
    modules = "".join(file.read_text() for file in HERE.glob("test_*.py") if file.name != Path(__file__).name)
    assert [name for name in [*TEMPLATES, "NOTES.txt"] if name not in modules] == []


@pytest.mark.parametrize("settings", [["replicas=2"], ["watchNamespaces={a,b}"]])
def test_every_object_is_labelled(chart, settings):
    for each in chart.render(*settings, "commonLabels.team=ml"):
        labels = each["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] in {"tfs-operator", "tfs-operator-test"}
        assert labels["team"] == "ml"
        assert labels["app.kubernetes.io/instance"] == "tfs-operator"
        assert labels["app.kubernetes.io/version"] == METADATA["appVersion"]
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        assert labels["app.kubernetes.io/part-of"] == "tfs-operator"
        assert labels["helm.sh/chart"] == f"tfs-operator-{METADATA['version']}"


@pytest.mark.parametrize("namespace", ["default", "kube-system", "ml-platform"])
def test_goes_into_any_namespace(chart, namespace):
    cluster_scoped = {"CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"}
    for each in chart.render(namespace=namespace):
        assert ("namespace" in each["metadata"]) == (each["kind"] not in cluster_scoped)
        assert each["metadata"].get("namespace", namespace) == namespace


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
    for each in chart.render(*settings, release="1e3"):
        assert each["metadata"]["labels"]["app.kubernetes.io/instance"] == "1e3"
    assert chart.one("serviceaccount.yaml", *settings)["metadata"]["name"] == "1e3"


def test_no_object_appears_twice(chart):
    names = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in chart.render()]
    assert len(names) == len(set(names))


def test_old_clusters_are_refused(chart):
    result = chart.run("template", "tfs-operator", str(chart.path), "--kube-version", "1.29.9")
    assert result.returncode != 0
    assert "requires kubeVersion: >=1.30.0-0" in result.stderr
    assert chart.run("template", "x", str(chart.path), "--kube-version", "v1.30.2-eks-1").returncode == 0


def test_version_is_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert METADATA["appVersion"] == project["version"]


def test_artifacthub_images_are_what_the_defaults_run(values):
    listed = {each["image"] for each in yaml.safe_load(METADATA["annotations"]["artifacthub.io/images"])}
    operator = f"{values['image']['repository']}:{METADATA['appVersion']}"
    assert listed == {operator, *values["serverImages"].values()}


def test_artifacthub_changes_are_of_its_kinds():
    changes = yaml.safe_load(METADATA["annotations"]["artifacthub.io/changes"])
    kinds = {"added", "changed", "deprecated", "removed", "fixed", "security"}
    assert {change["kind"] for change in changes} <= kinds
    assert all(change.keys() == {"kind", "description"} for change in changes)


def test_artifacthub_crds_and_their_example_fit_together():
    annotations = METADATA["annotations"]
    (crd,) = yaml.safe_load(annotations["artifacthub.io/crds"])
    (example,) = yaml.safe_load(annotations["artifacthub.io/crdsExamples"])
    assert (crd["kind"], f"tfs-operator.io/{crd['version']}") == (example["kind"], example["apiVersion"])
