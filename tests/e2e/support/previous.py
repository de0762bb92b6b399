"""The release before this one: its chart, and an image with its operator.

previous/tfs-operator-VERSION.tar.xz is `git archive COMMIT charts/tfs-operator operator/tfs_operator` of that release,
so that an upgrade from it can be tested in a clone of any depth and without a registry. Its code runs on today's Python
and libraries, which lie in the image of today's operator. A release puts its own archive in the place of the last one.
"""

import tarfile
from dataclasses import dataclass
from pathlib import Path

from testing.local_cluster import chart
from testing.local_cluster.commands import ROOT, run

(ARCHIVE,) = Path(__file__).parents[1].glob("previous/tfs-operator-*.tar.xz")
VERSION = ARCHIVE.name.removeprefix("tfs-operator-").removesuffix(".tar.xz")
IMAGE = f"tfs-operator:previous-{VERSION}"
DOCKERFILE = """
FROM {base}
COPY operator /opt/previous
ENV PYTHONPATH=/opt/previous
"""


@dataclass(frozen=True)
class Release:
    """Where its chart lies, and what its operator's image is called in the cluster."""

    chart: Path
    image: str


def release(folder: Path) -> Release:
    """Unpacks it into `folder`, builds the image and loads it into the cluster."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    (folder / "Dockerfile").write_text(DOCKERFILE.format(base=chart.images().operator))
    run(["docker", "build", "--quiet", "--tag", IMAGE, str(folder)], seconds=120, env={"DOCKER_BUILDKIT": "0"})
    said = run(["docker", "run", "--rm", IMAGE, "--version"], seconds=60)
    if said.split()[-1] != VERSION:
        raise ValueError(f"{IMAGE} says that it is {said.strip()}, and not {VERSION}")
    run([str(ROOT / "hack" / "load-image.sh"), IMAGE], seconds=300)
    return Release(folder / "charts" / "tfs-operator", IMAGE)
