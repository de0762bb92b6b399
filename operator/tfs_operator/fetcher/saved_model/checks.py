"""Whether a version is a whole SavedModel: by its listing, before a byte is fetched, and by its files, afterwards.

An upload has no end that a store could show, so every file that the model itself promises is looked for: the shards of
its checkpoint, the variables and assets of its graph, the last warmup request.
"""

import re
import stat
from collections.abc import Iterable
from pathlib import Path

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.source import RemoteVersion
from tfs_operator.fetcher.saved_model.checkpoint_index import DamagedIndex, read_index
from tfs_operator.fetcher.saved_model.graph import asset_names, restores_variables
from tfs_operator.fetcher.saved_model.warmup import WARMUP, whole_records
from tfs_operator.fetcher.saved_model.wire import DamagedMessage, TooManyFields

GRAPH = "saved_model.pb"
GRAPHS = (GRAPH, "saved_model.pbtxt")
INDEX = "variables/variables.index"

_SHARD = re.compile(r"variables/variables\.data-(\d{5})-of-(\d{5})")
_STILL_UPLOADING = "its upload may still be running; it is taken once it is whole"


def check_listing(uri: str, version: RemoteVersion) -> None:
    """Raises FetchError(NO_SAVED_MODEL or INCOMPLETE_VERSION) where its listing alone shows what is wrong, and the
    version's own problem where it has one."""
    if version.problem:
        raise FetchError(version.problem.reason, version.problem.message)
    sizes = {file.path: file.size for file in version.files}
    graphs = [path for path in GRAPHS if path in sizes]
    if not graphs:
        raise _no_graph(uri, version, sizes)
    if all(sizes[path] == 0 for path in graphs):
        raise _problem(Reason.NO_SAVED_MODEL, uri, version, f"its {graphs[0]} is empty: upload it again")
    lacking = _lacking(sizes)
    if lacking:
        raise _incomplete(uri, version, f"it has no {lacking}")


def check_folder(uri: str, version: RemoteVersion, folder: Path) -> None:
    """Raises FetchError where a listed file is not in `folder` with its listed size, and where `check_content` does."""
    for file in version.files:
        size = _size(folder / file.path)
        if size != file.size:
            found = "it did not arrive" if size is None else f"{size} bytes arrived of {file.size}"
            raise _problem(Reason.VERSION_CHANGED, uri, version, f"{file.path}: {found}; it is fetched again")
    check_content(uri, version, folder)


def check_content(uri: str, version: RemoteVersion, folder: Path) -> None:
    """Raises FetchError where the model's own files name more than there is, and where `check_listing` does. `version`
    has the files that are in `folder`; links on a user's volume are among them, a store brings none."""
    check_listing(uri, version)
    if (folder / GRAPH).exists():
        _check_graph(uri, version, folder)
    if (folder / INDEX).exists():
        _check_shards(uri, version, folder)
    if (folder / WARMUP).exists():
        _check_warmup(uri, version, folder)


def _check_graph(uri: str, version: RemoteVersion, folder: Path) -> None:
    """A graph in text is for people to read, and is judged by the names of the files beside it alone."""
    try:
        if not (folder / INDEX).exists() and restores_variables(folder / GRAPH):
            raise _incomplete(uri, version, f"its graph restores variables from {INDEX}, which is not there")
        for name in asset_names(folder / GRAPH):
            path = f"assets/{name}"
            if _size(folder / path, follow=True) is None:
                raise _incomplete(uri, version, f"its graph reads {path}, which is not there")
    except DamagedMessage as error:
        raise _incomplete(uri, version, f"its {GRAPH} is damaged ({error})") from None
    except TooManyFields:
        return


def _check_shards(uri: str, version: RemoteVersion, folder: Path) -> None:
    try:
        index = read_index(folder / INDEX)
    except DamagedIndex as error:
        raise _problem(Reason.INCOMPLETE_VERSION, uri, version, f"its {INDEX} is damaged ({error})") from None
    for shard, length in enumerate(index.lengths):
        path = f"variables/variables.data-{shard:05}-of-{index.shards:05}"
        size = _size(folder / path, follow=True)
        if size is None:
            raise _incomplete(uri, version, f"its {INDEX} promises {path}, which is not there")
        if size < length:
            cause = f"its {path} has {size} bytes, and {INDEX} promises {length}: upload the version again"
            raise _problem(Reason.INCOMPLETE_VERSION, uri, version, cause)


def _check_warmup(uri: str, version: RemoteVersion, folder: Path) -> None:
    count = whole_records(folder / WARMUP)
    if count is not None:
        raise _incomplete(uri, version, f"its {WARMUP} is cut, or is no TFRecord file, after {count} records")


def _no_graph(uri: str, version: RemoteVersion, paths: Iterable[str]) -> FetchError:
    nested = next((path for path in paths if path.rpartition("/")[2] in GRAPHS), None)
    if nested:
        wrong = f"it has no saved_model.pb, but {nested}: move what is in {nested.rpartition('/')[0]} up"
        return _problem(Reason.NO_SAVED_MODEL, uri, version, wrong)
    if any(path.startswith(("variables/", "assets/", "assets.extra/")) for path in paths):
        return _incomplete(uri, version, "it has no saved_model.pb yet")
    return _problem(Reason.NO_SAVED_MODEL, uri, version, "it has no saved_model.pb and no saved_model.pbtxt")


def _lacking(paths: Iterable[str]) -> str | None:
    """The file that must be missing, by the names of the others. Shards of an earlier upload with another number of
    them may lie beside; the index tells in the end."""
    found: dict[int, set[int]] = {}
    for path in paths:
        shard = _SHARD.fullmatch(path)
        if shard:
            found.setdefault(int(shard[2]), set()).add(int(shard[1]))
    if not found and INDEX not in paths:
        return None
    if INDEX not in paths:
        return INDEX
    if not found:
        return "variables/variables.data-*"
    return _missing_shard(found)


def _missing_shard(found: dict[int, set[int]]) -> str | None:
    missing = {count: set(range(count)) - shards for count, shards in found.items()}
    if any(not shards for shards in missing.values()):
        return None
    count = max(missing)
    return f"variables/variables.data-{min(missing[count]):05}-of-{count:05}"


def _size(path: Path, *, follow: bool = False) -> int | None:
    """None where there is no plain file, or, unless links are followed, a link."""
    try:
        found = path.stat(follow_symlinks=follow)
    except (OSError, ValueError):  # a graph may name an asset as no file can be named
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _problem(reason: Reason, uri: str, version: RemoteVersion, cause: str) -> FetchError:
    return FetchError(reason, f"{uri}: version {version.number}: {cause}")


def _incomplete(uri: str, version: RemoteVersion, cause: str) -> FetchError:
    return _problem(Reason.INCOMPLETE_VERSION, uri, version, f"{cause}; {_STILL_UPLOADING}")
