"""YAML as people write it: text of several lines as a block, nothing by reference, keys in their own order."""

import sys
from collections.abc import Iterable
from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    """YAML 1.1 takes three more characters for line breaks, and folds them; only double quotes escape them."""
    if not text.isascii() and any(character in "\x85\u2028\u2029" for character in text):
        return '"'
    return "|" if "\n" in text else None


_Dumper.add_representer(str, _represent_text)


def print_manifests(manifests: Iterable[Any], *, explicit_start: bool = True) -> None:
    """One YAML document a manifest, to standard output; the same manifests give the same bytes."""
    yaml.dump_all(
        manifests, sys.stdout, _Dumper, sort_keys=False, explicit_start=explicit_start, width=120, allow_unicode=True
    )
