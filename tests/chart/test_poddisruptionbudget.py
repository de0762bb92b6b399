"""templates/poddisruptionbudget.yaml: a node drain takes one operator at a time."""

import pytest

TEMPLATE = "poddisruptionbudget.yaml"


def test_finds_the_operators_pods(chart):
    spec = chart.one(TEMPLATE, "replicas=2")["spec"]
    assert spec["selector"] == chart.one("deployment.yaml")["spec"]["selector"]
    assert spec["maxUnavailable"] == 1


def test_a_single_operator_has_none_for_it_would_block_every_drain(chart):
    assert not chart.source(TEMPLATE, "replicas=1")


def test_can_be_left_out(chart):
    assert not chart.source(TEMPLATE, "replicas=2", "podDisruptionBudget.enabled=false")


@pytest.mark.parametrize(("value", "rendered"), [("2", 2), ("50%", "50%")])
def test_how_many_may_go(chart, value, rendered):
    assert chart.one(TEMPLATE, "replicas=2", f"podDisruptionBudget.maxUnavailable={value}")["spec"][
        "maxUnavailable"
    ] == (rendered)
