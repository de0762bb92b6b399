"""What a client of the present version would notice of a new one."""

from dataclasses import replace

import pytest

from tfs_operator.domain.verification import Signature, TensorInfo, differences, told

X = TensorInfo("DT_FLOAT", (-1, 784))
Y = TensorInfo("DT_FLOAT", (-1, 10))
BEFORE = Signature("serving_default", {"x": X}, {"y": Y})


def found(new: Signature | None, present: Signature = BEFORE) -> list[str]:
    return differences({present.name: present}, {} if new is None else {new.name: new})


def changed(**inputs: TensorInfo) -> list[str]:
    return found(replace(BEFORE, inputs=inputs))


def giving(**outputs: TensorInfo) -> list[str]:
    return found(replace(BEFORE, outputs=outputs))


def test_the_same_is_no_difference() -> None:
    assert found(BEFORE) == []
    assert differences({}, {}) == []


class TestBreaksClients:
    def test_a_signature_that_is_gone(self) -> None:
        assert found(None) == ["signature serving_default is gone"]
        assert found(replace(BEFORE, name="predict")) == ["signature serving_default is gone"]

    def test_an_input_that_is_gone(self) -> None:
        assert changed() == ["signature serving_default no longer takes the input x"]

    def test_an_input_of_another_name(self) -> None:
        assert changed(inputs=X) == [
            "signature serving_default no longer takes the input x",
            "signature serving_default has the new input inputs (DT_FLOAT [?, 784]), which requests do not have",
        ]

    def test_another_type(self) -> None:
        assert changed(x=replace(X, dtype="DT_INT64")) == [
            "signature serving_default takes the input x as DT_INT64 [?, 784] instead of DT_FLOAT [?, 784]"
        ]

    def test_another_rank(self) -> None:
        assert changed(x=replace(X, shape=(-1, 28, 28))) == [
            "signature serving_default takes the input x as DT_FLOAT [?, 28, 28] instead of DT_FLOAT [?, 784]"
        ]

    @pytest.mark.parametrize("shape", [(-1, 100), (1, 784)])
    def test_other_sizes_or_narrower_ones(self, shape: tuple[int, ...]) -> None:
        assert len(changed(x=replace(X, shape=shape))) == 1

    def test_a_sparse_one(self) -> None:
        assert changed(x=replace(X, dense=False)) == [
            "signature serving_default takes the input x as DT_FLOAT [?, 784], sparse or ragged "
            "instead of DT_FLOAT [?, 784]"
        ]

    def test_an_input_without_its_default(self) -> None:
        optional = replace(BEFORE, defaults=frozenset({"x"}))
        assert found(BEFORE, optional) == ["signature serving_default has no default for the input x any more"]

    def test_an_output_that_is_gone(self) -> None:
        assert giving(probabilities=Y) == ["signature serving_default no longer gives the output y"]

    @pytest.mark.parametrize("now", [replace(Y, dtype="DT_STRING"), replace(Y, shape=(-1,))])
    def test_an_output_of_another_type_or_rank(self, now: TensorInfo) -> None:
        assert len(giving(y=now)) == 1


class TestBreaksNone:
    @pytest.mark.parametrize("shape", [(-1, -1), None])
    def test_wider_inputs(self, shape: tuple[int, ...] | None) -> None:
        assert changed(x=replace(X, shape=shape)) == []

    def test_what_clients_send_to_an_open_rank_is_not_known(self) -> None:
        assert found(BEFORE, replace(BEFORE, inputs={"x": replace(X, shape=None)})) == []

    def test_a_new_input_with_a_default(self) -> None:
        assert found(replace(BEFORE, inputs={"x": X, "k": X}, defaults=frozenset({"k"}))) == []

    def test_more_outputs_and_more_signatures(self) -> None:
        assert giving(y=Y, z=Y) == []
        assert differences({"a": replace(BEFORE, name="a")}, {n: replace(BEFORE, name=n) for n in "ab"}) == []

    @pytest.mark.parametrize("shape", [(-1, 11), None, (1, 10)])
    def test_outputs_of_other_sizes(self, shape: tuple[int, ...] | None) -> None:
        assert giving(y=replace(Y, shape=shape)) == []


def test_the_sentence_names_the_version_and_the_field() -> None:
    assert told(changed(), present=1) == (
        "clients of version 1 cannot use it: signature serving_default no longer takes the input x. If they are "
        "ready for that, set rollout.verify.allowSignatureChange"
    )


def test_not_everything_is_told() -> None:
    words = told([f"signature s{n} is gone" for n in range(7)], present=1)
    assert "signature s2 is gone and 4 more." in words
    assert "s3" not in words
