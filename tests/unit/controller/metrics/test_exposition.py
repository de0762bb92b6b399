"""Series of TFModels as text, read back by Prometheus' own parser for Python."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from tfs_operator.controller.metrics.exposition import Family, Sample, TFModelSeries

LABEL = Family("tfmodel_label_version", "Version that a label answers.", ("model", "label"))
READY = Family("tfmodel_ready", "Ready.")


def parsed(series: TFModelSeries) -> list[tuple[str, dict[str, str], float]]:
    return list(_parsed(series.text()))


def _parsed(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def two() -> TFModelSeries:
    series = TFModelSeries((LABEL, READY))
    series.show("ml", "mnist", [Sample(LABEL, ("mnist", "stable"), 1), Sample(READY, (), 1)])
    series.show("ml", "cats", [Sample(READY, (), 0)])
    return series


def test_nothing_is_nothing() -> None:
    assert TFModelSeries((LABEL, READY)).text() == ""


def test_a_family_stands_together_and_is_described_once() -> None:
    assert two().text().splitlines() == [
        "# HELP tfmodel_label_version Version that a label answers.",
        "# TYPE tfmodel_label_version gauge",
        'tfmodel_label_version{namespace="ml",name="mnist",model="mnist",label="stable"} 1',
        "# HELP tfmodel_ready Ready.",
        "# TYPE tfmodel_ready gauge",
        'tfmodel_ready{namespace="ml",name="mnist"} 1',
        'tfmodel_ready{namespace="ml",name="cats"} 0',
    ]


def test_what_is_shown_replaces_what_was() -> None:
    series = two()
    series.show("ml", "mnist", [Sample(LABEL, ("mnist", "canary"), 2)])
    assert [labels for name, labels, _ in parsed(series) if labels["name"] == "mnist"] == [
        {"namespace": "ml", "name": "mnist", "model": "mnist", "label": "canary"}
    ]


def test_a_tfmodel_that_is_gone_leaves_nothing() -> None:
    series = two()
    series.forget("ml", "mnist")
    series.forget("ml", "never-seen")
    assert [labels["name"] for _, labels, _ in parsed(series)] == ["cats"]


def test_a_version_keeps_all_its_digits() -> None:
    series = TFModelSeries((LABEL,))
    series.show("ml", "mnist", [Sample(LABEL, ("mnist", "stable"), 20261121153000001)])
    assert series.text().endswith("} 20261121153000001\n")


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_no_text_can_break_out_of_its_label(namespace: str, name: str, label: str) -> None:
    series = TFModelSeries((LABEL,))
    series.show(namespace, name, [Sample(LABEL, ("m", label), 1)])
    lines = series.text().split("\n")
    assert len(lines) == 4
    unescaped = [value for value in (namespace, name, label) if not set(value) & set('\\"\n')]
    assert all(f'"{value}"' in lines[2] for value in unescaped)


@settings(deadline=None)
@given(st.text(alphabet='a\\"\n{}=,'))
def test_what_is_escaped_is_read_back(label: str) -> None:
    series = TFModelSeries((LABEL,))
    series.show("ml", "mnist", [Sample(LABEL, ("mnist", label), 1)])
    assert [labels["label"] for _, labels, _ in parsed(series)] == [label]
