"""The client against real HTTP answers of an API server."""

import time
from typing import Any

import pytest

from tfs_operator.cluster import errors
from tfs_operator.cluster.client import ClusterClient, RetryPolicy
from tfs_operator.cluster.pages import PAGE_BYTES

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "ns", "name": "m"}}


def status(code: int, message: str, **details: Any) -> dict[str, Any]:
    return {"kind": "Status", "status": "Failure", "code": code, "message": message, "details": details}


async def test_apply_is_a_forced_server_side_apply_to_one_object(client, apiserver):
    live = await client.apply({**CONFIG_MAP, "data": {"a": "b"}}, "u1")
    (seen,) = apiserver.seen
    assert live["metadata"]["resourceVersion"] == "1"
    assert (seen.method, seen.path) == ("PATCH", "/api/v1/namespaces/ns/configmaps/m")
    assert seen.query == {"fieldManager": "tfs-operator", "force": "true", "fieldValidation": "Ignore"}
    assert seen.headers["Content-Type"] == "application/apply-patch+yaml"
    assert seen.headers["User-Agent"].startswith("tfs-operator/")
    assert seen.body == {**CONFIG_MAP, "metadata": {"namespace": "ns", "name": "m", "uid": "u1"}, "data": {"a": "b"}}


async def test_create_is_an_apply_that_no_existing_object_fulfils(client, apiserver):
    await client.create(CONFIG_MAP)
    (seen,) = apiserver.seen
    assert (seen.method, seen.path) == ("PATCH", "/api/v1/namespaces/ns/configmaps/m")
    assert seen.query == {"fieldManager": "tfs-operator", "force": "true", "fieldValidation": "Ignore"}
    assert seen.body["metadata"] == {"namespace": "ns", "name": "m", "resourceVersion": "1"}


async def test_an_apply_that_meets_another_object_is_a_conflict(client, apiserver, answer):
    causes = [{"reason": "FieldValueInvalid", "message": "field is immutable", "field": "metadata.uid"}]
    apiserver.will(answer(status(422, "field is immutable", causes=causes), 422))
    with pytest.raises(errors.Conflict, match="field is immutable"):
        await client.apply(CONFIG_MAP, "u1")
    assert len(apiserver.seen) == 1


async def test_another_field_manager_takes_nothing_by_force(client, apiserver):
    await client.apply_as("other", CONFIG_MAP)
    assert apiserver.seen[0].query == {"fieldManager": "other", "force": "false", "fieldValidation": "Ignore"}


@pytest.mark.parametrize(
    ("code", "body", "known"),
    [
        (200, {"resources": [{"name": "scaledobjects"}, {"name": "scaledobjects/status"}]}, True),
        (200, {"resources": [{"name": "scaledjobs"}]}, False),
        (200, {"resources": None}, False),
        (404, "404 page not found\n", False),
    ],
)
async def test_whether_the_api_server_knows_a_kind(client, apiserver, answer, code, body, known):
    apiserver.will(answer(body, code))
    assert await client.serves("ScaledObject") is known
    assert (apiserver.seen[0].method, apiserver.seen[0].path) == ("GET", "/apis/keda.sh/v1alpha1")


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Service", "/api/v1/namespaces/ns/services/m"),
        ("Deployment", "/apis/apps/v1/namespaces/ns/deployments/m"),
        ("HorizontalPodAutoscaler", "/apis/autoscaling/v2/namespaces/ns/horizontalpodautoscalers/m"),
        ("ScaledObject", "/apis/keda.sh/v1alpha1/namespaces/ns/scaledobjects/m"),
        ("PodDisruptionBudget", "/apis/policy/v1/namespaces/ns/poddisruptionbudgets/m"),
        ("TFModel", "/apis/tfs-operator.io/v1alpha1/namespaces/ns/tfmodels/m"),
    ],
)
async def test_every_kind_has_its_address(client, apiserver, kind, path):
    await client.get(kind, "ns", "m")
    assert apiserver.seen[0].path == path


async def test_a_kind_that_is_not_in_the_table_is_our_mistake(client):
    with pytest.raises(KeyError):
        await client.get("Secret", "ns", "m")


async def test_status_goes_to_its_subresource_with_kind_and_version(client, apiserver):
    metadata = {"namespace": "ns", "name": "m"}
    await client.apply_status({"metadata": metadata, "status": {"replicas": 1}})
    (seen,) = apiserver.seen
    assert seen.path == "/apis/tfs-operator.io/v1alpha1/namespaces/ns/tfmodels/m/status"
    assert (seen.body["kind"], seen.body["apiVersion"]) == ("TFModel", "tfs-operator.io/v1alpha1")


