"""The Deployment: replicas of the model server, replaced one by one without losing a request."""

from collections.abc import Mapping
from typing import Any

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.committed import to_annotation
from tfs_operator.domain.drift import digest
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.render.agent import agent
from tfs_operator.render.container import CONTAINER_NAME, GPU_RESOURCE, container
from tfs_operator.render.metadata import child, labels, selector
from tfs_operator.render.probes import grace_period
from tfs_operator.render.replicas import replicas, replicas_annotation
from tfs_operator.render.settings import Settings
from tfs_operator.render.tls import tls_containers
from tfs_operator.render.topology_spread import spread
from tfs_operator.render.tuning import batching_digest
from tfs_operator.render.volumes import volumes

MODELS_DIGEST_ANNOTATION = "tfs-operator.io/models-digest"
ATTEMPT_ANNOTATION = "tfs-operator.io/attempt"
RENEWAL_ANNOTATION = "tfs-operator.io/certificate-renewal"
RECYCLE_ANNOTATION = "tfs-operator.io/recycled-for"
_UID = 65532
_WRITES_TO_A_CLAIM = {"fsGroup": _UID, "fsGroupChangePolicy": "OnRootMismatch"}


def deployment(
    tfmodel: TFModel,
    config: ModelServerConfig,
    settings: Settings,
    attempt: str | None = None,
    renewal: str | None = None,
    recycled: str | None = None,
    *,
    surge: bool = True,
) -> Manifest:
    """A new `attempt`, `renewal` or `recycled` replaces the pods, though nothing else of them has changed: they read
    their configuration and their certificate at their start, and give back memory at their end. Without `surge` an old
    pod is stopped before a new one is started, as there is room for one only."""
    rollout = tfmodel.spec.rollout
    spec = {
        **replicas(tfmodel),
        "revisionHistoryLimit": 3,
        "progressDeadlineSeconds": max(600, rollout.load_timeout_seconds + 60),
        "selector": {"matchLabels": selector(tfmodel)},
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": int(surge), "maxUnavailable": int(not surge)},
        },
        "template": {
            "metadata": _pod_metadata(
                tfmodel,
                config,
                {ATTEMPT_ANNOTATION: attempt, RENEWAL_ANNOTATION: renewal, RECYCLE_ANNOTATION: recycled},
            ),
            "spec": _pod_spec(tfmodel, config, settings),
        },
    }
    annotations = replicas_annotation(tfmodel)
    metadata = {"annotations": annotations} if annotations else {}
    return child(tfmodel, "apps/v1", "Deployment", tfmodel.metadata.name, {"metadata": metadata, "spec": spec})


def models_digest(config: ModelServerConfig) -> str:
    """Changes when models are added, removed or moved, and never for a version or a label: the server takes the
    latter by reload, the former only at its start (a missing path would hold its lock, tensorflow/serving#1447)."""
    return digest({model.name: model.base_path for model in config.models})


def attempt_for(tfmodel: TFModel, committed: ModelServerConfig) -> str:
    """Names a configuration for which pods are replaced that would not take it: they read it only at their start."""
    return digest({"generation": tfmodel.metadata.generation, "committed": to_annotation(committed)})


def attempt_of(live: Manifest | None) -> str | None:
    """The attempt of a live Deployment's pods."""
    return _pod_annotation(live, ATTEMPT_ANNOTATION)


def renewal_of(live: Manifest | None) -> str | None:
    """The renewal of a live Deployment's pods."""
    return _pod_annotation(live, RENEWAL_ANNOTATION)


def recycled_of(live: Manifest | None) -> str | None:
    """The server for which a live Deployment's pods were replaced last, since it had grown."""
    return _pod_annotation(live, RECYCLE_ANNOTATION)


def _pod_annotation(live: Manifest | None, name: str) -> str | None:
    template = (live or {}).get("spec", {}).get("template", {})
    found: str | None = (template.get("metadata", {}).get("annotations") or {}).get(name)
    return found


def _pod_metadata(tfmodel: TFModel, config: ModelServerConfig, replaced_for: Mapping[str, str | None]) -> Manifest:
    template = tfmodel.spec.pod_template
    causes = {name: cause for name, cause in replaced_for.items() if cause}
    ours = {MODELS_DIGEST_ANNOTATION: models_digest(config), **batching_digest(tfmodel.spec.server), **causes}
    return {
        "labels": {**(template.labels or {}), **labels(tfmodel)},
        "annotations": {**_identity_of_the_fetcher_only(tfmodel), **(template.annotations or {}), **ours},
    }


def _identity_of_the_fetcher_only(tfmodel: TFModel) -> Manifest:
    """Keeps the webhooks of EKS and Azure from giving the model server the identity that the fetcher needs.

    Sources: https://github.com/aws/amazon-eks-pod-identity-webhook,
    https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html
    """
    if tfmodel.spec.storage.service_account_name is None:
        return {}
    prefixes = ("eks.amazonaws.com", "azure.workload.identity")
    return {f"{prefix}/skip-containers": CONTAINER_NAME for prefix in prefixes}


def _pod_spec(tfmodel: TFModel, config: ModelServerConfig, settings: Settings) -> Manifest:
    storage = tfmodel.spec.storage
    return {
        "initContainers": _init_containers(tfmodel, settings),
        "containers": [container(tfmodel, [model.name for model in config.models], settings)],
        "volumes": volumes(tfmodel),
        "terminationGracePeriodSeconds": grace_period(tfmodel.spec.rollout),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        **({"serviceAccountName": storage.service_account_name} if storage.service_account_name else {}),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _UID,
            "runAsGroup": _UID,
            **(_WRITES_TO_A_CLAIM if storage.cache else {}),
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **_placement(tfmodel),
    }


def _init_containers(tfmodel: TFModel, settings: Settings) -> list[Manifest]:
    """The quick one first: nothing is fetched for a server that cannot start."""
    return [*tls_containers(tfmodel, settings), agent(tfmodel, settings)]


def _placement(tfmodel: TFModel) -> Manifest:
    template = tfmodel.spec.pod_template
    fields: dict[str, Any] = {
        "imagePullSecrets": [{"name": secret.name} for secret in tfmodel.spec.server.image_pull_secrets or []],
        "nodeSelector": template.node_selector,
        "tolerations": _tolerations(tfmodel),
        "affinity": template.affinity.as_written() if template.affinity else None,
        "topologySpreadConstraints": spread(tfmodel),
        "priorityClassName": template.priority_class_name,
    }
    return {key: value for key, value in fields.items() if value}


def _tolerations(tfmodel: TFModel) -> list[Manifest]:
    chosen = [
        toleration.model_dump(by_alias=True, exclude_none=True)
        for toleration in tfmodel.spec.pod_template.tolerations or []
    ]
    gpu = {"key": GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"}
    return [*chosen, gpu] if tfmodel.spec.gpus and gpu not in chosen else chosen
