"""What derives from the table of schemes."""

import re

import pytest

from tfs_operator.api.schemes import (
    SCHEMES,
    Scheme,
    enumerated,
    fetched,
    in_order,
    place_message,
    place_pattern,
    scheme_message,
    scheme_of,
    scheme_pattern,
    secret_keys,
)


def test_neighbours_of_one_grammar_share_an_alternative() -> None:
    assert scheme_pattern() == "^(pvc|file|hostpath|s3|gs|az|https?|hf|oci)://"
    assert "(file|hostpath):///[^/]|(s3|gs)://[a-z0-9]" in place_pattern()
    assert place_pattern(SCHEMES[:1]) == "^(pvc://[a-z0-9]([a-z0-9.-]*[a-z0-9])?/[^/])"


def test_messages_name_what_is_for_local_clusters_last() -> None:
    assert scheme_message().endswith("oci:// or hostpath://")
    assert "https://HOST/path.tar.gz (or .tgz, .zip), hf://" in place_message()
    assert [scheme.name for scheme in in_order()][-1] == "hostpath"


@pytest.mark.parametrize(
    ("uri", "name"), [("s3://b/m", "s3"), ("http://h/m.zip", "https"), ("s3:b", None), ("ftp://b/m", None), ("", None)]
)
def test_the_row_of_a_uri(uri: str, name: str | None) -> None:
    row = scheme_of(uri)
    assert (row and row.name) == name


def test_a_row_says_everything_that_a_user_reads() -> None:
    assert all(scheme.what and scheme.section and scheme.served for scheme in SCHEMES)
    assert {scheme.name for scheme in fetched()} == {scheme.name for scheme in SCHEMES if scheme.secret_keys}
    assert "`HF_TOKEN` for hf://, `.dockerconfigjson` for oci://" in secret_keys()


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_the_pattern_accepts_what_users_read(scheme: Scheme) -> None:
    uri = re.sub(r"\[@REVISION\]", "", scheme.uri).lower()
    assert re.search(place_pattern(), uri)


def test_enumerated() -> None:
    assert [enumerated(words, "or") for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a or b", "a, b or c"]
