"""Stores for the fetcher's tests: one server of each kind for the whole run."""

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
from tests.integration.fetcher.saved_models import one_shard, three_shards

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
    "one_shard",
    "private_registry",
    "registry",
    "s3_proxy",
    "s3_server",
    "three_shards",
    "token_registry",
    "web_server",
]
