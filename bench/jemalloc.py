"""jemalloc from Debian: the library that a process is given by LD_PRELOAD."""

import shutil
import subprocess
from pathlib import Path

PACKAGE = "libjemalloc2"
LIBRARY = "libjemalloc.so.2"
INSTALLED = Path("/usr/lib")
SECONDS = 60


def library(folder: Path) -> Path | None:
    """The installed one, else one out of the package, unpacked in `folder`; None where there is no such package."""
    installed = sorted(INSTALLED.glob(f"*/{LIBRARY}"))
    return installed[0] if installed else _unpacked(folder)


def _unpacked(folder: Path) -> Path | None:
    if not all(map(shutil.which, ("apt-get", "dpkg-deb"))):
        return None
    try:
        _run(["apt-get", "download", PACKAGE], folder)
        [package] = folder.glob(f"{PACKAGE}_*.deb")
        _run(["dpkg-deb", "-x", str(package), str(folder)], folder)
    except (subprocess.SubprocessError, ValueError):
        return None
    return next(folder.rglob(LIBRARY), None)


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, timeout=SECONDS, capture_output=True)
