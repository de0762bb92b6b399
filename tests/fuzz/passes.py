"""Passes of the operator over TFModels, without a cluster."""

import json
from typing import Any

from testing.fuzzing.readable import assert_readable
from tfs_operator.domain.policy import Allowed
from tfs_operator.planning import Clocks, Observed, Outcome, Remembered, after, conclude, decide

NOW = 1_790_000_000.0
ALLOWED = Allowed(hostpath=True, keda_credentials=True)
MOST_STATUS_BYTES = 512 * 1024
_METADATA = {"name": "mnist", "namespace": "shop", "uid": "u1", "generation": 7, "resourceVersion": "1"}


def live(manifest: Any) -> Any:
    """Returns the manifest as the API server holds it, which has seen to the metadata."""
    return {**manifest, "metadata": _METADATA} if isinstance(manifest, dict) else manifest


def assert_concludes(observed: Observed) -> None:
    """Fails unless the pass ends, with a status that the API server takes and people can read."""
    plan = decide(observed)
    found = conclude(after(None, observed, plan, Outcome()), Remembered(), 30.0, Clocks(NOW, 1.0))
    assert len(json.dumps(found.status).encode()) <= MOST_STATUS_BYTES
    for condition in found.status["conditions"]:
        assert_readable(condition["message"], 4400)
    for model in found.status["models"]:
        for part in (*model["versions"], *model["fetching"]):
            assert_readable(part["message"], 2000)
