"""Does the live object hold what is desired, although the API server rewrites what it is sent?"""

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfs_operator.domain.drift import digest, holds, projection, quantity, same_amount

DESIRED: dict[str, Any] = {
    "metadata": {"name": "m", "labels": {"a": "b"}},
    "spec": {
        "replicas": 2,
        "containers": [
            {
                "name": "server",
                "args": ["--port=8500", "--rest_api_port=8501"],
                "resources": {"limits": {"cpu": "1000m", "memory": "1Gi"}},
                "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
            }
        ],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    },
}


def edited(*path: Any, value: Any) -> dict[str, Any]:
    """DESIRED as it comes back, with one value changed."""
    live = copy.deepcopy(DESIRED)
    place = live
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return live


SERVER = ("spec", "containers", 0)


class TestHolds:
    def test_an_object_holds_itself(self) -> None:
        assert holds(DESIRED, DESIRED)

    def test_two_items_of_one_name_are_two(self) -> None:
        """As triggers of KEDA's may be; otherwise they would be repaired for ever."""
        triggers = [{"name": "same", "type": "cron"}, {"name": "same", "type": "prometheus"}]
        assert holds({"triggers": triggers}, {"triggers": triggers})
        assert not holds({"triggers": triggers[:1]}, {"triggers": triggers})
        assert not holds({"triggers": triggers[::-1]}, {"triggers": triggers})

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (("status",), {"replicas": 2}),
            (("metadata", "uid"), "0"),
            (("metadata", "labels", "theirs"), "x"),
            ((*SERVER, "terminationMessagePath"), "/dev/termination-log"),
            (("spec", "containers"), [{"name": "sidecar"}, *DESIRED["spec"]["containers"]]),
            (("spec", "volumes"), [{"name": "theirs"}, {"name": "tmp", "emptyDir": {}}]),
            (("spec", "volumes", 0), {"name": "tmp"}),
            ((*SERVER, "resources", "limits", "cpu"), "1"),
            ((*SERVER, "resources", "limits", "memory"), "1024Mi"),
            ((*SERVER, "resources", "limits", "memory"), str(2**30)),
        ],
    )
    def test_what_others_add_and_what_the_server_rewrites_is_no_drift(self, path: tuple[Any, ...], value: Any) -> None:
        assert holds(edited(*path, value=value), DESIRED)

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (("spec", "replicas"), 3),
            (("spec", "replicas"), "2"),
            (("spec", "replicas"), None),
            (("metadata", "labels"), {}),
            (("metadata", "labels"), None),
            (("metadata", "labels", "a"), "c"),
            (("spec", "containers"), []),
            (("spec", "containers"), {}),
            (("spec", "containers"), [{"name": "other"}]),
            ((*SERVER, "args"), ["--rest_api_port=8501", "--port=8500"]),
            ((*SERVER, "args"), ["--port=8500"]),
            ((*SERVER, "args"), ["--port=8500", "--rest_api_port=8501", "--x"]),
            ((*SERVER, "resources"), {}),
            ((*SERVER, "resources", "limits"), {"cpu": "1"}),
            ((*SERVER, "resources", "limits"), None),
            ((*SERVER, "resources", "limits", "cpu"), "2"),
            ((*SERVER, "volumeMounts"), [{"name": "tmp", "mountPath": "/var/tmp"}]),
            ((*SERVER, "volumeMounts"), [{"name": "other", "mountPath": "/tmp"}]),
            (("spec", "volumes", 0, "emptyDir"), None),
        ],
    )
    def test_every_other_edit_is_drift(self, path: tuple[Any, ...], value: Any) -> None:
        assert not holds(edited(*path, value=value), DESIRED)

    @pytest.mark.parametrize("empty", [{}, [], None, ""])
    def test_an_empty_value_is_held_by_a_field_that_is_missing(self, empty: Any) -> None:
        assert holds({}, {"a": empty})

    @pytest.mark.parametrize("value", [0, False, "x"])
    def test_any_other_value_is_not(self, value: Any) -> None:
        assert not holds({}, {"a": value})

    def test_two_mounts_of_one_volume_are_told_apart_by_their_path(self) -> None:
        desired = [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}]
        assert holds(desired[::-1], desired)
        assert not holds([desired[0], {**desired[1], "mountPath": "/c"}], desired)

    def test_owners_are_told_apart_by_their_uid(self) -> None:
        owner = {"kind": "TFModel", "name": "m", "uid": "1"}
        assert holds([{**owner, "uid": "2"}, owner], [owner])
        assert not holds([{**owner, "uid": "2"}], [owner])

    def test_a_field_named_limits_elsewhere_is_an_ordinary_one(self) -> None:
        assert holds({"labels": {"limits": "none"}}, {"labels": {"limits": "none"}})
        assert not holds({"labels": {"limits": "some"}}, {"labels": {"limits": "none"}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


class TestProperties:
    @given(JSON)
    @settings(deadline=None, max_examples=30)
    def test_every_value_holds_itself(self, value: Any) -> None:
        assert holds(value, copy.deepcopy(value))

    @given(st.dictionaries(st.sampled_from("abc"), JSON), st.dictionaries(st.sampled_from("def"), JSON))
    @settings(deadline=None, max_examples=30)
    def test_every_object_holds_a_part_of_itself(self, part: dict[str, Any], rest: dict[str, Any]) -> None:
        assert holds({**rest, **part}, part)

    @given(JSON)
    @settings(deadline=None, max_examples=30)
    def test_the_projection_onto_itself_is_the_value(self, value: Any) -> None:
        assert projection({"a": value}, {"a": value}) == projection({"a": value, "b": 1}, {"a": value})

    @given(JSON, JSON, JSON)
    @settings(deadline=None, max_examples=30)
    def test_what_is_not_desired_does_not_show_in_the_projection(self, live: Any, desired: Any, other: Any) -> None:
        assert projection({"a": live, "z": other}, {"a": desired}) == projection({"a": live}, {"a": desired})


class TestProjection:
    def test_it_has_the_live_values_at_the_desired_places(self) -> None:
        assert projection({"a": 1, "b": 2, "c": {"d": 3, "e": 4}}, {"a": 0, "c": {"d": 0}}) == {"a": 1, "c": {"d": 3}}

    def test_an_edit_of_a_desired_value_shows(self) -> None:
        live = edited(*SERVER, "resources", "limits", "cpu", value="2")
        assert projection(live, DESIRED) != projection(DESIRED, DESIRED)

    def test_a_desired_value_that_is_missing_shows(self) -> None:
        assert projection({}, {"a": 1}) == {"a": None}

    def test_items_are_paired_by_their_key(self) -> None:
        live = [{"name": "b", "x": 2}, {"name": "a", "x": 1}]
        assert projection(live, [{"name": "a", "x": 0}]) == [{"name": "a", "x": 1}]

    def test_a_longer_list_without_a_key_shows(self) -> None:
        assert projection(["a", "b"], ["a"]) != projection(["a"], ["a"])


class TestQuantity:
    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("1", "1"),
            (2, "2"),
            ("1000m", "1"),
            ("0.5", "0.5"),
            (".5", "0.5"),
            ("1.", "1"),
            ("250m", "0.25"),
            ("100n", "0.0000001"),
            ("100u", "0.0001"),
            ("1k", "1000"),
            ("1Ki", "1024"),
            ("1M", "1000000"),
            ("1Mi", "1048576"),
            ("1.5Gi", "1610612736"),
            ("1E", "1000000000000000000"),
            ("1Ei", "1152921504606846976"),
            ("1e3", "1000"),
            ("1E3", "1000"),
            ("12E-1", "1.2"),
        ],
    )
    def test_its_suffix_is_a_factor(self, text: str | int, number: str) -> None:
        assert quantity(text) == Decimal(number)

    @pytest.mark.parametrize(("one", "other"), [("1Gi", "1G"), ("1m", "1M"), ("1k", "1Ki")])
    def test_suffixes_are_told_apart(self, one: str, other: str) -> None:
        assert quantity(one) != quantity(other)


