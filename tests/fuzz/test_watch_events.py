"""Whatever the API server sends, the cache holds the objects that can be read, and only a ClusterError leaves."""

import asyncio
import math
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from testing.fuzzing.api_server import CONFIG_MAP, POD, TFMODELS, CannedCluster
from testing.fuzzing.edges import edge, fuzzed, memory_below
from testing.fuzzing.readable import assert_readable
from testing.fuzzing.strategies import ANY_BYTES, FLOODS, TEXTS, bodies, varied, written
from tfs_operator.cluster.cache import Cache
from tfs_operator.cluster.errors import MAX_RETRY_AFTER_SECONDS, ClusterError, Transient, from_response
from tfs_operator.cluster.queue import WorkQueue
from tfs_operator.cluster.watch_events import BOOKMARK
from tfs_operator.controller.informer.informer import Informer
from tfs_operator.controller.key import TFModelKey
from tfs_operator.domain.policy import Allowed
from tfs_operator.planning import subject_of

KINDS = {"TFModel": TFMODELS, "ConfigMap": [CONFIG_MAP], "Pod": [POD]}
EVENTS = {kind: [{"type": "MODIFIED", "object": item} for item in items] for kind, items in KINDS.items()}
ENDS = [{"type": BOOKMARK, "object": {"metadata": {"resourceVersion": "9"}}}, {"type": "DELETED", "object": POD}]
FAILURE = {
    "kind": "Status",
    "code": 422,
    "message": "it is invalid",
    "details": {"retryAfterSeconds": 1, "causes": [{"reason": "NamespaceTerminating", "field": "metadata.uid"}]},
}
ERRORS = [{"type": "ERROR", "object": FAILURE}]
AFTER: Any = {"type": "ADDED", "object": {**TFMODELS[0], "metadata": {**TFMODELS[0]["metadata"], "name": "after"}}}
FIXED = {"", "type", "object", "kind", "apiVersion", "metadata", "name", "namespace", "uid", "resourceVersion", "key"}
FREE = {"TFModel": {"fieldsV1", "spec"}, "ConfigMap": {"fieldsV1"}, "Pod": {"fieldsV1"}}
"""What the API server does not check: field sets of managers, and specs of an older definition of TFModels."""

VARIED = {kind: varied(events, FIXED, FREE[kind]) for kind, events in EVENTS.items()}
WATCHES = st.sampled_from(sorted(KINDS)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(VARIED[kind], min_size=1, max_size=3))
)
ANY_EVENTS = bodies([*EVENTS["TFModel"], *EVENTS["Pod"], *ENDS, *ERRORS])
MOST_OBJECT_BYTES = 1536 * 1024
"""As etcd takes it."""

MOST_MEMORY = 192 * 2**20


async def watched(kind: str, body: bytes) -> Cache:
    """Takes in a watch as a Reflector does."""
    cache, queue = Cache(), WorkQueue[TFModelKey]()
    client = CannedCluster(200, {}, body)
    informer = Informer(client, cache, queue)
    informer.lead()
    with suppress(ClusterError):
        async with client.watch(kind, "1") as events:
            async for event in events:
                if event.type != BOOKMARK:
                    informer.ingest(event.type, {**event.object, "kind": kind})
    return cache


@given(ANY_EVENTS)
@fuzzed(400)
def test_what_is_no_event(body: bytes) -> None:
    """Raises a ClusterError, after which the watch begins anew, with a list."""

    async def read() -> None:
        async with CannedCluster(200, {}, body + b"\n").watch("Pod", "1") as events:
            async for event in events:
                assert event.version is not None

    with edge("API server: any answer to a watch", body), suppress(ClusterError):
        asyncio.run(read())


@given(WATCHES)
@fuzzed(800)
def test_events(watch: tuple[str, list[Any]]) -> None:
    """No object keeps others from being seen."""
    kind, events = watch
    lines = [line for line in map(written, [*events, AFTER]) if len(line) <= MOST_OBJECT_BYTES]
    body = b"\n".join([*lines, b""])
    with edge("API server: events", body):
        cache = asyncio.run(watched(kind, body))
    assert kind == "ConfigMap" or cache.get(kind, "shop", "after") is not None


@given(WATCHES)
@fuzzed(20)
def test_memory_for_events(watch: tuple[str, list[Any]]) -> None:
    with memory_below(MOST_MEMORY):
        asyncio.run(watched(watch[0], b"".join(written(event) + b"\n" for event in watch[1])))


@given(varied(TFMODELS, FIXED, FREE["TFModel"]))
@fuzzed(400)
def test_a_tfmodel_is_acted_on_or_refused(item: Any) -> None:
    cache = asyncio.run(watched("TFModel", written({"type": "ADDED", "object": item}) + b"\n"))
    live = cache.get("TFModel", "shop", "mnist")
    assert live is not None
    with edge("spec: read by the controller", item):
        subject_of(live, Allowed())


OTHER_PAGES = FLOODS | ANY_BYTES
LISTS = {kind: [{"metadata": {"resourceVersion": "9"}, "items": items}] for kind, items in KINDS.items()}
PAGES = st.sampled_from(sorted(KINDS)).flatmap(
    lambda kind: st.tuples(st.just(kind), varied(LISTS[kind], {*FIXED, "items"}, FREE[kind]).map(written) | OTHER_PAGES)
)


@given(st.sampled_from([200, 200, 200, 403, 410, 429, 500]), PAGES)
@fuzzed(400)
def test_lists(status: int, page: tuple[str, bytes]) -> None:
    async def listed(kind: str, body: bytes) -> None:
        client, cache = CannedCluster(status, {}, body), Cache()
        items, version = await client.list(kind)
        cache.replace(kind, items, version)

    with edge("API server: page of a list", page), suppress(ClusterError):
        asyncio.run(listed(*page))


@given(st.integers(400, 599), st.dictionaries(st.just("Retry-After"), TEXTS | st.just("nan")), bodies([FAILURE]))
@fuzzed(150)
def test_errors(status: int, headers: dict[str, str], body: bytes) -> None:
    with edge("API server: error", body):
        error = from_response(status, headers, body)
    assert_readable(str(error), 4096)
    if isinstance(error, Transient):
        assert 0 <= error.retry_after <= MAX_RETRY_AFTER_SECONDS
        assert not math.isnan(error.retry_after)
