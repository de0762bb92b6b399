"""The rows of `schema_cases` about types of Kubernetes that occur at many places: of each a function of its path."""

from collections.abc import Iterable

from testing.schema.values import Manifest, Pair, Rows, entries, text

CONDITION: Manifest = {"key": "a", "operator": "Exists"}
KEY: dict[str, Pair | list[Pair]] = {"minLength": ("a", ""), "maxLength": (text(317), text(318))}
QUANTITY: dict[str, Pair | list[Pair]] = {
    "minimum": (0, -1),
    "maxLength": ("1" * 64, "1" * 65),
    "pattern": [("500m", "half"), ("0.05", "5%")],
    "x-kubernetes-int-or-string": [(1, 0.5)],
}


def siblings(selectors: Iterable[str]) -> dict[str, Manifest]:
    """What a condition of a selector of labels or nodes needs besides the field in question."""
    return {f"{path}.{field}[]": CONDITION for path in selectors for field in ("matchExpressions", "matchFields")}


def conditions(path: str, operators: tuple[str, ...], longest: int) -> Rows:
    """Returns the rows of a list of conditions, whose values have at most `longest` characters."""
    return {
        path: {"maxItems": ([CONDITION] * 32, [CONDITION] * 33)},
        f"{path}[]": {
            "required key": (CONDITION, {"operator": "Exists"}),
            "required operator": (CONDITION, {"key": "a"}),
        },
        f"{path}[].key": KEY,
        f"{path}[].operator": {"enum": [(operator, operator.lower()) for operator in operators]},
        f"{path}[].values": {"maxItems": (["a"] * 256, ["a"] * 257)},
        f"{path}[].values[]": {"maxLength": (text(longest), text(longest + 1))},
    }


def label_selector(path: str) -> Rows:
    return {
        f"{path}.matchLabels": {"maxProperties": (entries(64), entries(65))},
        f"{path}.matchLabels.*": {"maxLength": (text(63), text(64))},
        **conditions(f"{path}.matchExpressions", ("In", "NotIn", "Exists", "DoesNotExist"), 63),
    }


def label_keys(path: str) -> Rows:
    return {path: {"maxItems": (["a"] * 32, ["a"] * 33)}, f"{path}[]": KEY}


def merged(parts: Iterable[Rows]) -> Rows:
    """Returns the rows of all parts, each of which has paths of its own."""
    return {path: constraints for part in parts for path, constraints in part.items()}
