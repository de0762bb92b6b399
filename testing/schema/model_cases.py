"""The rows of `schema_cases` about one model: where it lies, its versions and its labels."""

from testing.schema import storage_cases
from testing.schema.storage_cases import PATH, SCHEME
from testing.schema.values import MAX_INT32, MAX_INT64, Manifest, Rows, entries, numbers, text

NOT_BOTH = "versions and versionPolicy exclude each other: list the versions, or let the policy pick them"
LABELS_ARE_SERVED = "every version in versionLabels must be one of versions: add the version, or move the label"
ONE_POLICY = "set exactly one of latest and all, for example latest: 2 or all: {}"
LABEL = "a label has 1 to 63 characters: letters, digits, '_', '-' and '.'"
DOTS = "must not have '.' or '..' as a part of its path"
SLASHES = "must have single slashes between the parts of its path"
CHARACTERS = "may have letters, digits and . _ @ + = ~ - in its path"


def selection(path: str, owner: Manifest) -> Rows:
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
