"""Which other files a graph needs."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing.models.graph_files import OBJECT_GRAPH, function, meta_graph, node, restore, saved_model
from tfs_operator.fetcher.saved_model import graph
from tfs_operator.fetcher.saved_model.graph import asset_names, restores_variables
from tfs_operator.fetcher.saved_model.wire import DamagedMessage

VARIABLE = node("w", "VarHandleOp")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "saved_model.pb"


@pytest.mark.parametrize(
    ("meta", "restores"),
    [
        # TensorFlow 2: a function restores, the saver names it
        (meta_graph(VARIABLE, functions=[function(*restore("w", OBJECT_GRAPH))], saver=True), True),
        (meta_graph(functions=[function(*restore(OBJECT_GRAPH))], saver=True), False),
        (meta_graph(VARIABLE, functions=[function(*restore(OBJECT_GRAPH))], saver=True), False),
        (meta_graph(functions=[function(*restore(OBJECT_GRAPH)), function(*restore("table-keys"))], saver=True), True),
        # TensorFlow 1: the graph itself restores
        (meta_graph(node("w", "VariableV2"), *restore("w"), saver=True), True),
        (meta_graph(node("x", "Placeholder")), False),
        # a saver that restores what cannot be seen
        (meta_graph(saver=True), True),
        (meta_graph(node("names", "Placeholder"), node("r", "RestoreV2", "prefix", "names"), saver=True), True),
        (meta_graph(node("r", "RestoreV2"), saver=True), True),
        # without a saver nothing is restored: variables are initialised, or never
        (meta_graph(VARIABLE, collection="saved_model_main_op"), False),
        (meta_graph(VARIABLE, collection="legacy_init_op"), False),
        (meta_graph(VARIABLE, signature="__saved_model_init_op"), False),
        (meta_graph(VARIABLE, signature="serving_default"), True),
        (meta_graph(functions=[function(node("w", "VariableV2"))]), True),
        (meta_graph(*restore("w")), True),
    ],
)
def test_whether_a_graph_restores_variables(meta: bytes, restores: bool, path: Path) -> None:
    path.write_bytes(saved_model(meta))
    assert restores_variables(path) is restores


def test_any_of_several_graphs_counts(path: Path) -> None:
    path.write_bytes(saved_model(meta_graph(), meta_graph(*restore("w"), saver=True)))
    assert restores_variables(path)


def test_a_graph_with_too_many_fields_is_not_looked_through(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MOST_FIELDS", 20)
    path.write_bytes(saved_model(meta_graph(*[node(f"x{n}", "Const") for n in range(20)], VARIABLE)))
    assert not restores_variables(path)


def test_assets_of_every_age(path: Path) -> None:
    old = meta_graph(old_assets=["old.txt"], collection="other")
    path.write_bytes(saved_model(meta_graph(assets=["words.txt", "sub/ö.txt"]), old))
    assert list(asset_names(path)) == ["words.txt", "sub/ö.txt", "old.txt"]


WHOLE = saved_model(meta_graph(VARIABLE, *restore("w"), saver=True, assets=["words.txt"]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (WHOLE[:-1], "it is cut: a field of"),
        (WHOLE + b"\x12", "it is cut"),
        (b"not a graph", "a field 13 of the unknown kind 6"),
        (b"\xff" * 64, "a number above 64 bits"),
        (b"\x00", "it is cut"),
    ],
)
def test_damaged(content: bytes, message: str, path: Path) -> None:
    path.write_bytes(content)
    with pytest.raises(DamagedMessage, match=message):
        list(asset_names(path))


@given(st.data())
def test_whatever_the_bytes_it_is_read_or_damaged(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "any.pb"
    path.write_bytes(content)
    with contextlib.suppress(DamagedMessage):
        restores_variables(path)
        list(asset_names(path))
