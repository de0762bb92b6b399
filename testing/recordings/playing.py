"""Plays a recorded history on a server of its own, and tells in what it went otherwise."""

import itertools
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import grpc

from testing.conformance.process import ServerProcess
from testing.recordings import histories as steps
from testing.recordings.loads import agree
from testing.recordings.normalise import Normaliser
from testing.recordings.unrecorded import add_warmup, before_start
from testing.recordings.watching import States, Watch
from testing.waiting import DEADLINE_SECONDS, eventually

FLAGS = (
    "--file_system_poll_wait_seconds=1",
    "--max_num_load_retries=2",
    "--load_retry_interval_micros=500000",
    "--num_load_threads=4",
)
"""What every recorded server was started with."""

_CHANGE_SECONDS = DEADLINE_SECONDS
"""How long a recorded change is waited for."""

_QUIET_SECONDS = 1.3
"""How long nothing must happen where nothing happened: a poll of the files, and what the manager takes."""

_HANGING_SECONDS = 2.0
"""The deadline in place of a longer one of a reload that never ended."""

_REFUSALS = ("INVALID_ARGUMENT", "FAILED_PRECONDITION")
"""A reload that ends so changes nothing, which later steps show."""


def play(history: steps.History, command: Sequence[str], library: Path, folder: Path) -> list[str]:
    """Returns what was different, a line each, up to the first state that did not come.

    `library` has the models in lib/; `folder` is empty, and where the server of this history finds its models.
    """
    player = _Player(history, command, library, folder)
    try:
        return list(player.differences())
    finally:
        player.stop()


