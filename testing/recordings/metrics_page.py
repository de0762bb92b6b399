"""Reads a page of Prometheus metrics as families without values."""

import re
from collections import defaultdict
from collections.abc import Sequence

from testing.recordings.data import MetricFamily

_TYPE = re.compile(r"# TYPE (\S+) (\w+)")
_HELP = re.compile(r"# HELP (\S+) (.*)")
_SAMPLE = re.compile(r"([^{\s]+)\{(.*)\} \S+")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def families_of(page: str) -> dict[str, MetricFamily]:
    """Returns the families by name."""
    types, helps = dict(_TYPE.findall(page)), dict(_HELP.findall(page))
    samples: dict[str, list[dict[str, str]]] = defaultdict(list)
    for name, labels in _SAMPLE.findall(page):
        samples[_family(name, types)].append(dict(_LABEL.findall(labels)))
    return {name: _described(kind, helps.get(name, ""), samples[name]) for name, kind in types.items()}


def _family(name: str, types: dict[str, str]) -> str:
    """A histogram's samples have names of their own."""
    without = re.sub(r"_(bucket|sum|count)$", "", name)
    return without if types.get(without) == "histogram" else name


def _described(kind: str, help_text: str, samples: Sequence[dict[str, str]]) -> MetricFamily:
    if not samples:
        return MetricFamily(kind, help_text)
    labels = {label for sample in samples for label in sample}
    limits = dict.fromkeys(sample["le"] for sample in samples if "le" in sample)
    return MetricFamily(kind, help_text, frozenset(labels - {"le"}), tuple(limits))
