"""Decides which versions may go. Pure: the first reason to keep a version keeps it."""

from tfs_operator.fetcher.sync.view import BasePathView
from tfs_operator.fetcher.volume.staging import Leftover


def removable(view: BasePathView) -> frozenset[int]:
    """Returns the versions in place that are not ordered, and that no server has loaded.

    Where a policy picks, nothing goes before all that it picks is in place, and nothing at all goes by an empty or
    failed listing: a lost bucket must not empty a pod. A version that has vanished from the store goes although the
    server has it loaded, since a server that follows `latest` or `all` unloads it for no other reason.
    """
    spare = view.present.keys() - view.aspired()
    if view.states is None or not view.complete:
        return frozenset()
    if not view.discovers:
        return frozenset(number for number in spare if not view.busy(number))
    if not view.listed or view.listing_failed or not view.fetched >= view.aspired() - view.bad:
        return frozenset()
    return frozenset(number for number in spare if not view.busy(number) or _vanished(view, number))


def discarded(view: BasePathView, leftover: Leftover, owner: str, *, fetching: int | None, alive: bool) -> bool:
    """Whether a hidden folder is of no use any more. `alive`: its owner, another pod, still runs."""
    if leftover.owner != owner:
        return not alive
    if leftover.version is None:
        return True
    if leftover.version == fetching or not view.complete:
        return False
    return _known(view) and leftover.version not in view.missing() | view.changed()


def _vanished(view: BasePathView, number: int) -> bool:
    return number not in (view.listed or {}) and number not in view.held


def _known(view: BasePathView) -> bool:
    """Whether it is known which versions are ordered."""
    return not view.discovers or (view.listed is not None and not view.listing_failed)
