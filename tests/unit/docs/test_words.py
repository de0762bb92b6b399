"""Words that do not stand in text for users: private vocabulary, and people where a component is meant.

The words to use instead are in CONTRIBUTING.md, "Glossary".
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tfs_operator.cli import COMMANDS, main
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.controller.metrics import Metrics
from tfs_operator.fetcher.metrics import FetcherMetrics

ROOT = Path(__file__).parents[3]
BANNED = re.compile(
    r"\b(wish(es|ed)?|wanted|(no|some|every)body|(is|are|was|were|be|been) told|(says?|said) so|mistakes? of ours)\b",
    re.IGNORECASE,
)
CHART = ROOT / "charts" / "tfs-operator"
FILES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *ROOT.glob("docs/*.md"),
    *ROOT.glob("examples/*/README.md"),
    *ROOT.glob("crds/*.yaml"),
    *(CHART / name for name in ("README.md", "values.yaml", "values.schema.json", "files/rules.yaml")),
    *CHART.glob("files/dashboards/*.json"),
    *CHART.glob("templates/**/*.*"),
]
ALLOWED = {
    "CHANGELOG.md": (
        "rollout.wish",
        "with `wish`",
        "tfmodel_label_wanted_version",
    ),  # the old names of what was renamed
}


def texts() -> Iterator[tuple[str, str]]:
    """Where a text is, and the text."""
    for file in FILES:
        yield str(file.relative_to(ROOT)), file.read_text()
    yield "help of the operator's metrics", "\n".join(operator_help())
    yield "help of the fetcher's metrics", "\n".join(each.documentation for each in FetcherMetrics().registry.collect())


def operator_help() -> Iterator[str]:
    metrics = Metrics()
    metrics.watch(WorkQueue())
    yield from (each.documentation for each in metrics.registry.collect())
    yield from (family.help for family in metrics.families.values())


def offending(where: str, text: str) -> list[str]:
    for allowed in ALLOWED.get(where, ()):
        text = text.replace(allowed, "")
    lines = text.splitlines()
    return [f"{where}:{number}: {line.strip()}" for number, line in enumerate(lines, start=1) if BANNED.search(line)]


@pytest.mark.parametrize(("where", "text"), [pytest.param(*each, id=each[0]) for each in texts()])
def test_a_text_for_users_has_plain_words(where: str, text: str) -> None:
    assert offending(where, text) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_plain_words(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert offending(f"tfs-operator {command} --help", capsys.readouterr().out) == []
