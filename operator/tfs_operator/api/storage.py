"""How models are fetched from a store."""

from typing import Annotated

from pydantic import AfterValidator, Field

from tfs_operator.api.base import ApiModel, map_list
from tfs_operator.api.references import ObjectName
from tfs_operator.api.rules import matches, ruled
from tfs_operator.api.schemes import secret_keys
from tfs_operator.api.server import EnvVar, ResourceRequirements, distinct_names

DataKey = Annotated[str, Field(min_length=1, max_length=253, pattern="^[A-Za-z0-9_.-]+$")]


class SecretReference(ApiModel):
    """A Secret in the TFModel's namespace."""

    name: ObjectName
    """Name of the Secret."""


class CaBundle(ApiModel):
    """A key of a ConfigMap in the TFModel's namespace."""

    name: ObjectName
    """Name of the ConfigMap."""

    key: DataKey = "ca.crt"
    """Key that holds the certificates, in PEM."""


class Cache(ApiModel):
    """Keeps one copy of the fetched models for all replicas."""

    persistent_volume_claim: ObjectName
    """Name of a claim in the TFModel's namespace that several pods can write to: access mode ReadWriteMany, or
    ReadWriteOnce where all replicas are on one node."""


_SECRET_REF = f"""Secret with the store's credentials. Only the fetcher sees it, never the model server. Its keys:
{secret_keys()}. A Secret that comes or changes later is used within two minutes, without a restart."""


class Storage(ApiModel):
    """How models are fetched from a store. Holds for every model of this TFModel; models on claims, in images and on
    nodes need none of it, but for `resources`."""

    service_account_name: ObjectName | None = None
    """ServiceAccount of the pods, for a cloud's workload identity. Default: `default`."""

    secret_ref: SecretReference | None = Field(default=None, description=_SECRET_REF)

    anonymous: bool = False
    """Accesses the store without credentials, as public buckets allow. When false and without `secretRef`, the pod's
    own identity is used."""

    endpoint: (
        Annotated[
            str,
            Field(min_length=1, max_length=1024),
            *ruled(
                matches(
                    "^https?://[A-Za-z0-9._-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$",
                    "must be the address of the store, for example http://minio.storage.svc:9000",
                )
            ),
        ]
        | None
    ) = None
    """Address of the store, where it is not the cloud's own: `http://minio.storage.svc:9000` for s3://, a mirror of
    the hub for hf://, or `http://HOST:PORT` for a registry of oci:// that speaks no TLS."""

    region: Annotated[str, Field(min_length=1, max_length=64, pattern="^[A-Za-z0-9-]+$")] | None = None
    """Region of the bucket, for s3://. Default: us-east-1."""

    ca_bundle: CaBundle | None = None
    """Certificates of authorities that are trusted besides the well-known ones."""

    poll_interval_seconds: Annotated[int, Field(ge=5, le=86400, json_schema_extra={"format": "int32"})] = 60
    """With the policies latest and all, how often the store is asked for new versions, in seconds: one list request
    per pod and model."""

    cache: Cache | None = None
    """Shares one copy of the models between all replicas. Default: each replica fetches for itself."""

    resources: ResourceRequirements | None = None
    """CPU and memory of the fetcher, which runs beside each model server. Default: requests of 50m and 64Mi, a
    memory limit of 256Mi, which is enough for models of any size. Where nothing is fetched, of the agent in its place:
    requests of 10m and 64Mi, a limit of 128Mi; or limits of 200m and 128Mi where `server.resources` has requests equal
    to its limits, so that the pod keeps the QoS class Guaranteed."""

    env: (
        Annotated[
            list[EnvVar],
            Field(max_length=64, json_schema_extra=map_list("name")),
            AfterValidator(distinct_names),
        ]
        | None
    ) = None
    """Environment variables of the fetcher, for example `HTTPS_PROXY`."""
