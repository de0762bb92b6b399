"""The rows of `schema_cases` about models that are fetched: their URIs, `spec.storage` and what the status says."""

from typing import Any

from testing.schema.env_cases import SECRET

Pair = tuple[Any, Any]
Rows = dict[str, dict[str, Pair | list[Pair]]]

MAX_INT64 = 2**63 - 1
SCHEME = "must begin with pvc://, file://, s3://, gs://, az://, https://, hf://, oci:// or hostpath://"
PATH = (
    "must name a place: pvc://CLAIM/path, file:///path, s3://BUCKET/path, gs://BUCKET/path, "
    "az://ACCOUNT/CONTAINER/path, https://HOST/path.tar.gz (or .tgz, .zip), hf://ORG/REPO[@REVISION]/path, "
    "oci://REGISTRY/REPOSITORY:TAG or hostpath:///path"
)
ENDPOINT = "must be the address of the store, for example http://minio.storage.svc:9000"
COPY = "storage.copy is for models on claims, and no modelUri begins with pvc://"
ENV_VALUE = "value and valueFrom exclude each other"
NUL = "must not have a NUL character, which ends a variable"
GPUS = "ask for GPUs by spec.gpus, which also picks the GPU image and the toleration"
DIGEST = "sha256:" + "0" * 64

URI_SCHEMES: list[Pair] = [
    ("s3://models/mnist", "ftp://models/mnist"),
    ("https://a.example/m.zip", "s3a://models/mnist"),
    ("http://a.example/m.zip", "S3://models/mnist"),
]
URI_PATHS: list[Pair] = [
    ("s3://models", "s3://"),
    ("s3://my.models-1/a/b", "s3://Models/a"),
    ("gs://my_models/a", "gs:///a"),
    ("gs://models/", "gs://-models/a"),
    ("az://account1/models/a", "az://account1"),
    ("az://account1/models", "az://account1/"),
    ("az://abc/c", "az://ab/c"),
    ("https://a.example:8443/x/m.tar.gz", "https://a.example/x/m.tar"),
    ("https://a.example/m.tgz", "https://a.example/.tgz/"),
    ("https://a.example/m.zip", "https://a.example:/m.zip"),
    ("http://127.0.0.1:8080/m.zip", "http:///m.zip"),
    ("hf://google/vit", "hf://google"),
    ("hf://google/vit@v1.0/tf/model", "hf://google/@v1"),
    ("hf://google/vit/tf", "hf://google/vit@/tf"),
    ("oci://registry.local:5000/models/mnist:v1", "oci://registry.local:5000/models/mnist"),
    (f"oci://registry.local/mnist@{DIGEST}", "oci://registry.local/mnist@sha256:0"),
    ("oci://r/m:latest", "oci://r/:latest"),
]


def text(length: int) -> str:
    return "a" * length


def named(count: int) -> list[dict[str, str]]:
    return [{"name": f"a{index}"} for index in range(count)]


def amounts(count: int) -> dict[str, int]:
    return {f"k{index}": 1 for index in range(count)}


NAME: dict[str, Pair | list[Pair]] = {
    "minLength": ("a", ""),
    "maxLength": (text(253), text(254)),
    "pattern": [("a.b-c", "A"), ("a", "a\n"), ("0", "-"), ("a", "a/b")],
}
_AMOUNTS: dict[str, Pair | list[Pair]] = {"maxProperties": (amounts(32), amounts(33))}
_AMOUNT: dict[str, Pair | list[Pair]] = {
    "minimum": (0, -1),
    "maxLength": ("1" * 64, "1" * 65),
    "pattern": [("500m", "half")],
    "x-kubernetes-int-or-string": [(1, 0.5)],
}
_NUMBER: dict[str, Pair | list[Pair]] = {"minimum": (0, -1), "format int64": (MAX_INT64, MAX_INT64 + 1)}
ENV_TEXT: dict[str, Pair | list[Pair]] = {
    "maxLength": (text(32768), text(32769)),
    NUL: [("", "\x00"), ("$(A)\n\x01", "a\x00b")],
}
FETCHING: dict[str, Any] = {"version": 1, "state": "Waiting"}

_ON_CLAIM: dict[str, Any] = {"modelUri": "pvc://models/m", "storage": {"copy": True}}
_IN_STORE: dict[str, Any] = {**_ON_CLAIM, "modelUri": "s3://models/m"}


