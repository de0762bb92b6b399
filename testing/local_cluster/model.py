"""The MNIST example model: trained once for each state of its sources, and copied into a claim."""

import hashlib
import io
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from testing.local_cluster import locks
from testing.local_cluster.commands import ROOT, run
from testing.local_cluster.kubectl import Kubectl
from testing.local_cluster.pods import has_ended

EXAMPLE = ROOT / "examples" / "mnist"
LOADER = "model-loader"
TRAIN_SECONDS = 240  # 15 s of work on an idle machine


@dataclass(frozen=True)
class Trained:
    """`folder` is one version of the model; `test_images` is the file that client.py reads."""

    folder: Path
    test_images: Path

    @property
    def log(self) -> Path:
        """What the training said: on which data, and how well it went."""
        return self.test_images.with_name("train.log")


def sources() -> str:
    """A digest of all that the model is made of."""
    content = hashlib.sha256()
    for path in (EXAMPLE / "train.py", EXAMPLE / "data" / "digits.csv.gz"):
        content.update(path.read_bytes())
    return content.hexdigest()[:12]


def cached(seed: int, data: str, shift: int) -> Trained:
    base_path = ROOT / "build" / f"trained-{sources()}-{data}-{seed}-{shift}" / "mnist"
    return Trained(base_path / "1", base_path.with_name("mnist-test-images.json"))


def is_trained(seed: int = 1, data: str = "auto", shift: int = 0) -> bool:
    return cached(seed, data, shift).test_images.exists()  # train.py writes this file last


def trained(seed: int = 1, data: str = "auto", shift: int = 0) -> Trained:
    """The model of `train.py`, from build/ unless train.py or its data changed since.

    Processes that ask for the same one at the same time wait for the first of them, which trains it.
    """
    model = cached(seed, data, shift)
    with locks.held(f"train-{data}-{seed}-{shift}"):
        if not is_trained(seed, data, shift):
            options = ["--seed", str(seed), "--data", data, "--shift", str(shift), "--out", str(model.folder.parent)]
            said = run([sys.executable, str(EXAMPLE / "train.py"), *options], seconds=TRAIN_SECONDS)
            model.log.write_text(said)
    return model


def damaged(good: Trained) -> Path:
    """A copy that no server can load, made by `damage.py`."""
    bad = good.folder.parent / "damaged"
    run([sys.executable, str(EXAMPLE / "damage.py"), str(good.folder), str(bad)])
    return bad


def archive(folder: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(folder, arcname=".")
    return packed.getvalue()


def start_loader(kubectl: Kubectl) -> None:
    """The claim, and a pod that has mounted it for writing. A pod that ended, as with its node, is replaced."""
    there = kubectl.get("pod", LOADER)
    if there and has_ended(there):
        kubectl("delete", "pod", LOADER, "--timeout=60s", seconds=70)
    for name in ("pvc.yaml", "loader.yaml"):
        kubectl.apply(EXAMPLE / name)
    kubectl("wait", "--for=condition=Ready", f"pod/{LOADER}", "--timeout=180s", seconds=190)


# Any user may read the files: the server's is not the loader's on every cluster.
PUBLISH = """
set -eu
mkdir -p "$1"; cd "$1"; rm -rf ".tmp-$2"; mkdir ".tmp-$2"
tar -xf - --no-same-owner -C ".tmp-$2"
chmod -R a+rX ".tmp-$2"
rm -rf "$2"; mv ".tmp-$2" "$2"
"""


def publish(kubectl: Kubectl, folder: Path, base_path: str, version: int) -> None:
    """Copies a version into the loader's claim: under a name that is ignored, then renamed when whole."""
    shell = ["exec", "--stdin", LOADER, "--", "sh", "-c", PUBLISH, "sh", f"/models/{base_path}", str(version)]
    kubectl(*shell, stdin=archive(folder), seconds=60)


def digest(folder: Path) -> str:
    """As `published_digest`, of a folder here."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = [f"{hashlib.sha256(f.read_bytes()).hexdigest()}  ./{f.relative_to(folder)}\n" for f in files]
    return hashlib.sha256("".join(sorted(sums)).encode()).hexdigest()


def published_digest(kubectl: Kubectl, base_path: str, version: int) -> str:
    """Of a version in the loader's claim; empty when it is not there."""
    shell = f"""
    cd /models/{base_path}/{version} 2>/dev/null || exit 0
    find . -type f -exec sha256sum {{}} + | LC_ALL=C sort | sha256sum | cut -d ' ' -f 1
    """
    return kubectl("exec", LOADER, "--", "sh", "-c", shell).strip()
