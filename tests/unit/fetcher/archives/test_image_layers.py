"""Layers upon each other give what an unpacked image would have."""

from hypothesis import given
from hypothesis import strategies as st

from tfs_operator.fetcher.archives.image_layers import merge_layers
from tfs_operator.fetcher.archives.unpack import Packed


def layer(*paths: str) -> list[Packed]:
    return [Packed(path, 1, "") for path in paths]


def seen(*layers: list[Packed]) -> dict[str, int]:
    """Which layer shows at each path."""
    return {path: number for path, (number, _) in merge_layers(layers).items()}


def test_a_later_layer_covers() -> None:
    assert seen(layer("a", "b"), layer("b", "c")) == {"a": 0, "b": 1, "c": 1}


def test_a_whiteout_removes_a_file_or_a_folder_from_earlier_layers() -> None:
    assert seen(layer("1/a", "2/a", "2/b/c", "22/a"), layer(".wh.2", "1/.wh.a", "2/new")) == {"22/a": 0, "2/new": 1}


def test_an_opaque_folder_hides_what_earlier_layers_have_in_it() -> None:
    assert seen(layer("1/a", "1/b/c", "2/a"), layer("1/.wh..wh..opq", "1/d")) == {"2/a": 0, "1/d": 1}


def test_a_file_takes_the_place_of_a_folder_and_the_other_way_about() -> None:
    assert seen(layer("a/b", "c"), layer("a", "c/d")) == {"a": 1, "c/d": 1}


PATHS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map("/".join)


@given(st.lists(st.lists(PATHS, max_size=4), max_size=4))
def test_no_path_is_ever_a_file_and_a_folder(layers: list[list[str]]) -> None:
    consistent = [[p for p in paths if not any(q.startswith(f"{p}/") for q in paths)] for paths in layers]
    paths = set(seen(*(layer(*paths) for paths in consistent)))
    assert not any(other.startswith(f"{path}/") for path in paths for other in paths)
    assert set(consistent[-1] if consistent else []) <= paths
