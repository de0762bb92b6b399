"""What is read of a version's metadata."""

import json
from typing import Any

import pytest

from testing.recordings.data import RestCase, rest_cases
from tests.unit.domain.verification.answers import OPEN, RAGGED, SCALE, SPARSE, metadata, signature
from tfs_operator.domain.verification import NotMetadata, TensorInfo, read_signatures


def test_signatures_with_their_types_and_shapes() -> None:
    [found] = read_signatures(SCALE).values()
    assert found.name == "serving_default"
    assert found.inputs == {"x": TensorInfo("DT_FLOAT", (OPEN,))}
    assert found.outputs == {"y": TensorInfo("DT_FLOAT", (OPEN,))}


@pytest.mark.parametrize(("sizes", "read"), [((), ()), (None, None), ((OPEN, 2, 3), (OPEN, 2, 3))])
def test_shapes(sizes: Any, read: Any) -> None:
    found = read_signatures(metadata({"s": signature({"x": ("DT_INT8", sizes)})}))
    assert found["s"].inputs["x"].shape == read


@pytest.mark.parametrize("encoding", [SPARSE, RAGGED], ids=["sparse", "ragged"])
def test_what_is_more_than_one_tensor_is_not_dense(encoding: Any) -> None:
    entry = signature({}) | {"inputs": {"x": encoding}}
    assert not read_signatures(metadata({"s": entry}))["s"].inputs["x"].dense


def test_inputs_that_may_be_left_out() -> None:
    entry = signature({"x": ("DT_FLOAT", (OPEN,))}) | {"defaults": {"x": {"dtype": "DT_FLOAT"}}}
    assert read_signatures(metadata({"s": entry}))["s"].defaults == {"x"}


def test_a_version_without_signatures() -> None:
    assert read_signatures(metadata({})) == {}


@pytest.mark.parametrize("answer", [None, [], {}, {"metadata": []}, metadata({"s": 1}), metadata({"s": {"inputs": 7}})])
def test_what_is_no_metadata(answer: Any) -> None:
    with pytest.raises(NotMetadata):
        read_signatures(answer)


def _is_metadata(case: RestCase) -> bool:
    response = case.responses[0] if case.responses else None
    is_whole = response is not None and response.status == 200 and isinstance(response.body, bytes)
    return is_whole and case.request.startswith(b"GET ") and b"/metadata HTTP" in case.request


RECORDED = [case for case in rest_cases() if _is_metadata(case)]


@pytest.mark.parametrize("case", RECORDED, ids=[case.name for case in RECORDED])
def test_all_that_was_recorded_is_read(case: RestCase) -> None:
    body = case.responses[0].body
    assert isinstance(body, bytes)
    found = read_signatures(json.loads(body))
    assert all(info.dtype.startswith("DT_") for each in found.values() for info in each.inputs.values())


def test_something_was_recorded() -> None:
    assert RECORDED


@pytest.mark.parametrize("size", [float("inf"), float("nan"), "1e3", "", -2, 2**63, "9" * 4000, [], {}, None])
def test_a_size_that_no_dimension_can_have(size: Any) -> None:
    entry = signature({"x": ("DT_FLOAT", (1,))})
    entry["inputs"]["x"]["tensor_shape"]["dim"][0]["size"] = size
    with pytest.raises(NotMetadata):
        read_signatures(metadata({"s": entry}))


def test_more_dimensions_than_a_tensor_can_have() -> None:
    """Their product, which is the length of a request, would have as many digits as they have together."""
    assert read_signatures(metadata({"s": signature({"x": ("DT_FLOAT", (1,) * 254)})}))
    with pytest.raises(NotMetadata, match="more than 254 dimensions"):
        read_signatures(metadata({"s": signature({"x": ("DT_FLOAT", (1,) * 255)})}))
