"""Random histories from bytes: short to draw, and shrunk by Hypothesis to the few operations that matter."""

import os
from dataclasses import replace
from random import Random

from tests.unit.domain.rollout.fleet import BAD, ENDLESS, GOOD, KILLER, MUTE, Server
from tests.unit.domain.rollout.world import World, is_looked_for, named_by
from tfs_operator.domain.model_config import All, Latest, ModelConfig, Specific, VersionPolicy
from tfs_operator.domain.rollout import Action, Step

HISTORIES = int(os.environ.get("TFS_HISTORIES", "1000"))
"""Of those with versions that end servers or cannot predict; of the other kinds a share. 1,000 take some seconds, for
every run of the unit tests; `make test` asks for 10,000, minutes."""
PARTS = 10
"""Each a test, within a test's time limit on any machine."""

VERSIONS = (1, 2, 3, 4, 5)
LABELS = ("stable", "canary", "next")
KINDS = (GOOD, GOOD, GOOD, GOOD, BAD, BAD, ENDLESS)
HARSH = (GOOD, GOOD, GOOD, GOOD, BAD, KILLER, KILLER, MUTE, MUTE)


def spec_hash(seed: int, *, by_name: bool = False) -> ModelConfig:
    """Any valid spec; most name their versions, or all do."""
    rng = Random(seed)
    labels = {label: rng.choice(VERSIONS) for label in LABELS if rng.random() < 0.5}
    policy: VersionPolicy = Specific(tuple(sorted({*rng.sample(VERSIONS, rng.choice((1, 1, 2))), *labels.values()})))
    if rng.random() < 0.3 and not by_name:
        policy = rng.choice((Latest(1), Latest(2), All()))
    return ModelConfig("m", "/models/m", policy, dict(sorted(labels.items())))


def world(seed: int, *, harsh: bool = False, watched: bool = False, kind: type[World] = World) -> World:
    rng = Random(seed)
    kinds = {version: rng.choice(HARSH if harsh else KINDS) for version in VERSIONS if rng.random() < 0.7}
    kinds.setdefault(1, GOOD)
    by_name = harsh and not watched
    spec, replicas = spec_hash(rng.randrange(256), by_name=by_name), rng.choice((1, 2, 3))
    made = kind(spec, kinds, replicas, rng.random() < 0.5, rng.choice((1, 2, 4)))
    made.harsh, made.by_name, made.watched = harsh, by_name, watched
    if harsh or rng.random() < 0.5:
        # A version that is tried again and again must leave others the time for their own trial.
        made.limits = replace(made.limits, trial=2.0, asks=True, back_off=12.0, back_off_limit=24.0)
    return made


def play(script: bytes, *, harsh: bool = False, watched: bool = False, kind: type[World] = World) -> World:
    """A history with faults, and its calm end. `harsh`: versions may end servers, or be unable to predict. `watched`:
    agents list what there is, so that policies are served by name."""
    played = world(script[0], harsh=harsh, watched=watched, kind=kind)
    played.remote = (script[0] + script[1]) % 4 == 1
    rng = Random(script[1])
    faulty = script[1] % 4 != 0
    played.dice = (lambda sides: rng.randrange(sides)) if faulty else (lambda sides: 0)
    for byte in script[2:]:
        happen(played, byte, rng)
    played.ends_well = can_be_reached(played)
    played.calm_down(within=played.long_enough if played.ends_well else 6)
    return played


