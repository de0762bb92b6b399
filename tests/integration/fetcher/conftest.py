"""Stores for the fetcher's tests: one server of each kind for the whole run."""

from tests.stores.fixtures import (
    azure_proxy,
    azure_server,
    bucket,
    container,
    gcs_bucket,
    gcs_proxy,
    gcs_server,
    s3_proxy,
    s3_server,
)

__all__ = [
    "azure_proxy",
    "azure_server",
    "bucket",
    "container",
    "gcs_bucket",
    "gcs_proxy",
    "gcs_server",
    "s3_proxy",
    "s3_server",
]
