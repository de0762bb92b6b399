"""A served model, asked over REST as any client would; one of its labels also again and again, to see who answers.

A prediction does not say which version has made it. So each loaded version is asked once by its number, and
what a label answers is compared with that.
"""

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from testing.local_cluster.commands import CommandError
from testing.waiting import eventually

PAUSE_SECONDS = 0.02
ANSWER_SECONDS = 10
SAME = 1e-5

Probabilities = list[float]


@dataclass(frozen=True)
class Answer:
    """`probabilities` is empty where the server refused; `at` is the time.monotonic() at which the answer was there."""

    at: float
    probabilities: Probabilities
    error: str = ""


@dataclass(frozen=True)
class AskedModel:
    """`address` is HOST:PORT; `body` a request with one instance, to which no two versions answer the same."""

    address: str
    name: str
    body: bytes
    known: dict[int, Probabilities] = field(default_factory=dict)

    def loaded(self) -> list[int]:
        """The versions that are AVAILABLE, as the server says now."""
        with self.connection() as connection:
            said = ask(connection, "GET", f"/v1/models/{self.name}")
        return sorted(int(v["version"]) for v in said["model_version_status"] if v["state"] == "AVAILABLE")

    def learn(self) -> None:
        """To be called while a version is loaded whose answers are to be told from those of others."""
        for version in self.loaded():
            with self.connection() as connection, contextlib.suppress(CommandError):  # just unloaded
                self.known[version] = self.predict(connection, f"versions/{version}")

    def by(self, answer: Answer) -> int | None:
        """The version that has given it; None for an error, and for a version that was never learnt."""
        given = answer.probabilities
        return next((version for version, other in self.known.items() if same(given, other)), None)

    @contextlib.contextmanager
    def asking(self, label: str) -> Iterator[list[Answer]]:
        """While in the block, a thread asks every 20 ms, and adds to the list: at least once before the block, and
        once more when it is over."""
        answers: list[Answer] = []
        over = threading.Event()
        thread = threading.Thread(target=self._ask, args=(label, answers, over), daemon=True)
        thread.start()
        try:
            eventually(lambda: bool(answers))
            yield answers
        finally:
            over.set()
            thread.join()

    def _ask(self, label: str, answers: list[Answer], over: threading.Event) -> None:
        last = False
        with self.connection() as connection:
            while not last:
                last = over.wait(PAUSE_SECONDS)
                try:
                    probabilities, error = self.predict(connection, f"labels/{label}"), ""
                except (OSError, http.client.HTTPException, CommandError) as problem:
                    probabilities, error = [], f"{type(problem).__name__}: {problem}"
                    connection.close()  # the next request opens it anew
                answers.append(Answer(time.monotonic(), probabilities, error))

    def connection(self) -> contextlib.closing[http.client.HTTPConnection]:
        return contextlib.closing(http.client.HTTPConnection(self.address, timeout=ANSWER_SECONDS))

    def predict(self, connection: http.client.HTTPConnection, which: str) -> Probabilities:
        said = ask(connection, "POST", f"/v1/models/{self.name}/{which}:predict", self.body)
        [probabilities] = said["predictions"]
        return list(probabilities)


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> Any:
    """CommandError with the server's words where it refuses."""
    connection.request(method, path, body)
    response = connection.getresponse()
    said = response.read()
    if response.status != http.HTTPStatus.OK:
        raise CommandError(f"{method} {path}: {response.status} {said.decode(errors='replace')}")
    return json.loads(said)


def same(one: Probabilities, other: Probabilities) -> bool:
    return len(one) == len(other) and all(abs(a - b) < SAME for a, b in zip(one, other, strict=True))
