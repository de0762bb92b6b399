"""The Deployment of one pod outside the Service, in which versions are tried that are new to the pods.

It is there for as long as a version is tried. Its name has a dot, so no TFModel can have the same: a TFModel is named
like its Service. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

from collections.abc import Mapping

from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.drift import DIGEST_ANNOTATION, digest
from tfs_operator.domain.pods import TRIAL_APPLICATION
from tfs_operator.render.metadata import NAME_LABEL, trial_name


def trial_deployment(deployment: Manifest) -> Manifest:
    """Returns the manifest, made of that of the model's own Deployment: the same pod, which no Service selects."""
    metadata, spec = deployment["metadata"], deployment["spec"]
    template = spec["template"]
    pod = {key: value for key, value in template["spec"].items() if key != "topologySpreadConstraints"}
    made = {
        **deployment,
        "metadata": {
            **{key: value for key, value in metadata.items() if key != "annotations"},
            "name": trial_name(metadata["name"]),
            "labels": _outside(metadata["labels"]),
        },
        "spec": {
            **spec,
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": _outside(spec["selector"]["matchLabels"])},
            "template": {
                "metadata": {**template["metadata"], "labels": _outside(template["metadata"]["labels"])},
                "spec": pod,
            },
        },
    }
    return {**made, "metadata": {**made["metadata"], "annotations": {DIGEST_ANNOTATION: digest(made)}}}


def _outside(labels: Mapping[str, str]) -> dict[str, str]:
    return {**labels, NAME_LABEL: TRIAL_APPLICATION}
