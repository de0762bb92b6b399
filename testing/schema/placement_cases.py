"""The rows of `schema_cases` about pods and the Service."""

from testing.schema.values import COUNT, Pair, Rows, entries, text

RESERVED_LABEL = "labels below app.kubernetes.io/ and tfs-operator.io/ are set by the operator"
RESERVED_ANNOTATION = "annotations below tfs-operator.io/ are set by the operator"
PORTS = "restPort and grpcPort must differ"

_TEXT_MAP: dict[str, Pair | list[Pair]] = {"maxProperties": (entries(64), entries(65))}
_OWN_ANNOTATIONS: list[Pair] = [
    ({"my-tfs-operator.io/x": "a"}, {"tfs-operator.io/attempt": "a"}),
    ({"example.com/tfs-operator.io/x": "a"}, {"a": "b", "tfs-operator.io/certificate-renewal": "c"}),
]
_TEXT_VALUE: dict[str, Pair | list[Pair]] = {"maxLength": (text(4096), text(4097))}
_PORT: dict[str, Pair | list[Pair]] = {"minimum": (1, 0), "maximum": (65535, 65536)}

ROWS: Rows = {
    "spec.podTemplate.labels": {
        "maxProperties": (entries(32), entries(33)),
        RESERVED_LABEL: [
            ({"app": "a"}, {"app.kubernetes.io/name": "a"}),
            ({"kubernetes.io/name": "a"}, {"tfs-operator.io/x": "a"}),
            ({"my-tfs-operator.io/x": "a"}, {"app": "a", "app.kubernetes.io/instance": "b"}),
        ],
    },
    "spec.podTemplate.labels.*": {"maxLength": (text(63), text(64))},
    "spec.podTemplate.annotations": {**_TEXT_MAP, RESERVED_ANNOTATION: _OWN_ANNOTATIONS},
    "spec.podTemplate.annotations.*": _TEXT_VALUE,
    "spec.podTemplate.nodeSelector": _TEXT_MAP,
    "spec.podTemplate.nodeSelector.*": _TEXT_VALUE,
    "spec.podTemplate.tolerations": {"maxItems": ([{}] * 32, [{}] * 33)},
    "spec.podTemplate.tolerations[].key": {"maxLength": (text(316), text(317))},
    "spec.podTemplate.tolerations[].operator": {"enum": [("Exists", "Is"), ("Equal", "")]},
    "spec.podTemplate.tolerations[].value": {"maxLength": (text(63), text(64))},
    "spec.podTemplate.tolerations[].effect": {
        "enum": [("NoSchedule", "Never"), ("PreferNoSchedule", ""), ("NoExecute", "noexecute")],
    },
    "spec.podTemplate.tolerations[].tolerationSeconds": COUNT,
    "spec.podTemplate.priorityClassName": {"minLength": ("a", ""), "maxLength": (text(253), text(254))},
    "spec.service": {
        PORTS: [({"restPort": 80, "grpcPort": 81}, {"restPort": 80, "grpcPort": 80}), ({}, {"restPort": 8500})],
    },
    "spec.service.type": {"enum": [("ClusterIP", "ExternalName"), ("NodePort", ""), ("LoadBalancer", "nodeport")]},
    "spec.service.annotations": {**_TEXT_MAP, RESERVED_ANNOTATION: _OWN_ANNOTATIONS},
    "spec.service.annotations.*": _TEXT_VALUE,
    "spec.service.restPort": _PORT,
    "spec.service.grpcPort": _PORT,
    "spec.networkPolicy.allowFrom": {"maxItems": ([{"podSelector": {}}] * 64, [{"podSelector": {}}] * 65)},
}
