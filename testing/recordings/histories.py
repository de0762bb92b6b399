"""Reads reloads.jsonl: what was done to a running server step by step, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testing.recordings.data import lines_of


@dataclass(frozen=True)
class Event:
    """A version's new state, some seconds after the step; `state` has the error of an END behind it."""

    seconds: float
    model: str
    version: str
    state: str


@dataclass(frozen=True)
class Seen:
    """What was seen after a step: the changes, and at the end the state of each version by model."""

    events: tuple[Event, ...]
    final: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Publish:
    """A finished copy of a version of the set, renamed into place."""

    model: str
    version: int
    source: str
    source_version: int
    seen: Seen | None


@dataclass(frozen=True)
class Remove:
    """The folder of a version is deleted."""

    model: str
    version: int
    seen: Seen | None


@dataclass(frozen=True)
class Start:
    """A server is started with a config and flags besides those that the README names."""

    config: str
    flags: tuple[str, ...]
    seen: Seen | None


@dataclass(frozen=True)
class Reload:
    """A config is pushed by gRPC within `deadline` seconds; `code` and `message` are the call's."""

    config: str
    deadline: float
    code: str
    message: str
    seen: Seen


@dataclass(frozen=True)
class WriteConfig:
    """The polled config file is written anew, or deleted where `config` is None."""

    config: str | None
    seen: Seen


@dataclass(frozen=True)
class Labels:
    """Each label's version, or status and error, by the metadata endpoint."""

    model: str
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Predict:
    """A prediction by REST below /v1/models/."""

    path: str
    status: int
    body: str


@dataclass(frozen=True)
class FileForVersion:
    """A file is made, or deleted again, where a version folder named 5 should be."""

    made: bool
    seen: Seen


@dataclass(frozen=True)
class Ended:
    """The process has ended with this exit status, or goes on where it is None; `listening` is of REST and gRPC."""

    exit: int | None
    listening: tuple[bool, bool]


Step = Publish | Remove | Start | Reload | WriteConfig | Labels | Predict | FileForVersion | Ended


@dataclass(frozen=True)
class History:
    name: str
    steps: tuple[Step, ...]


def histories() -> list[History]:
    return [History(line["name"], tuple(map(_step, line["steps"]))) for line in lines_of("reloads.jsonl")]


def _step(step: dict[str, Any]) -> Step:
    match step["op"]:
        case "publish":
            return Publish(step["model"], step["version"], step["source"], step["source_version"], _seen(step))
        case "remove":
            return Remove(step["model"], step["version"], _seen(step))
        case "start":
            return Start(step["config"], tuple(step["flags"]), _seen(step))
        case "labels":
            return Labels(step["model"], step["answers"])
        case "predict":
            return Predict(step["path"], step["status"], step["body"])
        case "exit?" | "end":
            listening = step.get("rest_listening", False), step.get("grpc_listening", False)
            return Ended(step["exit"], listening)
    return _change(step)


def _change(step: dict[str, Any]) -> Step:
    seen = _required(step)
    match step["op"]:
        case "reload":
            result = step["result"]
            return Reload(step["config"], step["deadline"], result["code"], result["message"], seen)
        case "write config":
            return WriteConfig(step["config"], seen)
        case "unlink config":
            return WriteConfig(None, seen)
        case "file named 5":
            return FileForVersion(made=True, seen=seen)
        case "unlink":
            return FileForVersion(made=False, seen=seen)
    raise ValueError(f"a step of an unknown kind: {step['op']}")


def _required(step: dict[str, Any]) -> Seen:
    return Seen(tuple(Event(*event) for event in step["events"]), step["final"])


def _seen(step: dict[str, Any]) -> Seen | None:
    return _required(step) if "events" in step else None
