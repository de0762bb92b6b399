"""How soon a TFModel is reconciled again when no event comes: often while something moves, slowly at rest."""

from collections.abc import Mapping
from dataclasses import dataclass

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.model_config import ModelServerConfig, Specific
from tfs_operator.domain.rollout import Limits, Step, next_change
from tfs_operator.domain.surge import Surge

FAST_SECONDS = 0.2
LOADING_SECONDS = 0.05
"""While a load is young: a label waits for the next look after the version is AVAILABLE on every pod."""
_LOADING_SHARE = 0.05
"""Of the time that a load has taken: so the pause costs it no more than that, and a long load costs few queries."""
_SECONDS_A_POD = 0.01
"""A large fleet is queried less often, so that the queries never become a load of their own."""
_FAST_FOR_SECONDS = 120.0
_DISCOVERY_SECONDS = 5.0
"""`latest` and `all` find versions by themselves: a bad one has to be known before a pod restarts."""
_FETCHING_SECONDS = 1.0
_UNDER_WAY = {Reason.FETCHING, Reason.DEPLOYING}
_AT_REST = {Reason.FETCHED, Reason.NOTHING_TO_FETCH, Reason.SCALED_TO_ZERO}


@dataclass(frozen=True)
class Situation:
    """Where a TFModel is at the end of a pass, at `now` in seconds since the epoch. Model servers and fetchers send no
    events, so they are queried."""

    steps: Mapping[str, Step]
    aspired: ModelServerConfig
    pods: int
    settled: bool
    """Every pod shows what it was sent, so nothing is being loaded or unloaded."""

    limits: Limits
    now: float
    fetched: Reason = Reason.NOTHING_TO_FETCH
    """Of the condition ModelsFetched."""

    surge: Surge = Surge()  # noqa: RUF009  # frozen
    held: frozenset[str] = frozenset()
    """Models whose new versions wait for a person."""

    lags: bool = False
    """The server of some pod is not in step: the pod takes traffic without an operator that gives orders meanwhile."""

    @property
    def loads(self) -> bool:
        """Whether a version is loaded, which has a timeout of its own."""
        return bool(self._loading)

    @property
    def loading_seconds(self) -> float:
        """How long the youngest load has taken; 0 without one."""
        return min((self.now - step.memory.since for step in self._loading), default=0.0)

    @property
    def _loading(self) -> list[Step]:
        return [
            step
            for name, step in self.steps.items()
            if step.action.traits.fast and not step.absent and name not in self.held
        ]

    @property
    def is_held(self) -> bool:
        """Whether a model that is not served yet waits for a person."""
        return any(name in self.held and not step.action.traits.serving for name, step in self.steps.items())

    @property
    def moves(self) -> bool:
        return not self.settled or any(step.action.traits.moving for step in self.steps.values())


@dataclass(frozen=True)
class NextLook:
    """Says in how many `seconds`. `moving_since` is to be remembered: by the monotonic clock, None at rest."""

    seconds: float
    moving_since: float | None = None


def next_look(situation: Situation, moving_since: float | None, slow_seconds: float, monotonic: float) -> NextLook:
    """Decides when to reconcile again. `slow_seconds`: how often what rests is queried. What has been moving for two
    minutes without an end is queried like what rests."""
    seconds, since = _unless_surging(situation, moving_since, slow_seconds, monotonic)
    until = situation.surge.until
    return NextLook(seconds if until is None else min(seconds, max(until - situation.now, FAST_SECONDS)), since)


def _unless_surging(
    situation: Situation, moving_since: float | None, slow_seconds: float, monotonic: float
) -> tuple[float, float | None]:
    for_pods = _SECONDS_A_POD * situation.pods
    if situation.loads:
        young = max(LOADING_SECONDS, _LOADING_SHARE * situation.loading_seconds)
        return max(min(young, FAST_SECONDS), for_pods), moving_since
    if not situation.moves:
        return _slow(situation, slow_seconds), None
    since = monotonic if moving_since is None else moving_since
    fast = max(FAST_SECONDS, for_pods)
    return fast if monotonic - since < _FAST_FOR_SECONDS else _slow(situation, slow_seconds), since


def _slow(situation: Situation, slow_seconds: float) -> float:
    changes = (next_change(step, situation.limits, situation.now) for step in situation.steps.values())
    soon = [max(change, FAST_SECONDS) for change in changes if change is not None]
    lagging = [_FETCHING_SECONDS] if situation.lags else []
    return min([_resting(situation, slow_seconds), _fetching(situation.fetched, slow_seconds), *lagging, *soon])


def _fetching(fetched: Reason, slow_seconds: float) -> float:
    """A store that fails is tried again by the fetchers, and not soon; a download may take hours."""
    if fetched in _AT_REST:
        return slow_seconds
    return _FETCHING_SECONDS if fetched in _UNDER_WAY else min(slow_seconds, _DISCOVERY_SECONDS)


def _resting(situation: Situation, slow_seconds: float) -> float:
    discovers = any(not isinstance(model.policy, Specific) for model in situation.aspired.models)
    looked_for = situation.is_held or any(step.absent for step in situation.steps.values())
    return min(slow_seconds, _DISCOVERY_SECONDS) if discovers or looked_for else slow_seconds
