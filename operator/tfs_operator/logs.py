"""Formats log lines as JSON objects or as text, each with the TFModel that it is about.

A library would leave the special part, where TFModel and reconcile come from, to this module. The fields have the names
of Kubernetes' and controller-runtime's JSON logs where those have one.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from secrets import token_hex
from typing import Literal, get_args

Format = Literal["json", "text"]
FORMATS: tuple[str, ...] = get_args(Format)
LEVELS = ("debug", "info", "warning", "error")
TEXT = "%(asctime)s %(levelname)s %(name)s %(subject)s%(message)s"


@dataclass(frozen=True)
class Subject:
    """The TFModel of a reconcile. `reconcile_id` is unique, also among several operators."""

    namespace: str
    name: str
    reconcile_id: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


_SUBJECT: ContextVar[Subject | None] = ContextVar("subject", default=None)
_PROCESS = token_hex(4)
_NUMBERS = count(1)


@contextmanager
def reconciling(namespace: str, name: str) -> Iterator[Subject]:
    """Marks every line logged inside, also by tasks started inside, as about this TFModel."""
    subject = Subject(namespace, name, f"{_PROCESS}-{next(_NUMBERS)}")
    token = _SUBJECT.set(subject)
    try:
        yield subject
    finally:
        _SUBJECT.reset(token)


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object. Only records with an exception have `exception`; only those inside a
    reconcile have namespace, name and reconcile_id."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {"time": _time(record), "level": record.levelname.lower(), "logger": record.name}
        if subject := _SUBJECT.get():
            fields |= {"reconcile_id": subject.reconcile_id, "namespace": subject.namespace, "name": subject.name}
        fields["message"] = record.getMessage()
        if exception := self._exception(record):
            fields["exception"] = exception
        return json.dumps(fields)

    def _exception(self, record: logging.LogRecord) -> str:
        exception = self.formatException(record.exc_info) if record.exc_info else record.exc_text or ""
        return "\n".join(filter(None, (exception, record.stack_info)))


class TextFormatter(logging.Formatter):
    """Formats a record by a pattern of logging, in which %(subject)s is `namespace/name: ` or empty."""

    def format(self, record: logging.LogRecord) -> str:
        subject = _SUBJECT.get()
        record.subject = f"{subject}: " if subject else ""
        return super().format(record)


def _time(record: logging.LogRecord) -> str:
    """Returns the time in RFC 3339, UTC, with milliseconds."""
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def configure(format_: Format, level: str, text: str = TEXT) -> None:
    """Sends all log lines and warnings of this process, libraries included, to standard error in this format. `text` is
    the pattern of text lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if format_ == "json" else TextFormatter(text))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
