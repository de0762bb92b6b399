"""The table of the dashboard's panels in docs/observability.md: what each shows, with a value of a real run."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.integration.monitoring.dashboard import Query, dashboard
from tests.integration.monitoring.prometheus import Sample

PAGE = Path(__file__).parents[3] / "docs" / "observability.md"
MARKED = re.compile(r"(<!-- panels: .*? -->\n).*(<!-- end of panels -->\n)", re.DOTALL)
LABEL = re.compile(r"{{(\w+)}}")
HEAD = "| panel | what it shows | for example |\n|---|---|---|\n"
Answers = Mapping[Query, Sequence[Sample]]


def write(rows: str) -> None:
    PAGE.write_text(MARKED.sub(lambda found: found[1] + rows + found[2], PAGE.read_text()))


def table(answers: Answers, without_data: Mapping[str, str]) -> str:
    described = {panel["title"]: panel["description"] for panel in dashboard()["panels"] if "targets" in panel}
    lines = [_line(query, samples, described, without_data) for query, samples in answers.items()]
    return HEAD + "".join(lines)


def _line(
    query: Query, samples: Sequence[Sample], described: Mapping[str, str], without_data: Mapping[str, str]
) -> str:
    panel = f"{query.row}: {query.panel}"
    example = f"({without_data[panel]})" if panel in without_data else _example(query, samples)
    text = f"{described[query.panel]}<br>`{query.expression}`".replace("|", r"\|")
    return f"| {panel} | {text} | {example} |\n"


def _example(query: Query, samples: Sequence[Sample]) -> str:
    """The greatest of them, and how many more there are."""
    finite = [sample for sample in samples if math.isfinite(sample[1])]
    labels, value = max(finite, key=lambda sample: (sample[1], sorted(sample[0].items())))
    more = f", and {len(finite) - 1} more" if len(finite) > 1 else ""
    return f"{_name(query, labels)}{shown(value, query.unit)}{more}"


def _name(query: Query, labels: Mapping[str, str]) -> str:
    if query.legend != "__auto":
        return LABEL.sub(lambda found: labels.get(found[1], ""), query.legend) + ": "
    chosen = [value for label, value in sorted(labels.items()) if label not in ("namespace", "__name__")]
    return (" ".join(chosen) + ": ") if chosen else ""


def shown(value: float, unit: str) -> str:
    """As Grafana shows it, more or less."""
    return UNITS[unit](value)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"


def _seconds(value: float) -> str:
    if value >= 1 or value == 0:
        return f"{value:.3g} s"
    return f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} µs"


def _bytes(value: float) -> str:
    return f"{value / 2**20:.3g} MiB" if value >= 2**20 else f"{value / 2**10:.3g} KiB"


UNITS: Mapping[str, Callable[[float], str]] = {
    "short": _plain,
    "s": _seconds,
    "reqps": lambda value: f"{value:.3g} requests/s",
    "ops": lambda value: f"{value:.3g}/s",
    "percentunit": lambda value: f"{value * 100:.3g} %",
    "percent": lambda value: f"{value:.3g} %",
    "bytes": _bytes,
    "decmbytes": lambda value: f"{value:.3g} MB",
    "Bps": lambda value: f"{_bytes(value)}/s",
}
