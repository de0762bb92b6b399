"""`tfs-operator render`: all manifests, or what is wrong and exit status 2."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tfs_operator.cli import main

GOOD = """\
apiVersion: tfs-operator.io/v1alpha1
kind: TFModel
metadata: {name: mnist}
spec: {modelUri: pvc://models/mnist}
"""
KINDS = ["ConfigMap", "Service", "Service", "Deployment"]


class Answer:
    """What one call printed."""

    def __init__(self, status: int, output: Any) -> None:
        self.status, self.out, self.err = status, output.out, output.err

    @property
    def manifests(self) -> list[dict[str, Any]]:
        return list(yaml.safe_load_all(self.out))


class Render:
    """Calls the command on a file with the text given."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.file = folder / "tfmodel.yaml"
        self._capsys = capsys

    def __call__(self, text: str, *flags: str) -> Answer:
        self.file.write_text(text)
        return self.named(str(self.file), *flags)

    def named(self, filename: str, *flags: str) -> Answer:
        status = main(["render", "-f", filename, *flags])
        return Answer(status, self._capsys.readouterr())


@pytest.fixture
def render(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Render:
    return Render(tmp_path, capsys)


def image_of(answer: Answer) -> str:
    [deployment] = [manifest for manifest in answer.manifests if manifest["kind"] == "Deployment"]
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


def test_it_prints_one_stream_of_manifests(render: Render) -> None:
    answer = render(GOOD)
    assert (answer.status, answer.err) == (0, "")
    assert [manifest["kind"] for manifest in answer.manifests] == KINDS
    assert answer.out.startswith("---\n")
    assert answer.out.count("---\n") == len(KINDS)


def test_it_prints_the_same_text_every_time(render: Render) -> None:
    assert render(GOOD).out == render(GOOD).out


def test_it_reads_standard_input(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(GOOD))
    assert render.named("-").out == render(GOOD).out


def test_several_tfmodels_are_rendered_one_after_the_other(render: Render) -> None:
    answer = render(f"---\n{GOOD}---\n\n---\n{GOOD.replace('name: mnist', 'name: cats')}")
    names = [manifest["metadata"]["name"] for manifest in answer.manifests if manifest["kind"] == "Deployment"]
    assert names == ["mnist", "cats"]
    assert len(answer.manifests) == 2 * len(KINDS)


def test_json_is_yaml_too(render: Render) -> None:
    text = '{"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "metadata": {"name": "mnist"}, "spec": '
    assert render(text + '{"modelUri": "pvc://models/mnist"}}').out == render(GOOD).out


class TestFlags:
    def test_the_images_can_be_chosen(self, render: Render) -> None:
        flags = ["--server-image=a:1", "--gpu-server-image=b:1"]
        assert image_of(render(GOOD, *flags)) == "a:1"
        assert image_of(render(GOOD.replace("models/mnist}\n", "models/mnist, gpus: 1}\n"), *flags)) == "b:1"

    def test_the_default_image_is_tensorflow_servings_own(self, render: Render) -> None:
        assert image_of(render(GOOD)) == "tensorflow/serving:2.21.0"

    @pytest.mark.parametrize(
        ("metadata", "flags", "namespace"),
        [
            ("{name: mnist}", [], "default"),
            ("{name: mnist}", ["-n", "shop"], "shop"),
            ("{name: mnist, namespace: null}", ["-n", "shop"], "shop"),
            ("{name: mnist, namespace: own}", ["-n", "shop"], "own"),
        ],
    )
    def test_the_namespace_is_the_tfmodels_or_the_flags(
        self, render: Render, metadata: str, flags: list[str], namespace: str
    ) -> None:
        answer = render(GOOD.replace("{name: mnist}", metadata), *flags)
        assert {manifest["metadata"]["namespace"] for manifest in answer.manifests} == {namespace}

    def test_a_node_path_needs_its_flag(self, render: Render) -> None:
        text = GOOD.replace("pvc://models/mnist", "hostpath:///srv/mnist")
        refused = render(text)
        assert (refused.status, refused.out) == (2, "")
        assert "modelUri: hostpath://" in refused.err
        assert "--allow-hostpath" in refused.err
        assert render(text, "--allow-hostpath").status == 0


class TestInvalid:
    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("modelUri: pvc://models/mnist", "", "spec: set exactly one of modelUri"),
            ("pvc://models/mnist", "ftp://b/m", "spec.modelUri: must begin with pvc://, file://, s3://"),
            ("pvc://models/mnist", "pvc://models/../m", "spec.modelUri: must not have '.' or '..'"),
            ("pvc://models/mnist", "pvc://models", "spec.modelUri: must name a place"),
            (
                "models/mnist}\n",
                "models/mnist, replicas: -1}\n",
                "spec.replicas: Input should be greater than or equal to 0",
            ),
            ("models/mnist}\n", "models/mnist, gpus: 1.5}\n", "spec.gpus: Input should be a valid integer"),
            ("models/mnist}\n", "models/mnist, verions: [1]}\n", "spec.verions: Extra inputs are not permitted"),
            ("models/mnist}\n", "models/mnist, model_uri: x}\n", "spec.model_uri: Extra inputs are not permitted"),
            ("{modelUri: pvc://models/mnist}", "{models: []}", "spec.models: List should have at least 1 item"),
            ("name: mnist}", "name: Mnist}", "metadata.name: metadata.name names the Service too"),
            ("name: mnist}", f"name: {'a' * 53}}}", "metadata.name: metadata.name names the Service too"),
            ("name: mnist}", "}", "metadata.name: Field required"),
            ("{name: mnist}", "mnist", "metadata: Input should be a valid dictionary"),
            ("kind: TFModel", "kind: Deployment", "kind: Input should be 'TFModel'"),
            ("v1alpha1", "v2", "apiVersion: Input should be 'tfs-operator.io/v1alpha1'"),
            ("kind: TFModel\n", "", "apiVersion or kind is missing"),
            ("spec: {modelUri: pvc://models/mnist}\n", "", "spec: Field required"),
        ],
    )
    def test_the_field_and_what_is_wrong_with_it_is_told(self, render: Render, old: str, new: str, words: str) -> None:
        assert old in GOOD
        answer = render(GOOD.replace(old, new))
        assert (answer.status, answer.out) == (2, "")
        [line] = answer.err.splitlines()
        assert line.startswith(f"{render.file}: {words}")

    def test_every_problem_has_a_line(self, render: Render) -> None:
        answer = render(GOOD.replace("models/mnist}\n", "models/mnist, replicas: -1, gpus: -1}\n"))
        assert [line.split(": ")[1] for line in answer.err.splitlines()] == ["spec.replicas", "spec.gpus"]

    def test_one_bad_document_keeps_all_from_being_printed(self, render: Render) -> None:
        answer = render(f"{GOOD}---\n{GOOD.replace('pvc', 'ftp')}")
        assert (answer.status, answer.out) == (2, "")

    @pytest.mark.parametrize(
        "text",
        [
            "a: [",
            "a: b: c",
            "\tx: 1",
            "a: &a [*b]",
            "? [a]\n: b",
            "!!python/object/apply:os.getcwd []",
            "a: 2026-13-45",
            "a: &a {b: *a}",
            "just words",
            "{a: " * 3000 + "1" + "}" * 3000,
            "[" * 100_000,
            "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            + "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)),
            "- a",
            "5",
            "",
            "---\n---\n",
            "# nothing\n",
        ],
    )
    def test_what_is_no_yaml_or_no_object_is_told_in_one_line(self, render: Render, text: str) -> None:
        answer = render(text)
        assert (answer.status, answer.out) == (2, "")
        [line] = answer.err.splitlines()
        assert line.startswith(f"{render.file}: ")

    def test_references_within_reason_become_copies(self, render: Render) -> None:
        shared = "env: [{name: A, value: &v b}, {name: B, value: *v}]"
        assert render(GOOD.replace("{modelUri", f"{{server: {{{shared}}}, modelUri")).status == 0

    def test_nobody_who_reads_on_is_no_mistake(self, render: Render) -> None:
        """As with `| head -1`."""
        render.file.write_text(GOOD)
        command = [sys.executable, "-m", "tfs_operator.cli", "render", "-f", str(render.file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 1

    @pytest.mark.parametrize(
        "value",
        [
            "!!int ''",
            "!!float ''",
            "!!bool x",
            "!!timestamp x",
            "!!timestamp 9999-12-31T23:59:59-23:59",
            "1:2:x",
            "=",
            "!x y",
        ],
    )
    def test_values_that_are_not_of_the_type_of_their_tag(self, render: Render, value: str) -> None:
        answer = render(f"{GOOD}status: {value}\n")
        assert answer.status in (0, 2)
        assert answer.err.count("\n") == (1 if answer.status else 0)

    def test_what_a_file_says_is_shown_on_one_line_that_can_be_printed(self, render: Render) -> None:
        answer = render(GOOD.replace("modelUri:", '"a\\e[2Jb\\nc":'))
        assert answer.status == 2
        assert "spec.a [2Jb c: Extra inputs" in answer.err

    def test_bytes_that_are_no_text_are_told(self, render: Render) -> None:
        render.file.write_bytes(b"\xff\xfe\x00")
        assert render.named(str(render.file)).status == 2

    def test_a_missing_file_is_told_by_its_name(self, render: Render) -> None:
        answer = render.named("/nowhere/tfmodel.yaml")
        assert (answer.status, answer.out) == (2, "")
        assert answer.err.startswith("/nowhere/tfmodel.yaml: ")
        assert "No such file" in answer.err

    def test_a_folder_is_no_file(self, render: Render, tmp_path: Path) -> None:
        assert render.named(str(tmp_path)).status == 2

    def test_a_missing_flag_is_wrong_usage(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as stop:
            main(["render"])
        assert stop.value.code == 2
        assert "-f" in capsys.readouterr().err


class TestYamlAsKubernetesReadsIt:
    def test_a_date_is_a_text(self, render: Render) -> None:
        answer = render(
            GOOD.replace("models/mnist}\n", "models/mnist, podTemplate: {annotations: {since: 2026-11-21}}}\n")
        )
        [deployment] = [manifest for manifest in answer.manifests if manifest["kind"] == "Deployment"]
        assert deployment["spec"]["template"]["metadata"]["annotations"]["since"] == "2026-11-21"

    def test_a_key_is_a_text(self, render: Render) -> None:
        answer = render(GOOD.replace("models/mnist}\n", "models/mnist, versionLabels: {1: 2}}\n"))
        assert 'version_labels { key: "1" value: 2 }' in answer.manifests[0]["data"]["models.config"]

    def test_an_anchor_is_written_out(self, render: Render) -> None:
        text = "models/mnist, podTemplate: {labels: &a {x: y}, annotations: *a, nodeSelector: *a}}\n"
        answer = render(GOOD.replace("models/mnist}\n", text))
        assert answer.status == 0
        assert "&" not in answer.out
