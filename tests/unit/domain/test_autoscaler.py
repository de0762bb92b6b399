"""What autoscalers say of themselves, in their controllers' own words, and the condition that it makes."""

from typing import Any

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.autoscaler import HPA, SCALED_OBJECT, facts
from tfs_operator.domain.scaling_checks import scaling_active

NO_METRICS = (
    "the HPA was unable to compute the replica count: failed to get cpu container metric value: unable to get metrics "
    "for resource cpu: no metrics returned from resource metrics API"
)
ABLE = ("AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale")


def live(*conditions: tuple[str, str, str, str]) -> dict[str, Any]:
    keys = ("type", "status", "reason", "message")
    return {"status": {"conditions": [dict(zip(keys, condition, strict=True)) for condition in conditions]}}


def said(kind: str, item: dict[str, Any] | None, *, installed: bool = True) -> tuple[str, Reason, str]:
    verdict = scaling_active(facts(kind, 2, 5, item, installed=installed))
    return verdict.status, verdict.reason, verdict.words


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        (HPA, live(ABLE, ("ScalingActive", "True", "ValidMetricFound", "fine"))),
        (HPA, live(ABLE, ("ScalingActive", "True", "", ""), ("ScalingLimited", "True", "TooManyReplicas", "at most"))),
        (
            SCALED_OBJECT,
            live(("Ready", "True", "ScaledObjectReady", "fine"), ("Active", "False", "ScalerNotActive", "")),
        ),
    ],
)
def test_one_that_works(kind: str, item: dict[str, Any]) -> None:
    """Its count is the load's, and changes too often to be said."""
    assert said(kind, item) == ("True", Reason.AUTOSCALING, f"{kind} keeps 2 to 5 replicas")


@pytest.mark.parametrize(
    ("kind", "item", "words"),
    [
        (
            HPA,
            live(ABLE, ("ScalingActive", "False", "FailedGetContainerResourceMetric", NO_METRICS)),
            f"FailedGetContainerResourceMetric: {NO_METRICS} (is metrics-server installed?)",
        ),
        (
            HPA,
            live(ABLE, ("ScalingActive", "False", "FailedGetPodsMetric", "no adapter")),
            "FailedGetPodsMetric: no adapter (does an adapter serve custom.metrics.k8s.io?)",
        ),
        (HPA, live(("AbleToScale", "False", "FailedGetScale", "gone")), "FailedGetScale: gone"),
        (
            SCALED_OBJECT,
            live(("Ready", "False", "ScaledObjectCheckFailed", "no scaler for kubernetes-typo")),
            "ScaledObjectCheckFailed: no scaler for kubernetes-typo",
        ),
    ],
)
def test_one_that_cannot_read_what_it_scales_on(kind: str, item: dict[str, Any], words: str) -> None:
    assert said(kind, item) == ("False", Reason.AUTOSCALER_FAILED, f"{kind} cannot scale: {words}")


@pytest.mark.parametrize("item", [None, {}, live(), live(("Ready", "Unknown", "", ""))])
def test_one_that_nobody_has_looked_at(item: dict[str, Any] | None) -> None:
    assert said(SCALED_OBJECT, item)[:2] == ("Unknown", Reason.AUTOSCALER_PENDING)


def test_at_zero_replicas_an_hpa_rests_and_has_not_failed() -> None:
    resting = live(
        ABLE, ("ScalingActive", "False", "ScalingDisabled", "scaling is disabled since the replica count is 0")
    )
    assert said(HPA, resting)[:2] == ("True", Reason.AUTOSCALING)


def test_a_cluster_without_keda_is_said_plainly_with_what_to_do() -> None:
    status, reason, words = said(SCALED_OBJECT, None, installed=False)
    assert (status, reason) == ("False", Reason.KEDA_NOT_INSTALLED)
    assert "this cluster has no KEDA" in words
    assert "Install KEDA" in words
