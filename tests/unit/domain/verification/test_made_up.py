"""Which requests are made up, and where none can be."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.domain.verification.answers import OPEN, RAGGED, SCALE, SPARSE, metadata, signature
from tfs_operator.domain.verification import MAX_BODY_BYTES, MadeUp, made_up, read_signatures


def of(signatures: Mapping[str, Any]) -> MadeUp:
    return made_up(read_signatures(metadata(signatures)))


def bodies(inputs: Any, name: str = "serving_default") -> list[Any]:
    """The inputs of each request that is tried on a signature of these."""
    found = of({name: signature(inputs)})
    assert not found.reason
    assert not found.reasons
    tried = [json.loads(request.body) for request in found.requests[name]]
    assert all(body["signature_name"] == name for body in tried)
    return [body["inputs"] for body in tried]


def reason(inputs: Any) -> str:
    """Why there is no request to a signature of these inputs."""
    found = of({"serving_default": signature({}) | {"inputs": inputs}})
    assert not found.requests
    return found.reasons["serving_default"]


def test_a_batch_of_one_zero() -> None:
    assert made_up(read_signatures(SCALE)).requests["serving_default"][0].body == (
        '{"signature_name":"serving_default","inputs":{"x":[0.0]}}'
    )


@pytest.mark.parametrize(
    ("dtype", "zero"),
    [
        ("DT_FLOAT", 0.0),
        ("DT_DOUBLE", 0.0),
        ("DT_INT8", 0),
        ("DT_INT16", 0),
        ("DT_INT32", 0),
        ("DT_INT64", 0),
        ("DT_UINT8", 0),
        ("DT_UINT32", 0),
        ("DT_UINT64", 0),
        ("DT_BOOL", False),
        ("DT_STRING", ""),
    ],
)
def test_every_type_that_json_can_have(dtype: str, zero: Any) -> None:
    [inputs] = bodies({"x": (dtype, (OPEN, 2))})
    assert inputs == {"x": [[zero, zero]]}
    assert type(inputs["x"][0][0]) is type(zero)


@pytest.mark.parametrize(
    "dtype",
    [
        "DT_HALF",
        "DT_BFLOAT16",
        "DT_COMPLEX64",
        "DT_COMPLEX128",
        "DT_UINT16",
        "DT_QINT8",
        "DT_QUINT8",
        "DT_QINT32",
        "DT_FLOAT8_E5M2",
        "DT_INT4",
        "DT_VARIANT",
        "DT_RESOURCE",
        "DT_INVALID",
        "99",
    ],
)
def test_types_that_json_cannot_have(dtype: str) -> None:
    found = of({"serving_default": signature({"x": (dtype, (OPEN,))})})
    assert found.reasons == {"serving_default": f"its input x is of type {dtype}, which no JSON request can have"}


def test_a_scalar_has_no_batch() -> None:
    assert bodies({"x": ("DT_FLOAT", ())}) == [{"x": 0.0}]


def test_several_inputs() -> None:
    [inputs] = bodies({"a": ("DT_INT64", (OPEN,)), "b": ("DT_STRING", (OPEN, 1)), "c": ("DT_BOOL", ())})
    assert inputs == {"a": [0], "b": [[""]], "c": False}


def test_names_are_escaped() -> None:
    [inputs] = bodies({'a "quoted"\n': ("DT_FLOAT", (OPEN,))}, name='über "x"')
    assert inputs == {'a "quoted"\n': [0.0]}


def test_a_fixed_batch_stays() -> None:
    assert bodies({"x": ("DT_INT32", (3, 2))}) == [{"x": [[0, 0]] * 3}]


def test_a_dimension_of_nothing() -> None:
    assert bodies({"x": ("DT_INT32", (OPEN, 0, 5))}) == [{"x": [[]]}]


def test_open_dimensions_are_tried_small_first_and_alike_in_all_inputs() -> None:
    tried = bodies({"ids": ("DT_INT32", (OPEN, OPEN)), "mask": ("DT_INT32", (OPEN, OPEN))})
    assert [(len(each["ids"]), len(each["ids"][0]), len(each["mask"][0])) for each in tried] == [
        (1, 1, 1),
        (1, 32, 32),
        (1, 224, 224),
    ]


def test_a_picture_of_any_size() -> None:
    tried = bodies({"picture": ("DT_FLOAT", (OPEN, OPEN, OPEN, 3))})
    assert [(len(each["picture"][0]), len(each["picture"][0][0])) for each in tried] == [(1, 1), (32, 32), (224, 224)]


def test_what_would_be_too_big_is_not_tried() -> None:
    found = of({"serving_default": signature({"x": ("DT_FLOAT", (OPEN, OPEN, OPEN, OPEN, 3))})})
    assert len(found.requests["serving_default"]) == 2
    assert all(len(request.body) <= MAX_BODY_BYTES for request in found.requests["serving_default"])


@pytest.mark.parametrize("sizes", [(OPEN, 2**20), (2**40,), (OPEN, 10**9, 10**9, 10**9, 10**9), (2**62, 2**62)])
def test_huge_fixed_shapes_are_not_even_written(sizes: tuple[int, ...]) -> None:
    found = of({"serving_default": signature({"x": ("DT_FLOAT", sizes)})})
    assert found.reasons == {"serving_default": "a request of its shapes would exceed 1024 KiB"}


def test_all_inputs_together_are_bounded() -> None:
    found = of({"serving_default": signature({f"x{n}": ("DT_STRING", (OPEN, 100_000)) for n in range(4)})})
    assert found.reasons == {"serving_default": "a request of its shapes would exceed 1024 KiB"}


def test_nothing_can_be_made_up_for_them() -> None:
    assert reason({"x": SPARSE}) == "its input x is sparse or ragged"
    assert reason({"x": RAGGED}) == "its input x is sparse or ragged"
    unranked = of({"serving_default": signature({"rows": ("DT_FLOAT", None)})})
    assert unranked.reasons == {"serving_default": "its input rows may have any rank"}
    assert reason({}) == "it takes no input, and REST has no request for that"


def test_a_serialized_example_is_an_empty_one() -> None:
    entry = signature({"inputs": ("DT_STRING", (OPEN,))}, method="classify")
    [request] = of({"serving_default": entry}).requests["serving_default"]
    assert json.loads(request.body)["inputs"] == {"inputs": [""]}


class TestWhichSignature:
    X = signature({"x": ("DT_FLOAT", (OPEN,))})

    def test_the_default_alone(self) -> None:
        assert list(of({"other": self.X, "serving_default": self.X}).requests) == ["serving_default"]

    def test_the_only_one(self) -> None:
        assert list(of({"predict": self.X}).requests) == ["predict"]

    def test_all_where_none_is_the_default(self) -> None:
        assert list(of({"b": self.X, "a": self.X}).requests) == ["a", "b"]

    def test_some_can_be_asked_and_some_cannot(self) -> None:
        found = of({"a": self.X, "b": signature({"x": ("DT_HALF", (OPEN,))})})
        assert (list(found.requests), list(found.reasons)) == (["a"], ["b"])

    @pytest.mark.parametrize("name", ["train", "fit_once", "save", "restoreWeights", "INIT", "loadCheckpoint"])
    def test_none_that_may_change_the_model(self, name: str) -> None:
        assert list(of({name: self.X, "infer": self.X}).requests) == ["infer"]
        assert of({name: self.X}).reason == f"its signatures are named as if they changed the model: {name}"

    @pytest.mark.parametrize("name", ["constraint", "payload", "benefits", "initial_state"])
    def test_but_one_that_only_sounds_like_it(self, name: str) -> None:
        assert list(of({name: self.X}).requests) == [name]

    def test_none_at_all(self) -> None:
        assert of({}).reason == "it has no signatures"

    def test_their_number_is_bounded(self) -> None:
        assert len(of({f"s{n}": self.X for n in range(20)}).requests) == 8
