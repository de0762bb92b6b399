"""Artifacts and images: which layers make a version, what is fetched of them, and who may."""

import base64
import json
import tarfile
from dataclasses import replace

import pytest

from testing.models.packing import ONE, TWO, WEIGHTS, below, tar_bytes, tar_entry, tar_gz_bytes
from tests.unit.fetcher.registry_files import TAR, TAR_GZIP, UNPACK, Layer, blob, push, put_manifest, titled
from tests.unit.fetcher.site import ANYONE, Site, secret
from tests.unit.fetcher.web_server import WebServer
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.archives.bundle import Bundle
from tfs_operator.fetcher.archives.limits import ArchiveLimits
from tfs_operator.fetcher.core.errors import FetchError, ListingRefused
from tfs_operator.fetcher.core.source import Source
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.http.client import HttpClient
from tfs_operator.fetcher.http.errors import Unauthorized
from tfs_operator.fetcher.stores.oci.auth import RegistryAuth
from tfs_operator.fetcher.stores.oci.store import Reference, parse_reference


def registry(site: Site, what: str = "m:1", storage: StoreAccess = ANYONE) -> Source:
    host = site.server.url.removeprefix("http://")
    return site.open(f"oci://{host}/{what}", replace(storage, endpoint=site.server.url))


A_DIGEST = "sha256:" + "a" * 64
REFERENCES = [
    ("oci://host/repo", Reference("host", "repo", "latest")),
    ("oci://host:5000/a/b-c_d/e:v1.0", Reference("host:5000", "a/b-c_d/e", "v1.0")),
    (f"oci://host/a@{A_DIGEST}", Reference("host", "a", A_DIGEST)),
    (f"oci://host/a:v1@{A_DIGEST}", Reference("host", "a", A_DIGEST)),
    ("oci://docker.io/repo:v1", Reference("docker.io", "library/repo", "v1")),
]


@pytest.mark.parametrize(("uri", "expected"), REFERENCES)
def test_a_uri_is_taken_apart(uri: str, expected: Reference) -> None:
    assert parse_reference(uri) == expected


@pytest.mark.parametrize("uri", ["oci://host", "oci:///repo", "oci://h/../x", "oci://h/a:b:c", "oci://h/a@sha256:12"])
def test_a_uri_that_cannot_be_is_refused(uri: str) -> None:
    with pytest.raises(FetchError) as caught:
        parse_reference(uri)
    assert caught.value.reason is Reason.INVALID_SPEC


TWO_OF = {path.removeprefix("002/"): data for path, data in TWO.items() if path.startswith("002/")}
ARTIFACTS = {
    "an image": [Layer(TAR_GZIP, tar_gz_bytes(TWO))],
    "an image that is not compressed": [Layer(TAR, tar_bytes(TWO))],
    "a layer a version": [
        Layer(TAR_GZIP, tar_gz_bytes(below("1", ONE))),
        Layer("application/vnd.docker.image.rootfs.diff.tar.gzip", tar_gz_bytes(below("002", TWO_OF))),
    ],
    "a modelcar": [
        Layer(TAR_GZIP, tar_gz_bytes({"bin/busybox": b"x"}, extra=[tar_entry("bin/sh", tarfile.SYMTYPE, "busybox")])),
        Layer(TAR_GZIP, tar_gz_bytes(below("models", TWO))),
    ],
    "oras push of files": [titled(path, data) for path, data in TWO.items()],
    "oras push of folders": [
        Layer(TAR_GZIP, tar_gz_bytes(below("1", ONE)), {"org.opencontainers.image.title": "1", UNPACK: "true"}),
        Layer(TAR_GZIP, tar_gz_bytes(below("002", TWO_OF)), {"org.opencontainers.image.title": "002", UNPACK: "true"}),
    ],
    "oras push of an archive": [titled("model.tar.gz", tar_gz_bytes(TWO), "application/octet-stream")],
}


@pytest.mark.parametrize("layers", ARTIFACTS.values(), ids=ARTIFACTS)
async def test_what_people_push_is_understood(layers: list[Layer], site: Site) -> None:
    push(site.server, "m", "1", *layers)
    source = registry(site)
    assert list(await source.versions()) == [1, 2]
    assert await site.download(source, 1) == ONE
    assert await site.download(source, 2) == TWO_OF


async def test_a_poll_is_one_head_request_while_the_tag_stays(site: Site) -> None:
    push(site.server, "m", "1", Layer(TAR_GZIP, tar_gz_bytes(TWO)))
    source = registry(site)
    before = await source.versions()
    site.server.seen.clear()
    assert await source.versions() == before
    assert [request.method for request in site.server.seen] == ["HEAD"]


