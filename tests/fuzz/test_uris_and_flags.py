"""Whatever a URI or a flag says, it is taken apart or refused in words."""

import contextlib
import io
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from testing.fuzzing.edges import edge, fuzzed
from testing.fuzzing.readable import assert_readable
from testing.fuzzing.strategies import TEXTS
from tfs_operator.api.schemes import SCHEMES, scheme_of
from tfs_operator.cli import main
from tfs_operator.domain.location import locate
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.stores.uri import open_source

NAMES = st.sampled_from([name for scheme in SCHEMES for name in scheme.names] + ["", "ftp", "S3"])
MARKS = ("/", "//", ":", "@", "[", "]", "..", ".", "%2f", "%", "?", "#", "a", "b.c", "1", ".zip", ".tgz", "é")
PIECES = st.sampled_from([*MARKS, "sha256:" + "a" * 64])
RESTS = st.lists(PIECES | TEXTS, max_size=8).map("".join)
URIS = st.builds("{}://{}".format, NAMES, RESTS) | TEXTS
ENDPOINTS = st.none() | st.builds("http{}://{}".format, st.sampled_from(["", "s", "x"]), RESTS)


def refusal(uri: str, endpoint: str | None) -> str:
    with edge("URI", uri), tempfile.TemporaryDirectory() as folder:
        try:
            open_source(uri, StoreAccess(endpoint=endpoint), Path(folder))
        except FetchError as error:
            return error.message
    return ""


@given(URIS, ENDPOINTS)
@fuzzed(400)
def test_uris(uri: str, endpoint: str | None) -> None:
    assert_readable(refusal(uri, endpoint), 2000)


@given(URIS)
@fuzzed(200)
def test_places(uri: str) -> None:
    if scheme_of(uri) is None:
        return
    assert locate(uri).base_path.startswith("/")


FLAGS = st.sampled_from(
    [
        *("--operator-labels", "--network-policy-clients", "--network-policy-monitoring", "--network-policies"),
        *("--namespace", "--server-image", "--cluster-domain", "--operator-namespace"),
    ]
)
VALUES = TEXTS | st.sampled_from(["[" * 5000, '[{"a": 1}]', "[{}]", "a=b,c", "a=b", "true", "[1]", "9" * 5000, "{"])
TFMODEL = "apiVersion: tfs-operator.io/v1alpha1\nkind: TFModel\nmetadata: {name: m}\nspec: {modelUri: file:///m}\n"


@given(st.lists(st.tuples(FLAGS, VALUES), max_size=3))
@fuzzed(150)
def test_flags(flags: list[tuple[str, str]]) -> None:
    """argparse ends the process with 2 and a line on standard error."""
    with tempfile.NamedTemporaryFile() as file, contextlib.redirect_stdout(io.StringIO()):
        Path(file.name).write_text(TFMODEL)
        with edge("flags", flags), contextlib.redirect_stderr(io.StringIO()) as said:
            try:
                status = main(["render", "-f", file.name, *(f"{name}={value}" for name, value in flags)])
            except SystemExit as end:
                status = int(end.code or 0)
    assert status in (0, 2)
    assert bool(said.getvalue()) == (status == 2)
