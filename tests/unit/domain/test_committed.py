"""The committed configuration comes back from its annotation as it went in, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfs_operator.domain.committed import (
    former_from_annotation,
    former_to_annotation,
    from_annotation,
    to_annotation,
)
from tfs_operator.domain.model_config import All, Latest, ModelConfig, ModelServerConfig, Specific

_versions = st.integers(0, 2**63 - 1)
_policies = st.one_of(
    st.sets(_versions, min_size=1, max_size=4).map(lambda versions: Specific(tuple(sorted(versions)))),
    st.integers(1, 2**31 - 1).map(Latest),
    st.just(All()),
)
_labels = st.dictionaries(st.from_regex(r"[A-Za-z0-9_.-]{1,63}", fullmatch=True), _versions, max_size=4)
_models = st.builds(ModelConfig, st.text(min_size=1), st.text(min_size=1), _policies, _labels)
_configs = st.lists(_models, min_size=1, max_size=3).map(lambda models: ModelServerConfig(tuple(models)))


@given(_configs)
def test_it_comes_back_as_it_went_in(config: ModelServerConfig) -> None:
    assert from_annotation(to_annotation(config)) == config


@given(st.dictionaries(st.text(min_size=1), _configs, max_size=3))
def test_former_sets_come_back_in_their_order(sets: dict[str, ModelServerConfig]) -> None:
    assert list(former_from_annotation(former_to_annotation(sets)).items()) == list(sets.items())


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "[1]", '[{"digest":"d"}]', '[{"digest":"d","models":[]}]', "[" * 9999]
)
def test_unreadable_former_sets_are_none(text: str) -> None:
    assert former_from_annotation(text) == {}


def test_the_text_does_not_depend_on_the_order_of_labels() -> None:
    one = ModelConfig("m", "/m", Specific((1, 2)), {"a": 1, "b": 2})
    other = ModelConfig("m", "/m", Specific((1, 2)), {"b": 2, "a": 1})
    assert to_annotation(ModelServerConfig((one,))) == to_annotation(ModelServerConfig((other,)))


def test_it_is_compact() -> None:
    model = ModelConfig("m", "/models/m", Specific((1, 2)), {"stable": 1})
    text = to_annotation(ModelServerConfig((model,)))
    assert text == '[{"labels":{"stable":1},"name":"m","path":"/models/m","serve":[1,2]}]'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "[1]",
        "{}",
        '[{"name":"m","path":"/m"}]',
        '[{"name":"m","path":"/m","serve":[]}]',
        '[{"name":"m","path":"/m","serve":[true]}]',
        '[{"name":"m","path":"/m","serve":[-1]}]',
        '[{"name":"m","path":"/m","serve":[9223372036854775808]}]',
        '[{"name":"m","path":"/m","serve":{"latest":"1"}}]',
        '[{"name":1,"path":"/m","serve":"all"}]',
        '[{"name":"m","path":"/m","serve":"all","labels":{"a":"1"}}]',
        '[{"name":"m","path":"/m","serve":"all","labels":7}]',
        "[" * 100_000,
    ],
)
def test_what_is_unreadable_is_none(text: str) -> None:
    assert from_annotation(text) is None


@given(st.text())
def test_no_text_raises(text: str) -> None:
    from_annotation(text)
