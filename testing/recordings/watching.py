"""Looks at the states of some models' versions all the time, and remembers the changes."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from testing.conformance.clients import Rest

INTERVAL_SECONDS = 0.05
"""A version is START until the manager's next look, which takes 0.1 s and less."""

States = Mapping[str, Mapping[str, str]]
"""Model → version → state, with the error behind an END; a model that is not known has `http` → 404."""


class Watch:
    """Asks by REST in a thread of its own, until `stop`. `told` writes a message as the recordings have it."""

    def __init__(self, rest: Rest, models: Sequence[str], told: Callable[[str], str]) -> None:
        self._rest = rest
        self._models = models
        self._told = told
        self._stopped = threading.Event()
        self._looked = threading.Condition()
        self._looks = 0
        self._latest: States = {}
        self._rows: dict[tuple[str, str], list[str]] = {}
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def rows(self) -> Mapping[tuple[str, str], Sequence[str]]:
        """Returns the states of each model's version, in their order."""
        return self._rows

    def states(self, seconds: float) -> States:
        """Returns what a look finds that begins after the call; raises AssertionError if there is none in time."""
        with self._looked:
            # One look may be under way.
            after = self._looks + 2
            assert self._looked.wait_for(lambda: self._looks >= after, seconds), "no answer"
            return self._latest

    def _look_on(self) -> None:
        while not self._stopped.wait(INTERVAL_SECONDS):
            try:
                self._note({model: self._versions(model) for model in self._models})
            except OSError:
                # The server is not up yet, or has ended.
                continue

    def _note(self, states: States) -> None:
        for model, versions in states.items():
            for version, state in versions.items():
                row = self._rows.setdefault((model, version), [])
                if row[-1:] != [state]:
                    row.append(state)
        with self._looked:
            self._latest = states
            self._looks += 1
            self._looked.notify_all()

    def _versions(self, model: str) -> Mapping[str, str]:
        reply = self._rest.get(f"/v1/models/{quote(model, safe='')}")
        if reply.status != 200:
            return {"http": str(reply.status)}
        return {known["version"]: self._state(known) for known in reply.json["model_version_status"]}

    def _state(self, known: Mapping[str, Any]) -> str:
        status = known["status"]
        if status["error_code"] == "OK":
            return str(known["state"])
        return self._told(f"{known['state']} {status['error_code']}: {status['error_message']}")
