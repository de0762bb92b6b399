"""Texts that try to be more than a text, in every place of a TFModel that takes one."""

import copy
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

Manifest = dict[str, Any]

EXAMPLES = [yaml.safe_load(path.read_text()) for path in sorted((Path(__file__).parent / "tfmodels").glob("*.yaml"))]
"""Together they have every field of the spec."""

SNIPPETS = [
    '" base_path: "/etc" name: "',
    "'}\n} model_config_list { config { name: 'evil'",
    '\\" } config {',
    "$(POD_NAME)",
    "$$(POD_NAME)",
    "$(A)",
    "$",
    " --port=1",
    "--port=1",
    "\n--port=1",
    "=--model_config_file=/etc/passwd",
    ";reboot",
    "`id`",
    "/../../etc",
    "..",
    "/./",
    "//",
    "%2e%2e%2f",
    "\x00",
    "\r\n",
    "\t",
    "\x85",
    "\u2028",
    "\ufeff",
    "\U0001f600",
    "\x7f\x1b[2J",
    "---\nkind: Secret",
    "\n...\n",
    "!!python/object/apply:os.system",
    "*anchor",
    "&anchor x",
    "{{ .Values }}",
    "# no comment",
    ": ",
    " |",
    "null",
    "1e999999999999999999",
    "-0x1F",
    "tfs-operator.io/attempt",
    "tfs-operator.io/models-digest",
    "app.kubernetes.io/instance",
    "-----END PRIVATE KEY-----",
    "a" * 300,
]
TEXTS = st.sampled_from(SNIPPETS) | st.text(max_size=12)


MAPS = {"annotations", "labels", "nodeSelector", "requests", "limits", "versionLabels", "matchLabels"}
"""Fields whose keys are the user's own."""


def leaves(value: Any, put: Callable[[Any], None], field: str = "") -> Iterator[tuple[str, Callable[[str], None]]]:
    """Every text in a manifest, as a value and as a key of a map, with what replaces it."""
    if isinstance(value, str):
        yield value, put
    elif isinstance(value, dict):
        for key in list(value):
            if field in MAPS:
                yield key, _renaming(value, key)
            yield from leaves(value[key], _setting(value, key), key)
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from leaves(value[index], _setting(value, index), field)


def _setting(owner: Any, place: Any) -> Callable[[Any], None]:
    def put(new: Any) -> None:
        if not isinstance(owner, dict) or place in owner:
            owner[place] = new

    return put


def _renaming(owner: Manifest, key: str) -> Callable[[str], None]:
    def put(new: str) -> None:
        if key in owner:
            owner[new] = owner.pop(key)

    return put


def one_by_one() -> Iterator[Manifest]:
    """Each snippet alone and after the text that was there, in each place of the spec that some example has."""
    seen: set[str] = set()
    for example in EXAMPLES:
        places = list(paths(example["spec"], ""))
        for number, path in enumerate(places):
            if path in seen:
                continue
            seen.add(path)
            for snippet, keeps in itertools.product(SNIPPETS, (False, True)):
                manifest = copy.deepcopy(example)
                text, put = list(leaves(manifest["spec"], lambda _: None))[number]
                put(text + snippet if keeps else snippet)
                yield manifest


def paths(value: Any, path: str, field: str = "") -> Iterator[str]:
    """The places of `leaves`, in the same order; items of lists and of maps count as one place."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for key, member in value.items():
            if field in MAPS:
                yield f"{path}.*key"
            yield from paths(member, f"{path}.*" if field in MAPS else f"{path}.{key}", key)
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, f"{path}[]", field)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    """An example in which a few texts are replaced by, or mixed with, hostile ones. Most are refused."""
    manifest: Manifest = copy.deepcopy(draw(st.sampled_from(EXAMPLES)))
    found = list(leaves(manifest["spec"], lambda _: None))
    for place in draw(st.lists(st.integers(0, len(found) - 1), min_size=1, max_size=2)):
        text, put = found[place]
        hostile, cut = draw(TEXTS), draw(st.integers(0, len(text)))
        put(draw(st.sampled_from([hostile, text[:cut] + hostile + text[cut:], hostile + text, text + hostile])))
    return manifest
