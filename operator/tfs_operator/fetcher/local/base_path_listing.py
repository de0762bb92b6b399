"""Lists a base path on a volume: its versions, and what is wrong with the folder itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tfs_operator.domain.fetch_protocol import FetchProblem, LocalFolder
from tfs_operator.fetcher.core.errors import ListingRefused
from tfs_operator.fetcher.local.version_folder import VersionFolder, look_at
from tfs_operator.fetcher.saved_model.folder_problems import no_versions, path_problem, unreadable
from tfs_operator.fetcher.saved_model.listing_budget import ListingBudget, entries_in
from tfs_operator.fetcher.saved_model.version_listing import version_number

MAX_ENTRIES = 100_000
"""In the base path itself."""


@dataclass(frozen=True)
class BasePathListing:
    """What one look at a base path shows. `problem` is what is wrong with the folder, in which then no version is
    found."""

    versions: Mapping[int, VersionFolder] = field(default_factory=dict)
    problem: FetchProblem | None = None
    is_readable: bool = True
    """The folder is there, and can be listed."""

    @property
    def whole(self) -> frozenset[int]:
        return frozenset(number for number, version in self.versions.items() if version.is_whole)


NOTHING = BasePathListing()


def listing(folder: LocalFolder, before: BasePathListing, now: float) -> BasePathListing:
    """Lists a base path. Blocks for as long as the volume does. `before` is the last listing; `now` is in seconds since
    the epoch."""
    budget = ListingBudget(folder.uri, files=MAX_ENTRIES, entries=MAX_ENTRIES)
    try:
        names = [entry.name for entry in entries_in(Path(folder.base_path), budget) if not entry.name.startswith(".")]
        numbered = _numbered(names)
        budget.check_versions(len(numbered))
    except OSError as error:
        return BasePathListing(problem=unreadable(folder, error), is_readable=False)
    except ListingRefused as error:
        return BasePathListing(problem=FetchProblem(reason=error.reason, message=error.message))
    if not numbered:
        return BasePathListing(problem=no_versions(folder, names))
    found: dict[int, VersionFolder] = {}
    for number, name in numbered.items():
        try:
            found[number] = look_at(folder, number, name, before.versions.get(number), now)
        except FileNotFoundError:  # gone since it was listed
            continue
        except OSError as error:
            return BasePathListing(problem=path_problem(folder.uri, Path(folder.base_path), error))
    return BasePathListing(found)


def _numbered(names: Sequence[str]) -> dict[int, str]:
    """The name of each version's folder; of `1` and `001` the plain one."""
    found: dict[int, str] = {}
    for name in sorted(names):
        if (number := version_number(name)) is not None:
            found[number] = name
    return dict(sorted(found.items()))
