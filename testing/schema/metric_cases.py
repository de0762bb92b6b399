"""The rows of `schema_cases` about metrics and behavior of a HorizontalPodAutoscaler."""

from testing.schema.selector_cases import QUANTITY, label_selector, merged, siblings
from testing.schema.values import MAX_INT32, Manifest, Pair, Rows, text, without

METRIC = "spec.autoscaling.metrics[]"
RULES = ("spec.autoscaling.behavior.scaleUp", "spec.autoscaling.behavior.scaleDown")
ITS_SOURCE = (
    "set the field that type names, and no other: object for Object, pods for Pods, external for External, "
    "resource for Resource, containerResource for ContainerResource"
)

TARGET: Manifest = {"type": "AverageValue", "averageValue": 1}
_NAMED: Manifest = {"metric": {"name": "a"}, "target": TARGET}
_OBJECT: Manifest = {"kind": "Ingress", "name": "a"}
SOURCES: dict[str, tuple[str, Manifest]] = {
    "Object": ("object", {"describedObject": _OBJECT, **_NAMED}),
    "Pods": ("pods", _NAMED),
    "External": ("external", _NAMED),
    "Resource": ("resource", {"name": "memory", "target": TARGET}),
    "ContainerResource": ("containerResource", {"name": "memory", "container": "a", "target": TARGET}),
}
"""Type of a metric → the field that it needs, and a value of it."""

PODS: Manifest = {"type": "Pods", "pods": _NAMED}
POLICY: Manifest = {"type": "Pods", "value": 1, "periodSeconds": 60}
_IDENTIFIED = tuple(f"{METRIC}.{field}.metric" for field, source in SOURCES.values() if "metric" in source)

BESIDE: dict[str, Manifest] = {
    f"{METRIC}.type": PODS,
    **{f"{METRIC}.{field}": {"type": kind} for kind, (field, _) in SOURCES.items()},
}
SIBLINGS: dict[str, Manifest] = {
    **{f"{METRIC}.{field}": source for field, source in SOURCES.values()},
    **{f"{METRIC}.{field}.target": {"type": "Value"} for field, _ in SOURCES.values()},
    f"{METRIC}.object.describedObject": _OBJECT,
    **{path: {"name": "a"} for path in _IDENTIFIED},
    **siblings(f"{path}.selector" for path in _IDENTIFIED),
    **{f"{path}.policies[]": POLICY for path in RULES},
}

_NAME: dict[str, Pair | list[Pair]] = {"minLength": ("a", ""), "maxLength": (text(253), text(254))}
_SHORT: dict[str, Pair | list[Pair]] = {"minLength": ("a", ""), "maxLength": (text(63), text(64))}
_RESOURCE: dict[str, Pair | list[Pair]] = {"minLength": ("cpu", ""), "maxLength": (text(317), text(318))}


def _source(field: str, source: Manifest) -> Rows:
    path = f"{METRIC}.{field}"
    return {
        path: {f"required {key}": (source, without(source, key)) for key in source},
        f"{path}.target": {"required type": (TARGET, without(TARGET, "type"))},
        f"{path}.target.type": {
            "enum": [("Utilization", ""), ("Value", "value"), ("AverageValue", "Average")],
        },
        f"{path}.target.value": QUANTITY,
        f"{path}.target.averageValue": QUANTITY,
        f"{path}.target.averageUtilization": {"minimum": (1, 0), "maximum": (MAX_INT32, MAX_INT32 + 1)},
    }


def _identifier(path: str) -> Rows:
    return {
        path: {"required name": ({"name": "a"}, {"selector": {}})},
        f"{path}.name": {"minLength": ("a", ""), "maxLength": (text(1024), text(1025))},
        **label_selector(f"{path}.selector"),
    }


def _rules(path: str) -> Rows:
    return {
        f"{path}.stabilizationWindowSeconds": {"minimum": (0, -1), "maximum": (3600, 3601)},
        f"{path}.selectPolicy": {"enum": [("Max", "max"), ("Min", ""), ("Disabled", "None")]},
        f"{path}.policies": {"minItems": ([POLICY], []), "maxItems": ([POLICY] * 16, [POLICY] * 17)},
        f"{path}.policies[]": {f"required {key}": (POLICY, without(POLICY, key)) for key in POLICY},
        f"{path}.policies[].type": {"enum": [("Pods", "pods"), ("Percent", "")]},
        f"{path}.policies[].value": {"minimum": (1, 0), "maximum": (MAX_INT32, MAX_INT32 + 1)},
        f"{path}.policies[].periodSeconds": {"minimum": (1, 0), "maximum": (1800, 1801)},
        f"{path}.tolerance": QUANTITY,
    }


def _its_source() -> list[Pair]:
    """Returns for each type its own field, beside it alone, beside another, and in place of another."""
    pairs: list[Pair] = [(PODS, {"type": "Pods"})]
    for kind, (field, source) in SOURCES.items():
        other = "External" if kind == "Pods" else "Pods"
        pairs.append(({"type": kind, field: source}, {"type": other, field: source}))
    return [*pairs, (PODS, {**PODS, "external": _NAMED})]


ROWS: Rows = {
    METRIC: {"required type": (PODS, without(PODS, "type")), ITS_SOURCE: _its_source()},
    f"{METRIC}.type": {"enum": ("Pods", "pods")},
    **merged(_source(field, source) for field, source in SOURCES.values()),
    **merged(map(_identifier, _IDENTIFIED)),
    f"{METRIC}.object.describedObject": {f"required {key}": (_OBJECT, without(_OBJECT, key)) for key in _OBJECT},
    f"{METRIC}.object.describedObject.apiVersion": {"maxLength": (text(317), text(318))},
    f"{METRIC}.object.describedObject.kind": _SHORT,
    f"{METRIC}.object.describedObject.name": _NAME,
    **{f"{METRIC}.{field}.name": _RESOURCE for field in ("resource", "containerResource")},
    f"{METRIC}.containerResource.container": _SHORT,
    **merged(map(_rules, RULES)),
}
