"""Archives from a web server: which versions they have, what is fetched when, and what is said when it fails."""

import asyncio
import base64
import hashlib
import tarfile
from pathlib import Path

import pytest
from aiohttp import web

from testing.models.packing import ONE, TWO, below, tar_entry, tar_gz_bytes, zip_bytes
from tests.unit.fetcher.site import Site, secret, until
from tests.unit.fetcher.web_server import WebServer
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.stores.uri import open_source

LAYOUTS = [
    (ONE, [1]),
    (below("my model", ONE), [1]),
    (below("7", ONE), [7]),
    (TWO, [1, 2]),
    (below("model", TWO), [1, 2]),
    (below("model", TWO) | {"__MACOSX/x": b"", ".DS_Store": b"", "README": b""}, [1, 2]),
]


@pytest.mark.parametrize(("files", "numbers"), LAYOUTS)
@pytest.mark.parametrize("ending", [".tar.gz", ".tgz", ".zip"])
async def test_versions_are_found_where_people_put_them(
    files: dict[str, bytes], numbers: list[int], ending: str, site: Site
) -> None:
    site.server.files[f"/m{ending}"] = zip_bytes(files) if ending == ".zip" else tar_gz_bytes(files)
    source = site.archive(f"/m{ending}")
    assert list(await source.versions()) == numbers
    expected = ONE | {"saved_model.pb": b"other"} if numbers == [1, 2] else ONE
    assert await site.download(source, numbers[-1]) == expected


async def test_an_archive_is_fetched_once_and_goes_when_all_of_it_is_unpacked(site: Site) -> None:
    site.server.files["/m.tgz"] = data = tar_gz_bytes(TWO)
    source = site.archive("/m.tgz")
    await site.download(source, 1)
    assert site.kept()
    await site.download(source, 2)
    assert site.kept() == []
    assert list(await source.versions()) == [1, 2]
    assert site.server.sent == len(data)


async def test_one_request_tells_that_nothing_has_changed_also_after_a_restart(site: Site) -> None:
    site.server.files["/m.tgz"] = tar_gz_bytes(TWO)
    before = await site.archive("/m.tgz").versions()
    site.server.seen.clear()
    assert await site.archive("/m.tgz").versions() == before
    assert [request.method for request in site.server.seen] == ["HEAD"]


async def test_a_new_archive_shows_its_new_version_and_the_old_one_unchanged(site: Site) -> None:
    site.server.files["/m.tgz"] = tar_gz_bytes(below("1", ONE))
    source = site.archive("/m.tgz")
    before = await source.versions()
    site.server.files["/m.tgz"] = tar_gz_bytes(TWO)
    after = await source.versions()
    assert after[1] == before[1]
    assert list(after) == [1, 2]


async def test_a_version_is_fetched_again_after_its_archive_has_gone(site: Site) -> None:
    site.server.files["/m.tgz"] = data = tar_gz_bytes(ONE)
    source = site.archive("/m.tgz")
    await site.download(source, 1)
    assert await site.download(source, 1) == ONE
    assert site.server.sent == 2 * len(data)


async def test_a_cut_download_goes_on_where_it_was(site: Site) -> None:
    site.server.files["/m.tgz"] = tar_gz_bytes(ONE)
    site.server.cuts["/m.tgz"] = [100_000, 50_000]
    assert await site.download(site.archive("/m.tgz"), 1) == ONE
    assert site.server.cuts["/m.tgz"] == []
    assert site.resumed("/m.tgz")


async def test_a_killed_download_goes_on_where_it_was(site: Site) -> None:
    site.server.files["/m.tgz"] = data = tar_gz_bytes(ONE)
    site.server.stall_after = 200_000
    listing = asyncio.create_task(site.archive("/m.tgz").versions())
    await until(lambda: site.has_noted(200_000))
    listing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listing
    assert await site.download(site.archive("/m.tgz"), 1) == ONE
    assert site.server.sent == len(data)


async def test_an_archive_that_changes_on_its_way_is_not_mixed(site: Site) -> None:
    site.server.files["/m.tgz"] = tar_gz_bytes(ONE)
    site.server.cuts["/m.tgz"] = [100_000]
    source = site.archive("/m.tgz")
    listing = asyncio.create_task(source.versions())
    await until(lambda: site.server.sent == 100_000)
    site.server.files["/m.tgz"] = tar_gz_bytes(TWO)
    with pytest.raises(FetchError) as caught:
        await listing
    assert caught.value.reason is Reason.VERSION_CHANGED
    assert list(await source.versions()) == [1, 2]


