"""What holds for the children of every valid TFModel."""

import copy
import json
import random
import re
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.render.rendering import Manifest, child, container, pod_spec, rendered
from tests.unit.render.strategies import MANIFESTS, TFMODELS, selections
from tfs_operator.api.resource import TFModel
from tfs_operator.api.server import MANAGED_FLAGS
from tfs_operator.api.tuning import BATCHING_FILE_FLAGS, TYPED_FLAGS
from tfs_operator.domain.drift import holds, projection
from tfs_operator.render.ports import GRPC_PORT, REST_PORT

moderate = settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])


def text(value: Any) -> str:
    """With the order of keys, for that is what is printed and compared."""
    return json.dumps(value)


def shuffled(value: Any, order: random.Random) -> Any:
    """The same JSON, its objects' keys in another order."""
    if isinstance(value, dict):
        items = [(key, shuffled(member, order)) for key, member in value.items()]
        order.shuffle(items)
        return dict(items)
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


def selected(manifest: Manifest, selection: Manifest) -> Manifest:
    """The same TFModel with other versions and labels for all of its models."""
    fields = ("versions", "versionPolicy", "versionLabels")

    def changed(owner: Mapping[str, Any]) -> Manifest:
        return {**{key: value for key, value in owner.items() if key not in fields}, **selection}

    spec = manifest["spec"]
    if "models" in spec:
        return {**manifest, "spec": {**spec, "models": [changed(model) for model in spec["models"]]}}
    return {**manifest, "spec": changed(spec)}


class TestDeterminism:
    @given(TFMODELS)
    @moderate
    def test_the_same_tfmodel_is_the_same_text(self, tfmodel: TFModel) -> None:
        assert text(rendered(tfmodel)) == text(rendered(tfmodel))

    @given(MANIFESTS, st.randoms(use_true_random=False))
    @moderate
    def test_the_order_of_keys_in_the_spec_does_not_matter(self, manifest: Manifest, order: random.Random) -> None:
        mixed = shuffled(manifest, order)
        assert rendered(TFModel.parse(mixed)) == rendered(TFModel.parse(manifest))

    @given(MANIFESTS)
    @moderate
    def test_rendering_leaves_the_spec_as_it_is(self, manifest: Manifest) -> None:
        before = copy.deepcopy(manifest)
        rendered(TFModel.parse(manifest))
        assert manifest == before