async def test_a_tag_that_moves_fetches_new_layers_only(site: Site) -> None:
    first, second = (Layer(TAR_GZIP, tar_gz_bytes(below(name, ONE))) for name in ("1", "2"))
    push(site.server, "m", "1", first)
    source = registry(site)
    before = await source.versions()
    push(site.server, "m", "1", first, second)
    after = await source.versions()
    assert (list(after), after[1]) == ([1, 2], before[1])
    assert [request.path for request in site.server.gets()].count(blob("m", first)) == 1


async def test_plain_files_are_listed_without_being_fetched(site: Site) -> None:
    push(site.server, "m", "1", *(titled(path, data) for path, data in TWO.items()))
    await registry(site).versions()
    assert not any("/blobs/" in request.path for request in site.server.seen)


async def test_later_layers_cover_and_remove(site: Site) -> None:
    base = below("1", ONE | {"assets/old": b"old", "extra/x": b"", "extra/y": b""}) | below("2", ONE)
    change = {"1/saved_model.pb": b"newer", "1/assets/.wh.old": b"", "1/extra/.wh..wh..opq": b"", ".wh.2": b""}
    push(site.server, "m", "1", *(Layer(TAR_GZIP, tar_gz_bytes(files)) for files in (base, change)))
    source = registry(site)
    assert list(await source.versions()) == [1]
    assert await site.download(source, 1) == ONE | {"saved_model.pb": b"newer"}


async def test_a_link_inside_a_version_is_that_versions_problem(site: Site) -> None:
    link = tar_entry("2/saved_model.pb", tarfile.SYMTYPE, "/etc/passwd")
    push(site.server, "m", "1", Layer(TAR_GZIP, tar_gz_bytes(below("1", ONE), extra=[link])))
    source = registry(site)
    with pytest.raises(FetchError, match=r"version 2: '2/saved_model\.pb' is a symbolic link") as caught:
        await site.download(source, 2)
    assert caught.value.reason is Reason.ARCHIVE_REFUSED
    assert await site.download(source, 1) == ONE


async def test_an_index_gives_linux_amd64(site: Site) -> None:
    images = {
        name: push(site.server, "m", name, Layer(TAR_GZIP, tar_gz_bytes({"1/saved_model.pb": name.encode()})))
        for name in ("arm64", "amd64")
    }
    entries = [
        {"mediaType": "x", "digest": images[name], "size": 1, "platform": {"os": "linux", "architecture": name}}
        for name in images
    ]
    put_manifest(site.server, "m", "1", {"schemaVersion": 2, "manifests": entries})
    assert (await site.download(registry(site), 1))["saved_model.pb"] == b"amd64"


async def test_a_digest_is_served_as_it_is(site: Site) -> None:
    pinned = push(site.server, "m", "1", Layer(TAR_GZIP, tar_gz_bytes(below("1", ONE))))
    push(site.server, "m", "1", Layer(TAR_GZIP, tar_gz_bytes(TWO)))
    assert list(await registry(site, f"m@{pinned}").versions()) == [1]


async def test_a_manifest_that_is_not_its_digest_is_refused(site: Site) -> None:
    pinned = push(site.server, "m", "1", Layer(TAR_GZIP, tar_gz_bytes(TWO)))
    site.server.files[f"/v2/m/manifests/{pinned}"] = b'{"layers": []}'
    with pytest.raises(FetchError, match="has the digest") as caught:
        await registry(site, f"m@{pinned}").versions()
    assert caught.value.reason is Reason.VERSION_CHANGED


@pytest.mark.parametrize("layer", [Layer(TAR_GZIP, tar_gz_bytes(below("1", ONE))), titled("1/saved_model.pb", WEIGHTS)])
async def test_a_blob_that_is_not_its_digest_is_refused(layer: Layer, site: Site) -> None:
    push(site.server, "m", "1", layer)
    site.server.files[blob("m", layer)] = bytes(len(layer.data))
    with pytest.raises(FetchError, match="has the SHA-256") as caught:
        await site.download(registry(site), 1)
    assert caught.value.reason is Reason.VERSION_CHANGED


async def test_a_cut_blob_goes_on_where_it_was(site: Site) -> None:
    layer = Layer(TAR_GZIP, tar_gz_bytes(below("1", ONE)))
    push(site.server, "m", "1", layer)
    site.server.cuts[blob("m", layer)] = [200_000]
    assert await site.download(registry(site), 1) == ONE
    assert site.resumed(blob("m", layer))


UNKNOWN = [
    (Layer("application/vnd.oci.image.layer.v1.tar+zstd", b"x"), "tar\\+zstd"),
    (Layer("application/vnd.cncf.helm.chart", b"x"), "helm"),
    (titled("../x", b"x"), "leaves its folder"),
    (titled("/x", b"x"), "absolute"),
]


