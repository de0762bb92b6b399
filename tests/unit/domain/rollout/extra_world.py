"""The world in which versions are tried on a pod outside the Service, as `rollout.extraPod` says.

One more invariant: no version ends a server that clients use, unless it was committed untried, or the pod outside the
Service did not come up in time.
"""

from dataclasses import replace
from typing import Any

from tests.unit.domain.rollout.fleet import Server, Unsafe
from tests.unit.domain.rollout.world import World
from tfs_operator.domain.model_config import ModelConfig
from tfs_operator.domain.pods import Death
from tfs_operator.domain.rollout import ExtraPods, Facts, Limits, Pod

PATIENCE = 4.0
BACK_OFF_FACTOR = 3.0


class ExtraWorld(World):
    """There is room for one more pod."""

    there_is_room = True
    long_enough = 2400
    extra: Server | None = None
    extra_name = ""
    extra_restarts = 0

    def __init__(self, aspired: ModelConfig, kinds: dict[int, str], *shape: Any, **more: Any) -> None:
        super().__init__(aspired, kinds, *shape, **more)
        # A pod that starts so late has its own load behind it when it is told of another version.
        self.limits = replace(self.limits, load_timeout=16.0, extra=PATIENCE)
        self.tried_in_service: set[int] = set()

    @property
    def servers(self) -> list[Server]:
        return [*super().servers, *([self.extra] if self.extra else [])]

    @property
    def deciding(self) -> list[Server]:
        serving = [pod for pod in super().servers if pod.ready]
        return [*serving, *([self.extra] if serving and self.extra and self.extra.ready else [])]

    @property
    def _is_wanted(self) -> bool:
        return self.last is not None and self.last.extra_pod and bool(self.config_maps)

    def _tick_beside(self) -> None:
        self._note_trials()
        if not self._is_wanted or not self.there_is_room:
            self.extra, self.extra_name = None, ""
        elif self.extra is None:
            self._start_extra()
        else:
            self._tick_extra(self.extra)

    def _start_extra(self) -> None:
        """At once, or a moment later; as another pod, or its container again."""
        if self.dice(3) == 1:
            return
        if not self.extra_name or self.dice(12) == 1:
            self.serial += 1
            self.extra_name, self.extra_restarts = f"extra-{self.serial}", 0
        self.extra = self._made(self.extra_name, stale=self.dice(4) == 1, restarts=self.extra_restarts)

    def _tick_extra(self, extra: Server) -> None:
        extra.fetch(self.dice)
        if extra.held is not None and not extra.states and not extra.awaited <= extra.held:
            return
        extra.tick(self.now)
        self.ever_available |= extra.available
        if extra.exited:
            self.deaths[extra.name] = Death("was killed", extra.restarts)
            self.extra, self.extra_restarts = None, extra.restarts + 1

    def _note_trials(self) -> None:
        if self.last is not None and self.last.trial is not None and self.last.without_extra:
            self.tried_in_service.add(self.last.trial.version)

    def _end(self, slot: int, pod: Server) -> None:
        super()._end(slot, pod)
        if pod.killed_by is not None and pod.killed_by not in self.untried | self.tried_in_service:
            raise Unsafe(f"version {pod.killed_by} has ended {pod.name}, which clients use; {self.last}")

    def facts(self, silent: set[str]) -> Facts:
        facts = super().facts(silent)
        names = frozenset({self.extra_name}) if self._is_wanted and self.extra_name else frozenset()
        problem = "no room" if self._is_wanted and not self.there_is_room else ""
        pods = tuple(self._marked(pod) for pod in facts.fleet.pods)
        pods = () if all(pod.extra for pod in pods) else pods
        living = facts.fleet.living | names
        deaths = {name: death for name, death in self.deaths.items() if name in facts.fleet.deaths or name in names}
        fleet = replace(facts.fleet, pods=pods, living=living, deaths=deaths, extra=ExtraPods(names, problem))
        return replace(facts, fleet=fleet, limits=self._with_longer_back_off(facts.limits))

    def _with_longer_back_off(self, limits: Limits) -> Limits:
        """A trial begins with the start of a pod. A version that is tried again and again must leave others the time
        for theirs."""
        times = limits.back_off * BACK_OFF_FACTOR, limits.back_off_limit * BACK_OFF_FACTOR
        return replace(limits, back_off=times[0], back_off_limit=times[1])

    def _marked(self, pod: Pod) -> Pod:
        nowhere = frozenset(pod.unfetchable)
        extra = self.extra is not None and pod.name == self.extra.name
        return replace(pod, extra=extra, nowhere=nowhere)


class CrowdedWorld(ExtraWorld):
    """There is none: versions are tried on pods that clients use."""

    there_is_room = False
