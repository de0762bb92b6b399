"""The list of recorded cases in which the double differs, each with the reason why no client can notice."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from testing.recordings.data import FOLDER

FILE = FOLDER.parent / "known_differences.toml"


@dataclass(frozen=True)
class Difference:
    """Cases of one file: `cases` is a regular expression for the whole of their names.

    `random` says that the real server does not always answer the same, so that such a case may be equal as well.
    """

    file: str
    cases: str
    reason: str
    random: bool = False

    def names(self, name: str) -> bool:
        return re.fullmatch(self.cases, name, re.DOTALL) is not None


@cache
def differences(path: Path = FILE) -> tuple[Difference, ...]:
    """Reads the list; its tables are named like the files: rest, grpc, reloads, startup, metrics."""
    tables = tomllib.loads(path.read_text())
    return tuple(Difference(file, **entry) for file, entries in tables.items() for entry in entries)


def known_difference(file: str, name: str) -> Difference | None:
    """Returns why a case may differ, or None if it may not."""
    return next((known for known in differences() if known.file == file and known.names(name)), None)
