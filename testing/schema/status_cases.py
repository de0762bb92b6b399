"""The rows of `schema_cases` about the status."""

from testing.schema import trial_cases
from testing.schema.values import AN_HOUR, COUNT, GENERATION, TIME, Manifest, Rows, entries, named, text, without

CONDITION: Manifest = {
    "type": "Ready",
    "status": "True",
    "reason": "Serving",
    "lastTransitionTime": "2026-11-21T06:30:00Z",
}
ROW: Manifest = {"version": 1, "state": "AVAILABLE"}
ROLLOUT: Manifest = {"step": "Done", "since": AN_HOUR, "began": AN_HOUR, "specHash": "0123456789abcdef"}
FAILED: Manifest = {"version": 1, "at": AN_HOUR}
AWAITED: Manifest = {"version": 1, "since": AN_HOUR}

SIBLINGS: dict[str, Manifest] = {
    "status.conditions[]": CONDITION,
    "status.models[]": {"name": "a"},
    "status.models[].versions[]": ROW,
    "status.models[].versions[].verified": {"outcome": "Good"},
    "status.models[].rollout": ROLLOUT,
    "status.models[].rollout.failures[]": FAILED,
    "status.models[].rollout.awaited[]": AWAITED,
    **trial_cases.SIBLINGS,
}

ROWS: Rows = {
    "status.observedGeneration": GENERATION,
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
    "status.conditions[].observedGeneration": GENERATION,
    "status.conditions[].lastTransitionTime": {"format date-time": ("2026-11-21T06:30:00Z", "today")},
    "status.replicas": COUNT,
    "status.readyReplicas": COUNT,
    "status.selector": {"maxLength": (text(1024), text(1025))},
    "status.agent.image": {"maxLength": (text(4096), text(4097))},
    "status.agent.restartedAt": {"maxLength": (text(64), text(65))},
    "status.availableVersions": {"maxLength": (text(4096), text(4097))},
    "status.models": {"maxItems": (named(32), named(33))},
    "status.models[]": {"required name": ({"name": "a"}, {"labels": {}})},
    "status.models[].name": {"minLength": ("a", ""), "maxLength": (text(63), text(64))},
    "status.models[].labels": {"maxProperties": (entries(32, 1), entries(33, 1))},
    "status.models[].labels.*": GENERATION,
    "status.models[].versions": {"maxItems": ([ROW] * 256, [ROW] * 257)},
    "status.models[].versions[]": {
        "required version": (ROW, without(ROW, "version")),
        "required state": (ROW, without(ROW, "state")),
    },
    "status.models[].versions[].version": GENERATION,
    "status.models[].versions[].state": {
        "enum": [("UNKNOWN", ""), ("START", "available"), ("LOADING", "Ready"), ("END", "DEAD"), ("UNLOADING", "UP")],
    },
    "status.models[].versions[].availableReplicas": COUNT,
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
    "status.models[].rollout.since": TIME,
    "status.models[].rollout.began": TIME,
    "status.models[].rollout.specHash": {"maxLength": (text(64), text(65))},
    "status.models[].rollout.failures": {"maxItems": ([FAILED] * 64, [FAILED] * 65)},
    "status.models[].rollout.failures[]": {
        "required version": (FAILED, without(FAILED, "version")),
        "required at": (FAILED, without(FAILED, "at")),
    },
    "status.models[].rollout.failures[].version": GENERATION,
    "status.models[].rollout.failures[].message": {"maxLength": (text(2048), text(2049))},
    "status.models[].rollout.failures[].at": TIME,
    "status.models[].rollout.failures[].attempts": COUNT,
    "status.models[].rollout.failures[].content": {"maxLength": (text(64), text(65))},
    "status.models[].rollout.failures[].replacedAt": TIME,
    "status.models[].rollout.awaited": {"maxItems": ([AWAITED] * 64, [AWAITED] * 65)},
    "status.models[].rollout.awaited[]": {
        "required version": (AWAITED, without(AWAITED, "version")),
        "required since": (AWAITED, without(AWAITED, "since")),
    },
    "status.models[].rollout.awaited[].version": GENERATION,
    "status.models[].rollout.awaited[].since": TIME,
    "status.models[].rollout.reported.labels": {"maxProperties": (entries(32, 1), entries(33, 1))},
    "status.models[].rollout.reported.labels.*": GENERATION,
    "status.models[].rollout.reported.versions": {"maxItems": ([1] * 256, [1] * 257)},
    "status.models[].rollout.reported.versions[]": GENERATION,
    "status.models[].rollout.reported.missing": {"maxItems": ([1] * 64, [1] * 65)},
    "status.models[].rollout.reported.missing[]": GENERATION,
}
