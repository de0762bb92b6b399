"""Reads and checks the settings of a fetcher before it starts."""

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from tfs_operator.domain.fetch_protocol import FETCHER_PORT, FetchPlan
from tfs_operator.fetcher.core.store_access import StoreAccess

_POD = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


class InvalidConfig(Exception):
    """A flag or the plan is not valid; the message names it and says why."""


@dataclass(frozen=True)
class FetcherConfig:
    """The settings of `tfs-operator fetch`."""

    plan: FetchPlan
    storage: StoreAccess
    model_server: str = "http://127.0.0.1:8501"
    port: int = FETCHER_PORT
    host: str | None = None
    """None: every interface."""

    pod: str | None = None
    """The pod's name where base paths are shared between pods."""

    server_config: Path | None = None
    """File to write for the model server's start; None: it reads something else."""

    server_config_default: Path = Path("/etc/tfs-operator/models.config")
    """The ConfigMap's text, for a plan that does not say what is committed."""

    def __post_init__(self) -> None:
        if self.pod is not None and not _POD.fullmatch(self.pod):
            raise InvalidConfig(f"--shared {self.pod}: is no name of a pod")


def read_plan(file: Path, root: Path) -> FetchPlan:
    """Reads `fetch.json`. Raises InvalidConfig where the file cannot be read, or a base path does not lie below
    `root`."""
    try:
        plan = FetchPlan.model_validate_json(file.read_bytes())
    except OSError as error:
        raise InvalidConfig(f"--plan {file}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(map(str, first["loc"]))
        raise InvalidConfig(
            f"--plan {file}: {path}: {first['msg']}" if path else f"--plan {file}: {first['msg']}"
        ) from None
    for source in plan.sources:
        _check_below(source.base_path, root)
    return plan


def _check_below(base_path: str, root: Path) -> None:
    """Compares the text only: the folders do not exist yet, and only fetchers make any below the root."""
    path = Path(base_path)
    if ".." in path.parts or path == root or not path.is_relative_to(root):
        raise InvalidConfig(f"base path {base_path}: must lie below {root}")
