"""What a registry's manifests say: https://github.com/opencontainers/image-spec."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from tfs_operator.api.base import MAX_INT64
from tfs_operator.domain.foreign_json import NotJson, decode
from tfs_operator.fetcher.archives.backend import Blob
from tfs_operator.fetcher.archives.errors import BadArchive, shown
from tfs_operator.fetcher.archives.limits import clean_path
from tfs_operator.fetcher.archives.unpack import Packing

TITLE = "org.opencontainers.image.title"
UNPACK = "io.deis.oras.content.unpack"
"""ORAS: the layer is a folder as tar+gzip."""

MEDIA_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_EMPTY = "application/vnd.oci.empty.v1+json"
_MAX_LAYERS = 1000


class _Document(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class Platform(_Document):
    """What an image of an index is for."""

    os: str = ""
    architecture: str = ""


class Descriptor(_Document):
    """What points to a manifest or layer."""

    media_type: str
    digest: Annotated[str, Field(pattern="^sha256:[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0, le=MAX_INT64)]
    annotations: dict[str, str] | None = None
    platform: Platform | None = None


class Manifest(_Document):
    """An image or artifact has layers, an index has manifests."""

    layers: Annotated[list[Descriptor], Field(max_length=_MAX_LAYERS)] = []
    manifests: Annotated[list[Descriptor], Field(max_length=_MAX_LAYERS)] = []


def read_manifest(body: bytes) -> Manifest:
    """Parses a manifest. Raises BadArchive, with the first thing that is wrong."""
    try:
        return Manifest.model_validate(decode(body))
    except NotJson as error:
        raise BadArchive(f"its manifest is not valid: it {error}") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(blob) for blob in first["loc"])
        raise BadArchive(f"its manifest is not valid ({where}: {first['msg']})") from None


def chosen(index: Manifest) -> Descriptor:
    """Returns the image for linux/amd64; models are the same for all, so else the first that is for linux or for
    nothing."""
    for system, architecture in (("linux", "amd64"), ("linux", None), ("", None)):
        for entry in index.manifests:
            platform = entry.platform or Platform()
            if platform.os == system and architecture in (None, platform.architecture):
                return entry
    raise BadArchive("its index has no image for linux/amd64")


def blobs_of(manifest: Manifest) -> tuple[Blob, ...]:
    """Returns one blob for each layer. Raises BadArchive for one that is neither a tar archive nor a file with a
    title."""
    return tuple(_blob(layer) for layer in manifest.layers if layer.media_type != _EMPTY)


def _blob(layer: Descriptor) -> Blob:
    title = (layer.annotations or {}).get(TITLE, "")
    packing = _packing(layer, title)
    sha256 = layer.digest.removeprefix("sha256:")
    if packing is None:
        return Blob(f"{layer.digest} {title}", layer.size, None, sha256, clean_path(title))
    return Blob(f"{layer.digest} {packing}", layer.size, packing, sha256)


def _packing(layer: Descriptor, title: str) -> Packing | None:
    """ORAS calls each plain file a tar layer, and only a folder a packed one; so with a title the type tells little."""
    kind = layer.media_type
    is_gzip = kind.endswith((".tar+gzip", ".tar.gzip"))
    if title:
        is_folder = is_gzip or (layer.annotations or {}).get(UNPACK) == "true"
        return Packing.TAR_GZIP if is_folder or _is_archive(title) else None
    if is_gzip:
        return Packing.TAR_GZIP
    if kind.endswith(".tar"):
        return Packing.TAR
    raise BadArchive(f"it has a layer of type {shown(kind)}, which is no tar or tar+gzip, and has no title")


def _is_archive(title: str) -> bool:
    return "/" not in title and title.endswith((".tar.gz", ".tgz"))
