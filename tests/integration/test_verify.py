"""What a new version has to show before a label moves to it: predictions, the signatures of the version before, and
requests of the user's own, also where these are wrong or missing."""

import json
from pathlib import Path
from typing import Any

import pytest

from testing.api_client import Refused
from testing.fleet.model_folder import ModelFolder
from testing.fleet.served import Served

NEW = 2
SEVEN = {"name": "seven", "body": '{"instances": [7.0]}'}
DOUBLED = {**SEVEN, "equals": '{"predictions": [14.0]}'}
FIELD = "rollout.verify.configMap"


def verify(**given: Any) -> dict[str, Any]:
    return {"bakeSeconds": 0, "trialSeconds": 0, "drainSeconds": 0, "verify": given}


def assert_stays(served: Served) -> None:
    """On every pod, for whoever asks."""
    assert served.answers("stable") == [1, 1]
    assert served.committed() == ([1], {"stable": 1})


def test_a_version_that_cannot_predict_gets_no_label(alone: Served) -> None:
    alone.folder.publish_unable(NEW)
    alone.edit(versionLabels={"stable": NEW})
    failed = alone.until_reason("VersionFailed")
    assert "NoSuchOp" in failed["message"]
    assert_stays(alone)


def test_requests_of_ones_own_have_to_be_answered_as_they_say(alone: Served) -> None:
    alone.folder.publish(NEW)
    wrong = {**DOUBLED, "equals": '{"predictions": [15.0]}'}
    alone.edit(rollout=verify(requests=[wrong]), versionLabels={"stable": NEW})
    failed = alone.until_reason("VersionFailed")
    assert "rollout.verify.requests[seven]: predictions[0] is 14.0 instead of 15.0" in failed["message"]
    assert_stays(alone)
    alone.edit(rollout=verify(requests=[DOUBLED]))
    alone.until_done()
    assert alone.answers("stable") == [NEW, NEW]


def test_what_the_present_version_answers_is_compared(alone: Served) -> None:
    """The two are the same model."""
    alone.folder.publish(NEW)
    alone.edit(rollout=verify(requests=[{**SEVEN, "tolerance": 0.01}]), versionLabels={"stable": NEW})
    alone.until_done()
    assert alone.answers("stable") == [NEW, NEW]


@pytest.mark.parametrize("allowed", [False, True])
def test_a_version_that_takes_other_inputs_is_not_labelled_over_the_present_one_unless_it_is_allowed(
    alone: Served, tripling: Path, allowed: bool
) -> None:
    other = ModelFolder(alone.folder.path.parent / "other", tripling)
    other.publish(NEW)
    (other.path / str(NEW)).rename(alone.folder.path / str(NEW))
    alone.edit(rollout=verify(allowSignatureChange=allowed), versionLabels={"stable": NEW})
    if allowed:
        alone.until_done()
        assert alone.answers("stable") == [NEW, NEW]
        return
    failed = alone.until_reason("VersionFailed")
    assert "x" in failed["message"]
    assert "allowSignatureChange" in failed["message"]
    assert_stays(alone)


def test_a_canary_with_other_inputs_is_served_and_not_promoted(alone: Served, tripling: Path) -> None:
    """Nobody has used another version by its label; the clients of the present one could not use it."""
    other = ModelFolder(alone.folder.path.parent / "other", tripling)
    other.publish(NEW)
    (other.path / str(NEW)).rename(alone.folder.path / str(NEW))
    alone.edit(versionLabels={"stable": 1, "canary": NEW})
    alone.until_done()
    assert alone.answers("canary") == [NEW, NEW]
    alone.edit(versionLabels={"stable": NEW, "canary": NEW})
    failed = alone.until_reason("VersionFailed")
    assert "allowSignatureChange" in failed["message"]
    assert (alone.answers("stable"), alone.answers("canary")) == ([1, 1], [NEW, NEW])


def test_new_versions_wait_for_a_config_map_that_is_missing(alone: Served) -> None:
    alone.folder.publish(NEW)
    alone.edit(rollout=verify(configMap={"name": "digits"}), versionLabels={"stable": NEW})
    waits = alone.until_reason("VerifyNotReadable")
    assert f"ConfigMap digits, which {FIELD} names, does not exist" in waits["message"]
    assert_stays(alone)
    alone.api.create(config_map(alone, json.dumps([DOUBLED])))
    alone.until_done()
    assert alone.answers("stable") == [NEW, NEW]


def test_requests_in_a_config_map_that_do_not_parse_are_said(alone: Served) -> None:
    alone.folder.publish(NEW)
    alone.api.create(config_map(alone, '[{"name": "seven", "body": '))
    alone.edit(rollout=verify(configMap={"name": "digits"}), versionLabels={"stable": NEW})
    waits = alone.until_reason("VerifyNotReadable")
    assert "ConfigMap digits" in waits["message"]
    assert_stays(alone)


@pytest.mark.parametrize(
    "wrong",
    [
        {**SEVEN, "body": "[7.0]"},
        {**SEVEN, "body": "{" + "a" * 70_000},
        {**SEVEN, "name": "a request"},
        {**SEVEN, "tolerance": -1},
    ],
    ids=["no object", "too long", "a name with a space", "a tolerance below 0"],
)
def test_what_cannot_be_right_is_refused_by_the_api_server(alone: Served, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"spec\.rollout\.verify\.requests"):
        alone.edit(rollout=verify(requests=[wrong]), versionLabels={"stable": NEW})
    assert_stays(alone)


def config_map(served: Served, text: str) -> dict[str, Any]:
    metadata = {"name": "digits", "namespace": served.namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"requests.json": text}}


@pytest.fixture(scope="module")
def tripling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with an input of another name."""
    import tensorflow as tf

    path = tmp_path_factory.mktemp("tripling") / "model"
    module = tf.Module()
    signature = [tf.TensorSpec([None], tf.float32, name="z")]
    module.triple = tf.function(lambda z: {"y": 3.0 * z}, input_signature=signature)
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.triple})
    return path
