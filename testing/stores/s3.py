"""An S3 server: versitygw on a folder. Objects have ETags as S3 gives them: the MD5, or MD5-of-parts after a
multipart upload."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import obstore
from obstore.store import S3Store

from testing.loopback import free_port
from testing.stores.process import binary, running

REGION = "eu-test-1"
ACCESS_KEY = "test-access-key"
SECRET_KEY = "test-secret-key"
STRANGER_KEY = "stranger-access-key"
STRANGER_SECRET_KEY = "stranger-secret-key"


@dataclass(frozen=True)
class S3Server:
    """A running one. Every bucket is a folder in `folder`; `url` may be that of a proxy in front of it."""

    url: str
    folder: Path
    region: str = REGION

    @property
    def secret(self) -> dict[str, str]:
        """What a Kubernetes Secret with its credentials has."""
        return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}

    @property
    def stranger(self) -> dict[str, str]:
        """The like, of a user whom no bucket's policy names: 403 AccessDenied."""
        return {"AWS_ACCESS_KEY_ID": STRANGER_KEY, "AWS_SECRET_ACCESS_KEY": STRANGER_SECRET_KEY}

    def behind(self, url: str) -> "S3Server":
        """The same one, reached through a proxy at `url`."""
        return replace(self, url=url)

    def make_bucket(self, name: str) -> str:
        (self.folder / name).mkdir()
        return name

    def store(self, bucket: str, keys: Mapping[str, str] | None = None) -> S3Store:
        """A client of one bucket, with the owner's keys or those given, a Secret's."""
        keys = self.secret if keys is None else keys
        return S3Store(
            bucket,
            endpoint=self.url,
            region=self.region,
            access_key_id=keys["AWS_ACCESS_KEY_ID"],
            secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )

    def put(self, bucket: str, files: Mapping[str, bytes | Path], *, multipart: bool = False) -> None:
        """Uploads objects by key, each from its bytes or from a local file, in the order given."""
        store = self.store(bucket)
        for key, content in files.items():
            obstore.put(store, key, content, use_multipart=multipart)

    def age(self, bucket: str, *keys: str) -> None:
        """Has these objects uploaded an hour ago: the server takes their times from its folder."""
        for key in keys:
            before = (self.folder / bucket / key).stat().st_mtime - 3600.0
            os.utime(self.folder / bucket / key, (before, before))

    def delete(self, bucket: str, *keys: str) -> None:
        obstore.delete(self.store(bucket), list(keys))


@contextmanager
def running_s3(folder: Path) -> Iterator[S3Server]:
    """`folder` exists and is empty; it holds the buckets, the users and the server's log."""
    buckets, users = folder / "buckets", folder / "users"
    buckets.mkdir()
    users.mkdir()
    address = f"127.0.0.1:{free_port()}"
    # Keep-alive is what every S3 service has, and what a client's connection pool is made for.
    flags = ["--port", address, "--region", REGION, "--health", "/healthz", "--keep-alive", "--quiet"]
    environment = {**os.environ, "ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY}
    command: list[str | Path] = [binary("versitygw"), *flags, "--iam-dir", users, "posix", buckets]
    url = f"http://{address}"
    with running(command, f"{url}/healthz", folder / "versitygw.log", environment=environment):
        _add_stranger(url)
        yield S3Server(url, buckets)


def _add_stranger(url: str) -> None:
    admin = ["admin", "--access", ACCESS_KEY, "--secret", SECRET_KEY, "--region", REGION, "--endpoint-url", url]
    user = ["create-user", "--access", STRANGER_KEY, "--secret", STRANGER_SECRET_KEY, "--role", "user"]
    subprocess.run([binary("versitygw"), *admin, *user], check=True, capture_output=True, timeout=30)
