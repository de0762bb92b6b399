"""The world around the state machine: pods, a ConfigMap, a status, an operator that can die, and every fault.

The invariants are checked after each tick and each push, so also in the middle of an operator's pass.
"""

from collections.abc import Callable
from dataclasses import replace

from tests.unit.domain.rollout.fleet import MUTE, Folders, Server, Unsafe
from tfs_operator.domain.model_config import Latest, ModelConfig, ModelServerConfig, Specific
from tfs_operator.domain.pods import Death
from tfs_operator.domain.rollout import (
    Action,
    Facts,
    Fleet,
    Limits,
    Memory,
    Pod,
    Step,
    decide,
    labels_to_query,
    settled,
)
from tfs_operator.domain.rollout.push import pod_config
from tfs_operator.domain.rollout.view import newest
from tfs_operator.domain.verification import Outcome, Probed

REPEAT = 4
CALM = 10_000.0


class Killed(Exception):
    """The operator's process is gone."""


def named_by(config: ModelConfig) -> set[int]:
    named = config.policy.versions if isinstance(config.policy, Specific) else ()
    return {*named, *config.labels.values()}


def is_looked_for(step: Step) -> bool:
    """A version that is nowhere to be found is asked for again and again."""
    return bool(step.absent) or step.action is Action.FETCH


Answers = dict[tuple[str, int, int], Probed]
"""What came of asking for a prediction, by pod, restarts of its server, and version."""


def _seen(server: Server, asked: set[str], answers: Answers) -> Pod:
    held = server.held or set()
    missing = sorted(server.ordered - held) if server.held is not None else []
    words = {version: f"version {version} is fetched" for version in missing if version in server.folders.kinds}
    lacking = {version: f"no version {version}" for version in missing if version not in server.folders.kinds}
    probed = {v: said for (name, n, v), said in answers.items() if (name, n) == (server.name, server.restarts)}
    return Pod(
        server.name,
        server.observation(asked),
        server.ready_at,
        words,
        lacking,
        frozenset(held),
        restarts=server.restarts,
        probed=probed,
    )