async def test_get_of_nothing_is_none(client, apiserver, answer):
    apiserver.will(answer(status(404, "not found"), 404))
    assert await client.get("Service", "ns", "m") is None


async def test_waits_as_long_as_a_429_asks(client, apiserver, answer, requests):
    apiserver.will(answer(status(429, "slow down"), 429, {"Retry-After": "1"}), answer())
    began = time.monotonic()
    await client.apply(CONFIG_MAP, "u1")
    assert time.monotonic() - began >= 1
    assert requests == [("429", "PATCH"), ("200", "PATCH")]


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
async def test_tries_again_what_may_pass(client, apiserver, answer, code):
    apiserver.will(answer("<html>", code), answer())
    assert await client.apply(CONFIG_MAP, "u1")
    assert len(apiserver.seen) == 2


async def test_tries_again_after_a_cut_connection(client, apiserver, answer, requests):
    apiserver.will(answer(cut=True), answer())
    assert await client.apply(CONFIG_MAP, "u1")
    assert requests == [("<error>", "PATCH"), ("200", "PATCH")]


async def test_tries_again_after_silence(impatient_client, apiserver, answer, requests):
    apiserver.will(answer(seconds=3.0), answer())
    assert await impatient_client.apply(CONFIG_MAP, "u1")
    assert requests == [("<error>", "PATCH"), ("200", "PATCH")]


async def test_gives_up_after_its_tries(client, apiserver, answer):
    apiserver.will(answer(status(503, "etcd is away"), 503))
    with pytest.raises(errors.Transient, match="etcd is away"):
        await client.apply(CONFIG_MAP, "u1")
    assert len(apiserver.seen) == 3


async def test_gives_up_when_the_wait_would_exceed_the_deadline(client, apiserver, answer):
    apiserver.will(answer(status(429, "later", retryAfterSeconds=30), 429))
    with pytest.raises(errors.Transient) as raised:
        await client.apply(CONFIG_MAP, "u1")
    assert raised.value.retry_after == 30
    assert len(apiserver.seen) == 1


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, errors.Invalid),
        (401, errors.Forbidden),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (410, errors.Gone),
        (413, errors.Invalid),
        (422, errors.Invalid),
    ],
)
async def test_does_not_insist_and_keeps_the_message(client, apiserver, answer, code, error):
    apiserver.will(answer(status(code, "the API server's own words"), code))
    with pytest.raises(error, match="the API server's own words") as raised:
        await client.apply(CONFIG_MAP, "u1")
    assert type(raised.value) is error
    assert len(apiserver.seen) == 1


async def test_a_badly_typed_apply_is_answered_by_500_and_is_our_mistake(client, apiserver, answer):
    message = "failed to create typed patch object (ns/m; /v1, Kind=ConfigMap): .dat: field not declared in schema"
    apiserver.will(answer({"kind": "Status", "message": message, "code": 500}, 500))
    with pytest.raises(errors.Invalid, match="field not declared in schema"):
        await client.apply(CONFIG_MAP, "u1")
    assert len(apiserver.seen) == 1


async def test_an_answer_that_is_not_json_is_a_proxy_in_the_way(client, apiserver, answer):
    apiserver.will(answer("<html>"), answer("[]"), answer())
    assert await client.apply(CONFIG_MAP, "u1")
    assert len(apiserver.seen) == 3


async def test_nobody_listens(client, apiserver, api):
    api.configuration.host = "http://127.0.0.1:1"
    with pytest.raises(errors.Transient, match="PATCH /api/v1/namespaces/ns/configmaps/m"):
        await client.apply(CONFIG_MAP, "u1")


async def test_delete_names_the_very_object(client, apiserver):
    await client.delete("Service", "ns", "m", "uid-1")
    (seen,) = apiserver.seen
    assert (seen.method, seen.path) == ("DELETE", "/api/v1/namespaces/ns/services/m")
    assert seen.body == {"propagationPolicy": "Background", "preconditions": {"uid": "uid-1"}}


async def test_deleting_what_is_gone_is_success(client, apiserver, answer):
    apiserver.will(answer(status(404, "not found"), 404))
    await client.delete("Service", "ns", "m", "uid-1")


@pytest.mark.parametrize(("code", "live"), [(404, {}), (200, {"metadata": {"uid": "uid-2"}})], ids=["gone", "another"])
async def test_deleting_what_another_replaced_is_success(client, apiserver, answer, code, live):
    apiserver.will(answer(status(409, "Precondition failed"), 409), answer(live, code))
    await client.delete("Service", "ns", "m", "uid-1")


