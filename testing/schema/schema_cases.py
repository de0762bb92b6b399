"""For every rule of the CRD's schema a value that is accepted and one that is refused, on either side of its edge.

A row is a path (`[]` is an item of a list, `*` a value of a map), a constraint, and one pair of values or several.
A CEL rule is called by its message.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from testing.schema import (
    affinity_cases,
    annotation_cases,
    autoscaling_cases,
    env_cases,
    model_cases,
    name_cases,
    placement_cases,
    rollout_cases,
    status_cases,
    storage_cases,
    trial_cases,
    tuning_cases,
)
from testing.schema.values import (
    MODEL,
    NAMED,
    Manifest,
    Pair,
    Rows,
    entries,
    named,
    text,
    without,
)

SIBLINGS: dict[str, Manifest] = {
    "spec": {**MODEL, "gpus": 1},
    "spec.models[]": NAMED,
    "status.models[].fetching[]": storage_cases.FETCHING,
    "spec.storage.caBundle": {"name": "a"},
    "spec.storage.env[]": {"name": "A"},
    "spec.server": {"resources": {"limits": {"memory": "1Gi"}}},
    "spec.server.env[]": {"name": "A"},
    **affinity_cases.SIBLINGS,
    **autoscaling_cases.SIBLINGS,
    **env_cases.SIBLINGS,
    **rollout_cases.SIBLINGS,
    **status_cases.SIBLINGS,
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
GPUS = "ask for GPUs by spec.gpus, which also picks the GPU image and the toleration"
ENV_VALUE = "value and valueFrom exclude each other"
FLAG = "each item is one flag, --name or --name=value, for example --enable_profiler=false"
MANAGED_FLAG = (
    "the operator sets these flags itself: port, rest_api_port, model_name, model_base_path, model_config_file, "
    "model_config_file_poll_wait_seconds, file_system_poll_wait_seconds, "
    "allow_version_labels_for_unavailable_models, monitoring_config_file, max_num_load_retries, "
    "load_retry_interval_micros, num_load_threads, ssl_config_file"
)


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
            ({"name": "A", "value": ""}, {"name": "A", "value": "", "valueFrom": env_cases.SECRET}),
            ({"name": "A", "valueFrom": env_cases.SECRET}, None),
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
    "spec.server.tls": {"required secretName": ({"secretName": "a"}, {})},
    "spec.server.tls.secretName": storage_cases.NAME,
}


def _merged(*parts: Rows) -> Rows:
    merged: Rows = {}
    for part in parts:
        for path, constraints in part.items():
            merged[path] = {**merged.get(path, {}), **constraints}
    return merged


ROWS = _merged(
    _OTHERS,
    placement_cases.ROWS,
    affinity_cases.ROWS,
    annotation_cases.ROWS,
    env_cases.ROWS,
    name_cases.ROWS,
    rollout_cases.ROWS,
    status_cases.ROWS,
    storage_cases.ROWS,
    autoscaling_cases.ROWS,
    tuning_cases.ROWS,
    trial_cases.ROWS,
    model_cases.selection("spec.models[]", NAMED),
    model_cases.selection("spec", MODEL),
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
