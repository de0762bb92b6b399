"""How soon to look again when no event comes: often while something moves, slowly when nothing does."""

import time
from collections.abc import Callable, Mapping

from tfs_operator.api.conditions import Reason
from tfs_operator.controller.key import TFModelKey
from tfs_operator.domain.model_config import ModelServerConfig, Specific
from tfs_operator.domain.rollout import Limits, Step, next_change

FAST_SECONDS = 0.2
_SECONDS_A_POD = 0.01
"""A large fleet is asked less often, so that the questions never become a load of their own."""
_FAST_FOR_SECONDS = 120.0
_DISCOVERY_SECONDS = 5.0
"""`latest` and `all` find versions by themselves: a bad one has to be known before a pod restarts."""
_FETCHING_SECONDS = 1.0
_UNDER_WAY = {Reason.FETCHING, Reason.DEPLOYING}
_AT_REST = {Reason.FETCHED, Reason.NOTHING_TO_FETCH, Reason.SCALED_TO_ZERO}


class Requeue:
    """Model servers tell nobody when a version is loaded, so they are asked."""

    def __init__(self, slow_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._slow_seconds = slow_seconds
        self._clock = clock
        self._moving_since: dict[TFModelKey, float] = {}

    def forget(self, key: TFModelKey) -> None:
        self._moving_since.pop(key, None)

    def next(
        self,
        key: TFModelKey,
        steps: Mapping[str, Step],
        aspired: ModelServerConfig,
        *,
        pods: int,
        settled: bool,
        limits: Limits,
        now: float,
        fetched: Reason = Reason.NOTHING_TO_FETCH,
    ) -> float:
        """Seconds. `settled`: every pod shows what it was told, so nothing is being loaded or unloaded. What has been
        moving for two minutes without an end is asked like what rests; a load ends by its own timeout. `fetched`
        is why ModelsFetched is what it is: fetchers tell nobody how far they are either."""
        fast = max(FAST_SECONDS, _SECONDS_A_POD * pods)
        if any(step.action.traits.fast and not step.absent for step in steps.values()):
            return fast
        if not settled or any(step.action.traits.moving for step in steps.values()):
            since = self._moving_since.setdefault(key, self._clock())
            if self._clock() - since < _FAST_FOR_SECONDS:
                return fast
        else:
            self.forget(key)
        changes = (next_change(step, limits, now) for step in steps.values())
        soon = [max(change, FAST_SECONDS) for change in changes if change is not None]
        return min([self._resting(steps, aspired), self._fetching(fetched), *soon])

    def _fetching(self, fetched: Reason) -> float:
        """A store that fails is asked again by the fetchers, and not soon; a download may take hours."""
        if fetched in _AT_REST:
            return self._slow_seconds
        return _FETCHING_SECONDS if fetched in _UNDER_WAY else min(self._slow_seconds, _DISCOVERY_SECONDS)

    def _resting(self, steps: Mapping[str, Step], aspired: ModelServerConfig) -> float:
        discovers = any(not isinstance(model.policy, Specific) for model in aspired.models)
        looked_for = any(step.absent for step in steps.values())
        return min(self._slow_seconds, _DISCOVERY_SECONDS) if discovers or looked_for else self._slow_seconds
