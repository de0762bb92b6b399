"""Writes the report on one base path on a volume. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import (
    MOST_LISTED,
    MOST_REPORTED,
    FetchProblem,
    FetchState,
    LocalFolder,
    ModelOrder,
    ModelReport,
    VersionReport,
)
from tfs_operator.domain.times import rfc3339_seconds
from tfs_operator.fetcher.core.formatting import in_numbers
from tfs_operator.fetcher.local.base_path_listing import BasePathListing
from tfs_operator.fetcher.local.version_folder import VersionFolder


@dataclass(frozen=True)
class FolderView:
    """What is known of one base path. `listing` is None before the first look."""

    folder: LocalFolder
    order: ModelOrder | None
    listing: BasePathListing | None
    gone: Mapping[int, float]
    """Versions that were there and are not any more, and since when, in seconds since the epoch."""

    silence: FetchProblem | None = None
    """Why nothing is known at present: the volume does not answer."""

    unseen: frozenset[int] = frozenset()
    """Ordered versions for which nobody has looked yet."""


def folder_report(view: FolderView) -> ModelReport:
    """Returns the report: every version that is ordered by name or there, whole or not; of very many the newest."""
    there = view.listing.versions if view.listing else {}
    numbers = sorted({*sorted(there)[-MOST_REPORTED:], *_ordered(view.order)})[-4 * MOST_REPORTED :]
    known = view.listing is not None and view.silence is None
    return ModelReport(
        uri=view.folder.uri,
        local=True,
        versions=tuple(_present(there[n]) if n in there else _absent(view, n) for n in numbers),
        problem=view.silence or (view.listing.problem if view.listing and not view.unseen else None),
        readable=view.listing is None or view.listing.is_readable,
        listed=tuple(sorted(view.listing.whole)[-MOST_LISTED:]) if known and view.listing else None,
    )


def _ordered(order: ModelOrder | None) -> frozenset[int]:
    return order.named if order else frozenset()


def _present(version: VersionFolder) -> VersionReport:
    size = version.bytes
    return VersionReport(
        version=version.number,
        state=_state(version),
        bytes=size,
        total_bytes=size,
        problem=version.problem,
        content=version.content if version.is_whole else "",
    )


def _state(version: VersionFolder) -> FetchState:
    if version.is_written:
        return FetchState.FETCHING
    return FetchState.FAILED if version.problem else FetchState.FETCHED


def _absent(view: FolderView, number: int) -> VersionReport:
    return VersionReport(version=number, state=FetchState.WAITING, problem=_why_absent(view, number))


def _why_absent(view: FolderView, number: int) -> FetchProblem | None:
    """None where nothing is known, and where the problem of the whole folder says it all."""
    if view.listing is None or view.silence is not None or number in view.unseen:
        return None
    whole_folder = view.listing.problem
    if number in view.gone:
        has = whole_folder.message.removeprefix(f"{view.folder.uri}: ") if whole_folder else _has(view.listing)
        since = rfc3339_seconds(view.gone[number])
        return _lost(view, f"version {number} is gone since {since}: bring it back, or name one that is there; {has}")
    if whole_folder:
        return None
    return _lost(view, f"has no version {number}; {_has(view.listing)}. It is served once it is there")


def _lost(view: FolderView, cause: str) -> FetchProblem:
    return FetchProblem(reason=Reason.VERSION_NOT_FOUND, message=f"{view.folder.uri}: {cause}")


def _has(listing: BasePathListing) -> str:
    return f"it has {in_numbers(listing.versions.keys())}" if listing.versions else "it has no version any more"
