"""What passes a proxy, in words that hold for every protocol spoken here."""

from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web
from yarl import URL


class Kind(StrEnum):
    """What a request is for."""

    LIST = "list"
    """What there is: a listing of a bucket, the tree or revision of a repository on a hub, an OCI manifest."""

    GET = "get"
    """The content of an object, file, blob or archive, or a part of it."""

    HEAD = "head"
    """About such content."""

    OTHER = "other"
    """Uploads, tokens, and whatever else."""


@dataclass(frozen=True)
class Passed:
    """One request as it came in."""

    kind: Kind
    method: str
    path: str
    """Not decoded, without the query."""

    range: str = ""
    """The Range header."""

    authorization: str = ""
    """The Authorization header."""


def passed_by(request: web.Request) -> Passed:
    return Passed(
        kind_of(request.method, request.rel_url),
        request.method,
        request.rel_url.raw_path,
        request.headers.get("Range", ""),
        request.headers.get("Authorization", ""),
    )


_LISTING_PARAMETERS = frozenset({"list-type", "prefix", "delimiter"})


def kind_of(method: str, url: URL) -> Kind:
    """By the paths and parameters of S3, GCS (XML and JSON), Azure Blob, OCI registries and the Hugging Face hub."""
    if method not in ("GET", "HEAD"):
        return Kind.OTHER
    if _lists(url):
        return Kind.LIST
    return Kind.GET if method == "GET" else Kind.HEAD


def _lists(url: URL) -> bool:
    if url.query.get("comp") == "list" or _LISTING_PARAMETERS & url.query.keys():
        return True
    if url.path.startswith("/v2/"):
        return "/manifests/" in url.path
    return url.path.startswith("/api/")
