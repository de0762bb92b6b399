from tests.stores.fixtures import bucket, gcs_bucket, gcs_proxy, gcs_server, s3_proxy, s3_server

__all__ = ["bucket", "gcs_bucket", "gcs_proxy", "gcs_server", "s3_proxy", "s3_server"]
