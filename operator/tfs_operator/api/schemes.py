"""The table of schemes: what a `modelUri` may begin with, said once.

The rules of `modelUri` in the CRD, the lists of URIs in descriptions and messages, the table in docs/models.md, the
places of models (`domain/location.py`) and the fetcher's choice of a store all derive from it. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class Scheme:
    """One row of the table."""

    name: str
    form: str
    """What follows `://`, as users read it: `BUCKET/path`."""

    pattern: str
    """What follows `://`, in RE2's syntax, from its beginning on; it ends with `$` where nothing else may follow. The
    rules that hold for all schemes (length, characters, no `..`) come besides."""

    what: str
    """What it is, for docs/models.md."""

    section: str
    """The anchor of its section in docs/models.md."""

    served: str
    """When a new version is served, for docs/models.md."""

    store: str = ""
    """The fetcher's module that has `open_source` for it; empty where nothing is fetched, since the pod mounts it."""

    copier: str = ""
    """The like for what the pod mounts, and copies with `storage.copy`."""

    secret_keys: str = ""
    """The keys of the Secret in `storage.secretRef`, for its description."""

    has_endpoint: bool = False
    """Whether `storage.endpoint` says which store it is, so that the same URI may be in several."""

    endpoint_variables: tuple[str, ...] = ()
    """The environment variables from which the library of the store takes its address as well."""

    besides: str = ""
    """Other forms, for messages."""

    without_tls: str = ""
    """The same scheme without TLS, where there is one: the name without its last letter."""

    local_only: bool = False
    """Whether it is for local clusters; then messages name it last."""

    @property
    def uri(self) -> str:
        """As users read it: `s3://BUCKET/path`."""
        return f"{self.name}://{self.form}"

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, self.without_tls) if self.without_tls else (self.name,)


_STORES = "tfs_operator.fetcher.stores"
_BUCKET = "[a-z0-9]([a-z0-9._-]*[a-z0-9])?(/|$)"

SCHEMES: tuple[Scheme, ...] = (
    Scheme(
        "pvc",
        "CLAIM/path",
        "[a-z0-9]([a-z0-9.-]*[a-z0-9])?/[^/]",
        what="a folder on a PersistentVolumeClaim",
        section="a-claim",
        served="once its folder exists",
        copier=f"{_STORES}.claim.store",
    ),
    Scheme(
        "file",
        "/path",
        "/[^/]",
        what="a folder in the server's image",
        section="the-servers-image",
        served="with a new image: the pods are replaced",
    ),
    Scheme(
        "hostpath",
        "/path",
        "/[^/]",
        what="a folder on the node, for local clusters",
        section="the-node",
        served="once its folder exists",
        local_only=True,
    ),
    Scheme(
        "s3",
        "BUCKET/path",
        _BUCKET,
        what="S3 and compatible stores: MinIO, Ceph, R2, …",
        section="s3",
        served="once it is uploaded",
        store=f"{_STORES}.object_store.store",
        secret_keys="`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`",
        has_endpoint=True,
        endpoint_variables=("AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"),
    ),
    Scheme(
        "gs",
        "BUCKET/path",
        _BUCKET,
        what="Google Cloud Storage",
        section="google-cloud-storage",
        served="once it is uploaded",
        store=f"{_STORES}.object_store.store",
        secret_keys="`gcloud-application-credentials.json`",
        has_endpoint=True,
        endpoint_variables=("GOOGLE_BASE_URL",),
    ),
    Scheme(
        "az",
        "ACCOUNT/CONTAINER/path",
        "[a-z0-9]{3,24}/[a-z0-9]",
        what="Azure Blob Storage",
        section="azure-blob-storage",
        served="once it is uploaded",
        store=f"{_STORES}.object_store.store",
        secret_keys=(
            "`AZURE_STORAGE_ACCESS_KEY`, `AZURE_STORAGE_SAS_TOKEN` or `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET` and "
            "`AZURE_TENANT_ID`"
        ),
        has_endpoint=True,
        endpoint_variables=("AZURE_ENDPOINT", "AZURE_STORAGE_ENDPOINT", "AZURE_STORAGE_USE_EMULATOR"),
    ),
    Scheme(
        "https",
        "HOST/path.tar.gz",
        "[A-Za-z0-9.-]+(:[0-9]{1,5})?/(.*/)?[^/]+[.](tar[.]gz|tgz|zip)$",
        what="an archive: `.tar.gz`, `.tgz` or `.zip`; `http://` too",
        section="archives",
        served="once the archive at that address changes",
        store=f"{_STORES}.https.store",
        secret_keys="`username` and `password`, or `token`,",
        besides="(or .tgz, .zip)",
        without_tls="http",
    ),
    Scheme(
        "hf",
        "ORG/REPO[@REVISION]/path",
        "[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*(@[A-Za-z0-9._-]+)?(/|$)",
        what="a model repository on the Hugging Face Hub",
        section="hugging-face",
        served="once the branch has a new commit",
        store=f"{_STORES}.huggingface.store",
        secret_keys="`HF_TOKEN`",
        has_endpoint=True,
    ),
    Scheme(
        "oci",
        "REGISTRY/REPOSITORY:TAG",
        "[a-z0-9.-]+(:[0-9]{1,5})?/[a-z0-9][a-z0-9._/-]*(:[A-Za-z0-9_][A-Za-z0-9._-]*|@sha256:[0-9a-f]{64})$",
        what="an artifact or image in a registry",
        section="registries",
        served="once the tag points to a new digest",
        store=f"{_STORES}.oci.store",
        secret_keys="`.dockerconfigjson`",
    ),
)