async def test_a_server_without_ranges_head_or_etags_will_do(site: Site) -> None:
    site.server.knows_ranges = site.server.knows_head = site.server.has_etags = False
    site.server.files["/m.tgz"] = tar_gz_bytes(ONE)
    site.server.cuts["/m.tgz"] = [10_000_000, 100_000]
    assert await site.download(site.archive("/m.tgz"), 1) == ONE


async def test_a_server_that_does_not_tell_the_size_is_refused_in_words(site: Site) -> None:
    site.server.says_length = site.server.knows_ranges = False
    site.server.files["/m.tgz"] = tar_gz_bytes(ONE)
    with pytest.raises(FetchError, match=r"does not say how large it is \(no Content-Length\)"):
        await site.archive("/m.tgz").versions()


@pytest.mark.parametrize("status", [429, 503])
async def test_a_burst_of_refusals_is_sat_out(status: int, site: Site) -> None:
    site.server.files["/m.tgz"] = tar_gz_bytes(ONE)
    site.server.answers = [web.Response(status=status, headers={"Retry-After": "0"}) for _ in range(2)]
    assert await site.download(site.archive("/m.tgz"), 1) == ONE


REFUSALS = [
    (401, Reason.ACCESS_DENIED, "name a Secret in storage.secretRef"),
    (403, Reason.ACCESS_DENIED, "name a Secret in storage.secretRef"),
    (404, Reason.STORE_NOT_FOUND, "check the URI"),
    (410, Reason.STORE_NOT_FOUND, "check the URI"),
    (418, Reason.STORE_ERROR, "answers 418"),
]


@pytest.mark.parametrize(("status", "reason", "words"), REFUSALS)
async def test_a_refusal_has_a_reason_and_the_servers_own_words(
    status: int, reason: Reason, words: str, site: Site
) -> None:
    site.server.answers = [web.Response(status=status, text="because\nof this") for _ in range(9)]
    with pytest.raises(FetchError, match=words) as caught:
        await site.archive("/m.tgz").versions()
    assert caught.value.reason is reason
    assert not caught.value.retry
    assert f"{site.server.url}/m.tgz: " in caught.value.message
    assert "(because of this)" in caught.value.message


async def test_an_unknown_host_is_named(site: Site) -> None:
    with pytest.raises(FetchError, match=r"unknown host no-such-host\.invalid") as caught:
        await site.open("http://no-such-host.invalid/m.tgz").versions()
    assert caught.value.reason is Reason.STORE_UNREACHABLE


async def test_user_and_password_are_sent(site: Site) -> None:
    site.server.files["/m.tgz"] = tar_gz_bytes(ONE)
    site.server.authorization = "Basic " + base64.b64encode(b"me:pass word").decode()
    storage = secret(site.folder / "secret", username="me", password="pass word\n")
    assert await site.download(site.archive("/m.tgz", storage), 1) == ONE


async def test_a_rotated_token_works_without_a_restart(site: Site) -> None:
    site.server.files["/m.tgz"] = tar_gz_bytes(ONE)
    site.server.authorization = "Bearer new"
    storage = secret(site.folder / "secret", token="s3cr3t")
    source = site.archive("/m.tgz", storage)
    with pytest.raises(FetchError, match="check the credentials in Secret web") as caught:
        await source.versions()
    assert caught.value.reason is Reason.ACCESS_DENIED
    assert "s3cr3t" not in caught.value.message
    (site.folder / "secret" / "token").write_text("new")
    assert await site.download(source, 1) == ONE


@pytest.mark.parametrize(("keys", "words"), [({}, "missing or empty"), ({"username": "me"}, "password")])
async def test_a_secret_that_lacks_something_is_named(keys: dict[str, str], words: str, site: Site) -> None:
    with pytest.raises(FetchError, match=rf"Secret web: .*{words}") as caught:
        await site.archive("/m.tgz", secret(site.folder / "secret", **keys)).versions()
    assert caught.value.reason is Reason.CREDENTIALS_MISSING
    assert site.server.seen == []


async def test_credentials_do_not_follow_a_redirect_to_another_host(site: Site) -> None:
    async with WebServer(files={"/m.tgz": tar_gz_bytes(ONE)}).running() as elsewhere:
        site.server.redirects["/m.tgz"] = f"{elsewhere.url}/m.tgz"
        source = site.archive("/m.tgz", secret(site.folder / "secret", token="s3cr3t"))
        assert await site.download(source, 1) == ONE
        assert all("Authorization" in request.headers for request in site.server.seen)
        assert elsewhere.seen
        assert not any("Authorization" in request.headers for request in elsewhere.seen)


