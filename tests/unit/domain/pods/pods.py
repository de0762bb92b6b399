"""Pods as kubelet and scheduler write them."""

from typing import Any

from tfs_operator.domain.pods import PodFacts, facts

ANNOTATION = "tfs-operator.io/models-digest"
NAME = "mnist-7d9f8b6c5d-x2x4z"
IMAGE = "tensorflow/serving:2.21.0"

SERVER_LOG = """\
2026-11-21 06:29:58.101234: I tensorflow_serving/model_servers/server_core.cc:474] Adding/updating models.
2026-11-21 06:29:58.101300: I tensorflow_serving/model_servers/server_core.cc:603]  (Re-)adding model: mnist
2026-11-21 06:29:58.101399: E tensorflow_serving/sources/storage_path/file_system_storage_path_source.cc:376] \
FileSystemStoragePathSource encountered a filesystem access error: Could not find base path /models/pvc/models/mnist \
for servable mnist with error NOT_FOUND: /models/pvc/models/mnist not found
2026-11-21 06:30:00.000001: E tensorflow_serving/util/retrier.cc:47] Loading servable: {name: mnist version: 2} \
failed: NOT_FOUND: Specified file path does not appear to contain a SavedModel bundle (should have a file called \
`saved_model.pb`)
Specified file path: /models/pvc/models/mnist/2
Failed to start server. Error: UNKNOWN: 1 servable(s) did not become available: {{{name: mnist version: 2} due to \
error: NOT_FOUND: Specified file path does not appear to contain a SavedModel bundle (should have a file called \
`saved_model.pb`)
Specified file path: /models/pvc/models/mnist/2}, }
"""
LAST_WORDS = (
    "Loading servable: {name: mnist version: 2} failed: NOT_FOUND: Specified file path does not appear to contain a "
    "SavedModel bundle (should have a file called `saved_model.pb`); "
    "Failed to start server. Error: UNKNOWN: 1 servable(s) did not become available: {{{name: mnist version: 2} due to "
    "error: NOT_FOUND: Specified file path does not appear to contain a SavedModel bundle (should have a file called "
    "`saved_model.pb`)"
)


def pod(**status: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": NAME, "uid": "u1", "annotations": {ANNOTATION: "d1"}},
        "spec": {"containers": [{"name": "model-server", "resources": {"limits": {"memory": "900Mi"}}}]},
        "status": {
            "phase": "Pending",
            "conditions": [
                {"type": "PodScheduled", "status": "True"},
                {"type": "Ready", "status": "False", "reason": "ContainersNotReady"},
            ],
            **status,
        },
    }


def container(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {
        "name": "model-server",
        "image": IMAGE,
        "ready": False,
        "started": False,
        "restartCount": 0,
        "lastState": {},
    }
    return {**base, "state": state, **more}


def waiting(reason: str, message: str = "", **more: Any) -> dict[str, Any]:
    said = {"message": message} if message else {}
    return container({"waiting": {"reason": reason, **said}}, **more)


def ended(code: int, reason: str = "Error", message: str = "") -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": reason, "message": message, "containerID": "containerd://1"}}


def found(manifest: dict[str, Any]) -> PodFacts:
    return facts(manifest, ANNOTATION)
