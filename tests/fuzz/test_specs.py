"""Whatever a TFModel holds, it is refused with an error for users, or rendered, planned and concluded."""

import json
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from testing.fuzzing.edges import edge, fuzzed
from testing.fuzzing.readable import assert_readable
from testing.fuzzing.strategies import changed, written
from testing.hostile import EXAMPLES, manifests
from tests.fuzz.passes import ALLOWED, NOW, assert_concludes, live
from tfs_operator.api.status import TFModelStatus
from tfs_operator.domain.committed import from_annotation, to_annotation
from tfs_operator.domain.config_text import models_config
from tfs_operator.domain.drift import digest, holds, projection
from tfs_operator.planning import LiveChildren, Observed, Refused, Subject, memories, subject_of
from tfs_operator.render import Settings, children


def parsed(manifest: Any) -> Subject | Refused | None:
    """The manifest as decoded JSON; None where it is no object."""
    try:
        item = live(json.loads(written(manifest)))
    except (ValueError, RecursionError):
        return None
    return subject_of(item, ALLOWED) if isinstance(item, dict) else None


SPECS = changed(EXAMPLES) | manifests()


@given(SPECS)
@fuzzed(600)
def test_specs(manifest: Any) -> None:
    with edge("spec: parsed, rendered, planned, concluded", manifest):
        subject = parsed(manifest)
        if isinstance(subject, Refused):
            assert_readable(subject.problem.message, 4096)
        if isinstance(subject, Subject):
            assert_is_acted_on(subject)


def assert_is_acted_on(subject: Subject) -> None:
    made = children(subject.tfmodel, subject.aspired, Settings())
    for manifest in made:
        assert holds(json.loads(json.dumps(manifest)), manifest)
        assert len(digest(projection(manifest, manifest))) == 16
        yaml.safe_dump(manifest, allow_unicode=True).encode()
    assert from_annotation(to_annotation(subject.aspired)) == subject.aspired
    assert models_config(subject.aspired).isascii()
    assert_concludes(Observed(subject, Settings(), LiveChildren(subject.aspired), now=NOW))


STATUS = {
    "observedGeneration": 6,
    "conditions": [{"type": "Ready", "status": "True", "reason": "Serving", "message": "", "lastTransitionTime": "x"}],
    "agent": {"image": "a", "chosen": "b"},
    "models": [
        {
            "name": "mnist",
            "labels": {"stable": 1},
            "versions": [{"version": 1, "state": "AVAILABLE", "verified": {"outcome": "Good", "message": ""}}],
            "rollout": {"step": "Bake", "since": "2026-11-21T10:00:00Z", "specHash": "w", "failures": []},
        }
    ],
}


@given(changed([STATUS]), st.sampled_from(EXAMPLES))
@fuzzed(500)
def test_statuses(status: Any, example: Any) -> None:
    """The operator reads what the API server's schema lets pass, whoever wrote it."""
    try:
        before = json.loads(written(status))
        TFModelStatus.model_validate(before, by_alias=True, by_name=False)
    except (ValueError, RecursionError):
        return
    subject = subject_of({**live(example), "status": before}, ALLOWED)
    with edge("spec: status of before", status):
        if isinstance(subject, Subject):
            remembered = memories(subject.live, resumed_at=NOW)
            observed = Observed(subject, Settings(), LiveChildren(subject.aspired), memories=remembered, now=NOW)
            assert_concludes(observed)
