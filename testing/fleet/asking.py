"""Asks model servers what they serve, once or without a pause, past the operator."""

import http.client
import itertools
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from testing.waiting import eventually

PAUSE_SECONDS = 0.003
"""Between two questions to one pod: hundreds a second, on a machine that has other work too."""


def label_version(address: str, model: str, label: str) -> int | None:
    """The version that a server answers for a label."""
    url = f"http://{address}:8501/v1/models/{model}/labels/{label}/metadata"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return int(json.load(answer)["model_spec"]["version"])
    except urllib.error.HTTPError as error:
        error.close()
        return None


def version_states(address: str, model: str) -> dict[int, str]:
    """Every version that a server knows of, with its state."""
    with urllib.request.urlopen(f"http://{address}:8501/v1/models/{model}", timeout=30) as answer:
        rows = json.load(answer)["model_version_status"]
    return {int(row["version"]): str(row["state"]) for row in rows}


def available(address: str, model: str) -> list[int]:
    """The versions that a server has AVAILABLE, in ascending order."""
    return sorted(version for version, state in version_states(address, model).items() if state == "AVAILABLE")


@dataclass
class Answers:
    """What one pod answered for one label, in order, without repetitions; None: it was refused."""

    pod: str
    label: str
    runs: list[int | None] = field(default_factory=list)
    count: int = 0

    def add(self, answer: int | None) -> None:
        self.count += 1
        if self.runs[-1:] != [answer]:
            self.runs.append(answer)


@contextmanager
def asked_without_pause(addresses: Iterable[str], model: str, *labels: str) -> Iterator[list[Answers]]:
    """Asks each pod for each label, on a thread a pod: at least once before the block begins, and once after its end.

    Yields what each has answered, complete after the block.
    """
    stopping = threading.Event()
    heard = {address: [Answers(address, label) for label in labels] for address in addresses}
    threads = [
        threading.Thread(target=_ask, args=(address, model, answers, stopping), daemon=True)
        for address, answers in heard.items()
    ]
    for thread in threads:
        thread.start()
    answers = list(itertools.chain.from_iterable(heard.values()))
    try:
        eventually(lambda: all(each.count for each in answers))
        yield answers
    finally:
        stopping.set()
        for thread in threads:
            thread.join(10)


def _ask(address: str, model: str, answers: list[Answers], stopping: threading.Event) -> None:
    """A pod that does not answer at all counts as one that refuses."""
    connection = http.client.HTTPConnection(address, 8501, timeout=30)
    is_last = False
    while not is_last:
        is_last = stopping.is_set()
        for answer in answers:
            answer.add(_one_answer(connection, model, answer.label))
        time.sleep(PAUSE_SECONDS)
    connection.close()


def _one_answer(connection: http.client.HTTPConnection, model: str, label: str) -> int | None:
    try:
        connection.request("GET", f"/v1/models/{model}/labels/{label}/metadata")
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return None
    return int(json.loads(body)["model_spec"]["version"]) if response.status == 200 else None