class World:
    """`faults` are drawn from `dice`: a number below its argument; 0 means that all goes well."""

    long_enough = 600
    """Ticks: a version that has ended a server is tried again ten back-offs later, twice as many at the second time."""

    def __init__(
        self, aspired: ModelConfig, kinds: dict[int, str], replicas: int, strict: bool, load_ticks: int
    ) -> None:
        self.aspired, self.folders, self.strict, self.load_ticks = aspired, Folders(kinds), strict, load_ticks
        self.now, self.serial = 1000.0, 0
        self.config_maps: list[ModelConfig] = []
        self.status = Memory()
        self.told: dict[str, tuple[ModelConfig, float, bool]] = {}
        self.ever_available: set[int] = set()
        self.pods: list[Server | None] = [None] * replicas
        self.exits = [0] * replicas
        self.ended: list[Server | None] = [None] * replicas
        """The server that has ended in the pod that is there still, and is started again."""
        self.deaths: dict[str, Death] = {}
        self.answers: Answers = {}
        self.answered_for = aspired
        """The spec by which they were asked: another one may ask for more."""
        self.untried: set[int] = set()
        """Versions that were committed while nothing was known of them: no pod was ready."""
        self.limits = Limits(
            load_timeout=8.0, bake=2.0, settle=2.0, back_off=4.0, back_off_limit=8.0, absent=4.0, answer=CALM
        )
        self.dice: Callable[[int], int] = lambda sides: 0
        self.harsh = False
        """Whether there are versions that end servers, or cannot predict."""
        self.by_name = False
        """Whether every spec names its versions."""
        self.remote = False
        """Whether the versions are fetched from a store, pod by pod."""
        self.watched = False
        """Whether the pods' agents list the folders."""
        self.ends_well = False
        """Whether the spec could be reached when the faults stopped."""
        self.last: Step | None = None
        self.pushes = self.commits = 0

    @property
    def committed(self) -> ModelConfig | None:
        return self.config_maps[-1] if self.config_maps else None

    @property
    def servers(self) -> list[Server]:
        return [pod for pod in self.pods if pod is not None]

    @property
    def ready(self) -> list[Server]:
        return [pod for pod in self.servers if pod.ready]

    @property
    def deciding(self) -> list[Server]:
        """The pods of which a rollout is decided."""
        return self.ready

    # what happens to pods

    def tick(self) -> None:
        self.now += 1
        self._tick_beside()
        for slot, pod in enumerate(self.pods):
            if pod is None:
                self._start(slot, stale=self.dice(4) == 1)
            else:
                self._tick_pod(slot, pod)
        self.check()

    def _tick_beside(self) -> None:
        """For pods that are in no slot."""

    def _tick_pod(self, slot: int, pod: Server) -> None:
        pod.fetch(self.dice)
        if pod.held is not None and not pod.states and not pod.awaited <= pod.held:
            return
        pod.tick(self.now)
        self.ever_available |= pod.available
        if pod.exited:
            self._end(slot, pod)
        elif not pod.ready and self.now - pod.born > 2 * self.limits.load_timeout:
            self.exits[slot] += 1  # the startup probe's patience is over
            self.pods[slot] = None
        elif pod.ready:
            self.exits[slot] = 0

    def _end(self, slot: int, pod: Server) -> None:
        """Its container is started again in the same pod."""
        self.exits[slot] += not (pod.ready and pod.ready_at < self.now)
        self.pods[slot], self.ended[slot] = None, pod
        self.deaths[pod.name] = Death("was killed", pod.restarts)
        if pod.killed_by is None or pod.killed_by in self.untried or not self.limits.trial:
            return
        others = [other.name for other in self.ended if other and other is not pod and other.killed_by == pod.killed_by]
        if others:
            raise Unsafe(f"version {pod.killed_by} has ended {pod.name} and {others} at once; {self.last}")

    def _start(self, slot: int, stale: bool) -> None:
        if not self.config_maps:
            return
        ended, self.ended[slot] = self.ended[slot], None
        self.serial += ended is None
        name, restarts = (ended.name, ended.restarts + 1) if ended else (f"pod-{self.serial}", 0)
        self.pods[slot] = self._made(name, stale=stale, restarts=restarts)

    def _made(self, name: str, *, stale: bool, restarts: int) -> Server:
        """Returns a server that has read the ConfigMap, or the one before."""
        config = self._with_names(self.config_maps[-2 if stale and len(self.config_maps) > 1 else -1])
        pod = Server(name, config, self.folders, self.now, self.strict, self.load_ticks, restarts=restarts)
        if self.remote:
            pod.held, pod.ordered, pod.awaited = set(), self._picked(config), self._picked(config)
        return pod

    def _with_names(self, config: ModelConfig) -> ModelConfig:
        """An agent names what the policy picks. Only the first configuration has a policy: nothing is known then."""
        if isinstance(config.policy, Specific):
            return config
        chosen = self.folders.aspired(config) if self.watched else set()
        self.untried |= chosen
        return replace(config, policy=Specific(tuple(sorted(chosen)))) if chosen else config

    def _picked(self, config: ModelConfig) -> set[int]:
        return self.folders.aspired(config) | named_by(config)

    def restart(self, slot: int) -> None:
        """Another pod takes the place of this one."""
        self.pods[slot % len(self.pods)] = self.ended[slot % len(self.pods)] = None

    def scale(self, replicas: int) -> None:
        self.pods = (self.pods + [None] * replicas)[:replicas]
        self.exits = (self.exits + [0] * replicas)[:replicas]
        self.ended = (self.ended + [None] * replicas)[:replicas]

    # the operator

    def operate(self) -> None:
        """One pass; when it is killed in the middle, its memory is gone and the next pass is a new process."""
        try:
            self._pass()
        except Killed:
            self.told = {}

    def _maybe_killed(self) -> None:
        if self.dice(24) == 1:
            raise Killed

    def facts(self, silent: set[str]) -> Facts:
        asked = set(labels_to_query(self.aspired, self.committed))
        pods = tuple(self._listing(_seen(pod, asked, self.answers)) for pod in self.deciding if pod.name not in silent)
        hopeless = all(exits or self._starves(pod) for exits, pod in zip(self.exits, self.pods, strict=True))
        crashing = not self.deciding and bool(self.pods) and hopeless
        living = {pod.name for pod in (*self.servers, *self.ended) if pod is not None}
        late = {name for name in self.deaths if self.dice(4) == 1}  # a pod's status may be behind
        deaths = {name: death for name, death in self.deaths.items() if name in living - late}
        fleet = Fleet(pods, len(silent), crashing, frozenset(living), deaths)
        return Facts(self.aspired, self.committed, fleet, self.status, self.limits, self.now, self.watched)

    def _listing(self, pod: Pod) -> Pod:
        """An agent may be silent, or not have looked yet."""
        known = self.watched and self.dice(6) != 1
        return replace(pod, listed=frozenset(self.folders.kinds)) if known else pod

    def _pass(self) -> None:
        silent = {pod.name for pod in self.deciding if self.dice(10) == 1}
        self._order()
        facts = self.facts(silent)
        step = decide(facts)
        self._check_step(facts, step)
        self._maybe_killed()
        if step.commit is not None:
            if self.dice(8) == 1:
                return  # the API server is away
            self._check_commit(facts, step.commit)
            self.config_maps = [*self.config_maps[-1:], step.commit]
            self.commits += 1
            self._maybe_killed()
        if step.replace_pods:
            self.pods = [pod if pod and pod.ready else None for pod in self.pods]
            self.ended = [None] * len(self.pods)
        if self.dice(4) == 1:
            self.tick()  # time goes by between the question and the push
        for pod in facts.fleet.pods:
            self._push(step, pod)
            self._maybe_killed()
        self._ask(step)
        if self.dice(8) != 1:
            self.status = step.memory
        self.last = step

    def _ask(self, step: Step) -> None:
        """Each version that is to be asked answers in time for the next pass, or later."""
        named = {(server.name, server.restarts, version): server
                 for server in self.ready for version in step.probes.get(server.name, ())}  # fmt: skip
        kept = {*named, *(self._available if self.aspired == self.answered_for else ())}
        self.answers, self.answered_for = {key: v for key, v in self.answers.items() if key in kept}, self.aspired
        for key, server in named.items():
            if key[2] in server.available and self.dice(6) != 1:
                self.answers.setdefault(key, self._answer(key[2] in server.mute))

    @property
    def _available(self) -> set[tuple[str, int, int]]:
        return {(pod.name, pod.restarts, version) for pod in self.ready for version in pod.available}

    def _answer(self, mute: bool) -> Probed:
        if mute:
            return Probed(Outcome.BAD, "it cannot predict")
        return Probed(Outcome.UNPROVEN if self.dice(8) == 1 else Outcome.GOOD)

    def _starves(self, pod: Server | None) -> bool:
        return pod is not None and pod.held is not None and not pod.awaited <= self.folders.kinds.keys()

    def _order(self) -> None:
        """To every fetcher: what is committed and what the spec asks for."""
        for pod in self.servers:
            committed = self._picked(self.committed) if self.committed else set()
            pod.ordered, pod.awaited = committed | self._picked(self.aspired) | self._instead(), committed

    def _instead(self) -> set[int]:
        """What a policy picks in place of what was given up."""
        given_up = {failure.version for failure in self.status.failures}
        return set(newest(self.aspired.policy, self.folders.kinds.keys() - given_up)) if self.watched else set()

    def _push(self, step: Step, pod: Pod) -> None:
        server = next((server for server in self.ready if server.name == pod.name), None)
        config = pod_config(step.goal, pod)
        if server is None or config is None or self._is_told(server, config, pod):
            return
        self.pushes += 1
        server.take_late(self.now + CALM)
        fault = self.dice(12)
        if fault == 1:
            taken = False
        elif fault == 2:
            server.late.append((self.now + 1 + self.dice(6), config))
            taken = False
        else:
            taken = server.reload(config) and fault != 3
        self.told[pod.name] = (config, self.now, taken)
        self.check()

    def _is_told(self, server: Server, config: ModelConfig, pod: Pod) -> bool:
        told = self.told.get(server.name)
        if told is None or told[0] != config:
            return False
        follows = settled(ModelServerConfig((config,)), {config.name: pod.observed})
        return (follows and told[2]) or self.now - told[1] < REPEAT

    # the invariants

    def check(self) -> None:
        committed = self.committed
        promised = self.aspired.labels.keys() & (committed.labels.keys() if committed else set())
        for pod in self.ready:
            answers = pod.answers()
            refused = (pod.answered & promised) - answers.keys()
            if refused:
                raise Unsafe(f"{pod.name} refuses {refused}; it has {pod.states} {pod.labels}, goal {self.last}")
            pod.answered = set(answers)
            unable = {label: v for label, v in answers.items() if v in pod.mute - self.untried}
            if unable and self.limits.asks:
                raise Unsafe(f"{pod.name} answers {unable}, which cannot predict; goal {self.last}")

    def _check_commit(self, facts: Facts, config: ModelConfig) -> None:
        untried = not self.ready or (facts.committed is None and not facts.fleet.pods)
        before = facts.committed and named_by(facts.committed)
        unknown = named_by(config) - self.ever_available - (before or set())
        if unknown and not untried:
            raise Unsafe(f"committed names versions that no pod has had: {unknown}")
        if untried:
            self.untried |= named_by(config)
        unable = {v for v in named_by(config) - self.untried if self.folders.kinds.get(v) == MUTE}
        if unable and self.limits.asks and not all(v in pod.available - pod.mute for v in unable for pod in self.ready):
            raise Unsafe(f"committed names versions that cannot predict: {unable}")
        if isinstance(config.policy, Latest) and config.labels:
            raise Unsafe("committed has labels on latest")

    def _check_step(self, facts: Facts, step: Step) -> None:
        if step.action is Action.COMMIT and step.commit is None:
            raise Unsafe("a commit of nothing")
        if step.action is Action.DONE and step.commit is not None:
            raise Unsafe("done, but commits")

    # the end of a history

    def calm_down(self, within: int) -> None:
        """Faults stop. What can be reached is reached; then what is given up stays given up."""
        self.dice = lambda sides: 0
        self.told = {name: (config, at, False) for name, (config, at, _) in self.told.items()}
        if not self._run_until_done(within):
            self.limits = replace(self.limits, back_off=CALM, back_off_limit=CALM)
            self._run_until_at_rest(60)
        self.run(REPEAT)
        self.pushes = self.commits = 0
        self.run(REPEAT)

    def _run_until_at_rest(self, ticks: int) -> None:
        """At rest: for longer than a load may take nothing new was pushed, with every pod ready."""
        before, quiet = -1, 0
        for _ in range(ticks):
            self.run(1)
            assert self.last is not None
            resting = self.last.action is Action.WITHDRAW or is_looked_for(self.last)
            done = self.commits + (0 if is_looked_for(self.last) else self.pushes)
            quiet = quiet + 1 if resting and len(self.ready) == len(self.pods) and before == done else 0
            before = done
            if quiet > self.limits.load_timeout + 2 * self.limits.settle:
                return

    def _run_until_done(self, ticks: int) -> bool:
        """True when it is done for some ticks on end, and nobody was told anything meanwhile: what `latest` and `all`
        find shows a little later, and a push that was lost is repeated a little later."""
        lasting, pushes = 0, self.pushes
        for _ in range(ticks):
            self.run(1)
            done = self.last and self.last.action is Action.DONE and len(self.ready) == len(self.pods)
            lasting = lasting + 1 if done and pushes == self.pushes else 0
            pushes = self.pushes
            if lasting > REPEAT:
                return True
        return False

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            self.tick()
            self.operate()