def _several(*uris: str) -> dict[str, Any]:
    models = [{"name": f"m{number}", "modelUri": uri} for number, uri in enumerate(uris)]
    return {"models": models, "storage": {"copy": True}}


ROWS: Rows = {
    "spec": {
        COPY: [
            (_ON_CLAIM, _IN_STORE),
            (_several("s3://models/a", "pvc://models/b"), _several("s3://models/a", "file:///models/b")),
            ({**_IN_STORE, "storage": {"copy": False}}, _several("s3://models/pvc://a")),
        ]
    },
    "spec.storage.serviceAccountName": NAME,
    "spec.storage.secretRef": {"required name": ({"name": "a"}, {})},
    "spec.storage.secretRef.name": NAME,
    "spec.storage.endpoint": {
        "minLength": ("http://a", ""),
        "maxLength": (f"http://a/{text(1015)}", f"http://a/{text(1016)}"),
        ENDPOINT: [
            ("http://minio.storage.svc:9000", "minio.storage.svc:9000"),
            ("https://a/devstoreaccount1", "s3://a"),
            ("http://a", "http://user:password@a"),
            ("http://a", "http://a\n"),
            ("http://a/", "http://a?b=c"),
            ("http://a", "http://$(SECRET)"),
        ],
    },
    "spec.storage.region": {
        "minLength": ("a", ""),
        "maxLength": (text(64), text(65)),
        "pattern": [("eu-west-1", "eu west"), ("a", "$(A)")],
    },
    "spec.storage.caBundle": {"required name": ({"name": "a"}, {"key": "a"})},
    "spec.storage.caBundle.name": NAME,
    "spec.storage.caBundle.key": {
        "minLength": ("a", ""),
        "maxLength": (text(253), text(254)),
        "pattern": [("ca-bundle_1.crt", "a/b"), ("a", "a\n"), ("a", "$(A)")],
    },
    "spec.storage.pollIntervalSeconds": {"minimum": (5, 4), "maximum": (86400, 86401)},
    "spec.storage.cache": {"required persistentVolumeClaim": ({"persistentVolumeClaim": "a"}, {})},
    "spec.storage.cache.persistentVolumeClaim": NAME,
    "spec.storage.resources": {
        GPUS: [
            ({"limits": {"cpu": 1}}, {"limits": {"nvidia.com/gpu": 1}}),
            ({"requests": {"cpu": 1}}, {"requests": {"nvidia.com/gpu": 1}}),
        ]
    },
    "spec.storage.resources.requests": _AMOUNTS,
    "spec.storage.resources.requests.*": _AMOUNT,
    "spec.storage.resources.limits": _AMOUNTS,
    "spec.storage.resources.limits.*": _AMOUNT,
    "spec.storage.env": {
        "maxItems": (named(64), named(65)),
        "x-kubernetes-list-type": ([{"name": "A"}, {"name": "B"}], [{"name": "A"}, {"name": "A", "value": "2"}]),
    },
    "spec.storage.env[]": {
        "required name": ({"name": "A"}, {"value": "1"}),
        ENV_VALUE: [({"name": "A", "value": ""}, {"name": "A", "value": "", "valueFrom": SECRET})],
    },
    "spec.storage.env[].name": {
        "minLength": ("A", ""),
        "maxLength": (text(255), text(256)),
        "pattern": [("_A.b-1", "1A"), ("A", "A=B")],
    },
    "spec.storage.env[].value": ENV_TEXT,
    "status.models[].fetching": {"maxItems": ([FETCHING] * 64, [FETCHING] * 65)},
    "status.models[].fetching[]": {
        "required version": (FETCHING, {"state": "Waiting"}),
        "required state": (FETCHING, {"version": 1}),
    },
    "status.models[].fetching[].version": _NUMBER,
    "status.models[].fetching[].state": {"enum": [("Waiting", "waiting"), ("Fetching", ""), ("Failed", "Fetched")]},
    "status.models[].fetching[].pod": {"maxLength": (text(253), text(254))},
    "status.models[].fetching[].bytes": _NUMBER,
    "status.models[].fetching[].totalBytes": _NUMBER,
    "status.models[].fetching[].bytesPerSecond": _NUMBER,
    "status.models[].fetching[].message": {"maxLength": (text(2048), text(2049))},
}
