"""Lines of the log: what a machine reads of them, and what a person does."""

import asyncio
import json
import logging
import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfs_operator.logs import TEXT, JsonFormatter, TextFormatter, reconciling

LINE_BREAKS = re.compile(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ", re.MULTILINE)
FIELDS = ["time", "level", "logger", "message"]


def record(message: str = "hello", *arguments: object, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord(
        "tfs_operator.test", logging.WARNING, "file.py", 1, message, arguments, more.pop("exc", None)
    )
    made.created = 1_700_000_000.25
    vars(made).update(more)
    return made


def fields(made: logging.LogRecord) -> dict[str, Any]:
    line = JsonFormatter().format(made)
    assert not LINE_BREAKS.search(line)
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def failed() -> logging.LogRecord:
    try:
        raise ValueError("first line\nsecond line")
    except ValueError:
        return record("it failed", exc=sys.exc_info())


class TestJson:
    def test_a_line_outside_of_a_reconcile(self) -> None:
        assert fields(record("%d of %s", 1, "two")) == {
            "time": "2023-11-14T22:13:20.250Z",
            "level": "warning",
            "logger": "tfs_operator.test",
            "message": "1 of two",
        }

    def test_a_line_of_a_reconcile_says_of_which(self) -> None:
        with reconciling("ml", "mnist") as subject:
            assert fields(record()) == {
                **fields(record()),
                "namespace": "ml",
                "name": "mnist",
                "reconcile_id": subject.reconcile_id,
            }
        assert list(fields(record())) == FIELDS

    def test_the_tfmodel_stands_right_before_the_message(self) -> None:
        """So that a person can search for `"name": "mnist", "message": "Ready=True`."""
        with reconciling("ml", "mnist"):
            line = JsonFormatter().format(record("Ready=True"))
        assert line.endswith('"namespace": "ml", "name": "mnist", "message": "Ready=True"}')

    def test_an_exception_is_one_field(self) -> None:
        exception = fields(failed())["exception"]
        assert exception.startswith("Traceback (most recent call last):\n")
        assert exception.endswith("ValueError: first line\nsecond line")

    @given(st.text(), st.text(), st.text())
    def test_any_message_stays_one_line_of_json(self, message: str, namespace: str, name: str) -> None:
        with reconciling(namespace, name):
            parsed = fields(record("%s", message))
        assert (parsed["message"], parsed["namespace"], parsed["name"]) == (message, namespace, name)

    @given(st.text(alphabet=st.characters(categories=("Cs", "Cc", "Zl", "Zp"))))
    def test_so_do_characters_that_no_encoding_has(self, message: str) -> None:
        """Halves of a pair that stand side by side are read as the pair."""
        read = fields(record("%s", message))["message"]
        assert read.encode("utf-16", "surrogatepass") == message.encode("utf-16", "surrogatepass")
        JsonFormatter().format(record("%s", message)).encode("ascii")


class TestText:
    def test_a_line_is_as_a_person_reads_it(self) -> None:
        with reconciling("ml", "mnist"):
            line = TextFormatter(TEXT).format(record("Ready=True"))
        assert TIME.sub("", line) == "WARNING tfs_operator.test ml/mnist: Ready=True"

    def test_outside_of_a_reconcile_there_is_nothing_before_the_message(self) -> None:
        assert TIME.sub("", TextFormatter(TEXT).format(record())) == "WARNING tfs_operator.test hello"

    def test_an_exception_follows(self) -> None:
        assert TextFormatter(TEXT).format(failed()).splitlines()[-1] == "second line"


class TestReconciling:
    def test_each_reconcile_has_an_id_of_its_own(self) -> None:
        ids = set()
        for _ in range(3):
            with reconciling("ml", "mnist") as subject:
                ids.add(subject.reconcile_id)
        assert len(ids) == 3

    async def test_workers_do_not_mix_and_tasks_that_outlive_a_reconcile_are_still_its_own(self) -> None:
        go = asyncio.Event()

        async def late() -> dict[str, Any]:
            await go.wait()
            return fields(record())

        async def work(name: str) -> tuple[str, asyncio.Task[dict[str, Any]]]:
            with reconciling("ml", name) as subject:
                await asyncio.sleep(0)
                return subject.reconcile_id, asyncio.create_task(late())

        done = await asyncio.gather(work("cats"), work("dogs"))
        go.set()
        lines = [(await task, reconcile_id) for reconcile_id, task in done]
        assert [line["name"] for line, _ in lines] == ["cats", "dogs"]
        assert all(line["reconcile_id"] == reconcile_id for line, reconcile_id in lines)


LOGGERS = ["kopf.objects", "aiohttp.server", "asyncio", "py.warnings"]
LIBRARIES = """
import logging, warnings
from tfs_operator import logs
logs.configure({format!r}, {level!r})
for name in ("kopf.objects", "aiohttp.server", "asyncio"):
    logging.getLogger(name).warning("of %s", name)
warnings.warn("old")
logging.getLogger("tfs_operator").debug("detail")
"""


def lines_of(format_: str, level: str) -> list[str]:
    program = LIBRARIES.format(format=format_, level=level)
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return result.stderr.splitlines()


@pytest.mark.parametrize(("level", "last"), [("info", "py.warnings"), ("debug", "tfs_operator")])
def test_all_libraries_log_in_the_same_form(level: str, last: str) -> None:
    parsed = [json.loads(line) for line in lines_of("json", level)]
    assert [line["logger"] for line in parsed[:4]] == LOGGERS
    assert parsed[-1]["logger"] == last


def test_text_is_the_same_for_all_libraries() -> None:
    lines = [TIME.sub("", line) for line in lines_of("text", "info") if TIME.match(line)]
    assert [line.split()[:2] for line in lines] == [["WARNING", logger] for logger in LOGGERS]