@pytest.mark.parametrize(("layer", "words"), UNKNOWN)
async def test_a_layer_that_cannot_be_taken_is_named(layer: Layer, words: str, site: Site) -> None:
    push(site.server, "m", "1", layer)
    with pytest.raises(FetchError, match=words) as caught:
        await registry(site).versions()
    assert caught.value.reason is Reason.ARCHIVE_REFUSED


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"layers": [{"digest": "md5:1"}]}', b'{"layers": 3}'])
async def test_a_manifest_that_makes_no_sense_is_refused(body: bytes, site: Site) -> None:
    site.server.files["/v2/m/manifests/1"] = body
    with pytest.raises(FetchError, match="manifest is not valid"):
        await registry(site).versions()


async def test_no_such_tag_is_said_in_the_registrys_words(site: Site) -> None:
    site.server.missing = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]})
    with pytest.raises(FetchError, match=r"\(MANIFEST_UNKNOWN: manifest unknown\); check the URI") as caught:
        await registry(site).versions()
    assert caught.value.reason is Reason.STORE_NOT_FOUND


def docker_secret(site: Site, host: str | None = None, **login: str) -> StoreAccess:
    host = host or site.server.url.removeprefix("http://")
    return secret(site.folder / "secret", **{".dockerconfigjson": json.dumps({"auths": {host: login}})})


LOGIN = base64.b64encode(b"me:s3cr3t").decode()


@pytest.mark.parametrize("login", [{"auth": LOGIN}, {"username": "me", "password": "s3cr3t"}])
async def test_a_registry_with_passwords(login: dict[str, str], site: Site) -> None:
    push(site.server, "m", "1", Layer(TAR_GZIP, tar_gz_bytes(TWO)))
    site.server.authorization, site.server.challenge = f"Basic {LOGIN}", 'Basic realm="x"'
    assert await site.download(registry(site, storage=docker_secret(site, **login)), 1) == ONE


@pytest.mark.parametrize("storage", ["with a login", "without"])
async def test_a_registry_with_tokens(storage: str, site: Site) -> None:
    push(site.server, "m", "1", Layer(TAR_GZIP, tar_gz_bytes(TWO)))
    site.server.authorization = "Bearer t0ken"
    async with WebServer(files={"/token": b'{"token": "t0ken"}'}).running() as tokens:
        site.server.challenge = f'Bearer realm="{tokens.url}/token",service="reg",scope="repository:m:pull"'
        login = docker_secret(site, auth=LOGIN) if storage == "with a login" else ANYONE
        tokens.authorization = f"Basic {LOGIN}" if storage == "with a login" else None
        assert await site.download(registry(site, storage=login), 1) == ONE
        assert dict(tokens.seen[0].query) == {"service": "reg", "scope": "repository:m:pull"}


async def test_a_token_that_has_expired_is_renewed(site: Site) -> None:
    push(site.server, "m", "1", *(titled(path, data) for path, data in TWO.items()))
    async with WebServer(files={"/token": b'{"token": "first"}'}).running() as tokens:
        site.server.authorization = "Bearer first"
        site.server.challenge = f'Bearer realm="{tokens.url}/token"'
        source = registry(site)
        await source.versions()
        site.server.authorization, tokens.files["/token"] = "Bearer second", b'{"access_token": "second"}'
        assert await site.download(source, 1) == ONE


REALMS = [("ftp://elsewhere/token", True), ("", True), ("http://elsewhere/token", False)]


@pytest.mark.parametrize(("realm", "is_plain"), REALMS)
async def test_a_login_is_sent_to_web_addresses_only_and_never_from_https_to_http(
    realm: str, is_plain: bool, site: Site
) -> None:
    web = HttpClient("oci://host/m", docker_secret(site, "host", auth=LOGIN))
    auth = RegistryAuth(web, "host", is_plain=is_plain)
    with pytest.raises(FetchError, match="not https"):
        await auth.answer(Unauthorized("", f'Bearer realm="{realm}"'), auth.headers)


async def test_a_wrong_password_is_said_once(site: Site) -> None:
    site.server.authorization, site.server.challenge = "Basic other", 'Basic realm="x"'
    with pytest.raises(FetchError, match="check the credentials in Secret web") as caught:
        await registry(site, storage=docker_secret(site, auth=LOGIN)).versions()
    assert caught.value.reason is Reason.ACCESS_DENIED
    assert LOGIN not in caught.value.message
    assert len(site.server.seen) == 2