class _Player:
    def __init__(self, history: steps.History, command: Sequence[str], library: Path, folder: Path) -> None:
        self._history = history
        self._command = command
        self._library = library / "lib"
        self._folder = folder
        self._normaliser = Normaliser(folder)
        self._server: ServerProcess | None = None
        self._watch: Watch | None = None
        self._states: States = {}

    def stop(self) -> None:
        if self._watch:
            self._watch.stop()
        if self._server:
            self._server.stop()

    def differences(self) -> Iterator[str]:
        for number, (step, following) in enumerate(itertools.pairwise([*self._history.steps, None])):
            assert step is not None
            try:
                for difference in self._differences(step, following):
                    yield f"step {number}, {type(step).__name__}: {difference}"
            except AssertionError as late:
                yield f"step {number}, {type(step).__name__}: {late}"
                return
        yield from self._loads()

    def _differences(self, step: steps.Step, following: steps.Step | None) -> Iterator[str]:
        yield from self._take(step)
        seen = getattr(step, "seen", None)
        refused = isinstance(step, steps.Reload) and step.code in _REFUSALS
        if seen is not None and not refused and not _is_cut_short(step, following):
            yield from self._state_differences(seen)

    def _take(self, step: steps.Step) -> Iterator[str]:
        match step:
            case steps.Publish():
                self._publish(step)
            case steps.Remove():
                self._remove(step)
            case steps.Start():
                self._start(step)
            case steps.WriteConfig():
                self._write_config(step)
            case steps.FileForVersion():
                self._file_for_version(made=step.made)
            case steps.Reload():
                yield from _compared((step.code, step.message), self._reload(step))
            case steps.Labels():
                yield from _compared(
                    dict(step.answers), {label: self._label(step.model, label) for label in step.answers}
                )
            case steps.Predict():
                yield from _compared((step.status, step.body), self._predict(step))
            case steps.Ended():
                yield from _compared((step.exit, step.listening), self._end(step))

    def _publish(self, step: steps.Publish) -> None:
        source = self._library / step.source / str(step.source_version)
        base_path = self._folder / step.model
        unfinished = base_path / f".unfinished-{step.version}"
        # The damaged models have one version only.
        shutil.copytree(source if source.exists() else source.with_name("1"), unfinished)
        name = str(step.version)
        if name.startswith(".w"):
            name = name.removeprefix(".w")
            add_warmup(unfinished, int(name))
        unfinished.rename(base_path / name)

    def _remove(self, step: steps.Remove) -> None:
        base_path = self._folder / step.model
        shutil.rmtree(base_path if step.version is None else base_path / str(step.version))

    def _start(self, step: steps.Start) -> None:
        before_start(self._history.name, self._folder)
        self._config.write_text(self._normaliser.concrete(step.config))
        server = ServerProcess(
            self._command, [f"--model_config_file={self._config}", *FLAGS, *step.flags], self._folder
        )
        self._server = server
        models = sorted({model for seen in self._seen() for model in seen.final})
        self._watch = Watch(server.rest, models, self._normaliser.text)
        if not any(isinstance(step, steps.Ended) and step.exit is not None for step in self._history.steps):
            server.until_ready()

    def _write_config(self, step: steps.WriteConfig) -> None:
        if step.config is None:
            self._config.unlink()
        else:
            self._config.write_text(self._normaliser.concrete(step.config))

    def _file_for_version(self, *, made: bool) -> None:
        file = self._folder / "m" / "5"
        if made:
            file.write_text("")
        else:
            file.unlink()

    def _reload(self, step: steps.Reload) -> tuple[str, str]:
        hangs = step.code == grpc.StatusCode.DEADLINE_EXCEEDED.name
        seconds = min(step.deadline, _HANGING_SECONDS) if hangs else _CHANGE_SECONDS
        try:
            self._running.grpc.reload(self._normaliser.concrete(step.config), seconds)
        except grpc.RpcError as error:
            return error.code().name, self._normaliser.text(error.details() or "")
        return "OK", ""

    def _label(self, model: str, label: str) -> str:
        reply = self._running.rest.get(f"/v1/models/{model}/labels/{quote(label)}/metadata")
        return str(reply.json["model_spec"]["version"]) if reply.status == 200 else f"{reply.status} {reply.error}"

    def _predict(self, step: steps.Predict) -> tuple[int, str]:
        reply = self._running.rest.post(f"/v1/models/{step.path}:predict", {"instances": [1.0]})
        return reply.status, self._normaliser.text(reply.text)

    def _end(self, step: steps.Ended) -> tuple[int | None, tuple[bool, bool]]:
        server = self._running
        if step.exit is not None:
            eventually(lambda: server.process.poll() is not None, _CHANGE_SECONDS, what="the process to end")
        return server.process.poll(), (server.is_listening(), server.is_grpc_listening())

    def _state_differences(self, seen: steps.Seen) -> Iterator[str]:
        """Waits for the recorded states; where none changed, that none changes."""
        states = {model: self._as_text(versions) for model, versions in seen.final.items()}
        if states == self._states:
            time.sleep(_QUIET_SECONDS)
            yield from _compared(states, self._now(states))
        else:
            eventually(lambda: self._reached(states), _CHANGE_SECONDS, lambda: self._now(states), what=f"{states}")
            self._states = states

    def _reached(self, states: States) -> bool:
        """Whether the states are there; with a race, whether they stay: a pushed config may still be on its way."""
        if self._races and self._now(states) == states:
            time.sleep(_QUIET_SECONDS)
        return self._now(states) == states

    def _as_text(self, versions: Mapping[str, object]) -> Mapping[str, str]:
        return {version: self._normaliser.text(str(state)) for version, state in versions.items()}

    def _now(self, recorded: States) -> States:
        """Looks at the models that a recording has, and leaves out what a race may add to it."""
        assert self._watch is not None
        states = self._watch.states(_CHANGE_SECONDS)
        return {model: _kept(states[model], recorded[model] if self._races else states[model]) for model in recorded}

    @property
    def _races(self) -> bool:
        """Whether a pushed config is or is not taken up before the config file, which is polled, replaces it."""
        flags = (flag for step in self._history.steps if isinstance(step, steps.Start) for flag in step.flags)
        return any(flag.startswith("--model_config_file_poll_wait_seconds=") for flag in flags)

    def _loads(self) -> Iterator[str]:
        """Compares the whole rows of states of each version."""
        if self._watch is None:
            return
        recorded: dict[tuple[str, str], list[str]] = {}
        for event in (event for seen in self._seen() for event in seen.events):
            recorded.setdefault((event.model, event.version), []).append(self._normaliser.text(event.state))
        mine = self._watch.rows()
        for (model, version), row in recorded.items():
            same = agree(row, mine.get((model, version), ()), may_begin_with_others=self._races)
            if version != "http" and not same:
                yield f"{model} {version}: recorded {row}, seen {mine.get((model, version))}"

    def _seen(self) -> Iterator[steps.Seen]:
        return (seen for step in self._history.steps if (seen := getattr(step, "seen", None)) is not None)

    @property
    def _config(self) -> Path:
        return self._folder / "models.config"

    @property
    def _running(self) -> ServerProcess:
        assert self._server is not None
        return self._server


def _is_cut_short(step: steps.Step, following: steps.Step | None) -> bool:
    """Whether the recorder went on before the server took up a version, so that the next step has its states."""
    seen = getattr(following, "seen", None)
    if not isinstance(step, steps.Publish) or step.seen is None or seen is None:
        return False
    version = str(step.version)
    return version not in step.seen.final[step.model] and version in seen.final[step.model]


def _compared(recorded: object, seen: object) -> Iterator[str]:
    if recorded != seen:
        yield f"recorded {recorded!r}, seen {seen!r}"


def _kept(versions: Mapping[str, str], recorded: Mapping[str, str]) -> Mapping[str, str]:
    """Leaves out a version that was loaded and is gone, and was never seen by the recorder."""
    return {version: state for version, state in versions.items() if version in recorded or state != "END"}
