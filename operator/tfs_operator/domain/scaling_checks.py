"""Computes the condition ScalingActive: a chain of named checks, of which the first that returns a verdict decides."""

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.autoscaler import AutoscalerFacts
from tfs_operator.domain.evidence import Verdict


def scaling_active(facts: AutoscalerFacts) -> Verdict:
    """Returns the verdict for a TFModel with `spec.autoscaling`."""
    return (
        keda_is_missing(facts)
        or _it_fails(facts)
        or _it_has_no_status_yet(facts)
        or Verdict("True", Reason.AUTOSCALING, f"{facts.kind} keeps {facts.least} to {facts.most} replicas")
    )


def keda_is_missing(facts: AutoscalerFacts) -> Verdict | None:
    if facts.installed:
        return None
    return Verdict(
        "False",
        Reason.KEDA_NOT_INSTALLED,
        "autoscaling.keda: this cluster has no KEDA (it does not know the kind ScaledObject of keda.sh/v1alpha1), so "
        "the number of replicas stays as it is. Install KEDA: it is taken up within two minutes; or scale without keda",
    )


def _it_fails(facts: AutoscalerFacts) -> Verdict | None:
    if not facts.trouble:
        return None
    return Verdict("False", Reason.AUTOSCALER_FAILED, f"{facts.kind} cannot scale: {facts.trouble}")


def _it_has_no_status_yet(facts: AutoscalerFacts) -> Verdict | None:
    if facts.seen:
        return None
    words = f"the controller of the {facts.kind} has not reported a status yet"
    return Verdict("Unknown", Reason.AUTOSCALER_PENDING, words)