async def test_a_delete_that_conflicts_for_another_reason_is_one(client, apiserver, answer):
    apiserver.will(answer(status(409, "try again"), 409), answer({"metadata": {"uid": "uid-1"}}))
    with pytest.raises(errors.Conflict):
        await client.delete("Service", "ns", "m", "uid-1")


def page(names: list[str], token: str = "") -> dict[str, Any]:
    return {
        "kind": "PodList",
        "metadata": {"resourceVersion": "70", "continue": token},
        "items": [{"metadata": {"name": name}} for name in names],
    }


async def test_list_reads_all_pages_and_types_the_items(client, apiserver, answer):
    apiserver.will(answer(page(["a", "b"], "t/1=")), answer(page(["c"])))
    items, version = await client.list("Pod", label_selector="app=x,b in (c)")
    assert [item["metadata"]["name"] for item in items] == ["a", "b", "c"]
    assert {(item["kind"], item["apiVersion"]) for item in items} == {("Pod", "v1")}
    assert version == "70"
    assert [seen.path for seen in apiserver.seen] == ["/api/v1/pods"] * 2
    assert apiserver.seen[0].query == {"labelSelector": "app=x,b in (c)", "limit": "50"}
    assert apiserver.seen[1].query["continue"] == "t/1="


async def test_list_of_one_namespace(client, apiserver, answer):
    apiserver.will(answer(page([])))
    assert await client.list("Pod", namespace="ns") == ([], "70")
    assert apiserver.seen[0].path == "/api/v1/namespaces/ns/pods"


async def test_list_starts_anew_when_a_page_has_expired(client, apiserver, answer):
    expired = answer(status(410, "The provided continue parameter is too old"), 410)
    apiserver.will(answer(page(["a"], "token")), expired, answer(page(["b", "c"])))
    items, _ = await client.list("Pod")
    assert [item["metadata"]["name"] for item in items] == ["b", "c"]
    assert "continue" not in apiserver.seen[-1].query


async def test_pages_grow_with_small_objects_to_a_bound(client, apiserver, answer):
    pages = [answer(page(["a"], "token")) for _ in range(5)]
    apiserver.will(*pages, answer(page(["z"])))
    items, _ = await client.list("Pod")
    assert len(items) == 6
    assert [seen.query["limit"] for seen in apiserver.seen] == ["50", "100", "200", "400", "500", "500"]


async def test_a_page_that_is_too_large_is_asked_for_with_fewer_objects(client, apiserver, answer):
    large = {**page(["a"], "token"), "padding": "x" * (PAGE_BYTES + 1)}
    apiserver.will(answer(large), answer(large), answer(large), answer(large), answer(page(["z"])))
    items, _ = await client.list("Pod")
    assert [item["metadata"]["name"] for item in items] == ["a", "z"], "a single object is read whole"
    assert [seen.query["limit"] for seen in apiserver.seen] == ["50", "12", "3", "1", "1"]


@pytest.mark.parametrize("body", [{}, {"metadata": None, "items": []}, {"metadata": {}}, {**page(["a"]), "items": [1]}])
async def test_a_list_that_is_none_is_a_proxy_in_the_way(client, apiserver, answer, body):
    apiserver.will(answer(body))
    with pytest.raises(errors.Transient, match="not a list"):
        await client.list("Pod")


async def test_only_what_is_kept_of_a_list_stays_in_memory(client, apiserver, answer):
    apiserver.will(answer(page(["a", "b", "c"])))
    items, _ = await client.list(
        "Pod", keep=lambda item: None if item["metadata"]["name"] == "b" else {"kept": item["kind"]}
    )
    assert items == [{"kept": "Pod"}, {"kept": "Pod"}]


async def test_events_are_created_by_name_and_merged(client, apiserver):
    await client.create_event({"metadata": {"namespace": "ns", "name": "e"}, "reason": "R"})
    await client.patch_event("ns", "e", {"series": {"count": 2}})
    created, patched = apiserver.seen
    assert (created.method, created.path) == ("POST", "/apis/events.k8s.io/v1/namespaces/ns/events")
    assert (created.body["kind"], created.body["apiVersion"]) == ("Event", "events.k8s.io/v1")
    assert (patched.method, patched.path) == ("PATCH", "/apis/events.k8s.io/v1/namespaces/ns/events/e")
    assert patched.headers["Content-Type"] == "application/merge-patch+json"


