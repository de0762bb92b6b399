"""Where a model lies, and the base path that the model server is given for it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tfs_operator.api.schemes import SCHEMES, Schemes, scheme_of

if TYPE_CHECKING:  # the agents import this module, and pay for whatever it imports
    from tfs_operator.api.spec import TFModelSpec
    from tfs_operator.api.storage import Storage

PVC_ROOT = "/models/pvc"
HOSTPATH_ROOT = "/models/hostpath"
STORE_ROOT = "/models/store"

_TAKEN = re.compile("[+-]?[0-9]+|[.].*")
"""Names below a base path that are its own: versions, as TensorFlow Serving reads numbers, and hidden folders."""

_HOST = re.compile("://([A-Za-z0-9._-]{1,100})")


@dataclass(frozen=True)
class Claim:
    """`pvc://CLAIM/path`: the whole claim is mounted, so that version folders that come later are seen."""

    claim: str
    path: str

    @property
    def mount_path(self) -> str:
        return f"{PVC_ROOT}/{self.claim}"

    @property
    def base_path(self) -> str:
        return f"{self.mount_path}/{self.path}"

    @property
    def uri(self) -> str:
        return f"pvc://{self.claim}/{self.path}"


@dataclass(frozen=True)
class ImagePath:
    """`file:///path`: baked into the server's image."""

    path: str

    @property
    def base_path(self) -> str:
        return f"/{self.path}"


@dataclass(frozen=True)
class NodePath:
    """`hostpath:///path`: a folder on the node."""

    path: str

    @property
    def base_path(self) -> str:
        return f"{HOSTPATH_ROOT}/{self.path}"

    @property
    def uri(self) -> str:
        return f"hostpath:///{self.path}"


@dataclass(frozen=True)
class Remote:
    """`s3://bucket/path` and its like, and `pvc://CLAIM/path` with `storage.copy`: fetched to a folder that is named
    after the URI."""

    scheme: str
    path: str
    """The URI without its scheme."""

    store: str | None = None
    """On a claim that TFModels may share: the address of the store, "" for the scheme's own. None on a volume that the
    pod has to itself."""

    @property
    def uri(self) -> str:
        return f"{self.scheme}://{self.path}"

    @property
    def base_path(self) -> str:
        """Returns the folder. On a shared claim that of another store, or of another URI, neither is the same nor lies
        in one of its versions."""
        if self.store is None:
            return f"{STORE_ROOT}/{self.scheme}/{self.path}"
        return f"{STORE_ROOT}/{_store_folder(self.scheme, self.store)}/{_apart(self.path)}"

    @property
    def claim(self) -> Claim | None:
        """Returns the claim that it is copied from; None where it comes from a store."""
        name, _, path = self.path.partition("/")
        return Claim(name, path) if self.scheme == "pvc" else None


Location = Claim | ImagePath | NodePath | Remote


def locate(uri: str, schemes: Schemes = SCHEMES, *, copies: bool = False) -> Location:
    """Returns where the model lies. `uri` has passed the API's rules: a known scheme, a clean path. `copies`: claims
    are fetched from, and not mounted into the server."""
    scheme, _, rest = uri.partition("://")
    authority, _, path = rest.rstrip("/").partition("/")
    match scheme:
        case "pvc" if not copies:
            return Claim(authority, path)
        case "file":
            return ImagePath(path)
        case "hostpath":
            return NodePath(path)
    row = scheme_of(uri, schemes)
    if row and (row.store or row.copier):
        return Remote(scheme, rest.rstrip("/"))
    raise ValueError(f"modelUri: unknown scheme in {uri!r}")


def locations(name: str, spec: TFModelSpec) -> dict[str, Location]:
    """Location by model name; `name` is the TFModel's, which is also that of its one model."""
    if spec.models is not None:
        return {model.name: _location(model.model_uri, spec.storage) for model in spec.models}
    if spec.model_uri is None:
        raise ValueError("spec: neither modelUri nor models")
    return {name: _location(spec.model_uri, spec.storage)}


def remotes(name: str, spec: TFModelSpec) -> dict[str, Remote]:
    """Those models that are fetched, by name, in the order of the spec."""
    found = locations(name, spec)
    return {model: location for model, location in found.items() if isinstance(location, Remote)}


def local_places(name: str, spec: TFModelSpec) -> dict[str, Claim | NodePath]:
    """Those models that lie on a volume of the pod, by name, in the order of the spec: the agent sees them."""
    found = locations(name, spec)
    return {model: location for model, location in found.items() if isinstance(location, Claim | NodePath)}


def _location(uri: str, storage: Storage) -> Location:
    found = locate(uri, copies=storage.copy_claims)
    if storage.cache is None or not isinstance(found, Remote):
        return found
    return replace(found, store=_address(uri, storage))


def _address(uri: str, storage: Storage) -> str:
    """What makes the same URI mean another store; empty for the scheme's own address."""
    row = scheme_of(uri)
    if row is None or not row.has_endpoint:
        return ""
    endpoint = [storage.endpoint.rstrip("/")] if storage.endpoint else []
    chosen = [variable for variable in storage.env or [] if variable.name in row.endpoint_variables]
    return " ".join([*endpoint, *(variable.model_dump_json(exclude_none=True) for variable in chosen)])


def _store_folder(scheme: str, store: str) -> str:
    """The host is for people to read."""
    if not store:
        return scheme
    host = _HOST.search(store)
    return f"{scheme}@{host[1] if host else 'store'}-{hashlib.sha256(store.encode()).hexdigest()[:16]}"


def _apart(path: str) -> str:
    """Marks each part, but for the first, that would be a version or a hidden folder of the base path above it. No URI
    has a `%`."""
    first, *rest = path.split("/")
    return "/".join([first, *(f"%{part}" if _TAKEN.fullmatch(part) else part for part in rest)])
