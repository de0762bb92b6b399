"""Installs the TFModel definition in a control plane."""

from testing.api_client import Api, Manifest, Refused
from testing.waiting import eventually
from tfs_operator.api.crd import custom_resource_definition

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def install_crd(api: Api) -> None:
    """Creates the definition and waits until TFModels can be listed."""
    manifest = custom_resource_definition()
    api.request("POST", DEFINITIONS, manifest)

    def established() -> bool:
        return is_established(api.request("GET", f"{DEFINITIONS}/{manifest['metadata']['name']}"))

    eventually(established)
    eventually(lambda: is_served(api))


def is_established(definition: Manifest) -> bool:
    """Whether the API server has accepted the definition."""
    status = definition.get("status") or {}
    conditions = status.get("conditions") or []
    return any(found["type"] == "Established" and found["status"] == "True" for found in conditions)


def is_served(api: Api) -> bool:
    """Whether TFModels can be listed: a definition is established before its storage is there."""
    try:
        return bool(api.request("GET", "/apis/tfs-operator.io/v1alpha1/tfmodels")["items"] == [])
    except Refused:
        return False