async def test_the_token_goes_along_and_is_asked_for_every_time(client, apiserver, api):
    tokens = iter(["Bearer one", "Bearer two"])

    def rotate(configuration):
        configuration.api_key["BearerToken"] = next(tokens)

    api.configuration.api_key["BearerToken"] = "Bearer zero"
    api.configuration.refresh_api_key_hook = rotate
    await client.get("Service", "ns", "m")
    await client.get("Service", "ns", "m")
    headers = [{k.lower(): v for k, v in seen.headers.items()} for seen in apiserver.seen]
    assert [header["authorization"] for header in headers] == ["Bearer one", "Bearer two"]


def test_waits_grow_to_a_bound_and_never_undercut_the_server():
    policy = RetryPolicy(first_wait=0.2, longest_wait=10.0)
    waits = [policy.wait(attempt, 0.0) for attempt in range(1, 12)]
    assert all(0.8 * 0.2 <= wait <= 1.2 * 10 for wait in waits)
    assert waits[10] >= 8.0
    assert policy.wait(1, 7.0) == 7.0


async def test_nothing_is_written_without_a_permit_and_everything_is_read(api, apiserver):
    client = ClusterClient(api, permit=lambda: 0.0)
    with pytest.raises(errors.NotPermitted):
        await client.apply(CONFIG_MAP, "u1")
    with pytest.raises(errors.NotPermitted):
        await client.delete("ConfigMap", "ns", "m", "u1")
    assert apiserver.seen == []
    assert await client.get("ConfigMap", "ns", "m")
    await client.close()


async def test_a_write_is_given_up_when_the_permit_ends(api, apiserver, answer):
    apiserver.will(answer(seconds=5.0))
    client = ClusterClient(api, retry=RetryPolicy(tries=1), permit=lambda: 0.2)
    with pytest.raises(errors.Transient):
        await client.apply(CONFIG_MAP, "u1")
    await client.close()


async def test_creates_and_replaces_as_the_api_server_has_it(client, apiserver):
    manifest = {"kind": "Lease", "metadata": {"namespace": "ns", "name": "m"}, "spec": {}}
    await client.post(manifest)
    await client.replace(manifest)
    path = "/apis/coordination.k8s.io/v1/namespaces/ns/leases"
    assert [(seen.method, seen.path) for seen in apiserver.seen] == [("POST", path), ("PUT", f"{path}/m")]
    assert apiserver.seen[0].body["apiVersion"] == "coordination.k8s.io/v1"


async def test_a_permit_that_ends_before_the_body_is_sent_keeps_it_back(api, apiserver):
    """As when the process is stopped in between: the first look is well, the second is not."""
    looks = iter([5.0, 0.0])
    client = ClusterClient(api, retry=RetryPolicy(first_wait=0.01), permit=lambda: next(looks, 0.0))
    with pytest.raises(errors.NotPermitted):
        await client.apply(CONFIG_MAP, "u1")
    assert apiserver.seen == []
    await client.close()


EVENTS = '{"type": "ADDED", "object": {"metadata": {"resourceVersion": "8"}}}\n'


async def test_a_watch_begins_where_it_is_told_and_ends_with_the_answer(client, apiserver, answer, requests):
    apiserver.will(answer(EVENTS))
    async with client.watch("Pod", "7", label_selector="a=b", namespace="ns") as events:
        assert [(event.type, event.version) async for event in events] == [("ADDED", "8")]
    (seen,) = apiserver.seen
    assert seen.path == "/api/v1/namespaces/ns/pods"
    assert 240 <= int(seen.query.pop("timeoutSeconds")) <= 300
    expected = {"watch": "true", "allowWatchBookmarks": "true", "resourceVersion": "7", "labelSelector": "a=b"}
    assert seen.query == expected
    assert requests == [("200", "GET")]


@pytest.mark.parametrize(("code", "error"), [(410, errors.Gone), (403, errors.Forbidden), (500, errors.Transient)])
async def test_a_watch_that_is_refused_is_not_tried_again(client, apiserver, answer, code, error):
    apiserver.will(answer(status(code, "no"), code))
    with pytest.raises(error, match="no"):
        async with client.watch("Pod", "7"):
            pytest.fail("it has not begun")
    assert len(apiserver.seen) == 1


async def test_a_watch_that_is_cut_may_go_on(client, apiserver, answer):
    apiserver.will(answer(cut=True))
    with pytest.raises(errors.Transient):
        async with client.watch("Pod", "7"):
            pytest.fail("it has not begun")


async def test_a_watch_that_falls_silent_is_given_up(client, apiserver, answer, monkeypatch):
    monkeypatch.setattr("tfs_operator.cluster.client.SILENCE_SECONDS", 0.1)
    apiserver.will(answer(EVENTS, seconds=5))
    with pytest.raises(errors.Transient, match="no answer in time"):
        async with client.watch("Pod", "7"):
            pytest.fail("it has not begun")
