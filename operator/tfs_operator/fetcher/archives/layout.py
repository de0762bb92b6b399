"""Finds the versions in the tree of an archive or image."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchProblem
from tfs_operator.fetcher.archives.errors import shown
from tfs_operator.fetcher.archives.limits import EntryKind
from tfs_operator.fetcher.archives.unpack import Packed
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.source import RemoteVersion
from tfs_operator.fetcher.saved_model.version_listing import VersionListing, version_number

SAVED_MODELS = ("saved_model.pb", "saved_model.pbtxt")
_ALONE = 1
"""The number of a version that has no folder with a number for a name."""

_NEVER_A_MODEL = "__MACOSX"


@dataclass(frozen=True)
class VersionPlace:
    """A version, and the folder in the archive that its files lie in: "" or one that ends in `/`."""

    version: RemoteVersion
    prefix: str


def version_places(uri: str, tree: Mapping[str, Packed], roots: Sequence[str]) -> dict[int, VersionPlace]:
    """Returns the versions in the first of `roots` ("" or ending in `/`) that has any, or in the one folder below it:
    folders with numbers for names, else one SavedModel, which is version 1. Raises FetchError(NO_VERSIONS)."""
    for root in roots:
        for prefix in (root, *_only_folder(tree, root)):
            names = {name[len(prefix) :] for name in tree if name.startswith(prefix)}
            if any(version_number(name.partition("/")[0]) is not None for name in names):
                return _numbered(uri, tree, prefix)
            if any(name in names for name in SAVED_MODELS):
                return {_ALONE: _alone(uri, tree, prefix)}
    raise FetchError(Reason.NO_VERSIONS, f"{uri}: {_why_none(tree, roots)}", retry=False)


def _only_folder(tree: Mapping[str, Packed], root: str) -> Iterable[str]:
    tops = {name[len(root) :].partition("/")[0] for name in tree if name.startswith(root) and "/" in name[len(root) :]}
    tops = {top for top in tops if top != _NEVER_A_MODEL and not top.startswith(".")}
    return [f"{root}{top}/" for top in tops] if len(tops) == 1 else []


def _numbered(uri: str, tree: Mapping[str, Packed], prefix: str) -> dict[int, VersionPlace]:
    listing = VersionListing(uri)
    for name, packed in tree.items():
        if name.startswith(prefix):
            listing.add(name[len(prefix) :], packed.size, "", packed.sha256)
    found = listing.versions().values()
    return {
        version.number: _checked(uri, tree, VersionPlace(version, f"{prefix}{version.folder}/")) for version in found
    }


def _alone(uri: str, tree: Mapping[str, Packed], prefix: str) -> VersionPlace:
    """As if it lay in a folder `1`."""
    listing = VersionListing(uri)
    for name, packed in tree.items():
        if name.startswith(prefix):
            listing.add(f"{_ALONE}/{name[len(prefix) :]}", packed.size, "", packed.sha256)
    return _checked(uri, tree, VersionPlace(listing.versions()[_ALONE], prefix))


def _checked(uri: str, tree: Mapping[str, Packed], place: VersionPlace) -> VersionPlace:
    """With a problem where something of the version cannot be unpacked."""
    seen: dict[str, str] = {}
    for file in place.version.files:
        packed = tree[place.prefix + file.path]
        twin = seen.setdefault(file.path.casefold(), file.path)
        if packed.kind is not EntryKind.FILE:
            return _refused(uri, place, f"{shown(packed.path)} is a {packed.kind}, which is never unpacked")
        if twin != file.path:
            return _refused(uri, place, f"{shown(twin)} and {shown(file.path)} differ in upper and lower case only")
    return place


def _refused(uri: str, place: VersionPlace, cause: str) -> VersionPlace:
    message = f"{uri}: version {place.version.number}: {cause}"
    problem = FetchProblem(reason=Reason.ARCHIVE_REFUSED, message=message)
    return replace(place, version=replace(place.version, problem=problem))


def _why_none(tree: Mapping[str, Packed], roots: Sequence[str]) -> str:
    if not tree:
        return "it is empty"
    tops = sorted({name.partition("/")[0] for name in tree})
    found = ", ".join(shown(top) for top in tops[:5]) + (", …" if len(tops) > 5 else "")
    places = " or ".join(f"in {root}" if root else "at the top or in one folder" for root in roots)
    return f"no folder has a number for a name, and there is no saved_model.pb, {places} (found: {found})"
