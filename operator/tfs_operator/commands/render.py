"""`tfs-operator render -f FILE`: prints the manifests of TFModels without a cluster."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from tfs_operator.api.resource import InvalidTFModel, TFModel
from tfs_operator.commands import settings
from tfs_operator.commands.output import print_manifests
from tfs_operator.domain.foreign_text import one_line
from tfs_operator.domain.model_config import aspired_config
from tfs_operator.domain.policy import violation
from tfs_operator.domain.rollout import initial_config
from tfs_operator.render import Settings, children

INVALID = 2
_LONGEST = 2000
"""Characters of what is wrong with a file."""
MAX_VALUES = 1_000_000
"""Of a document: the API server takes three MiB of text."""


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("render", help="print every manifest that the operator would apply for a TFModel")
    parser.add_argument(
        "-f", "--filename", required=True, metavar="FILE", help="YAML file with TFModels; - reads standard input"
    )
    parser.add_argument(
        "-n", "--namespace", default="default", help="namespace of TFModels that name none (default: %(default)s)"
    )
    settings.add_flags(parser)
    parser.set_defaults(execute=execute)


def execute(options: argparse.Namespace) -> int:
    """Prints all manifests, or only the problems if a TFModel is invalid."""
    try:
        documents = _documents(options.filename)
        manifests = [
            manifest
            for document in documents
            for manifest in rendered(document, options.namespace, settings.from_options(options))
        ]
    except InvalidTFModel as error:
        for problem in error.problems:
            print(f"{options.filename}: {one_line(problem, _LONGEST)}", file=sys.stderr)
        return INVALID
    print_manifests(manifests)
    return 0


def _documents(filename: str) -> list[Any]:
    try:
        text = sys.stdin.read() if filename == "-" else Path(filename).read_text(encoding="utf-8")
        documents = [_as_json(document) for document in yaml.safe_load_all(text) if document is not None]
    except RecursionError:
        raise InvalidTFModel(["is nested too deeply"]) from None
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        raise InvalidTFModel([one_line(str(error), _LONGEST)]) from None
    except (LookupError, AttributeError, ArithmeticError):  # as PyYAML has them for `!!int ""` or `!!timestamp x`
        raise InvalidTFModel(["has a value that is not of the type of its tag"]) from None
    if not documents:
        raise InvalidTFModel(["contains no TFModel"])
    return documents


def _as_json(document: Any) -> Any:
    """Converts YAML to JSON, as kubectl does: dates and keys become strings, and references become copies. Raises
    ValueError where these would be too many."""
    if _values(document, {}) > MAX_VALUES:
        raise ValueError(f"its references stand for more than {MAX_VALUES} values")
    return json.loads(json.dumps(document, default=str))


def _values(item: Any, known: dict[int, int]) -> int:
    """Counts the values of a document without making the copies. A reference to what it is a part of counts as none: it
    is refused later."""
    if not isinstance(item, dict | list):
        return 1
    if id(item) not in known:
        known[id(item)] = 0
        within = [*item, *item.values()] if isinstance(item, dict) else item
        known[id(item)] = 1 + sum(_values(each, known) for each in within)
    return known[id(item)]


def rendered(document: Any, namespace: str, defaults: Settings) -> list[dict[str, Any]]:
    """Returns the manifests of one TFModel. Raises InvalidTFModel."""
    if not isinstance(document, dict):
        raise InvalidTFModel(["is not a YAML mapping"])
    metadata = document.get("metadata")
    if isinstance(metadata, dict) and not metadata.get("namespace"):
        document = {**document, "metadata": {**metadata, "namespace": namespace}}
    if not {"apiVersion", "kind"} <= document.keys():
        raise InvalidTFModel(["apiVersion or kind is missing: it is not a Kubernetes object"])
    tfmodel = TFModel.parse(document)
    if problem := violation(tfmodel.spec, defaults.allowed):
        raise InvalidTFModel([problem.message])
    return children(tfmodel, initial_config(aspired_config(tfmodel.metadata.name, tfmodel.spec)), defaults)
