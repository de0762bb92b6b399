"""The stores of the tests, as fixtures."""

from testing.stores.fixtures import (
    azure_proxy,
    azure_server,
    bucket,
    certificates,
    container,
    gcs_bucket,
    gcs_proxy,
    gcs_server,
    https_server,
    hub,
    private_registry,
    registry,
    s3_proxy,
    s3_server,
    token_registry,
    web_server,
)

__all__ = [
    "azure_proxy",
    "azure_server",
    "bucket",
    "certificates",
    "container",
    "gcs_bucket",
    "gcs_proxy",
    "gcs_server",
    "https_server",
    "hub",
    "private_registry",
    "registry",
    "s3_proxy",
    "s3_server",
    "token_registry",
    "web_server",
]