def happen(played: World, byte: int, rng: Random) -> None:
    """One operation, and a pass of the operator most of the time."""
    kind, argument = byte % 16, rng.randrange(256)
    if kind == 10:
        played.aspired = spec_hash(argument, by_name=played.by_name)
    elif kind == 11:
        played.restart(argument)
    elif kind == 12:
        played.scale(1 + argument % 3)
    elif kind in (13, 14):
        repair(played, argument)
    elif kind == 15:
        played.told = {}
        if argument < 16:
            played.config_maps = []
    for _ in range(1 + byte // 128):
        played.tick()
    if kind != 9:
        played.operate()


def repair(played: World, argument: int) -> None:
    """A folder appears, good or bad; a bad one is repaired; what was good stays good."""
    version = VERSIONS[argument % len(VERSIONS)]
    known, kinds = played.folders.kinds.get(version), HARSH if played.harsh else KINDS
    played.folders.kinds[version] = kinds[argument % len(kinds)] if known is None else GOOD


def required(played: World) -> set[int]:
    aspired = played.aspired
    named = set(aspired.policy.versions) if isinstance(aspired.policy, Specific) else set()
    return named | set(aspired.labels.values())


def can_be_reached(played: World) -> bool:
    """What is committed and serves is not unloaded on suspicion, so a repair of its folder is not noticed."""
    mute, kinds = _mute(played), played.folders.kinds
    good = {version for version, kind in kinds.items() if kind == GOOD} - mute
    finds_some = isinstance(played.aspired.policy, Specific) or bool(good)
    return required(played) <= good and finds_some


def _mute(played: World) -> set[int]:
    """Versions that some pod has loaded and that cannot predict there, whatever their folders are by now."""
    return {version for pod in played.ready for version in pod.mute & pod.available}


def judge_the_end(played: World) -> None:
    """Rule 4: exactly the spec, or at rest with a reason; rule 5: nothing is pushed any more."""
    assert played.last is not None
    assert played.commits == 0, played.last
    assert played.pushes == 0 or is_looked_for(played.last), played.last
    if played.ends_well and can_be_reached(played) and _pods_can_come_up(played):
        assert len(played.ready) == len(played.pods), (played.last, played.committed, played.pods)
        _reached(played)
    elif played.last.action is Action.WAIT:
        assert _is_killed_at_its_start(played), played.last
    elif played.ready:
        assert played.committed is not None
        _is_said(played, played.last)
        for pod in played.ready:
            assert _labels_stay(played, pod), (pod.labels, played.committed)
        _restarts_well(played)


def _is_killed_at_its_start(played: World) -> bool:
    """The very first configuration is committed untried, and may end every server just when it is ready."""
    assert played.committed is not None
    kinds = {played.folders.kinds.get(version) for version in named_by(played.committed)}
    return not played.ready or (KILLER in kinds and played.committed == played.aspired)


def _labels_stay(played: World, pod: Server) -> bool:
    """As committed. A label of the spec that a pod answers already may linger while a folder is looked for. A pod on
    which a version failed before its folder was repaired has no label on it until it is tried again, and the step
    reports it as long as the spec names it."""
    assert played.committed is not None
    assert played.last is not None
    committed = played.committed.labels
    lingering = pod.labels.keys() - committed.keys()
    if lingering and not (is_looked_for(played.last) and lingering <= played.aspired.labels.keys()):
        return False
    bad = {version for version, (_, _, is_bad) in pod.states.items() if is_bad}
    failed = bad & played.last.failed.keys() | bad - required(played)
    return all(pod.labels.get(label) == version for label, version in committed.items() if version not in failed)


def _is_said(played: World, last: Step) -> None:
    """Given up, with the server's words; or looked for, as long as there is no such folder."""
    if last.action is Action.FETCH:
        assert played.remote, last
        assert required(played) - played.folders.kinds.keys(), (last, played.folders.kinds)
    elif last.absent:
        assert last.action in (Action.LOAD, Action.TRY), last
        assert not last.absent.keys() & played.folders.kinds.keys(), (last, played.folders.kinds)
    elif last.action is Action.DONE:
        assert _predicts_somewhere(played, required(played)), last
    else:
        assert last.action is Action.WITHDRAW, last
        assert last.failed, last
        assert all(last.failed.values()), last


def _predicts_somewhere(played: World, versions: set[int]) -> bool:
    """A pod that loaded a version before its folder was repaired keeps it; another one, asked, has answered."""
    return all(any(version in pod.available - pod.mute for pod in played.ready) for version in versions)


def _reached(played: World) -> None:
    aspired, last = played.aspired, played.last
    assert last is not None
    for pod in played.ready:
        assert pod.labels == pod.answers() == aspired.labels, (pod.labels, last)
    if isinstance(aspired.policy, Specific):
        assert played.committed == aspired
        assert all(pod.available == set(aspired.policy.versions) for pod in played.ready), (played.pods, last)
        assert last.action is Action.DONE, last
    elif not played.watched and not (aspired.labels and isinstance(aspired.policy, Latest)):
        _follows(played)
    else:
        assert played.committed is not None
        assert isinstance(played.committed.policy, Specific)
        assert isinstance(last.goal.config.policy, Specific)
        assert (last.action is Action.DONE) == (not last.failed), last
        repaired_since = {version for pod in played.ready for version in pod.mute}
        failed = last.failed.keys() - repaired_since
        assert all(played.folders.kinds.get(version) != GOOD for version in failed), last


def _follows(played: World) -> None:
    """`latest` and `all` go on finding versions; a bad one is said, and keeps no pod from starting."""
    last = played.last
    assert last is not None
    picked = played.folders.aspired(played.aspired)
    bad = {version for version in picked if played.folders.kinds[version] != GOOD}
    assert set(last.failed) <= bad, (last, bad)
    assert bool(last.failed) == bool(bad), (last, bad)
    assert (last.action is Action.DONE) == (not bad), last
    for pod in played.ready:
        assert pod.config.policy == played.aspired.policy
        assert pod.available >= picked - bad


def _restarts_well(played: World) -> None:
    """A pod that restarts now comes up."""
    assert _can_start(played), (played.committed, played.folders.kinds, played.last)


def _pods_can_come_up(played: World) -> bool:
    """A spec that names good versions only gets a fleet out of a crash loop, unless it was given up once. Where models
    are fetched, pods wait for all that they are to start with."""
    by_name = isinstance(played.aspired.policy, Specific) and not played.status.failures
    return bool(played.ready) or by_name or (not _starves(played) and _can_start(played))


def _starves(played: World) -> bool:
    assert played.committed is not None
    return played.remote and not named_by(played.committed) <= played.folders.kinds.keys()


def _can_start(played: World) -> bool:
    assert played.committed is not None
    fresh = Server("fresh", played.committed, played.folders, played.now, played.strict, played.load_ticks)
    for _ in range(10):
        fresh.tick(played.now)
    return fresh.ready and not fresh.exited
