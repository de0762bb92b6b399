"""The rows of `schema_cases` about `spec.rollout`: time limits, and what a new version has to show."""

from testing.schema import storage_cases
from testing.schema.values import MODEL, NAMED, Manifest, Rows, json_text, named, text, without

ASKED: Manifest = {"name": "seven", "body": '{"instances": [7]}'}
REQUEST_BODY = 'must be a JSON object in text, as clients send it: {"instances": ...} or {"inputs": ...}'
WHOLE_ANSWER = 'must be a whole answer in text, a JSON object: {"predictions": ...} or {"outputs": ...}'
TRIED_SOMEWHERE = "extraPod needs trialSeconds above 0: with 0 all pods load a version at once, and none tries it"
TO_ITS_MODELS = "with models, each of rollout.verify.requests names one of them in model"

SIBLINGS: dict[str, Manifest] = {
    "spec.rollout.verify.requests[]": ASKED,
    "spec.rollout.verify.configMap": {"name": "a"},
}


def _verify_named(*models: str) -> Manifest:
    """A TFModel of the models a and b, with a request to each of these; to none in particular for an empty name."""
    requests = [
        {**ASKED, "name": f"r{index}", **({"model": name} if name else {})} for index, name in enumerate(models)
    ]
    return {"models": [{**NAMED, "name": name} for name in "ab"], "rollout": {"verify": {"requests": requests}}}


ROWS: Rows = {
    "spec.rollout": {
        TRIED_SOMEWHERE: [
            ({"extraPod": True, "trialSeconds": 1}, {"extraPod": True, "trialSeconds": 0}),
            ({"extraPod": False, "trialSeconds": 0}, None),
        ]
    },
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
    "spec": {
        TO_ITS_MODELS: [
            (_verify_named("a", "b", "a"), _verify_named("a", "c")),
            (_verify_named(), _verify_named("")),
            ({**MODEL, "rollout": {"verify": {"requests": [ASKED]}}}, None),
        ],
    },
}
