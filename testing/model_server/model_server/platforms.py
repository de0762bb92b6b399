"""What a list of ModelConfigs must satisfy before anything is done with it.

(model_servers/server_core.cc, ValidateModelConfigList and its neighbours)
"""

import re
from collections.abc import Sequence
from typing import Any

from model_server import log
from model_server.status import StatusError, invalid_argument

_URI = re.compile(r"[a-zA-Z][0-9a-zA-Z.]*://")


def check_config_list(models: Sequence[Any]) -> None:
    """Raises StatusError unless the names are unique and the base paths absolute."""
    names: set[str] = set()
    for model in models:
        if model.name in names:
            raise invalid_argument(f"Illegal to list model {model.name} multiple times in config list")
        names.add(model.name)
    for model in models:
        if not model.base_path.startswith("/") and not _URI.match(model.base_path):
            raise invalid_argument(
                f"Expected model {model.name} to have an absolute path or URI; got base_path()={model.base_path}"
            )


def check_platforms_stay(old: Sequence[Any], new: Sequence[Any]) -> None:
    """Raises StatusError if a model changes its platform, or has none in the old or the new config."""
    platforms = {model.name: platform(model) for model in old}
    for model in new:
        if model.name not in platforms:
            continue
        was, requested = platforms[model.name], platform(model)
        if requested != was:
            raise invalid_argument(
                f"Illegal to change a model's platform. For model {model.name} platform was {was} "
                f"and new platform requested is {requested}"
            )


def platform(model: Any) -> str:
    """The platform of a ModelConfig, by `model_platform` or the deprecated `model_type`."""
    if model.model_type:
        log.warning(
            "model_servers/server_core.cc",
            "Deprecated ModelServerConfig::model_type field used. Prefer ModelServerConfig::model_platform.",
        )
        if model.model_platform:
            raise _illegal("both", "and", model.name)
        if model.model_type != 1:
            raise invalid_argument(f"ModelServerConfig::model_type choice {model.model_type} not supported.")
        return "tensorflow"
    if not model.model_platform:
        raise _illegal("neither", "nor", model.name)
    return str(model.model_platform)


def _illegal(which: str, joined: str, name: str) -> StatusError:
    return invalid_argument(
        f"Illegal setting {which} ModelServerConfig::model_type (deprecated) {joined} "
        f"ModelServerConfig::model_platform, model name is {name}"
    )
