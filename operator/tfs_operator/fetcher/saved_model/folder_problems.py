"""Says in words for users what is wrong with a base path or a version on a volume: cause and remedy."""

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchProblem, LocalFolder
from tfs_operator.domain.foreign_text import one_line
from tfs_operator.fetcher.saved_model.checks import GRAPHS
from tfs_operator.fetcher.saved_model.version_listing import version_number

_SHOWN = 5
_LONGEST_SHOWN = 100
_NUMBERED = "a folder with a number for a name, such as 1"


def unreadable(folder: LocalFolder, error: OSError) -> FetchProblem:
    """Returns why the base path cannot be listed."""
    base = Path(folder.base_path)
    if isinstance(error, FileNotFoundError):
        return FetchProblem(reason=Reason.NO_VERSIONS, message=f"{folder.uri}: {_missing(folder, base)}")
    if isinstance(error, NotADirectoryError):
        cause = f"is a file, and not a folder: name the folder that has {_NUMBERED}"
        return FetchProblem(reason=Reason.NO_VERSIONS, message=f"{folder.uri}: {cause}")
    return path_problem(folder.uri, base, error)


def path_problem(what: str, path: Path, error: OSError) -> FetchProblem:
    """Returns why a file or folder below a base path cannot be read. `what` names the URI, and the version if any."""
    if isinstance(error, PermissionError):
        return FetchProblem(reason=Reason.ACCESS_DENIED, message=f"{what}: {_forbidden(path)}")
    cause = f"the volume cannot be read: {error.strerror or errno.errorcode.get(error.errno or 0, 'I/O error')}"
    return FetchProblem(reason=Reason.STORE_ERROR, message=f"{what}: {cause}")


def no_versions(folder: LocalFolder, names: Sequence[str]) -> FetchProblem:
    """Returns why there is no version among `names`, all that the base path has."""
    return FetchProblem(reason=Reason.NO_VERSIONS, message=f"{folder.uri}: {_why_none(folder, names)}")


def no_folder(folder: LocalFolder, number: int, name: str) -> FetchProblem:
    """Returns the problem of a file that stands in the place of a version's folder."""
    message = f"{folder.uri}: version {number}: {name} is a file, and not a folder with a SavedModel"
    return FetchProblem(reason=Reason.NO_SAVED_MODEL, message=message)


def silent(folder: LocalFolder, since: str) -> FetchProblem:
    """Returns the problem of a volume that does not answer, such as NFS without its server."""
    cause = f"the volume has not answered since {since}: is its server down?"
    return FetchProblem(reason=Reason.STORE_UNREACHABLE, message=f"{folder.uri}: {cause}")


def _why_none(folder: LocalFolder, names: Sequence[str]) -> str:
    if not names:
        return f"the folder is empty: put each version into {_NUMBERED}"
    graph = next((name for name in GRAPHS if name in names), None)
    if graph is not None:
        return _version_right_here(folder, graph)
    cause = f"no folder has a number for a name (found: {_first_of(names)})"
    return f"{cause}; TensorFlow Serving takes versions such as 1 or 002"


def _first_of(names: Sequence[str]) -> str:
    """A file's name may have any bytes but two."""
    shown = (one_line(name, _LONGEST_SHOWN) for name in sorted(names)[:_SHOWN])
    return ", ".join(shown) + (", …" if len(names) > _SHOWN else "")


def _version_right_here(folder: LocalFolder, graph: str) -> str:
    above, _, name = folder.uri.rpartition("/")
    cause = f"{graph} lies right here, so this folder is one version and not a base path"
    if version_number(name) is not None and above.count("/") > 2:
        return f"{cause}: name the folder above, {above}"
    return f"{cause}: move what is in it to {_NUMBERED}"


def _missing(folder: LocalFolder, base: Path) -> str:
    """Names the first part that is missing, and what is there in its place."""
    ancestor = next(parent for parent in base.parents if parent.is_dir())
    lacking = base.relative_to(ancestor).parts
    shown = "/".join(folder.uri.split("/")[: -len(lacking)])
    try:
        names = [entry.name for entry in ancestor.iterdir() if not entry.name.startswith(".")]
    except OSError:
        names = []
    has = _first_of(names) or "nothing"
    return f"there is no such folder: {shown} has no {lacking[0]} (found: {has}); create it, or correct modelUri"


def _forbidden(path: Path) -> str:
    """Names the outermost folder that keeps this process out, which runs as the same user as the model server."""
    closed = next((each for each in reversed([path, *path.parents]) if not _is_open(each)), path)
    user, name = f"the server runs as user {os.geteuid()}", one_line(closed.name, _LONGEST_SHOWN)
    try:
        found = closed.stat()
    except OSError:
        return f"{name} cannot be read, and {user}: let others read it, such as by chmod -R o+rX"
    what = "folder" if stat.S_ISDIR(found.st_mode) else "file"
    mode = f"the {what} {name} has mode {stat.S_IMODE(found.st_mode):o} and belongs to user {found.st_uid}"
    return f"{mode}, and {user}: let others read it, such as by chmod -R o+rX"


def _is_open(path: Path) -> bool:
    return os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0), effective_ids=True)
