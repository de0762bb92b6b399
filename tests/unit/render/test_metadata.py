"""What all children have in common."""

from typing import Any

from tests.unit.render.rendering import Manifest, rendered, tfmodel
from tfs_operator.domain.drift import DIGEST_ANNOTATION


def digests(**spec: Any) -> dict[tuple[str, str], str]:
    return {
        _key(manifest): manifest["metadata"]["annotations"][DIGEST_ANNOTATION] for manifest in rendered(tfmodel(**spec))
    }


def _key(manifest: Manifest) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def test_what_is_applied_and_in_which_order() -> None:
    assert [_key(manifest) for manifest in rendered(tfmodel(replicas=2))] == [
        ("ConfigMap", "mnist-config"),
        ("Service", "mnist"),
        ("Service", "mnist-headless"),
        ("Deployment", "mnist"),
        ("PodDisruptionBudget", "mnist"),
    ]


def test_a_setting_taken_out_changes_the_digest_of_just_that_child() -> None:
    """The live object would hold the rest still; the digest is what tells that something is to be taken away."""
    before, after = digests(service={"annotations": {"a": "b"}}), digests()
    assert {key for key in before if before[key] != after[key]} == {("Service", "mnist")}


def test_the_same_spec_has_the_same_digests() -> None:
    assert digests(replicas=2) == digests(replicas=2)
