"""Series by TFModel in the Prometheus text format.

Not prometheus_client's gauges: at 1,000 TFModels their 40,000 series would be formatted one by one at each scrape, on
the event loop. Here a TFModel's lines are made when it is looked at, and a scrape only joins them.
Source of the format: prometheus/docs content/docs/instrumenting/exposition_formats.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True, eq=False)
class Family:
    """A gauge of each TFModel, compared by identity. `labels` come after namespace and name."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        return f"# HELP {self.name} {self.help}\n# TYPE {self.name} gauge\n"


class Sample(NamedTuple):
    """One series: the values of the family's labels, and its value."""

    family: Family
    labels: tuple[str, ...]
    value: float


class TFModelSeries:
    """The series of every TFModel, as text."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._blocks: dict[Family, dict[tuple[str, str], str]] = {family: {} for family in families}

    def show(self, namespace: str, name: str, samples: Iterable[Sample]) -> None:
        """Shows exactly these, instead of what there was of the TFModel."""
        lines: defaultdict[Family, list[str]] = defaultdict(list)
        start = f'{{namespace="{_escaped(namespace)}",name="{_escaped(name)}"'
        for sample in samples:
            lines[sample.family].append(f"{sample.family.name}{start}{_pairs(sample)}}} {_number(sample.value)}\n")
        for family, blocks in self._blocks.items():
            if family in lines:
                blocks[namespace, name] = "".join(lines[family])
            else:
                blocks.pop((namespace, name), None)

    def forget(self, namespace: str, name: str) -> None:
        self.show(namespace, name, ())

    def text(self) -> str:
        """Returns all series; a family without one is left out."""
        return "".join(self._parts())

    def _parts(self) -> Iterator[str]:
        for family, blocks in self._blocks.items():
            if blocks:
                yield family.head
                yield from blocks.values()


def _pairs(sample: Sample) -> str:
    pairs = zip(sample.family.labels, sample.labels, strict=True)
    return "".join(f',{label}="{_escaped(value)}"' for label, value in pairs)


def _escaped(value: str) -> str:
    return value.translate(ESCAPES) if "\\" in value or '"' in value or "\n" in value else value


def _number(value: float) -> str:
    """Versions have up to 19 digits: whole numbers are written out."""
    return str(value)
