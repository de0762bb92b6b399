"""Where a model lies, and the base path that the model server is given for it."""

from dataclasses import dataclass

from tfs_operator.api.schemes import SCHEMES, Schemes, scheme_of
from tfs_operator.api.spec import TFModelSpec

PVC_ROOT = "/models/pvc"
HOSTPATH_ROOT = "/models/hostpath"
STORE_ROOT = "/models/store"


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
    """`s3://bucket/path` and its like: fetched to a folder that is named after the URI."""

    scheme: str
    path: str
    """The URI without its scheme."""

    @property
    def uri(self) -> str:
        return f"{self.scheme}://{self.path}"

    @property
    def base_path(self) -> str:
        return f"{STORE_ROOT}/{self.scheme}/{self.path}"


Location = Claim | ImagePath | NodePath | Remote


def locate(uri: str, schemes: Schemes = SCHEMES) -> Location:
    """Returns where the model lies. `uri` has passed the API's rules: a known scheme, a clean path."""
    scheme, _, rest = uri.partition("://")
    authority, _, path = rest.rstrip("/").partition("/")
    match scheme:
        case "pvc":
            return Claim(authority, path)
        case "file":
            return ImagePath(path)
        case "hostpath":
            return NodePath(path)
    row = scheme_of(uri, schemes)
    if row and row.store:
        return Remote(scheme, rest.rstrip("/"))
    raise ValueError(f"modelUri: unknown scheme in {uri!r}")


def locations(name: str, spec: TFModelSpec) -> dict[str, Location]:
    """Location by model name; `name` is the TFModel's, which is also that of its one model."""
    if spec.models is not None:
        return {model.name: locate(model.model_uri) for model in spec.models}
    if spec.model_uri is None:
        raise ValueError("spec: neither modelUri nor models")
    return {name: locate(spec.model_uri)}


def remotes(name: str, spec: TFModelSpec) -> dict[str, Remote]:
    """Those models that are fetched, by name, in the order of the spec."""
    found = locations(name, spec)
    return {model: location for model, location in found.items() if isinstance(location, Remote)}


def local_places(name: str, spec: TFModelSpec) -> dict[str, Claim | NodePath]:
    """Those models that lie on a volume of the pod, by name, in the order of the spec: the agent sees them."""
    found = locations(name, spec)
    return {model: location for model, location in found.items() if isinstance(location, Claim | NodePath)}
