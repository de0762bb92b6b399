"""Prints YAML in the style of hand-written manifests: text blocks, no references, keys in their own order."""

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
    """Chooses double quotes for three characters that YAML 1.1 would fold as line breaks, and blocks for other text."""
    if not text.isascii() and any(character in "\x85\u2028\u2029" for character in text):
        return '"'
    return "|" if "\n" in text else None


_Dumper.add_representer(str, _represent_text)


def print_manifests(manifests: Iterable[Any], *, explicit_start: bool = True) -> None:
    """Prints one YAML document per manifest to standard output; the same manifests give the same bytes."""
    yaml.dump_all(
        manifests, sys.stdout, _Dumper, sort_keys=False, explicit_start=explicit_start, width=120, allow_unicode=True
    )
