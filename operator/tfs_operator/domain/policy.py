"""Checks what no schema can: whether this operator, with its flags, may act on a valid spec."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tfs_operator.api.conditions import Reason
from tfs_operator.api.spec import TFModelSpec
from tfs_operator.domain.location import NodePath, locations, remotes
from tfs_operator.domain.observation import Problem


@dataclass(frozen=True)
class Allowed:
    """What the administrator allows to whoever may write TFModels."""

    hostpath: bool = False
    keda_credentials: bool = False
    """Credentials that KEDA has for the whole cluster."""


def violation(spec: TFModelSpec, allowed: Allowed) -> Problem | None:
    """Returns why this operator may not act on the spec, or None."""
    if not allowed.hostpath and _uses_hostpath(spec):
        return Problem(
            Reason.HOSTPATH_NOT_ALLOWED,
            "modelUri: hostpath:// reads the node's own files and is refused unless the operator is started with "
            "--allow-hostpath (chart value allowHostPath)",
        )
    if not allowed.keda_credentials and (lent := next(_cluster_credentials(spec), None)):
        return Problem(
            Reason.KEDA_CREDENTIALS_NOT_ALLOWED,
            f"autoscaling.keda.{lent} uses credentials that KEDA has for the whole cluster, and is refused unless the "
            "operator is started with --allow-keda-credentials (chart value allowKedaCredentials): use a "
            "TriggerAuthentication of this namespace",
        )
    return _one_store(spec) or _folders_of_their_own(spec)


def _cluster_credentials(spec: TFModelSpec) -> Iterator[str]:
    """Yields the fields that name a ClusterTriggerAuthentication, or let the trigger act as KEDA's own operator.

    Source: https://keda.sh/docs/latest/concepts/authentication/ ; `identityOwner` is `pod` where it is left out.
    """
    keda = spec.autoscaling.keda if spec.autoscaling else None
    for number, trigger in enumerate(keda.triggers if keda else ()):
        reference = trigger.authentication_ref
        if reference is not None and reference.kind not in (None, "TriggerAuthentication"):
            yield f"triggers[{number}].authenticationRef.kind"
        if trigger.metadata.get("identityOwner", "pod") not in ("", "pod"):
            yield f"triggers[{number}].metadata.identityOwner"


def _one_store(spec: TFModelSpec) -> Problem | None:
    """An endpoint is the address of one kind of store."""
    schemes = sorted({remote.scheme for remote in remotes("", spec).values() if remote.claim is None})
    if spec.storage.endpoint is None or len(schemes) < 2:
        return None
    names = ", ".join(f"{scheme}://" for scheme in schemes)
    return Problem(
        Reason.INVALID_SPEC,
        f"storage.endpoint: {spec.storage.endpoint} cannot be the address of {names} at once: "
        "make a TFModel for each store",
    )


def _folders_of_their_own(spec: TFModelSpec) -> Problem | None:
    """Each model is fetched to the folder that its URI names, by a task of its own."""
    by_place = sorted(remotes("", spec).items(), key=lambda item: f"{item[1].base_path}/")
    for (first, outer), (second, inner) in pairwise(by_place):
        if f"{inner.base_path}/".startswith(f"{outer.base_path}/"):
            return Problem(
                Reason.INVALID_SPEC,
                f"models: {second} ({inner.uri}) lies within {first} ({outer.uri}): "
                "models that are fetched need folders of their own",
            )
    return None


def suspension(spec: TFModelSpec) -> Problem | None:
    """Returns the problem to report while `spec.suspend` is true, or None."""
    if spec.suspend:
        words = "spec.suspend is true: pods keep running unchanged, and edits wait until it is false"
        return Problem(Reason.SUSPENDED, words)
    return None


def _uses_hostpath(spec: TFModelSpec) -> bool:
    return any(isinstance(location, NodePath) for location in locations("", spec).values())