class TestDigest:
    def test_the_order_of_keys_does_not_matter(self) -> None:
        assert digest({"a": 1, "b": {"c": 2, "d": 3}}) == digest({"b": {"d": 3, "c": 2}, "a": 1})

    @pytest.mark.parametrize("other", [{"a": 2}, {"b": 1}, {"a": "1"}, {"a": [1]}, {}])
    def test_every_change_matters(self, other: dict[str, Any]) -> None:
        assert digest({"a": 1}) != digest(other)

    def test_it_stays_the_same_over_releases(self) -> None:
        """Another one would write every child of every TFModel once more after an upgrade."""
        assert digest({"a": [1, "é"]}) == "83a175c500b5b96c"


@pytest.mark.parametrize(
    ("live", "desired", "same"),
    [
        ({"type": "AverageValue", "averageValue": "500m"}, {"type": "AverageValue", "averageValue": "0.5"}, True),
        ({"type": "Value", "value": "2k"}, {"type": "Value", "value": "2000"}, True),
        ({"type": "Value", "value": "2k"}, {"type": "Value", "value": "2001"}, False),
        ({"type": "Value", "value": "2k"}, {"type": "Value", "value": "many"}, False),
        ({"type": "Value", "value": "2k"}, {"type": "AverageValue", "value": "2k"}, False),
        ({"type": "Utilization", "averageUtilization": 80}, {"type": "Utilization", "averageUtilization": 80}, True),
        ({"type": "Value"}, {"type": "Value", "value": "2k"}, False),
        (None, {"type": "Value"}, False),
    ],
)
def test_the_target_of_a_metric_is_compared_as_a_quantity(live: Any, desired: Any, same: bool) -> None:
    assert holds({"pods": {"target": live}}, {"pods": {"target": desired}}) is same


@pytest.mark.parametrize("amount", ["1e999999", "1e9999999Ei", "x", "", "1e99999999999999999999"])
def test_an_amount_beyond_any_number_equals_nothing_else(amount: str) -> None:
    assert same_amount(amount, amount)
    assert not same_amount(amount, "1Ei")
