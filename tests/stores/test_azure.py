"""The Azure server as the tests use it: whether it behaves like Azure where the fetcher depends on it."""

import base64

import obstore
import pytest
from obstore.exceptions import BaseError, PreconditionError
from obstore.store import AzureStore

from testing.stores.azure import ACCOUNT, AzureServer


def test_listing_and_content_have_the_same_etag_but_for_quotes(azure_server: AzureServer, container: str) -> None:
    azure_server.put(container, {"mnist/1/saved_model.pb": b"0123456789", "other/1/x": b""})
    store = azure_server.store(container)
    (listed,) = obstore.list(store, "mnist/").collect()
    assert (listed["path"], listed["size"]) == ("mnist/1/saved_model.pb", 10)
    # As in Azure itself: https://learn.microsoft.com/rest/api/storageservices/list-blobs
    assert obstore.head(store, "mnist/1/saved_model.pb")["e_tag"] == f'"{listed["e_tag"]}"'
    assert bytes(obstore.get_range(store, "mnist/1/saved_model.pb", start=2, end=5)) == b"234"


def test_a_range_of_what_has_changed_is_refused(azure_server: AzureServer, container: str) -> None:
    store = azure_server.store(container)
    azure_server.put(container, {"a": b"before"})
    etag = obstore.head(store, "a")["e_tag"]
    azure_server.put(container, {"a": b"after!"})
    with pytest.raises(PreconditionError):
        obstore.get(store, "a", options={"if_match": etag, "range": (0, 3)})


def test_a_shared_access_signature_reads_its_container_only(azure_server: AzureServer, container: str) -> None:
    azure_server.put(container, {"a": b"content"})
    store = _with_sas(azure_server, container, azure_server.sas_token(container))
    assert [meta["path"] for meta in obstore.list(store).collect()] == ["a"]
    assert obstore.get(store, "a").bytes() == b"content"
    with pytest.raises(BaseError, match="403 Forbidden"):
        obstore.put(store, "b", b"content", use_multipart=False)


def _with_sas(server: AzureServer, container: str, token: str) -> AzureStore:
    return AzureStore(
        container,
        account_name=ACCOUNT,
        sas_key=token,
        endpoint=server.endpoint,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )


def test_a_wrong_key_is_refused(azure_server: AzureServer, container: str) -> None:
    store = azure_server.store(container, key=base64.b64encode(b"wrong").decode())
    with pytest.raises(BaseError, match=r"(?s)403 Forbidden.*AuthorizationFailure"):
        obstore.list(store).collect()


def test_no_such_container(azure_server: AzureServer) -> None:
    with pytest.raises(BaseError, match=r"(?s)404 Not Found.*ContainerNotFound"):
        obstore.list(azure_server.store("no-such-container")).collect()
