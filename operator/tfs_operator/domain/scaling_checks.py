"""The condition ScalingActive: a chain of named checks, of which the first that has something to say decides."""

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.autoscaler import AutoscalerFacts
from tfs_operator.domain.evidence import Verdict


def scaling_active(facts: AutoscalerFacts) -> Verdict:
    """Of a TFModel with `spec.autoscaling`."""
    return (
        keda_is_missing(facts)
        or _it_fails(facts)
        or _nobody_has_looked(facts)
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


def _nobody_has_looked(facts: AutoscalerFacts) -> Verdict | None:
    if facts.seen:
        return None
    return Verdict("Unknown", Reason.AUTOSCALER_PENDING, f"{facts.kind} has not been looked at by its controller yet")
