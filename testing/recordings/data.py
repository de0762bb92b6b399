"""Reads the recordings in tests/recordings/data; their README says how they were taken."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "recordings" / "data"


@dataclass(frozen=True)
class LongBody:
    """What is known of a body that was too long to be recorded; `length` is in bytes."""

    start: bytes
    length: int
    sha256: str

    @classmethod
    def of(cls, data: bytes, start: int) -> "LongBody":
        return cls(data[:start], len(data), hashlib.sha256(data).hexdigest())


@dataclass(frozen=True)
class RestResponse:
    """An HTTP response; `headers` has Content-Type, and Connection where the server sent it."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes | LongBody


@dataclass(frozen=True)
class RestCase:
    """The bytes sent over one connection, the responses in their order, and whether the server then hung up.

    `request` is empty where it was too long to be recorded.
    """

    name: str
    request: bytes
    responses: tuple[RestResponse, ...]
    closes: bool

    @property
    def half_closes(self) -> bool:
        """Whether the client said after the request that nothing more would follow."""
        return self.name.endswith("half closed")


@dataclass(frozen=True)
class GrpcCase:
    """One call and how it ended.

    `request` and `response` are messages as protobuf JSON; `raw_request` and `raw_response` are serialized messages, in
    their place. Of a request that was too long there is its serialized length in `request_length`, of a response the
    length of its JSON in `response_length`. `has_long_response` is without any: what maps hold comes in random order.
    """

    name: str
    method: str
    request: Any
    raw_request: bytes | None
    code: str
    details: str
    response: Any
    raw_response: bytes | None
    request_length: int | None
    response_length: int | None
    has_long_response: bool


@dataclass(frozen=True)
class Outcome:
    """`state` is `up`, `waiting` (ports closed) or `exit`; `last_lines` are the log's last, `exit` the exit status."""

    state: str
    exit: int | None
    last_lines: tuple[str, ...]
    grpc: bool


@dataclass(frozen=True)
class StartUp:
    """A process with these flags; `files` are the texts of the files that flags name, by flag."""

    name: str
    flags: tuple[str, ...]
    files: Mapping[str, str]
    outcome: Outcome


@dataclass(frozen=True)
class MetricFamily:
    """A family of the metrics page: names of its labels, and upper bounds of its buckets if it is a histogram.

    `labels` is None where it has had no values, so that the page has its type only.
    """

    type: str
    help: str
    labels: frozenset[str] | None = None
    buckets: tuple[str, ...] = ()


def rest_cases() -> list[RestCase]:
    return [_rest_case(line) for line in _lines("rest.jsonl")]


def grpc_cases() -> list[GrpcCase]:
    """Returns all but those that were not answered: a tensor of a terabyte, which fills the memory of any machine."""
    cases = (_grpc_case(line) for line in _lines("grpc.jsonl"))
    return [case for case in cases if case.code != "DEADLINE_EXCEEDED"]


def start_ups() -> list[StartUp]:
    return [_start_up(line) for line in _lines("startup.jsonl")]


def metric_families() -> dict[str, MetricFamily]:
    """Returns the families by name."""
    pages = json.loads((FOLDER / "metrics.json").read_text())
    return {name: _metric_family(family) for name, family in pages.items()}


def lines_of(file: str) -> Iterator[dict[str, Any]]:
    """Returns a file's lines as the JSON objects that they are."""
    yield from _lines(file)


def _rest_case(line: dict[str, Any]) -> RestCase:
    responses = tuple(_rest_response(response) for response in line["responses"])
    return RestCase(line["name"], line["request"].encode("latin-1"), responses, line["closes"])


def _rest_response(response: dict[str, Any]) -> RestResponse:
    return RestResponse(response["status"], response["reason"], response["headers"], _body(response))


def _body(response: dict[str, Any]) -> bytes | LongBody:
    if "body" in response:
        return bytes(response["body"], "latin-1")
    return LongBody(response["body_start"].encode("latin-1"), response["body_length"], response["body_sha256"])


def _grpc_case(line: dict[str, Any]) -> GrpcCase:
    return GrpcCase(
        name=line["name"],
        method=line["method"],
        request=line["request"],
        raw_request=_hex(line["request"].get("raw")),
        code=line["code"],
        details=line.get("details", ""),
        response=line.get("response"),
        raw_response=_hex(line.get("raw")),
        request_length=line["request"].get("len"),
        response_length=line.get("response", {}).get("too_long"),
        has_long_response="response_sha256" in line,
    )


def _hex(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _start_up(line: dict[str, Any]) -> StartUp:
    seen = line["outcome"]
    outcome = Outcome(seen["state"], seen["exit"], tuple(seen["last"]), seen["grpc"])
    return StartUp(line["name"], tuple(line["flags"]), line.get("files", {}), outcome)


def _metric_family(family: dict[str, Any]) -> MetricFamily:
    labels = frozenset(family["labels"]) if "labels" in family else None
    return MetricFamily(family["type"], family.get("help", ""), labels, tuple(family.get("buckets", ())))


def _lines(file: str) -> Iterator[dict[str, Any]]:
    with (FOLDER / file).open() as lines:
        for line in lines:
            yield json.loads(line)
