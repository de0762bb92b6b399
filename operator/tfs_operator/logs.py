"""Log lines: one JSON object a line for machines, or text for people; either says which TFModel it is about.

Our own few lines instead of a library: what is special is where the TFModel and the reconcile come from, and a library
would leave just that to us. The names of the fields are those of Kubernetes' and controller-runtime's JSON logs where
these have one.
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
    """What a reconcile works on. `reconcile_id` is one reconcile's alone, also among several operators."""

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
    """Every line that is logged inside, and by tasks that are started inside, is about this TFModel."""
    subject = Subject(namespace, name, f"{_PROCESS}-{next(_NUMBERS)}")
    token = _SUBJECT.set(subject)
    try:
        yield subject
    finally:
        _SUBJECT.reset(token)


class JsonFormatter(logging.Formatter):
    """One object a line. `exception` is there only when there is one; a line outside of any reconcile has no
    namespace, name and reconcile_id."""

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
    """`pattern` as logging has it, with %(subject)s: `namespace/name: ` or nothing."""

    def format(self, record: logging.LogRecord) -> str:
        subject = _SUBJECT.get()
        record.subject = f"{subject}: " if subject else ""
        return super().format(record)


def _time(record: logging.LogRecord) -> str:
    """RFC 3339, UTC, milliseconds."""
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def configure(format_: Format, level: str, text: str = TEXT) -> None:
    """Everything that this process logs, by whomever, goes to standard error in this form; so do warnings. `text` is
    the pattern of a line of text."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if format_ == "json" else TextFormatter(text))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