class TestDesired:
    @given(TFMODELS)
    @moderate
    def test_what_is_desired_holds_itself_also_after_a_round_trip(self, tfmodel: TFModel) -> None:
        for manifest in rendered(tfmodel):
            assert holds(manifest, manifest)
            assert holds(json.loads(json.dumps(manifest)), manifest)
            assert projection(manifest, manifest) == projection(json.loads(json.dumps(manifest)), manifest)

    @given(TFMODELS)
    @moderate
    def test_the_names_are_different_and_fit(self, tfmodel: TFModel) -> None:
        manifests = rendered(tfmodel)
        names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch("[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name) for _, name in names)

    @given(TFMODELS)
    @moderate
    def test_every_child_is_owned_labelled_and_in_the_namespace(self, tfmodel: TFModel) -> None:
        for manifest in rendered(tfmodel):
            metadata = manifest["metadata"]
            assert metadata["namespace"] == tfmodel.metadata.namespace
            assert metadata["labels"]["app.kubernetes.io/managed-by"] == "tfs-operator"
            owner = {
                "apiVersion": "tfs-operator.io/v1alpha1",
                "kind": "TFModel",
                "name": tfmodel.metadata.name,
                "uid": tfmodel.metadata.uid,
                "controller": True,
            }
            assert metadata.get("ownerReferences", []) == ([owner] if tfmodel.metadata.uid else [])

    @given(TFMODELS)
    @moderate
    def test_no_field_is_null_or_empty(self, tfmodel: TFModel) -> None:
        """The API server would drop it, and it would look like drift; an emptyDir is meant to be empty."""
        for manifest in rendered(tfmodel):
            assert list(_empty(manifest, "")) == []


def _empty(value: Any, path: str) -> list[str]:
    if isinstance(value, dict):
        return [found for key, member in value.items() for found in _empty_member(member, f"{path}.{key}")]
    if isinstance(value, list):
        return [found for item in value for found in _empty_member(item, f"{path}[]")]
    return []


def _empty_member(member: Any, path: str) -> list[str]:
    of_the_user = re.search(r"podTemplate|annotations|affinity|emptyDir$|tolerations\[\]|value$", path)
    if member in (None, {}, []) and not of_the_user:
        return [path]
    return _empty(member, path)


class TestPods:
    @given(TFMODELS)
    @moderate
    def test_every_selector_finds_the_pods(self, tfmodel: TFModel) -> None:
        manifests = rendered(tfmodel)
        labels = child(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"]
        selectors = [
            manifest["spec"]["selector"].get("matchLabels", manifest["spec"]["selector"])
            for manifest in manifests
            if "spec" in manifest
        ]
        assert len(selectors) == len(manifests) - 1
        assert all(selector and selector.items() <= labels.items() for selector in selectors)

    @given(TFMODELS)
    @moderate
    def test_no_label_of_the_user_replaces_one_of_ours(self, tfmodel: TFModel) -> None:
        labels = child(rendered(tfmodel), "Deployment")["spec"]["template"]["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == tfmodel.metadata.name
        assert (tfmodel.spec.pod_template.labels or {}).items() <= labels.items()

    @given(TFMODELS)
    @moderate
    def test_every_mount_has_its_volume_and_every_volume_its_mount(self, tfmodel: TFModel) -> None:
        manifests = rendered(tfmodel)
        volumes = [volume["name"] for volume in pod_spec(manifests)["volumes"]]
        mounts = container(manifests)["volumeMounts"]
        assert sorted(volumes) == sorted(mount["name"] for mount in mounts)
        assert len({mount["mountPath"] for mount in mounts}) == len(mounts)
        assert [mount["name"] for mount in mounts if not mount.get("readOnly")] == ["tmp"]

    @given(TFMODELS)
    @moderate
    def test_the_pod_keeps_the_restricted_pod_security_standard(self, tfmodel: TFModel) -> None:
        """https://kubernetes.io/docs/concepts/security/pod-security-standards/; hostPath is refused by the standard,
        and by us unless the administrator allows it."""
        manifests = rendered(tfmodel)
        pod, server = pod_spec(manifests), container(manifests)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        assert server["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert all("hostPort" not in port for port in server["ports"])
        kinds = {key for volume in pod["volumes"] for key in volume if key != "name"}
        assert kinds <= {"configMap", "emptyDir", "persistentVolumeClaim", "hostPath"}

    @given(TFMODELS)
    @moderate
    def test_the_pod_is_killed_only_after_its_drain(self, tfmodel: TFModel) -> None:
        manifests = rendered(tfmodel)
        drain = tfmodel.spec.rollout.drain_seconds
        assert pod_spec(manifests)["terminationGracePeriodSeconds"] > drain
        sleep = container(manifests).get("lifecycle", {}).get("preStop", {}).get("sleep", {"seconds": 0})
        assert sleep["seconds"] == drain

    @given(TFMODELS)
    @moderate
    def test_every_flag_of_ours_is_refused_in_extra_args(self, tfmodel: TFModel) -> None:
        """But for the channel arguments, of which those in extraArgs take the place of ours."""
        args = container(rendered(tfmodel))["args"]
        extra = tfmodel.spec.server.extra_args or []
        ours = args[: len(args) - len(extra)]
        assert args == [*ours, *extra]
        typed = {flag for flags in TYPED_FLAGS.values() for flag in flags}
        refused = {*MANAGED_FLAGS, *BATCHING_FILE_FLAGS, *typed}
        assert {flag.removeprefix("--").split("=")[0] for flag in ours} <= refused

    @given(TFMODELS)
    @moderate
    def test_services_and_probes_reach_ports_that_the_container_has(self, tfmodel: TFModel) -> None:
        manifests = rendered(tfmodel)
        ports = {port["name"]: port["containerPort"] for port in container(manifests)["ports"]}
        assert ports == {"grpc": GRPC_PORT, "rest": REST_PORT}
        targets = [
            port["targetPort"] for item in manifests if item["kind"] == "Service" for port in item["spec"]["ports"]
        ]
        assert {ports.get(target, target) for target in targets} == set(ports.values())


class TestVersions:
    @given(MANIFESTS, selections())
    @moderate
    def test_another_choice_of_versions_and_labels_changes_nothing_but_the_config(
        self, manifest: Manifest, selection: Manifest
    ) -> None:
        before = rendered(TFModel.parse(manifest))
        after = rendered(TFModel.parse(selected(manifest, selection)))
        changed = [one["kind"] for one, other in zip(before, after, strict=True) if one != other]
        assert changed in ([], ["ConfigMap"])

    @given(MANIFESTS)
    @moderate
    def test_another_path_or_name_of_a_model_replaces_the_pods(self, manifest: Manifest) -> None:
        spec = manifest["spec"]
        if "models" in spec:
            first, *others = spec["models"]
            uri = first["modelUri"]
            moved = {**spec, "models": [{**first, "modelUri": f"{uri}x"}, *others]}
            renamed = {**spec, "models": [{**first, "name": "another-name-altogether"}, *others]}
            edits = [moved, renamed, {**spec, "models": [{"name": "one-more", "modelUri": uri}, *spec["models"]]}]
        else:
            edits = [{**spec, "modelUri": f"{spec['modelUri']}x"}]
        before = _template(manifest)
        for edit in edits:
            assert _template({**manifest, "spec": edit}) != before

    @given(MANIFESTS)
    @moderate
    def test_no_probe_and_no_flag_names_a_version_or_a_label(self, manifest: Manifest) -> None:
        server = container(rendered(TFModel.parse(manifest)))
        probes = [server[probe] for probe in ("startupProbe", "readinessProbe")]
        paths = [probe["httpGet"]["path"] for probe in probes]
        models = manifest["spec"].get("models") or [manifest["metadata"]]
        first = f"/v1/models/{models[0]['name']}"
        assert paths == [first, first if len(models) > 1 else f"{first}/metadata"]
        assert server["livenessProbe"]["tcpSocket"] == {"port": GRPC_PORT}
        other = selected(manifest, {"versions": [4711], "versionLabels": {"a-label": 4711}})
        assert "4711" not in text(container(rendered(TFModel.parse(other)))["args"])
        assert "a-label" not in text(container(rendered(TFModel.parse(other)))["args"])


def _template(manifest: Manifest) -> Manifest:
    deployment = child(rendered(TFModel.parse(manifest)), "Deployment")
    template: Manifest = deployment["spec"]["template"]
    return template
