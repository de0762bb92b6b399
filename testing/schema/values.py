"""What the rows of `schema_cases` are made of: types, values of a certain length, pairs that many fields have."""

from typing import Any

Manifest = dict[str, Any]
Pair = tuple[Any, Any]
Rows = dict[str, dict[str, Pair | list[Pair]]]

MAX_INT32 = 2**31 - 1
MAX_INT64 = 2**63 - 1
MODEL: Manifest = {"modelUri": "file:///m"}
NAMED: Manifest = {"name": "a", "modelUri": "file:///a"}
AN_HOUR = "2026-11-21T06:30:00.250Z"


def text(length: int) -> str:
    return "a" * length


def numbers(count: int) -> list[int]:
    return list(range(count))


def entries(count: int, value: Any = "v") -> dict[str, Any]:
    return {f"k{index}": value for index in range(count)}


def named(count: int, **fields: Any) -> list[Manifest]:
    return [{**fields, "name": f"n{index}"} for index in range(count)]


def json_text(length: int) -> str:
    return "{" + text(length - 1)


def without(item: Manifest, key: str) -> Manifest:
    return {name: value for name, value in item.items() if name != key}


COUNT: dict[str, Pair | list[Pair]] = {"minimum": (0, -1), "maximum": (MAX_INT32, MAX_INT32 + 1)}
GENERATION: dict[str, Pair | list[Pair]] = {"minimum": (0, -1), "format int64": (MAX_INT64, MAX_INT64 + 1)}
TIME: dict[str, Pair | list[Pair]] = {"format date-time": (AN_HOUR, "today")}
