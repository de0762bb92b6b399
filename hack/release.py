"""What .github/workflows/release.yaml needs to know of the tree; it can be tried anywhere.

hack/release.py check TAG              fails unless the tag is v and the version that every file has, CHANGELOG.md too
hack/release.py notes VERSION          prints what CHANGELOG.md says of a version
hack/release.py chart REPOSITORY DIGEST FOLDER
                                       copies the chart into FOLDER, so that it installs exactly that image
"""

import argparse
import re
import shutil
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
CHART = ROOT / "charts" / "tfs-operator"


class NotReleasable(Exception):
    """The tree is not ready, in words for whoever has pushed the tag."""


def versions() -> dict[str, str]:
    """Every place that has the version."""
    metadata = yaml.safe_load((CHART / "Chart.yaml").read_text())
    package = (ROOT / "operator/tfs_operator/__init__.py").read_text()
    return {
        "pyproject.toml": tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"],
        "operator/tfs_operator/__init__.py": re.findall(r'__version__ = "(.*)"', package)[0],
        "charts/tfs-operator/Chart.yaml (version)": metadata["version"],
        "charts/tfs-operator/Chart.yaml (appVersion)": metadata["appVersion"],
    }


def check(tag: str) -> None:
    """Raises NotReleasable."""
    for place, version in versions().items():
        if tag != f"v{version}":
            raise NotReleasable(f"the tag is {tag}, but {place} has {version}")
    notes(tag.removeprefix("v"), (ROOT / "CHANGELOG.md").read_text())


def notes(version: str, changelog: str) -> str:
    """The section of a version. Raises NotReleasable where there is none, or nothing in it."""
    found = re.search(rf"^## \[{re.escape(version)}\].*?\n(.*?)(?=^## |^\[|\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not found or not found[1].strip():
        raise NotReleasable(f"CHANGELOG.md says nothing of {version}: give what is under Unreleased that heading")
    return found[1].strip() + "\n"


def chart(repository: str, digest: str, folder: Path) -> None:
    """The chart as it is published. In the tree it names no registry, for each cluster has its own."""
    shutil.copytree(CHART, folder)
    values = (folder / "values.yaml").read_text()
    values = _replaced(values, "  repository: tfs-operator\n", f"  repository: {repository}\n")
    values = _replaced(values, '  digest: ""\n', f"  digest: {digest}\n")
    (folder / "values.yaml").write_text(values)
    metadata = (folder / "Chart.yaml").read_text()
    (folder / "Chart.yaml").write_text(_replaced(metadata, "image: tfs-operator:", f"image: {repository}:"))


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise NotReleasable(f"{old.strip()!r} is {text.count(old)} times in the chart, and not once")
    return text.replace(old, new)


def main() -> None:
    parser = argparse.ArgumentParser(description="What the release workflow needs to know of the tree.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check").add_argument("tag")
    commands.add_parser("notes").add_argument("version")
    packaging = commands.add_parser("chart")
    packaging.add_argument("repository")
    packaging.add_argument("digest")
    packaging.add_argument("folder", type=Path)
    options = parser.parse_args()
    try:
        if options.command == "check":
            check(options.tag)
        elif options.command == "notes":
            print(notes(options.version, (ROOT / "CHANGELOG.md").read_text()), end="")
        else:
            chart(options.repository, options.digest, options.folder)
    except NotReleasable as reason:
        raise SystemExit(f"release.py: {reason}") from None


if __name__ == "__main__":
    main()