async def test_a_refused_archive_is_named_and_not_fetched_again(site: Site) -> None:
    bad = tar_gz_bytes(ONE, extra=[tar_entry("variables/x", tarfile.SYMTYPE, "/etc/passwd")])
    site.server.files["/m.tgz"] = bad
    for source in (site.archive("/m.tgz"), site.archive("/m.tgz")):
        with pytest.raises(FetchError, match=r"'variables/x' is a symbolic link") as caught:
            await source.versions()
        assert caught.value.reason is Reason.ARCHIVE_REFUSED
    assert site.server.sent == len(bad)
    assert site.kept() == []


async def test_a_page_instead_of_an_archive_is_refused(site: Site) -> None:
    site.server.files["/m.zip"] = b"<html>please log in</html>"
    with pytest.raises(FetchError, match="no zip archive") as caught:
        await site.archive("/m.zip").versions()
    assert caught.value.reason is Reason.ARCHIVE_REFUSED


async def test_an_archive_without_versions_says_what_it_has(site: Site) -> None:
    site.server.files["/m.zip"] = zip_bytes({"notes.txt": b"", "v1/saved_model.pb": b"", "v2/saved_model.pb": b""})
    with pytest.raises(FetchError, match=r"\(found: 'notes.txt', 'v1', 'v2'\)") as caught:
        await site.archive("/m.zip").versions()
    assert caught.value.reason is Reason.NO_VERSIONS


async def test_a_file_in_the_place_of_a_version_is_that_versions_problem(site: Site) -> None:
    site.server.files["/m.zip"] = zip_bytes(below("1", ONE) | {"3": b"text"})
    source = site.archive("/m.zip")
    problem = (await source.versions())[3].problem
    assert problem is not None
    assert problem.reason is Reason.NO_SAVED_MODEL
    with pytest.raises(FetchError, match="not a folder"):
        await site.download(source, 3)
    assert await site.download(source, 1) == ONE


async def test_what_the_server_vouches_for_is_compared(site: Site) -> None:
    site.server.files["/m.tgz"] = data = tar_gz_bytes(ONE)
    right, wrong = (base64.b64encode(hashlib.sha256(text).digest()).decode() for text in (data, b"other"))
    site.server.headers = {"Repr-Digest": f"sha-256=:{wrong}:"}
    with pytest.raises(FetchError, match="has the SHA-256") as caught:
        await site.archive("/m.tgz").versions()
    assert caught.value.reason is Reason.VERSION_CHANGED
    site.server.headers = {"Repr-Digest": f"sha-256=:{right}:"}
    assert await site.download(site.archive("/m.tgz"), 1) == ONE


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("https:///m.zip", "no host"),
        ("https://me:s3cr3t@host/m.zip", "put them into a Secret"),
        ("https://host/m.rar", r"\.tar\.gz, \.tgz, \.zip"),
    ],
)
def test_an_address_that_cannot_work_is_refused(uri: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=words) as caught:
        open_source(uri, StoreAccess(), tmp_path)
    assert caught.value.reason is Reason.INVALID_SPEC
    assert "s3cr3t" not in caught.value.message


async def test_a_size_of_thousands_of_digits_is_none(site: Site) -> None:
    size = "9" * 5000
    site.server.answers = [
        web.Response(status=405),
        web.Response(status=206, body=b"x", headers={"Content-Range": f"bytes 0-0/{size}"}),
    ]
    with pytest.raises(FetchError, match="does not say how large it is"):
        await site.archive("/m.tgz").versions()


@pytest.mark.parametrize("target", ["http://[::1", "http://h:99999999/", "//[", "mailto:x"])
async def test_a_redirect_to_no_address_is_said(target: str, site: Site) -> None:
    site.server.redirects["/m.tgz"] = target
    with pytest.raises(FetchError, match=r"leads to an address that is none|redirects in circles, or to no web"):
        await site.archive("/m.tgz").versions()


NO_ADDRESSES = ["https://[/m.zip", "https://h:99999999/m.zip", "https://h:x/m.zip"]


@pytest.mark.parametrize("uri", NO_ADDRESSES)
def test_an_address_that_is_none_is_refused(uri: str, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="is no web address") as caught:
        open_source(uri, StoreAccess(), tmp_path)
    assert caught.value.reason is Reason.INVALID_SPEC


@pytest.mark.parametrize("endpoint", NO_ADDRESSES)
async def test_nor_is_it_taken_for_an_endpoint(endpoint: str, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="is no web address") as caught:
        open_source("oci://h/m:1", StoreAccess(endpoint=endpoint), tmp_path)
    assert caught.value.reason is Reason.INVALID_SPEC
    with pytest.raises(FetchError, match="is no web address") as caught:
        await open_source("s3://b/m", StoreAccess(endpoint=endpoint), tmp_path).versions()
    assert caught.value.reason is Reason.INVALID_SPEC
