"""For every rule of the CRD's schema a value that is accepted and one that is refused, on either side of its edge.

A row is a path (`[]` is an item of a list, `*` a value of a map), a constraint, and one pair of values or several.
A CEL rule is called by its message.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from testing.schema import autoscaling_cases, storage_cases, trial_cases, tuning_cases
from testing.schema.storage_cases import PATH, SCHEME

Manifest = dict[str, Any]
Pair = tuple[Any, Any]
Rows = dict[str, dict[str, Pair | list[Pair]]]

MAX_INT32 = 2**31 - 1
MAX_INT64 = 2**63 - 1

MODEL: Manifest = {"modelUri": "file:///m"}
NAMED: Manifest = {"name": "a", "modelUri": "file:///a"}
CONDITION: Manifest = {
    "type": "Ready",
    "status": "True",
    "reason": "Serving",
    "lastTransitionTime": "2026-11-21T06:30:00Z",
}
ROW: Manifest = {"version": 1, "state": "AVAILABLE"}
TIME = "2026-11-21T06:30:00.250Z"
ROLLOUT: Manifest = {"step": "Done", "since": TIME, "began": TIME, "specHash": "0123456789abcdef"}
FAILED: Manifest = {"version": 1, "at": TIME}
ASKED: Manifest = {"name": "seven", "body": '{"instances": [7]}'}
AWAITED: Manifest = {"version": 1, "since": TIME}

SIBLINGS: dict[str, Manifest] = {
    "spec": {**MODEL, "gpus": 1},
    "spec.models[]": NAMED,
    "status.conditions[]": CONDITION,
    "status.models[]": {"name": "a"},
    "status.models[].versions[]": ROW,
    "status.models[].fetching[]": storage_cases.FETCHING,
    "spec.storage.caBundle": {"name": "a"},
    "spec.storage.env[]": {"name": "A"},
    "status.models[].rollout": ROLLOUT,
    "status.models[].rollout.failures[]": FAILED,
    "status.models[].rollout.awaited[]": AWAITED,
    "spec.server": {"resources": {"limits": {"memory": "1Gi"}}},
    "spec.server.env[]": {"name": "A"},
    "spec.rollout.verify.requests[]": ASKED,
    "spec.rollout.verify.configMap": {"name": "a"},
    "status.models[].versions[].verified": {"outcome": "Good"},
    **autoscaling_cases.SIBLINGS,
    **trial_cases.SIBLINGS,
}
"""What an object needs besides the field in question."""

WORDS = {
    "minimum": "should be greater than or equal to",
    "maximum": "should be less than or equal to",
    "minLength": "should be at least",
    "maxLength": "Too long",
    "minItems": "should have at least",
    "maxItems": "Too many",
    "minProperties": "should have at least",
    "maxProperties": "Too many",
    "pattern": "should match",
    "enum": "supported values",
    "format int64": "must be of type integer",
    "format date-time": "must be of type date-time",
    "x-kubernetes-int-or-string": "must be of type integer,string",
    "x-kubernetes-list-type": "Duplicate value",
    "required": "Required value",
}
"""What the API server says of each kind of constraint; a CEL rule has its own message."""

NAME = (
    "metadata.name names the Service too: at most 52 characters, lower-case letters, digits and '-', "
    "beginning with a letter"
)
ONE_KIND = "set exactly one of modelUri (one model) and models (several models in one server)"
WITH_ITS_MODEL = "with models, versions, versionPolicy and versionLabels belong to each item of models"
NOT_BOTH = "versions and versionPolicy exclude each other: list the versions, or let the policy pick them"
LABELS_ARE_SERVED = "every version in versionLabels must be one of versions: add the version, or move the label"
ONE_POLICY = "set exactly one of latest and all, for example latest: 2 or all: {}"
LABEL = "a label has 1 to 63 characters: letters, digits, '_', '-' and '.'"
DOTS = "must not have '.' or '..' as a part of its path"
SLASHES = "must have single slashes between the parts of its path"
CHARACTERS = "may have letters, digits and . _ @ + = ~ - in its path"
GPUS = "ask for GPUs by spec.gpus, which also picks the GPU image and the toleration"
ENV_VALUE = "value and valueFrom exclude each other"
FLAG = "each item is one flag, --name or --name=value, for example --enable_profiler=false"
MANAGED_FLAG = (
    "the operator sets these flags itself: port, rest_api_port, model_name, model_base_path, model_config_file, "
    "model_config_file_poll_wait_seconds, file_system_poll_wait_seconds, "
    "allow_version_labels_for_unavailable_models, monitoring_config_file, max_num_load_retries, "
    "load_retry_interval_micros, num_load_threads, ssl_config_file"
)
RESERVED_LABEL = "labels below app.kubernetes.io/ and tfs-operator.io/ are set by the operator"
RESERVED_ANNOTATION = "annotations below tfs-operator.io/ are set by the operator"
REQUEST_BODY = 'must be a JSON object in text, as clients send it: {"instances": ...} or {"inputs": ...}'
WHOLE_ANSWER = 'must be a whole answer in text, a JSON object: {"predictions": ...} or {"outputs": ...}'
TO_ITS_MODELS = "with models, each of rollout.verify.requests names one of them in model"
PORTS = "restPort and grpcPort must differ"


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


def _verify_named(*models: str) -> Manifest:
    """A TFModel of the models a and b, with a request to each of these; to none in particular for an empty name."""
    requests = [
        {**ASKED, "name": f"r{index}", **({"model": name} if name else {})} for index, name in enumerate(models)
    ]
    return {"models": [{**NAMED, "name": name} for name in "ab"], "rollout": {"verify": {"requests": requests}}}


def _selection(path: str, owner: Manifest) -> Rows:
    """The versions and labels of one model, at the top level or in `models`."""
    return {
        path: {
            NOT_BOTH: ({**owner, "versions": [1]}, {**owner, "versions": [1], "versionPolicy": {"latest": 1}}),
            LABELS_ARE_SERVED: [
                (
                    {**owner, "versions": [1, 2], "versionLabels": {"stable": 1, "canary": 2}},
                    {**owner, "versions": [1, 2], "versionLabels": {"stable": 1, "canary": 3}},
                ),
                ({**owner, "versionPolicy": {"all": {}}, "versionLabels": {"stable": 3}}, None),
                ({**owner, "versionLabels": {"stable": 3}}, None),
            ],
        },
        f"{path}.versions": {
            "minItems": ([1], []),
            "maxItems": (numbers(64), numbers(65)),
            "x-kubernetes-list-type": ([1, 2], [1, 2, 1]),
        },
        f"{path}.versions[]": {"minimum": (0, -1), "format int64": (MAX_INT64, MAX_INT64 + 1)},
        f"{path}.versionPolicy": {
            ONE_POLICY: [({"latest": 2}, {}), ({"all": {}}, {"latest": 2, "all": {}})],
        },
        f"{path}.versionPolicy.latest": {"minimum": (1, 0), "maximum": (MAX_INT32, MAX_INT32 + 1)},
        f"{path}.versionLabels": {
            "minProperties": ({"stable": 1}, {}),
            "maxProperties": (entries(32, 1), entries(33, 1)),
            LABEL: [
                ({"Stable_1.0-rc": 1}, {"a b": 1}),
                ({text(63): 1}, {text(64): 1}),
                ({"-": 1}, {"": 1}),
                ({"stable": 1}, {"stable\n": 1}),
                ({"stable": 1}, {"a/b": 1}),
                ({"stable": 1}, {"ä": 1}),
                ({"stable": 1}, {'a" value: 9 } #': 1}),
            ],
        },
        f"{path}.versionLabels.*": {"minimum": (0, -1), "format int64": (MAX_INT64, MAX_INT64 + 1)},
        f"{path}.modelUri": {
            "minLength": ("file:///m", ""),
            "maxLength": (f"file:///{text(1016)}", f"file:///{text(1017)}"),
            SCHEME: [
                ("file:///mnist", "/mnist"),
                ("hostpath:///mnist", "PVC://models/mnist"),
                *storage_cases.URI_SCHEMES,
            ],
            PATH: [
                ("pvc://models/mnist", "pvc://models"),
                ("pvc://a.b-c/mnist/", "pvc://models/"),
                ("file:///m", "file:///"),
                ("hostpath:///m", "hostpath://m/x"),
                ("pvc://models/mnist", "pvc:///mnist"),
                ("pvc://models/mnist", "pvc://Models/mnist"),
                ("pvc://models/mnist", "pvc://../mnist"),
                ("file:///m", "file:////m"),
                *storage_cases.URI_PATHS,
            ],
            DOTS: [
                ("pvc://models/a/b", "pvc://models/../b"),
                ("pvc://models/a/..b", "pvc://models/a/.."),
                ("pvc://models/a/.b", "pvc://models/a/./b"),
                ("pvc://models/a...", "file:///.."),
                ("pvc://models/.hidden/m", "file:///."),
            ],
            SLASHES: [("pvc://models/a/b", "pvc://models/a//b"), ("file:///a/", "file:///a//")],
            CHARACTERS: [
                ("pvc://models/a_b@c+d=e~f-G.0", "pvc://models/a b"),
                ("file:///m", "file:///m\n"),
                ("file:///m", "file:///ä"),
                ("file:///m", 'file:///m" }'),
                ("file:///m", "file:///m?x"),
                ("file:///m", "file:///%2e%2e/m"),
            ],
        },
    }


_TEXT_MAP: dict[str, Pair | list[Pair]] = {"maxProperties": (entries(64), entries(65))}
_OWN_ANNOTATIONS: list[Pair] = [
    ({"my-tfs-operator.io/x": "a"}, {"tfs-operator.io/attempt": "a"}),
    ({"example.com/tfs-operator.io/x": "a"}, {"a": "b", "tfs-operator.io/certificate-renewal": "c"}),
]
_TEXT_VALUE: dict[str, Pair | list[Pair]] = {"maxLength": (text(4096), text(4097))}
_AMOUNTS: dict[str, Pair | list[Pair]] = {"maxProperties": (entries(32, 1), entries(33, 1))}
_AMOUNT: dict[str, Pair | list[Pair]] = {
    "minimum": (0, -1),
    "maxLength": ("1" * 64, "1" * 65),
    "pattern": [
        ("500m", "half"),
        ("0.5", "-1"),
        ("4Gi", "4 Gi"),
        ("1e3", "1e"),
        ("1e999", "1e1000"),
        ("1e-3", "1e9999999999"),
        (".5k", "."),
        ("2E", "2K"),
    ],
    "x-kubernetes-int-or-string": [(1, 0.5), ("1", True)],
}
_PORT: dict[str, Pair | list[Pair]] = {"minimum": (1, 0), "maximum": (65535, 65536)}
_COUNT: dict[str, Pair | list[Pair]] = {"minimum": (0, -1), "maximum": (MAX_INT32, MAX_INT32 + 1)}
_GENERATION: dict[str, Pair | list[Pair]] = {"minimum": (0, -1), "format int64": (MAX_INT64, MAX_INT64 + 1)}
_TIME: dict[str, Pair | list[Pair]] = {"format date-time": (TIME, "today")}


def without(item: Manifest, key: str) -> Manifest:
    return {name: value for name, value in item.items() if name != key}


_OTHERS: Rows = {
    "": {
        "required spec": ({"spec": MODEL}, {}),
        NAME: [
            ({"metadata": {"name": text(52)}, "spec": MODEL}, {"metadata": {"name": text(53)}, "spec": MODEL}),
            ({"metadata": {"name": "a-0"}, "spec": MODEL}, {"metadata": {"name": "0-a"}, "spec": MODEL}),
            ({"metadata": {"name": "a"}, "spec": MODEL}, {"metadata": {"name": "a.b"}, "spec": MODEL}),
        ],
    },
    "spec": {
        ONE_KIND: [(MODEL, {}), ({"models": [NAMED]}, {**MODEL, "models": [NAMED]})],
        WITH_ITS_MODEL: [
            ({"models": [{**NAMED, "versions": [1]}]}, {"models": [NAMED], "versions": [1]}),
            (
                {"models": [{**NAMED, "versionPolicy": {"latest": 1}}]},
                {"models": [NAMED], "versionPolicy": {"latest": 1}},
            ),
            (
                {"models": [{**NAMED, "versionLabels": {"stable": 1}}]},
                {"models": [NAMED], "versionLabels": {"stable": 1}},
            ),
        ],
    },
    "spec.models": {
        "minItems": ([NAMED], []),
        "maxItems": (named(32, modelUri="file:///m"), named(33, modelUri="file:///m")),
        "x-kubernetes-list-type": ([NAMED, {**NAMED, "name": "b"}], [NAMED, {**NAMED, "modelUri": "file:///b"}]),
    },
    "spec.models[]": {
        "required name": (NAMED, without(NAMED, "name")),
        "required modelUri": (NAMED, without(NAMED, "modelUri")),
    },
    "spec.models[].name": {
        "minLength": ("a", ""),
        "maxLength": (text(63), text(64)),
        "pattern": [("Cats_2.0-b", "cats/2"), ("0", "-"), ("a", "a\n"), ("a", ".."), ("a", "a:predict")],
    },
    "spec.replicas": {"minimum": (0, -1), "maximum": (1000, 1001)},
    "spec.gpus": {"minimum": (0, -1), "maximum": (64, 65)},
    "spec.server.image": {
        "minLength": ("a", ""),
        "maxLength": (text(1024), text(1025)),
        "pattern": [("r.io:5/a/b:1@sha256:0", "a b"), ("a", "a\n"), ("a", "a\u00a0b"), ("a", "a\x0bb")],
    },
    "spec.server.imagePullPolicy": {
        "enum": [("Always", "Sometimes"), ("IfNotPresent", ""), ("Never", "never")],
    },
    "spec.server.imagePullSecrets": {
        "maxItems": (named(16), named(17)),
        "x-kubernetes-list-type": ([{"name": "a"}, {"name": "b"}], [{"name": "a"}, {"name": "a"}]),
    },
    "spec.server.imagePullSecrets[]": {"required name": ({"name": "a"}, {})},
    "spec.server.imagePullSecrets[].name": {"minLength": ("a", ""), "maxLength": (text(253), text(254))},
    "spec.server.resources": {
        GPUS: [
            ({"limits": {"cpu": 1}}, {"limits": {"nvidia.com/gpu": 1}}),
            ({"requests": {"cpu": 1}}, {"requests": {"nvidia.com/gpu": "1"}}),
        ],
    },
    "spec.server.resources.requests": _AMOUNTS,
    "spec.server.resources.requests.*": _AMOUNT,
    "spec.server.resources.limits": _AMOUNTS,
    "spec.server.resources.limits.*": _AMOUNT,
    "spec.server.env": {
        "maxItems": (named(64), named(65)),
        "x-kubernetes-list-type": ([{"name": "A"}, {"name": "B"}], [{"name": "A"}, {"name": "A", "value": "2"}]),
    },
    "spec.server.env[]": {
        "required name": ({"name": "A"}, {"value": "1"}),
        ENV_VALUE: [
            ({"name": "A", "value": ""}, {"name": "A", "value": "", "valueFrom": {}}),
            ({"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}, None),
        ],
    },
    "spec.server.env[].name": {
        "minLength": ("A", ""),
        "maxLength": (text(255), text(256)),
        "pattern": [("_A.b-1", "1A"), ("A", "A=B"), ("A", "A\n")],
    },
    "spec.server.env[].value": storage_cases.ENV_TEXT,
    "spec.server.extraArgs": {
        "maxItems": ([f"--a{index}" for index in range(64)], [f"--a{index}" for index in range(65)]),
        FLAG: [
            (["--enable_profiler"], ["enable_profiler"]),
            (["--a=b c"], ["--a", "b-c"]),
            (["--a="], ["-ab"]),
            (["--a"], ["--a b"]),
            (["--a=b"], ["--a=b\n"]),
            (["--a=b"], ["--a=b\nc"]),
            (["--a=\u2028é$(B)"], ["--$(A)=b"]),
            (["--a= "], ["--a=\x00"]),
            (["--a=\u0080"], ["--a=\x1f"]),
            (["--a=~"], ["--a=\x7f"]),
        ],
        MANAGED_FLAG: [
            (["--port_of_call=1"], ["--port=1"]),
            (["--model_names"], ["--model_name"]),
            (["--rest_api_num_threads=9"], ["--rest_api_port=9"]),
            (["--enable_model_warmup=true"], ["--a", "--model_base_path=/m"]),
            (["--a"], ["--model_config_file=/m"]),
            (["--a"], ["--model_config_file_poll_wait_seconds=9"]),
            (["--a"], ["--file_system_poll_wait_seconds=0"]),
            (["--a"], ["--allow_version_labels_for_unavailable_models=false"]),
            (["--a"], ["--monitoring_config_file=/m"]),
            (["--a"], ["--max_num_load_retries=5"]),
            (["--a"], ["--load_retry_interval_micros=1"]),
            (["--num_unload_threads=1"], ["--num_load_threads=0"]),
            (["--ssl_config=x"], ["--ssl_config_file=/m"]),
        ],
        tuning_cases.BATCHING_FILE: [
            (["--enable_batching"], ["--enable_batching", "--batching_parameters_file=/models/image/batching.config"]),
            (["--batching_parameters"], ["--batching_parameters_file=$(FILE)"]),
            (["--a"], ["--batching_parameters_file"]),
            (["--a"], ["--enable_per_model_batching_parameters"]),
            (["--a"], ["--enable_per_model_batching_parameters=true"]),
            (["--platform_config=x"], ["--platform_config_file=/models/image/platforms.config"]),
        ],
    },
    "spec.server.extraArgs[]": {"minLength": ("--a", "--"), "maxLength": (f"--{text(1022)}", f"--{text(1023)}")},
    "spec.rollout.loadTimeoutSeconds": {"minimum": (1, 0), "maximum": (86400, 86401)},
    "spec.rollout.bakeSeconds": {"minimum": (0, -1), "maximum": (86400, 86401)},
    "spec.rollout.drainSeconds": {"minimum": (0, -1), "maximum": (3600, 3601)},
    "spec.rollout.verify.requests": {
        "maxItems": (named(16, body="{}"), named(17, body="{}")),
        "x-kubernetes-list-type": ([ASKED, {**ASKED, "name": "eight"}], [ASKED, ASKED]),
    },
    "spec.rollout.verify.requests[]": {
        "required name": (ASKED, without(ASKED, "name")),
        "required body": (ASKED, without(ASKED, "body")),
    },
    "spec.rollout.verify.requests[].name": {
        "minLength": ("a", ""),
        "maxLength": (text(63), text(64)),
        "pattern": [("Digit_7.0-b", "a b"), ("7", "-"), ("a", "a\n")],
    },
    "spec.rollout.verify.requests[].model": {
        "minLength": ("a", ""),
        "maxLength": (text(63), text(64)),
        "pattern": [("Cats_2.0-b", "cats/2"), ("a", "a\n")],
    },
    "spec.rollout.verify.requests[].body": {
        "minLength": ("{}", "{"),
        "maxLength": (json_text(65536), json_text(65537)),
        REQUEST_BODY: [(' \t\r\n{"instances": []}', "[1]"), ("{}", '"{}"')],
    },
    "spec.rollout.verify.requests[].equals": {
        "minLength": ("{}", "{"),
        "maxLength": (json_text(65536), json_text(65537)),
        WHOLE_ANSWER: ('{"predictions": [1]}', "[1]"),
    },
    "spec.rollout.verify.requests[].tolerance": {"minimum": (0, -0.1), "maximum": (1e6, 1.1e6)},
    "spec.rollout.verify.configMap": {"required name": ({"name": "a"}, {"key": "a"})},
    "spec.rollout.verify.configMap.name": storage_cases.NAME,
    "spec.rollout.verify.configMap.key": {
        "minLength": ("a", ""),
        "maxLength": (text(253), text(254)),
        "pattern": [("digits_1.json", "a/b"), ("a", "a\n")],
    },
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
    "spec.podTemplate.tolerations[].tolerationSeconds": _COUNT,
    "spec.podTemplate.topologySpreadConstraints": {"maxItems": ([{"maxSkew": 1}] * 16, [{"maxSkew": 1}] * 17)},
    "spec.podTemplate.priorityClassName": {"minLength": ("a", ""), "maxLength": (text(253), text(254))},
    "spec.service": {
        PORTS: [({"restPort": 80, "grpcPort": 81}, {"restPort": 80, "grpcPort": 80}), ({}, {"restPort": 8500})],
    },
    "spec.service.type": {"enum": [("ClusterIP", "ExternalName"), ("NodePort", ""), ("LoadBalancer", "nodeport")]},
    "spec.service.annotations": {**_TEXT_MAP, RESERVED_ANNOTATION: _OWN_ANNOTATIONS},
    "spec.service.annotations.*": _TEXT_VALUE,
    "spec.service.restPort": _PORT,
    "spec.service.grpcPort": _PORT,
    "spec.server.tls": {"required secretName": ({"secretName": "a"}, {})},
    "spec.server.tls.secretName": storage_cases.NAME,
    "spec.networkPolicy.allowFrom": {"maxItems": ([{"podSelector": {}}] * 64, [{"podSelector": {}}] * 65)},
    "status.observedGeneration": _GENERATION,
    "status.conditions": {
        "maxItems": (
            [{**CONDITION, "type": f"T{index}"} for index in range(16)],
            [{**CONDITION, "type": f"T{index}"} for index in range(17)],
        ),
        "x-kubernetes-list-type": (
            [CONDITION, {**CONDITION, "type": "Progressing"}],
            [CONDITION, {**CONDITION, "status": "False"}],
        ),
    },
    "status.conditions[]": {
        f"required {key}": (CONDITION, without(CONDITION, key))
        for key in ("type", "status", "reason", "lastTransitionTime")
    },
    "status.conditions[].type": {"minLength": ("A", ""), "maxLength": (text(316), text(317))},
    "status.conditions[].status": {"enum": [("True", "Yes"), ("False", "false"), ("Unknown", "")]},
    "status.conditions[].reason": {"minLength": ("A", ""), "maxLength": (text(1024), text(1025))},
    "status.conditions[].message": {"maxLength": (text(32768), text(32769))},
    "status.conditions[].observedGeneration": _GENERATION,
    "status.conditions[].lastTransitionTime": {"format date-time": ("2026-11-21T06:30:00Z", "today")},
    "status.replicas": _COUNT,
    "status.readyReplicas": _COUNT,
    "status.selector": {"maxLength": (text(1024), text(1025))},
    "status.availableVersions": {"maxLength": (text(4096), text(4097))},
    "status.models": {"maxItems": (named(32), named(33))},
    "status.models[]": {"required name": ({"name": "a"}, {"labels": {}})},
    "status.models[].name": {"minLength": ("a", ""), "maxLength": (text(63), text(64))},
    "status.models[].labels": {"maxProperties": (entries(32, 1), entries(33, 1))},
    "status.models[].labels.*": _GENERATION,
    "status.models[].versions": {"maxItems": ([ROW] * 256, [ROW] * 257)},
    "status.models[].versions[]": {
        "required version": (ROW, without(ROW, "version")),
        "required state": (ROW, without(ROW, "state")),
    },
    "status.models[].versions[].version": _GENERATION,
    "status.models[].versions[].state": {
        "enum": [("UNKNOWN", ""), ("START", "available"), ("LOADING", "Ready"), ("END", "DEAD"), ("UNLOADING", "UP")],
    },
    "status.models[].versions[].availableReplicas": _COUNT,
    "status.models[].versions[].labels": {"maxItems": (["a"] * 32, ["a"] * 33)},
    "status.models[].versions[].message": {"maxLength": (text(2048), text(2049))},
    "status.models[].versions[].verified": {"required outcome": ({"outcome": "Good"}, {"message": "a"})},
    "status.models[].versions[].verified.outcome": {"enum": [("Good", "GOOD"), ("Bad", ""), ("Unproven", "Unknown")]},
    "status.models[].versions[].verified.message": {"maxLength": (text(2048), text(2049))},
    "status.models[].rollout": {
        f"required {key}": (ROLLOUT, without(ROLLOUT, key)) for key in ("step", "since", "began")
    },
    "status.models[].rollout.step": {
        "enum": [
            ("Fetch", "Fetching"),
            ("Try", "Trial"),
            ("Compare", "compare"),
            ("Load", "load"),
            ("Commit", ""),
            ("Label", "Labels"),
            ("Bake", "Baking"),
            ("Retire", "RETIRE"),
            ("Withdraw", "Withdrawn"),
            ("Wait", "Waiting"),
            ("Done", "Complete"),
        ],
    },
    "status.models[].rollout.message": {"maxLength": (text(4096), text(4097))},
    "status.models[].rollout.since": _TIME,
    "status.models[].rollout.began": _TIME,
    "status.models[].rollout.specHash": {"maxLength": (text(64), text(65))},
    "status.models[].rollout.failures": {"maxItems": ([FAILED] * 64, [FAILED] * 65)},
    "status.models[].rollout.failures[]": {
        "required version": (FAILED, without(FAILED, "version")),
        "required at": (FAILED, without(FAILED, "at")),
    },
    "status.models[].rollout.failures[].version": _GENERATION,
    "status.models[].rollout.failures[].message": {"maxLength": (text(2048), text(2049))},
    "status.models[].rollout.failures[].at": _TIME,
    "status.models[].rollout.failures[].attempts": _COUNT,
    "status.models[].rollout.failures[].content": {"maxLength": (text(64), text(65))},
    "status.models[].rollout.failures[].replacedAt": _TIME,
    "status.models[].rollout.awaited": {"maxItems": ([AWAITED] * 64, [AWAITED] * 65)},
    "status.models[].rollout.awaited[]": {
        "required version": (AWAITED, without(AWAITED, "version")),
        "required since": (AWAITED, without(AWAITED, "since")),
    },
    "status.models[].rollout.awaited[].version": _GENERATION,
    "status.models[].rollout.awaited[].since": _TIME,
    "status.models[].rollout.reported.labels": {"maxProperties": (entries(32, 1), entries(33, 1))},
    "status.models[].rollout.reported.labels.*": _GENERATION,
    "status.models[].rollout.reported.versions": {"maxItems": ([1] * 256, [1] * 257)},
    "status.models[].rollout.reported.versions[]": _GENERATION,
}


_VERIFY_OF_SPEC: Rows = {
    "spec": {
        TO_ITS_MODELS: [
            (_verify_named("a", "b", "a"), _verify_named("a", "c")),
            (_verify_named(), _verify_named("")),
            ({**MODEL, "rollout": {"verify": {"requests": [ASKED]}}}, None),
        ],
    },
}


def _merged(*parts: Rows) -> Rows:
    merged: Rows = {}
    for part in parts:
        for path, constraints in part.items():
            merged[path] = {**merged.get(path, {}), **constraints}
    return merged


ROWS = _merged(
    _OTHERS,
    _VERIFY_OF_SPEC,
    storage_cases.ROWS,
    autoscaling_cases.ROWS,
    tuning_cases.ROWS,
    trial_cases.ROWS,
    _selection("spec.models[]", NAMED),
    _selection("spec", MODEL),
)


@dataclass(frozen=True)
class Case:
    """One constraint at one place. `refused` is None where only the accepted value is of interest."""

    path: str
    constraint: str
    accepted: Manifest
    refused: Manifest | None

    @property
    def is_cel(self) -> bool:
        return self.words == self.constraint

    @property
    def words(self) -> str:
        """What the API server says."""
        return WORDS.get(self.constraint) or WORDS.get(self.constraint.split(" ")[0]) or self.constraint

    @property
    def is_status(self) -> bool:
        return self.path.startswith("status")

    def __str__(self) -> str:
        return f"{self.path or 'root'}: {self.constraint[:40]}"


def tfmodel(path: str, value: Any) -> Manifest:
    """A TFModel with `value` at `path`, and what else its schema requires."""
    manifest: Manifest = {
        "apiVersion": "tfs-operator.io/v1alpha1",
        "kind": "TFModel",
        "metadata": {"name": "mnist", "namespace": "default"},
    }
    if not path:
        metadata = {**manifest["metadata"], **value.get("metadata", {})}
        return {**manifest, **value, "metadata": metadata}
    return {**manifest, "spec": MODEL, **_around("", re.findall(r"[A-Za-z]+|\[\]|\*", path), value)}


def _around(prefix: str, parts: list[str], value: Any) -> Any:
    if not parts:
        return value
    first, *rest = parts
    if first == "[]":
        return [_around(f"{prefix}[]", rest, value)]
    inner = _around(f"{prefix}.{first}".lstrip("."), rest, value)
    if first == "*":
        return {"key": inner}
    siblings = {} if first == "models" and prefix == "spec" else SIBLINGS.get(prefix, {})
    return {**autoscaling_cases.BESIDE.get(f"{prefix}.{first}", siblings), first: inner}


def _cases() -> Iterator[Case]:
    for path, constraints in ROWS.items():
        for constraint, pairs in constraints.items():
            for accepted, refused in pairs if isinstance(pairs, list) else [pairs]:
                bad = None if refused is None else tfmodel(path, refused)
                yield Case(path, constraint, tfmodel(path, accepted), bad)


CASES = list(_cases())

_BOUNDS = (
    "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
    "pattern", "enum", "x-kubernetes-int-or-string",
)  # fmt: skip


def nodes(schema: Manifest, path: str = "") -> Iterator[tuple[str, Manifest]]:
    """Every part of a structural schema, with its path."""
    yield path, schema
    for name, member in schema.get("properties", {}).items():
        yield from nodes(member, f"{path}.{name}".lstrip("."))
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        yield from nodes(schema["additionalProperties"], f"{path}.*")


def constraints(schema: Manifest) -> Iterator[tuple[str, str]]:
    """(path, constraint) of every rule in a structural schema, but for types, which have a test of their own."""
    for path, node in nodes(schema):
        yield from ((path, key) for key in _BOUNDS if key in node)
        yield from ((path, f"required {name}") for name in node.get("required", []))
        yield from ((path, rule["message"]) for rule in node.get("x-kubernetes-validations", []))
        if node.get("x-kubernetes-list-type") in ("set", "map"):
            yield path, "x-kubernetes-list-type"
        if "format" in node and "maximum" not in node:
            yield path, f"format {node['format']}"


def places(value: Any, path: str = "", put: Callable[[Any], Any] = lambda new: new) -> Iterator[tuple[str, Any, Any]]:
    """Every place in a JSON value: its path as in `nodes` (maps' keys included), its value, and how to replace it."""
    yield path, value, put
    if isinstance(value, dict):
        for key, member in value.items():

            def put_member(new: Any, key: str = key) -> Any:
                return put({**value, key: new})

            yield from places(member, f"{path}.{key}".lstrip("."), put_member)
    if isinstance(value, list):
        for index, item in enumerate(value):

            def put_item(new: Any, index: int = index) -> Any:
                return put([*value[:index], new, *value[index + 1 :]])

            yield from places(item, f"{path}[]", put_item)
