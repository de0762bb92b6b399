"""Addresses and ports of this machine that no other process of the tests uses, however many run side by side.

Each process claims a number from 1 to 250, which is its own until it ends, and with it the addresses 127.NUMBER.x.y
and a range of ports. The ranges lie below those that the kernel gives to outgoing connections, so that no connection
takes a port between its choice and its use.
"""

import fcntl
import itertools
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

_MOST = 250
_FIRST_PORT = 10_000
_PORTS = 80
"""For each number: what one process of the tests has open at a time, several times over."""

_addresses = itertools.count()
_ports = itertools.count()
_held: list[IO[str]] = []
"""Open files; the kernel lets a claim go when the process ends."""


def fresh_address() -> str:
    """Returns a loopback address that no other test has used, and none uses that runs now."""
    count = next(_addresses)
    return f"127.{_number()}.{1 + count // 250}.{1 + count % 250}"


def free_ports(count: int) -> list[int]:
    """Returns ports of 127.0.0.1 that are free now; they come round again after `_PORTS` others."""
    found = (port for port in _own_ports() if _is_free(port))
    return list(itertools.islice(found, count))


def free_port() -> int:
    return free_ports(1)[0]


def _own_ports() -> Iterator[int]:
    first = _FIRST_PORT + _PORTS * (_number() - 1)
    for _ in range(_PORTS):
        yield first + next(_ports) % _PORTS


def _is_free(port: int) -> bool:
    with suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


@cache
def _number() -> int:
    folder = Path(tempfile.gettempdir()) / f"tfs-operator-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return next(number for number in range(1, _MOST + 1) if _claim(folder / str(number)))


def _claim(file: Path) -> bool:
    opened = file.open("w")
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        opened.close()
        return False
    _held.append(opened)
    return True