Schemes = Sequence[Scheme]


def scheme_of(uri: str, schemes: Schemes = SCHEMES) -> Scheme | None:
    """Returns the row of a URI; None where its scheme is not in the table."""
    name, separator, _ = uri.partition("://")
    return next((scheme for scheme in schemes if separator and name in scheme.names), None)


def fetched(schemes: Schemes = SCHEMES) -> list[Scheme]:
    """Returns the rows whose models come from a store."""
    return [scheme for scheme in schemes if scheme.store]


def scheme_pattern(schemes: Schemes = SCHEMES) -> str:
    """Returns the RE2 pattern of a known scheme at the beginning of a URI."""
    return f"^({'|'.join(map(_name_pattern, schemes))})://"


def place_pattern(schemes: Schemes = SCHEMES) -> str:
    """Returns the RE2 pattern of a URI that names a place; neighbours of one grammar share an alternative."""
    groups = groupby(schemes, key=lambda scheme: scheme.pattern)
    return f"^({'|'.join(f'{_any_of(group)}://{pattern}' for pattern, group in groups)})"


def scheme_message(schemes: Schemes = SCHEMES) -> str:
    """Returns what a user reads about a URI of an unknown scheme."""
    return f"must begin with {enumerated((f'{scheme.name}://' for scheme in in_order(schemes)), 'or')}"


def place_message(schemes: Schemes = SCHEMES) -> str:
    """Returns what a user reads about a URI of a known scheme that names no place."""
    forms = (f"{scheme.uri} {scheme.besides}".rstrip() for scheme in in_order(schemes))
    return f"must name a place: {enumerated(forms, 'or')}"


def secret_keys(schemes: Schemes = SCHEMES) -> str:
    """Returns the keys of the Secret for every scheme that has some."""
    return ", ".join(f"{scheme.secret_keys} for {scheme.name}://" for scheme in schemes if scheme.secret_keys)


def in_order(schemes: Schemes = SCHEMES) -> list[Scheme]:
    """Returns the rows as users read them: those for local clusters last."""
    return sorted(schemes, key=lambda scheme: scheme.local_only)


def enumerated(words: Iterable[str], conjunction: str) -> str:
    """Joins words as in `a, b or c`."""
    *others, last = words
    return f"{', '.join(others)} {conjunction} {last}" if others else last


def _any_of(group: Iterable[Scheme]) -> str:
    names = [_name_pattern(scheme) for scheme in group]
    return names[0] if len(names) == 1 else f"({'|'.join(names)})"


def _name_pattern(scheme: Scheme) -> str:
    return f"{scheme.name}?" if scheme.without_tls else scheme.name
