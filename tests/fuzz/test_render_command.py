"""Whatever a file holds, `tfs-operator render` prints manifests, or says in lines what is wrong."""

import contextlib
import io
import tempfile
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from testing.fuzzing.edges import edge, fuzzed
from testing.fuzzing.readable import assert_readable
from testing.fuzzing.strategies import TEXTS, changed, damaged, written
from testing.hostile import EXAMPLES
from tfs_operator.cli import main

TAGS = ("!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!binary", "!!set", "!!omap", "!!pairs", "!x")
VALUES = ("", "''", "x", "0x", "0b", "1:2:x", "2026-13-45", "9999-12-31T23:59:59-23:59", "[a, b]", "{a: b}")
TAGGED = st.builds("kind: TFModel\nspec: {} {}\n".format, st.sampled_from(TAGS), st.sampled_from(VALUES))
REFERENCES = st.builds(
    lambda depth, width: "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, depth)),
    st.integers(1, 30),
    st.integers(1, 9),
).map("a0: &a0 x\n{}\n".format)
MARKS = ("a", ": ", "\n", "  ", "- ", "[", "{", "}", "&a ", "*a", "? ", "| ", "'", '"', "---\n", "!!str ", "%TAG")
PIECES = st.lists(st.sampled_from(MARKS), max_size=12).map("".join)
DEEP = st.sampled_from(["a: " + "[" * 900, "spec: " + "{a: " * 5000, "- " * 900, "a: " + "[" * 100_000])
FILES: st.SearchStrategy[bytes] = st.one_of(
    changed(EXAMPLES).map(written),
    changed(EXAMPLES).map(lambda document: yaml.safe_dump(document, allow_unicode=True).encode(errors="surrogatepass")),
    damaged([yaml.safe_dump(example).encode() for example in EXAMPLES]),
    st.one_of(TAGGED, REFERENCES, PIECES, DEEP, TEXTS).map(lambda text: text.encode(errors="surrogatepass")),
    st.binary(max_size=100),
)


def rendered(content: bytes) -> tuple[int, str, str]:
    """Returns the exit status, and what was printed to either stream. As of a process, these take UTF-8."""
    out, error = io.BytesIO(), io.BytesIO()
    printed, said = io.TextIOWrapper(out, "utf-8"), io.TextIOWrapper(error, "utf-8", "backslashreplace")
    with tempfile.NamedTemporaryFile() as file, contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
        Path(file.name).write_bytes(content)
        status = main(["render", "-f", file.name, "--allow-hostpath"])
    printed.flush()
    said.flush()
    return status, out.getvalue().decode(), error.getvalue().decode()


@given(FILES)
@fuzzed(300)
def test_files(content: bytes) -> None:
    with edge("file: tfs-operator render", content):
        status, out, error = rendered(content)
    if status == 0:
        assert error == ""
        assert all(isinstance(manifest, dict) for manifest in yaml.safe_load_all(out))
        return
    assert status == 2
    assert out == ""
    assert error
    for line in error.splitlines():
        assert_readable(line, 3000)
