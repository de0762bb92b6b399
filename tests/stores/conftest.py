from tests.stores.fixtures import bucket, s3_proxy, s3_server

__all__ = ["bucket", "s3_proxy", "s3_server"]
