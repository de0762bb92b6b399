"""What .github/workflows/release.yaml needs to know of the tree; it can be tried anywhere.

hack/release.py check TAG              fails unless the tag is v and the version that every file has, CHANGELOG.md too,
                                       and the image is built on a base that is named by its digest
hack/release.py notes VERSION          prints what CHANGELOG.md says of a version
hack/release.py server-images          prints the images of TensorFlow Serving that the chart names, one a line
hack/release.py chart REPOSITORY DIGEST SERVERS FOLDER
                                       copies the chart into FOLDER, so that it installs exactly that image; the file
                                       SERVERS has the images of server-images, each with its digest
"""

import argparse
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
CHART = ROOT / "charts" / "tfs-operator"
PINNED = re.compile(r"(?P<tag>[^\s@]+:[^\s@:/]+)@sha256:[0-9a-f]{64}")
"""An image by its digest, with the tag for people and for Renovate."""


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


def base_images() -> dict[str, str]:
    """Every place that names the image on which those of the project are built."""
    places = {
        "hack/versions.env": "PYTHON_IMAGE",
        "operator/Dockerfile": "ARG BASE_IMAGE",
        "testing/model_server/Dockerfile": "ARG BASE_IMAGE",
    }
    texts = {place: (ROOT / place).read_text() for place in places}
    return {place: re.findall(rf"^{name}=(.*)$", texts[place], re.MULTILINE)[0] for place, name in places.items()}


def server_images() -> dict[str, str]:
    """The images of TensorFlow Serving in the chart's values, by the name of the value."""
    images: dict[str, str] = yaml.safe_load((CHART / "values.yaml").read_text())["serverImages"]
    return images


def check(tag: str) -> None:
    """Raises NotReleasable."""
    for place, version in versions().items():
        if tag != f"v{version}":
            raise NotReleasable(f"the tag is {tag}, but {place} has {version}")
    check_base_images(base_images())
    notes(tag.removeprefix("v"), (ROOT / "CHANGELOG.md").read_text())


def check_base_images(images: Mapping[str, str]) -> None:
    """Raises NotReleasable unless every place has the same image, by its digest."""
    for place, image in images.items():
        if not PINNED.fullmatch(image):
            raise NotReleasable(f"{place} names the base image {image} without a digest: run hack/base-image.sh")
    if len(set(images.values())) > 1:
        named = ", ".join(f"{place} has {image}" for place, image in images.items())
        raise NotReleasable(f"the base image is not the same everywhere: {named}")


def notes(version: str, changelog: str) -> str:
    """The section of a version. Raises NotReleasable where there is none, or nothing in it."""
    found = re.search(rf"^## \[{re.escape(version)}\].*?\n(.*?)(?=^## |^\[|\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not found or not found[1].strip():
        raise NotReleasable(f"CHANGELOG.md says nothing of {version}: give what is under Unreleased that heading")
    return found[1].strip() + "\n"


def chart(repository: str, digest: str, servers: Sequence[str], folder: Path) -> None:
    """The chart as it is published. In the tree it names no registry, for each cluster has its own, and TensorFlow
    Serving's images by their tags alone. `servers` has them with their digests. Raises NotReleasable."""
    shutil.copytree(CHART, folder)
    values = (folder / "values.yaml").read_text()
    values = _replaced(values, "  repository: tfs-operator\n", f"  repository: {repository}\n")
    values = _replaced(values, '  digest: ""\n', f"  digest: {digest}\n")
    metadata = (folder / "Chart.yaml").read_text()
    metadata = _replaced(metadata, "image: tfs-operator:", f"image: {repository}:")
    pinned = _by_tag(servers)
    for name, image in server_images().items():
        values = _replaced(values, f"  {name}: {image}\n", f"  {name}: {pinned[image]}\n")
        metadata = _replaced(metadata, f"image: {image}\n", f"image: {pinned[image]}\n")
    (folder / "values.yaml").write_text(values)
    (folder / "Chart.yaml").write_text(metadata)


def _by_tag(servers: Sequence[str]) -> dict[str, str]:
    pinned = {found["tag"]: found[0] for found in map(PINNED.fullmatch, servers) if found}
    if missing := [image for image in server_images().values() if image not in pinned]:
        raise NotReleasable(f"{' and '.join(missing)} came without a digest: does their registry answer?")
    return pinned


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise NotReleasable(f"{old.strip()!r} is {text.count(old)} times in the chart, and not once")
    return text.replace(old, new)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="What the release workflow needs to know of the tree.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check").add_argument("tag")
    commands.add_parser("notes").add_argument("version")
    commands.add_parser("server-images")
    packaging = commands.add_parser("chart")
    packaging.add_argument("repository")
    packaging.add_argument("digest")
    packaging.add_argument("servers", type=Path)
    packaging.add_argument("folder", type=Path)
    return parser


def main() -> None:
    options = _parser().parse_args()
    try:
        if options.command == "check":
            check(options.tag)
        elif options.command == "notes":
            print(notes(options.version, (ROOT / "CHANGELOG.md").read_text()), end="")
        elif options.command == "server-images":
            print(*server_images().values(), sep="\n")
        else:
            chart(options.repository, options.digest, options.servers.read_text().split(), options.folder)
    except NotReleasable as reason:
        raise SystemExit(f"release.py: {reason}") from None


if __name__ == "__main__":
    main()
