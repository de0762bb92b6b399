"""The tables of the dashboard's panels in docs/observability.md: what each shows, with a value of a real run."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from testing.monitoring.dashboard import Query
from testing.monitoring.prometheus import Sample

PAGE = Path(__file__).parents[2] / "docs" / "observability.md"
MARKED = re.compile(r"(<!-- panels: .*? -->\n).*(<!-- end of panels -->\n)", re.DOTALL)
LABEL = re.compile(r"{{(\w+)}}")
HEAD = "| panel | shows | by |\n|---|---|---|\n"
BREAK = "<br>"
Values = Mapping[Query, str]


def write(tables_: str) -> None:
    PAGE.write_text(MARKED.sub(lambda found: found[1] + tables_ + found[2], PAGE.read_text()))


def tables(values_: Values) -> str:
    """One for each row of the dashboard, and a line for each panel, with a value for each of its queries."""
    rows = groupby(values_, key=lambda query: query.row)
    return "".join(f"\n### {row}\n\n{HEAD}{_lines(list(queries), values_)}" for row, queries in rows) + "\n"


def _lines(queries: Sequence[Query], values_: Values) -> str:
    return "".join(_line(list(of_panel), values_) for _, of_panel in groupby(queries, key=lambda query: query.panel))


def _line(queries: Sequence[Query], values_: Values) -> str:
    shown_ = BREAK.join(values_[query] for query in queries)
    by = BREAK.join(f"`{query.expression}`" for query in queries).replace("|", r"\|")
    return f"| **{queries[0].panel}.** {queries[0].description} | {shown_} | {by} |\n"


def values(tables_: str) -> list[str]:
    """Every value in them."""
    cells = [line.split(" | ")[1] for line in tables_.splitlines() if line.startswith("| **")]
    return [value for cell in cells for value in cell.split(BREAK)]


def without_values(tables_: str) -> str:
    return re.sub(r"^(\| \*\*[^|]* \| )[^|]*( \| )", r"\1\2", tables_, flags=re.MULTILINE)


def value_of(query: Query, samples: Sequence[Sample]) -> str:
    """The greatest of them, and how many more there are."""
    finite = [sample for sample in samples if math.isfinite(sample[1])]
    labels, value = max(finite, key=lambda sample: (sample[1], sorted(sample[0].items())))
    more = f", and {len(finite) - 1} more" if len(finite) > 1 else ""
    return f"{_name(query, labels)}{shown(value, query.unit)}{more}"


def _name(query: Query, labels: Mapping[str, str]) -> str:
    if query.legend != "__auto":
        return LABEL.sub(lambda found: labels.get(found[1], ""), query.legend) + ": "
    chosen = [f"{label} {value}" for label, value in sorted(labels.items()) if label not in ("namespace", "__name__")]
    return (", ".join(chosen) + ": ") if chosen else ""


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
