"""A client of an API server that gives one answer, without a network; and objects as an API server sends them."""

from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from typing import Any, Self, cast

from testing.hostile import EXAMPLES
from tfs_operator.cluster.client import ClusterClient, RetryPolicy

_METADATA = {
    "namespace": "shop",
    "uid": "u1",
    "resourceVersion": "7",
    "generation": 1,
    "creationTimestamp": "2026-11-21T10:00:00Z",
    "labels": {"app.kubernetes.io/instance": "mnist", "app.kubernetes.io/managed-by": "tfs-operator"},
    "annotations": {"tfs-operator.io/models-digest": "d1", "a": "b"},
    "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:a": {}}}}],
}
_OWNER = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", "name": "mnist", "uid": "u1", "controller": True}
TFMODELS: list[Any] = [
    {**example, "metadata": {**_METADATA, "name": "mnist"}, "status": {"conditions": [], "models": []}}
    for example in EXAMPLES
]
CONFIG_MAP: Any = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {**_METADATA, "name": "mnist-config", "ownerReferences": [_OWNER]},
    "data": {"models.config": "model_config_list {}"},
}


def _container(name: str, state: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "image": "i", "ready": False, "restartCount": 2, "state": state, "lastState": {}, **more}


ENDED = {
    "exitCode": 1,
    "reason": "Error",
    "message": "2026-11-21 06:30:00.0: E tensorflow_serving/util/retrier.cc:47] Failed to load\nFailed to start\n",
    "startedAt": "2026-11-21T10:00:00Z",
    "finishedAt": "2026-11-21T10:01:00Z",
}
CERTIFICATE = {"sha256": "ab" * 32, "name": "mnist.shop.svc", "not_before": 1.0, "not_after": 2.0}
POD: Any = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {**_METADATA, "name": "mnist-5c4d-x2x4z", "ownerReferences": [{**_OWNER, "kind": "ReplicaSet"}]},
    "spec": {
        "nodeName": "node-1",
        "containers": [{"name": "model-server", "resources": {"limits": {"memory": "900Mi"}}}],
    },
    "status": {
        "phase": "Running",
        "podIP": "10.0.0.1",
        "reason": "Evicted",
        "message": "The node was low on resource: memory.",
        "conditions": [
            {"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-21T10:02:00Z"},
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": "0/1 nodes are available",
            },
            {"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet", "message": "gone"},
        ],
        "initContainerStatuses": [_container("tls", {"terminated": {**ENDED, "exitCode": 0}})],
        "containerStatuses": [
            _container("model-server", {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}),
            _container("agent", {"terminated": ENDED}, lastState={"terminated": ENDED}),
        ],
    },
}


class _Response:
    """As much of an aiohttp response as the client uses."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.content = self
        self._body = body

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    def close(self) -> None: ...

    async def read(self) -> bytes:
        return self._body

    async def iter_any(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._body), 2**16):
            yield self._body[at : at + 2**16]


class CannedCluster(ClusterClient):
    """A ClusterClient whose every request has the same answer."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(cast(Any, SimpleNamespace()), retry=RetryPolicy(tries=1))
        self._response = _Response(status, headers, body)

    async def _open(self, *_: Any) -> Any:
        return self._response
