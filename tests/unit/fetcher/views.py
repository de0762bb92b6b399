"""Views in a few words."""

from collections.abc import Iterable

from tfs_operator.domain.fetch_protocol import ModelOrder, VersionSet
from tfs_operator.fetcher.core.source import RemoteFile, RemoteVersion
from tfs_operator.fetcher.sync.view import BasePathView


def version(number: int, etag: str = "a") -> RemoteVersion:
    return RemoteVersion(number, str(number), (RemoteFile("saved_model.pb", 10, etag),))


def store(*numbers: int) -> dict[int, RemoteVersion]:
    return {number: version(number) for number in numbers}


def view(
    start: VersionSet | None = None,
    hold: VersionSet | None = None,
    *,
    present: Iterable[int] = (),
    listed: Iterable[int] | None = None,
    failed: bool = False,
    bad: Iterable[int] = (),
    unsettled: Iterable[int] = (),
    states: dict[int, str] | None = None,
    held: Iterable[int] = (),
    unfit: tuple[int, ...] = (),
) -> BasePathView:
    return BasePathView(
        orders={"m": ModelOrder(start=start or VersionSet(), hold=hold or VersionSet(), unfit=unfit)},
        present=store(*present),
        listed=None if listed is None else store(*listed),
        listing_failed=failed,
        bad=frozenset(bad),
        unsettled=dict.fromkeys(unsettled, 1.0),
        states=states,
        held=frozenset(held),
    )


def named(*versions: int) -> VersionSet:
    return VersionSet(versions=versions)


def latest(count: int) -> VersionSet:
    return VersionSet(latest=count)


ALL = VersionSet(all=True)
