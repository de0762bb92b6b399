"""Which figures of a download are shown: new ones every ten seconds, since each change is a write of the status."""

from collections.abc import Mapping, Sequence

from tfs_operator.api.status import FetchStatus
from tfs_operator.controller.key import TFModelKey
from tfs_operator.domain.fetch_status import refreshed

REFRESH_SECONDS = 10.0

Fetching = Mapping[str, Sequence[FetchStatus]]


class FetchProgress:
    """Remembers what was shown, and when. A restarted operator shows new figures at once."""

    def __init__(self) -> None:
        self._shown: dict[TFModelKey, tuple[float, Fetching]] = {}

    def forget(self, key: TFModelKey) -> None:
        self._shown.pop(key, None)

    def shown(self, key: TFModelKey, fetching: Fetching, now: float) -> Fetching:
        """`fetching`, or what was shown of it a moment ago. Another version, state or cause is shown at once."""
        at, before = self._shown.get(key, (0.0, {}))
        chosen = refreshed(before, fetching, due=now - at >= REFRESH_SECONDS)
        if chosen is not before:
            self._shown[key] = (now, chosen)
        return chosen
