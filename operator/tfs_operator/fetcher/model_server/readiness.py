"""Decides when a pod may take traffic: once its model server is in step with what is committed, or after a while.

From then on it may for as long as the process of its model server lives and serves anything: labels that move later
move on every pod.
"""

import time
from collections.abc import Callable

from tfs_operator.fetcher.model_server.in_step import Lag

NO_ORDER_SECONDS = 15.0
"""Without an order for so long there is no operator: the pod serves what it has."""

STUCK_SECONDS = 30.0
"""Where nothing moves and the lag stays the same for so long, the operator does not bring the server into step."""

SILENT_SECONDS = 6.0
"""A server that has served nothing for so long takes no traffic, be it that it does not answer."""


class Readiness:
    """Keeps the state of one pod. Times are of `clock`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._up_at: float | None = None
        self._ordered_at = self._lag_since = self._served_at = float("-inf")
        self._lag: Lag | None = None
        self._latched = False

    @property
    def is_latched(self) -> bool:
        """Whether the server was in step, or was given up, since its process began."""
        return self._latched

    @property
    def lag(self) -> str:
        """Returns what a server that serves is waited for, for users; empty where it is not waited for."""
        return self._lag.words if self._lag and not self._latched else ""

    def why_not(self) -> str | None:
        """Returns why the pod takes no traffic; None where it does."""
        if self._up_at is None or self._clock() - self._served_at > SILENT_SECONDS:
            return "the model server serves nothing"
        return None if self._latched else self.lag or "the model server has not been asked yet"

    def ordered(self) -> None:
        """Notes an order: there is an operator."""
        self._ordered_at = self._clock()

    def came_up(self) -> None:
        """Notes that the model server listens, with a new process."""
        self._up_at, self._lag, self._latched = self._clock(), None, False

    def went_down(self) -> None:
        """Notes that the process of the model server has ended."""
        self._up_at, self._lag, self._latched = None, None, False

    def served(self) -> None:
        """Notes that the server serves something."""
        self._served_at = self._clock()

    def lags(self, lag: Lag | None) -> None:
        """Takes what the server lags behind in; None where it is in step."""
        if lag != self._lag:
            self._lag, self._lag_since = lag, self._clock()
        self._latched = self._latched or lag is None or self._is_given_up(lag)

    def _is_given_up(self, lag: Lag) -> bool:
        now, up_at = self._clock(), self._up_at or 0.0
        if now - max(up_at, self._ordered_at) >= NO_ORDER_SECONDS:
            return True
        return not lag.moving and now - self._lag_since >= STUCK_SECONDS