BAD_SECRETS = [
    ({}, "has no key .dockerconfigjson"),
    ({".dockerconfigjson": "{"}, "is no Docker configuration"),
    ({".dockerconfigjson": "[]"}, "is no Docker configuration"),
    ({".dockerconfigjson": '{"auths": {"elsewhere": {"auth": "eDp5"}}}'}, "no user and password for 127.0.0.1"),
]


@pytest.mark.parametrize(("keys", "words"), BAD_SECRETS)
async def test_a_secret_that_does_not_fit_is_named(keys: dict[str, str], words: str, site: Site) -> None:
    site.server.authorization, site.server.challenge = "Basic x", "Basic"
    with pytest.raises(FetchError, match=f"Secret web: .*{words}") as caught:
        await registry(site, storage=secret(site.folder / "secret", **keys)).versions()
    assert caught.value.reason is Reason.CREDENTIALS_MISSING


async def test_plain_http_is_only_for_the_registry_that_the_endpoint_names(site: Site) -> None:
    with pytest.raises(FetchError, match=r"storage\.endpoint must be") as caught:
        site.open("oci://registry.example/m:1", StoreAccess(endpoint=site.server.url))
    assert caught.value.reason is Reason.INVALID_SPEC
    host = site.server.url.removeprefix("http://")
    with pytest.raises(FetchError, match="does not speak TLS") as caught:
        await site.open(f"oci://{host}/m:1").versions()
    assert caught.value.reason is Reason.STORE_UNREACHABLE


def descriptor(**other: object) -> dict[str, object]:
    return Layer(TAR_GZIP, b"").descriptor() | other


BAD_MANIFESTS = [
    b'{"layers":' * 100_000,
    b'{"layers": [' + b"1," * 200_000 + b"1]}",
    *(
        json.dumps({kind: [descriptor(**other)] * count}).encode()
        for kind in ("layers", "manifests")
        for other, count in (
            ({}, 1001),
            ({"size": -1}, 1),
            ({"size": 10**30}, 1),
            ({"size": "many"}, 1),
            ({"size": float("nan")}, 1),
            ({"annotations": {"a": 3}}, 1),
        )
    ),
]


@pytest.mark.parametrize("body", BAD_MANIFESTS)
async def test_a_manifest_has_bounds(body: bytes, site: Site) -> None:
    site.server.files["/v2/m/manifests/1"] = body
    with pytest.raises(FetchError, match="manifest is not valid") as caught:
        await registry(site).versions()
    assert caught.value.reason is Reason.ARCHIVE_REFUSED


async def test_a_manifest_of_many_bytes_is_not_read(site: Site) -> None:
    site.server.files["/v2/m/manifests/1"] = b" " * 5 * 1024**2
    with pytest.raises(ListingRefused, match="answers with more than 4194304 bytes"):
        await registry(site).versions()


async def test_layers_have_bounds_together_and_are_not_fetched_again(site: Site) -> None:
    layers = [Layer(TAR_GZIP, tar_gz_bytes(below(str(number), ONE))) for number in range(1, 4)]
    push(site.server, "m", "1", *layers)
    backend = registry(site)
    assert isinstance(backend, Bundle)
    for limits, words in (
        (ArchiveLimits(layer_entries=2 * len(ONE)), f"its layers have more than {2 * len(ONE)} files together"),
        (ArchiveLimits(layer_path_bytes=20), "the paths in its layers have more than 20 bytes"),
    ):
        backend._limits = limits
        with pytest.raises(FetchError, match=f"{words}; make an image that has the models alone") as caught:
            await backend.versions()
        assert caught.value.reason is Reason.ARCHIVE_REFUSED
    gets = [request.path for request in site.server.gets() if "/blobs/" in request.path]
    assert len(gets) == len(set(gets))


LONG_TOKEN = b'{"token": "%s"}' % (b"a" * 100_000)
TOKENS = [b'{"token": 3}', b'{"token": "a\\nb"}', b'{"token": {}}', b"[" * 100_000, b"3", LONG_TOKEN]


@pytest.mark.parametrize("answer", TOKENS)
async def test_a_token_that_is_none_is_said(answer: bytes, site: Site) -> None:
    async with WebServer(files={"/token": answer}).running() as tokens:
        site.server.authorization = "Bearer t0ken"
        site.server.challenge = f'Bearer realm="{tokens.url}/token"'
        with pytest.raises(FetchError, match="gives no token"):
            await registry(site).versions()


@pytest.mark.parametrize("realm", ["https://[::1", "https://h:99999999/", "https://"])
async def test_a_token_server_that_is_no_address_is_said(realm: str, site: Site) -> None:
    site.server.authorization, site.server.challenge = "Bearer t0ken", f'Bearer realm="{realm}"'
    with pytest.raises(FetchError, match=r"oci://.*(leads to an address that is none|to no web address)"):
        await registry(site).versions()
