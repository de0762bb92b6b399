"""`tfs-operator crd`: prints the CustomResourceDefinition."""

import argparse
from typing import Any

from tfs_operator.api.crd import custom_resource_definition
from tfs_operator.commands.output import print_manifests


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("crd", help="print the CustomResourceDefinition of TFModel as YAML")
    parser.add_argument(
        "--annotation",
        action="append",
        type=_annotation,
        default=[],
        metavar="KEY=VALUE",
        help="add an annotation to the CustomResourceDefinition; may be repeated",
    )
    parser.set_defaults(execute=execute)


def _annotation(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


def execute(options: argparse.Namespace) -> int:
    manifest = custom_resource_definition()
    if options.annotation:
        manifest["metadata"]["annotations"] = dict(options.annotation)
    print_manifests([manifest], explicit_start=False)
    return 0
