"""Sources of environment variables, as in Kubernetes 1.35. `fileKeyRef` is left out: it reads a file of a volume of the
pod, and the volumes of these pods are the operator's.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from tfs_operator.api.base import ATOMIC_MAP, ApiModel
from tfs_operator.api.quantity import Quantity
from tfs_operator.api.references import DataKey, ObjectName
from tfs_operator.api.rules import Rule


class SecretKeySelector(ApiModel):
    """A key of a Secret."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)

    name: ObjectName
    """Name of the Secret, in the TFModel's namespace."""

    key: DataKey
    """Key of the Secret."""

    optional: bool | None = None
    """Whether the pod starts without the variable where the Secret or its key is missing. Default: false."""


class ConfigMapKeySelector(ApiModel):
    """A key of a ConfigMap."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)

    name: ObjectName
    """Name of the ConfigMap, in the TFModel's namespace."""

    key: DataKey
    """Key of the ConfigMap."""

    optional: bool | None = None
    """Whether the pod starts without the variable where the ConfigMap or its key is missing. Default: false."""


class ObjectFieldSelector(ApiModel):
    """A field of the pod."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)

    field_path: Annotated[str, Field(min_length=1, max_length=512)]
    """Path of the field, for example spec.nodeName, status.podIP or `metadata.labels['KEY']`."""

    api_version: Literal["v1"] | None = None
    """Version of the API in which the path is written."""


class ResourceFieldSelector(ApiModel):
    """A resource of a container."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)

    resource: Annotated[str, Field(min_length=1, max_length=317)]
    """Resource, for example limits.memory or requests.cpu."""

    container_name: Annotated[str, Field(max_length=63)] | None = None
    """Name of the container. Default: that of the variable."""

    divisor: Quantity | None = None
    """Unit of the value, for example 1Mi. Default: 1."""


_SOURCES = ("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef")


class EnvVarSource(ApiModel):
    """Source of a variable. Set exactly one of the fields."""

    secret_key_ref: SecretKeySelector | None = None
    """A key of a Secret."""

    config_map_key_ref: ConfigMapKeySelector | None = None
    """A key of a ConfigMap."""

    field_ref: ObjectFieldSelector | None = None
    """A field of the pod."""

    resource_field_ref: ResourceFieldSelector | None = None
    """A resource of a container."""

    rules = (
        Rule(
            f"[{', '.join(f'has(self.{source})' for source in _SOURCES)}].exists_one(given, given)",
            lambda source: len(source.model_fields_set) == 1,
            f"set exactly one of {', '.join(_SOURCES)}",
        ),
    )
