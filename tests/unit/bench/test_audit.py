"""Requests as the audit log has them."""

import json
from pathlib import Path
from typing import Any

from bench.audit import AuditLog, Requests


def event(verb: str, resource: str, name: str = "", user: str = "operator", **more: Any) -> str:
    reference = {
        "resource": resource,
        "namespace": "ns",
        **({"name": name} if name else {}),
        **more.pop("reference", {}),
    }
    return json.dumps(
        {"verb": verb, "stage": "ResponseComplete", "user": {"username": user}, "objectRef": reference} | more
    )


def log(path: Path, *lines: str) -> AuditLog:
    path.write_text("".join(f"{line}\n" for line in lines))
    return AuditLog(path, "operator")


def test_reads_lists_and_writes_are_told_apart(tmp_path: Path) -> None:
    found = log(
        tmp_path / "log",
        event("get", "services", "m"),
        event("list", "services"),
        event("watch", "services"),
        event("patch", "services", "m"),
        event("patch", "tfmodels", "m", reference={"subresource": "status"}),
        event("create", "events"),
        event("delete", "services", "m"),
    ).since_last()
    assert found == Requests(
        reads=1,
        lists=2,
        writes=4,
        by_resource={
            "create events": 1,
            "delete services": 1,
            "get services": 1,
            "patch services": 1,
            "patch tfmodels/status": 1,
        },
    )


def test_the_lease_is_counted_apart(tmp_path: Path) -> None:
    found = log(tmp_path / "log", event("get", "leases", "l"), event("update", "leases", "l")).since_last()
    assert found == Requests(leases=2)
    assert found.nothing


def test_others_and_beginnings_of_watches_are_left_out(tmp_path: Path) -> None:
    other, begun = event("create", "tfmodels", user="tester"), event("watch", "pods", stage="ResponseStarted")
    unnamed = json.dumps({"verb": "get", "stage": "ResponseComplete", "user": {"username": "operator"}})
    assert log(tmp_path / "log", other, begun, unnamed).since_last() == Requests()


def test_it_is_read_on_from_where_it_was_read_last(tmp_path: Path) -> None:
    line = event("patch", "services", "m")
    audit = log(tmp_path / "log", line)
    assert audit.since_last().writes == 1
    assert audit.since_last().writes == 0
    with (tmp_path / "log").open("a") as file:
        file.write(line + "\n" + line[:20])
    assert audit.since_last().writes == 1
    with (tmp_path / "log").open("a") as file:
        file.write(line[20:] + "\n")
    assert audit.since_last().writes == 1


def test_they_can_be_added() -> None:
    one, two = Requests(1, 2, 3, 4, {"get services": 1}), Requests(1, 0, 1, 0, {"get services": 1, "patch services": 1})
    assert one + two == Requests(2, 2, 4, 4, {"get services": 2, "patch services": 1})
