"""The cache never goes backwards, and its indexes always agree with its objects."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tfs_operator.cluster.cache import MAX_TOMBSTONES, Cache, Key
from tfs_operator.cluster.slim import stub


def owned(uid: str, controller: bool = True) -> list[dict[str, Any]]:
    return [{"kind": "TFModel", "name": "m", "uid": uid, "controller": controller}]


def test_takes_in_what_is_newer_and_nothing_else(make):
    cache = Cache()
    assert cache.upsert(make("Service", "m", version=9))
    assert not cache.upsert(make("Service", "m", version=9))
    assert not cache.upsert(make("Service", "m", version=8))
    assert cache.upsert(make("Service", "m", version=10)), "versions are numbers, not words"
    assert cache.get("Service", "ns", "m")["metadata"]["resourceVersion"] == "10"
    assert cache.get("Service", "other", "m") is None


def test_an_answer_that_arrives_after_the_deletion_does_not_raise_the_dead(make):
    cache = Cache()
    cache.upsert(make("Service", "m", version=1))
    assert cache.remove(make("Service", "m", version=5))
    assert not cache.upsert(make("Service", "m", version=4))
    assert cache.get("Service", "ns", "m") is None
    assert cache.upsert(make("Service", "m", version=6)), "created anew"


def test_a_late_deletion_does_not_remove_the_successor(make):
    cache = Cache()
    cache.upsert(make("Service", "m", version=6))
    assert not cache.remove(make("Service", "m", version=5))
    assert cache.get("Service", "ns", "m")


def test_removing_the_unknown_changes_nothing(make):
    assert not Cache().remove(make("Service", "m"))


def test_finds_children_by_their_controlling_owner(make):
    cache = Cache()
    cache.upsert(make("Service", "b", version=1, ownerReferences=owned("u1")))
    cache.upsert(make("Service", "a", version=2, ownerReferences=owned("u1")))
    cache.upsert(make("ConfigMap", "c", version=3, ownerReferences=owned("u1")))
    cache.upsert(make("Service", "d", version=4, ownerReferences=owned("u1", controller=False)))
    cache.upsert(make("Service", "e", version=5))
    assert [item["metadata"]["name"] for item in cache.owned_by("Service", "u1")] == ["a", "b"]
    cache.upsert(make("Service", "a", version=6, ownerReferences=owned("u2")))
    assert [item["metadata"]["name"] for item in cache.owned_by("Service", "u1")] == ["b"]
    assert [item["metadata"]["name"] for item in cache.owned_by("Service", "u2")] == ["a"]


def test_finds_pods_by_their_instance(make):
    cache = Cache()
    labels = {"app.kubernetes.io/instance": "m"}
    cache.upsert(make("Pod", "m-2", version=1, labels=labels))
    cache.upsert(make("Pod", "m-1", version=2, labels=labels))
    cache.upsert(make("Service", "m", version=3, labels=labels))
    assert [item["metadata"]["name"] for item in cache.pods_of("ns", "m")] == ["m-1", "m-2"]
    assert cache.pods_of("other", "m") == []
    cache.remove(make("Pod", "m-1", version=4))
    cache.upsert(make("Pod", "m-2", version=5, labels={}))
    assert cache.pods_of("ns", "m") == []


def test_a_list_replaces_a_kind_and_says_what_was_missed(make):
    cache = Cache()
    for name in ("same", "changed", "vanished"):
        cache.upsert(make("Service", name, version=1))
    cache.upsert(make("ConfigMap", "other", version=1))
    items = [
        make("Service", "same", version=1),
        make("Service", "changed", version=7),
        make("Service", "new", version=8),
    ]
    changed = cache.replace("Service", items, "9")
    assert changed == {Key("Service", "ns", name) for name in ("changed", "vanished", "new")}
    assert sorted(key.name for key in cache.keys("Service")) == ["changed", "new", "same"]
    assert cache.get("ConfigMap", "ns", "other")


def test_a_list_does_not_undo_what_happened_since(make):
    cache = Cache()
    cache.upsert(make("Service", "created-since", version=12))
    cache.upsert(make("Service", "changed-since", version=12))
    cache.upsert(make("Service", "deleted-since", version=1))
    cache.remove(make("Service", "deleted-since", version=11))
    items = [make("Service", "changed-since", version=2), make("Service", "deleted-since", version=1)]
    assert cache.replace("Service", items, "10") == set()
    assert sorted(key.name for key in cache.keys("Service")) == ["changed-since", "created-since"]


def test_a_list_of_one_namespace_says_nothing_about_others(make):
    cache = Cache()
    cache.upsert(make("Service", "m", version=1))
    assert cache.replace("Service", [], "9", namespace="other") == set()
    assert cache.replace("Service", [], "9", namespace="ns") == {Key("Service", "ns", "m")}


def test_tombstones_are_bounded(make):
    cache = Cache()
    numbers = range(MAX_TOMBSTONES + 10)
    for number in numbers:
        cache.remove(make("Pod", f"p{number}", version=2))
    forgotten = [number for number in numbers if cache.upsert(make("Pod", f"p{number}", version=1))]
    assert forgotten == list(range(10)), "those of the objects that were deleted first"


def test_keeps_of_a_pod_only_what_is_read(make):
    pod = make(
        "Pod",
        "p",
        labels={"a": "b", "app.kubernetes.io/instance": "m"},
        managedFields=[{}],
        annotations={"tfs-operator.io/hash": "1", "example.com/large": "x" * 1000},
    )
    limits = {"cpu": "2", "memory": "900Mi"}
    pod["spec"] = {
        "nodeName": "node",
        "initContainers": [{"name": "tls", "image": "i"}],
        "containers": [{"name": "model-server", "image": "i", "resources": {"limits": limits, "requests": limits}}],
    }
    pod["status"] = {"phase": "Running", "podIP": "10.0.0.1", "qosClass": "Burstable", "conditions": []}
    cache = Cache()
    cache.upsert(pod)
    kept = cache.get("Pod", "ns", "p")
    assert kept["metadata"]["annotations"] == {"tfs-operator.io/hash": "1"}
    assert kept["metadata"]["labels"] == {"app.kubernetes.io/instance": "m"}
    assert "managedFields" not in kept["metadata"]
    container = {"name": "model-server", "resources": {"limits": {"memory": "900Mi"}}}
    assert kept["spec"] == {"nodeName": "node", "containers": [container]}
    assert kept["status"] == {"phase": "Running", "podIP": "10.0.0.1", "conditions": []}
    assert "managedFields" in pod["metadata"], "what was handed in is not changed"


def test_keeps_of_others_all_but_bookkeeping(make):
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "a": "b"}
    service = make("Service", "m", managedFields=[{}], annotations=annotations)
    service["spec"] = {"ports": []}
    cache = Cache()
    cache.upsert(service)
    kept = cache.get("Service", "ns", "m")
    assert kept["metadata"].get("managedFields") is None
    assert kept["metadata"]["annotations"] == {"a": "b"}
    assert kept["spec"] == {"ports": []}


def test_what_is_known_by_name_only_is_completed_at_the_same_version(make):
    cache, service = Cache(), make("Service", "m", version=5, ownerReferences=owned("u1"))
    assert cache.upsert(stub(service))
    assert cache.incomplete("u1") == [Key("Service", "ns", "m")]
    assert cache.upsert({**service, "spec": {"ports": []}})
    assert cache.incomplete("u1") == []
    assert cache.get("Service", "ns", "m")["spec"] == {"ports": []}


def test_what_is_dropped_is_forgotten_unless_it_is_newer(make):
    cache = Cache()
    cache.upsert(make("Service", "m", version=5))
    assert not cache.drop(make("Service", "m", version=4))
    assert cache.drop(make("Service", "m", version=6))
    assert not cache.drop(make("Service", "m", version=7))
    assert len(cache) == 0
    assert cache.upsert(make("Service", "m", version=8))


HISTORY = st.lists(
    st.tuples(st.sampled_from("ab"), st.booleans(), st.sampled_from(["u1", "u2", None])), min_size=1, max_size=20
)


@given(HISTORY, st.integers(), st.booleans())
def test_the_last_word_wins_in_whatever_order_it_arrives(history, seed, twice):
    """A history of changes and deletions, shuffled and repeated, ends in the state that it ends in."""
    events = [
        (
            deleted,
            {
                "kind": "Service",
                "metadata": {
                    "namespace": "ns",
                    "name": name,
                    "resourceVersion": str(version),
                    **({"ownerReferences": owned(uid)} if uid else {}),
                },
            },
        )
        for version, (name, deleted, uid) in enumerate(history, start=1)
    ]
    final = {item["metadata"]["name"]: (deleted, item) for deleted, item in events}
    arrivals = events * (2 if twice else 1)
    random.Random(seed).shuffle(arrivals)
    cache = Cache()
    for deleted, item in arrivals:
        (cache.remove if deleted else cache.upsert)(item)
    alive = {name: item for name, (deleted, item) in final.items() if not deleted}
    assert {key.name: cache.get(*key) for key in cache.keys("Service")} == alive
    for uid in ("u1", "u2"):
        expected = sorted(
            name
            for name, item in alive.items()
            if uid in [o["uid"] for o in item["metadata"].get("ownerReferences", ())]
        )
        assert [item["metadata"]["name"] for item in cache.owned_by("Service", uid)] == expected
