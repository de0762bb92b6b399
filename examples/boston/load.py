#!/usr/bin/env python3
"""Sends sample requests to a served model, many at a time, and says how long the answers took.

    python examples/boston/load.py --url http://127.0.0.1:8501 --name "1 replica" --table build/boston-load.md

Bounded: it ends after --requests, or after --seconds, whichever comes first; and it asks this machine alone. Each of
its clients sends one request after the other, over a connection that is made anew every ten requests, so that a
Service may give it to another pod. --table keeps the results of several runs. Needs nothing but Python.
"""

import argparse
import http.client
import ipaddress
import itertools
import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

MOST_REQUESTS, MOST_SECONDS, MOST_CLIENTS = 100_000, 120.0, 64
ANSWER_SECONDS = 10
PER_CONNECTION = 10
HEADER = (
    "| run | requests | failed | requests/s | p50 ms | p95 ms | p99 ms | slowest ms |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|\n"
)


@dataclass
class Result:
    """`milliseconds` has the time from sending a request to its answer, for those that were answered."""

    seconds: float = 0
    milliseconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def percentile(self, percent: float) -> float:
        took = sorted(self.milliseconds)
        return took[min(len(took) - 1, int(len(took) * percent / 100))] if took else 0

    def row(self, name: str) -> str:
        sent, answered = len(self.milliseconds) + len(self.failures), len(self.milliseconds)
        times = " | ".join(f"{self.percentile(percent):.1f}" for percent in (50, 95, 99, 100))
        return f"| {name} | {sent} | {len(self.failures)} | {answered / self.seconds:.0f} | {times} |\n"


@dataclass(frozen=True)
class Client:
    """Takes the next request when it has the answer to the last one."""

    host: str
    port: int
    path: str
    bodies: Iterator[str]
    deadline: float
    result: Result

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=ANSWER_SECONDS)
        for number, body in enumerate(self.bodies):
            if time.monotonic() > self.deadline:
                break
            if number % PER_CONNECTION == 0:
                connection.close()  # the next request opens it again
            self._ask(connection, body)
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, body: str) -> None:
        sent = time.monotonic()
        try:
            connection.request("POST", self.path, body)
            response = connection.getresponse()
            said = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self.result.failures.append(f"{type(error).__name__}: {error}")
            return
        if response.status == http.HTTPStatus.OK and "predictions" in json.loads(said):
            self.result.milliseconds.append(1000 * (time.monotonic() - sent))
        else:
            self.result.failures.append(f"{response.status} {said.decode(errors='replace')}")


class Shared(Iterator[str]):
    """The samples over and over, `count` in all, for several threads."""

    def __init__(self, samples: Sequence[str], count: int) -> None:
        self._bodies = itertools.islice(itertools.cycle(samples), count)
        self._lock = threading.Lock()

    def __next__(self) -> str:
        with self._lock:
            return next(self._bodies)


def load(url: str, model: str, samples: Sequence[str], *, count: int, seconds: float, clients: int) -> Result:
    """Raises ValueError for an address that is not this machine's own."""
    parts = urlsplit(url)
    if not parts.hostname or not ipaddress.ip_address(parts.hostname).is_loopback:
        raise ValueError(f"{url}: load goes to this machine alone, such as http://127.0.0.1:8501")
    result, bodies, began = Result(), Shared(samples, count), time.monotonic()
    path, deadline = f"/v1/models/{model}:predict", began + seconds
    each = [Client(parts.hostname, parts.port or 80, path, bodies, deadline, result) for _ in range(clients)]
    threads = [threading.Thread(target=client.run) for client in each]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.seconds = time.monotonic() - began
    return result


def keep(table: Path, row: str) -> str:
    """The table with the rows of earlier runs and this one."""
    text = (table.read_text() if table.exists() else HEADER) + row
    table.write_text(text)
    return text


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A bounded load on a model server of this machine.")
    parser.add_argument("--url", required=True, help="for example http://127.0.0.1:8501")
    parser.add_argument("--model", default="boston", help="default: %(default)s")
    parser.add_argument("--samples", type=Path, default=Path("build/boston-samples.jsonl"), metavar="FILE")
    parser.add_argument("--requests", type=int, default=4000, metavar="N", help=f"at most {MOST_REQUESTS} (4000)")
    parser.add_argument("--seconds", type=float, default=20, metavar="S", help=f"at most {MOST_SECONDS:.0f} (20)")
    parser.add_argument("--clients", type=int, default=8, metavar="N", help=f"at once, at most {MOST_CLIENTS} (8)")
    parser.add_argument("--name", default="load", help="what this run is called in the table")
    parser.add_argument("--table", type=Path, metavar="FILE", help="to which the result is added")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    bounds = {
        "count": min(args.requests, MOST_REQUESTS),
        "seconds": min(args.seconds, MOST_SECONDS),
        "clients": min(args.clients, MOST_CLIENTS),
    }
    try:
        result = load(args.url, args.model, args.samples.read_text().splitlines(), **bounds)
    except ValueError as error:
        raise SystemExit(str(error)) from error
    row = result.row(args.name)
    print(keep(args.table, row) if args.table else HEADER + row, end="")
    if result.failures:
        raise SystemExit(f"{len(result.failures)} requests failed; the first: {result.failures[0]}")


if __name__ == "__main__":
    main()
