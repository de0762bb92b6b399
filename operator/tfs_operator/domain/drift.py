"""Compares a live object with the desired one.

The API server adds defaults and normalises quantities, so equality would never hold. Values that only the live
object has belong to other clients and are left alone. What we no longer desire shows in DIGEST_ANNOTATION,
which is a part of what is desired.
"""

import hashlib
import json
from decimal import Decimal
from typing import Any

DIGEST_ANNOTATION = "tfs-operator.io/applied-digest"
_LIST_KEYS = ("mountPath", "uid", "name")
_QUANTITY_FIELDS = ("limits", "requests")
_METRIC_TARGET = "target"
"""Of a HorizontalPodAutoscaler's metric: its `value` and `averageValue` are quantities."""
_SUFFIXES = {
    "": Decimal(1), "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "k": Decimal(10**3),
    "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12), "P": Decimal(10**15), "E": Decimal(10**18),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
    "Pi": Decimal(2**50), "Ei": Decimal(2**60),
}  # fmt: skip


def digest(manifest: dict[str, Any]) -> str:
    """Short, stable fingerprint of a manifest."""
    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def holds(live: Any, desired: Any) -> bool:
    """True when every value of `desired` is found at the same place in `live`."""
    if isinstance(desired, dict):
        return isinstance(live, dict) and all(_holds_field(live, key, desired[key]) for key in desired)
    if isinstance(desired, list):
        return isinstance(live, list) and _holds_items(live, desired)
    return bool(live == desired)


def _holds_field(live: dict[str, Any], key: str, desired: Any) -> bool:
    if key not in live:
        return desired in ({}, [], None, "")
    if key in _QUANTITY_FIELDS and isinstance(desired, dict):
        return isinstance(live[key], dict) and _same_quantities(live[key], desired)
    if key == _METRIC_TARGET and isinstance(desired, dict):
        return isinstance(live[key], dict) and _same_target(live[key], desired)
    return holds(live[key], desired)


def _holds_items(live: list[Any], desired: list[Any]) -> bool:
    key = _key_of(desired)
    if key is None:
        return len(live) == len(desired) and all(map(holds, live, desired))
    by_key = {item.get(key): item for item in live if isinstance(item, dict)}
    return all(item[key] in by_key and holds(by_key[item[key]], item) for item in desired)


def _key_of(items: list[Any]) -> str | None:
    """The field that tells the items of an associative list apart, or None for an atomic list."""
    for key in _LIST_KEYS:
        if items and all(isinstance(item, dict) and key in item for item in items) and _are_distinct(items, key):
            return key
    return None


def _are_distinct(items: list[dict[str, Any]], key: str) -> bool:
    """Two triggers of KEDA's may have one name: the API server keeps both, so neither stands for the other."""
    return all(item[key] not in [other[key] for other in items[:at]] for at, item in enumerate(items))


def _same_quantities(live: dict[str, Any], desired: dict[str, Any]) -> bool:
    return all(key in live and quantity(live[key]) == quantity(value) for key, value in desired.items())


def _same_target(live: dict[str, Any], desired: dict[str, Any]) -> bool:
    return all(key in live and same_amount(live[key], value) for key, value in desired.items())


def same_amount(live: Any, desired: Any) -> bool:
    """Tells whether two Kubernetes quantities are equal, also of what is none: the user may have written anything."""
    try:
        return bool(live == desired) or quantity(live) == quantity(desired)
    except ArithmeticError:  # of Decimal: no number, or one with an exponent beyond its own
        return False


def quantity(text: str | int) -> Decimal:
    """A Kubernetes quantity as a number: `1000m` equals `1`.

    Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    number = str(text)
    suffix = next((s for s in sorted(_SUFFIXES, key=len, reverse=True) if s and number.endswith(s)), "")
    return Decimal(number.removesuffix(suffix)) * _SUFFIXES[suffix]


def projection(live: Any, desired: Any) -> Any:
    """What `live` has at the places of `desired`: lets a rewrite by the API server be told from an edit."""
    if isinstance(desired, dict) and isinstance(live, dict):
        return {key: projection(live.get(key), value) for key, value in desired.items()}
    if isinstance(desired, list) and isinstance(live, list):
        return [projection(*pair) for pair in _paired(live, desired)]
    return live


def _paired(live: list[Any], desired: list[Any]) -> list[tuple[Any, Any]]:
    key = _key_of(desired)
    if key is None:
        return [*zip(live, desired, strict=False), (len(live), None)]
    by_key = {item.get(key): item for item in live if isinstance(item, dict)}
    return [(by_key.get(item[key]), item) for item in desired]
