"""Log lines on stderr in TensorFlow's format: `2026-11-21 06:30:00.000000: I FILE] message`.

FILE is the source file of tensorflow/serving whose line is imitated, without a line number, since that
differs between releases.
"""

import datetime
import sys


def info(source: str, message: str) -> None:
    _write("I", source, message)


def warning(source: str, message: str) -> None:
    _write("W", source, message)


def error(source: str, message: str) -> None:
    _write("E", source, message)


def fatal(source: str, message: str) -> None:
    _write("F", source, message)


def _write(severity: str, source: str, message: str) -> None:
    now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S.%f")
    # One write a line: threads log at the same time.
    sys.stderr.write(f"{now}: {severity} tensorflow_serving/{source}] {message}\n")
    sys.stderr.flush()
