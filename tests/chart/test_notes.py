"""templates/NOTES.txt: the next command, ready to paste."""

import shutil

import pytest
import yaml


@pytest.fixture
def notes(chart, tmp_path):
    """Renders the notes as `helm install` does, which needs a cluster to print them: `helm template` never does."""
    copy = type(chart)(chart.helm, tmp_path / "chart")
    shutil.copytree(chart.path, copy.path)
    (copy.path / "templates" / "NOTES.txt").rename(copy.path / "NOTES.txt")
    (copy.path / "templates" / "notes.yaml").write_text('text: {{ tpl (.Files.Get "NOTES.txt") . | toJson }}')
    return lambda *settings: copy.one("notes.yaml", *settings)["text"]


def test_tell_the_next_commands(notes):
    text = notes()
    assert "kubectl --namespace tfs rollout status deployment/tfs-operator\n" in text
    assert "kubectl get tfmodels\n" in text
    assert "kubectl wait --for=condition=Ready tfmodel/mnist --timeout=" in text


def test_no_test_is_spoken_of_where_there_is_none(notes):
    assert "helm test" in notes()
    assert "helm test" not in notes("test.enabled=false")


def test_pasted_manifest_is_a_tfmodel_of_the_crd(chart, notes):
    _, _, rest = notes().partition("<<YAML\n")
    manifest = yaml.safe_load(rest.partition("  YAML\n")[0])
    definition = chart.one("crd.yaml")["spec"]
    assert manifest["kind"] == definition["names"]["kind"]
    assert manifest["apiVersion"] in {f"{definition['group']}/{each['name']}" for each in definition["versions"]}
    assert manifest["metadata"]["name"] == "mnist"
    assert set(manifest["spec"]) == {"modelUri"}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("fullnameOverride=serving", "rollout status deployment/serving\n"),
        ("crds.install=false", "does not install the CustomResourceDefinition"),
        ("rbac.create=false", "bind the permissions in the chart's README.md"),
        ("watchNamespaces={team-a,team-b}", "in these namespaces only: team-a, team-b."),
        ("watchNamespaces={team-a,team-b}", "kubectl --namespace team-a get tfmodels\n"),
        ("test.timeoutSeconds=600", "helm test tfs-operator --namespace tfs --timeout 660s\n"),
    ],
)
def test_say_what_the_values_leave_to_do(notes, setting, words):
    assert words in notes(setting)
    assert words not in notes()
