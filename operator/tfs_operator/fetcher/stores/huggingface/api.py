"""Lists repositories by the hub's own library. It blocks, so its calls run in a thread.

Files are fetched by our own engine: the library keeps a cache beside its downloads, and its Xet client has no bound
on memory. Nothing is read from or written to the library's own folders: no token, no cache.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import httpx2
from huggingface_hub import HfApi, constants, hf_hub_url, set_client_factory
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled
from huggingface_hub.hf_api import RepoFile

from tfs_operator.api.base import MAX_INT64
from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError, ListingRefused, invalid_uri
from tfs_operator.fetcher.core.store_access import StoreAccess
from tfs_operator.fetcher.http.client import CONNECT_SECONDS, tls_context
from tfs_operator.fetcher.http.errors import RequestContext, connection_error, refusal
from tfs_operator.fetcher.saved_model.listing_budget import ListingBudget
from tfs_operator.fetcher.saved_model.version_listing import MAX_FILES
from tfs_operator.fetcher.stores.huggingface.bounds import Downgraded, TooLong, hooks, within

_READ_SECONDS = 30
_CALL_SECONDS = 90
_COMMIT = re.compile("[0-9A-Za-z._-]{1,128}")

# Else the library asks huggingface.co, even where a mirror is named, which tools it may be run by, and tells the hub.
constants.HF_HUB_DISABLE_TELEMETRY = True


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a repository, as the hub lists it."""

    path: str
    """In the repository."""

    size: int
    blob: str
    """Id of the git blob: of the content, or of the pointer to it where it has a SHA-256."""

    sha256: str
    """Of a large file; empty for others."""


class HubApi:
    """Asks the hub what one listing needs. Raises FetchError."""

    def __init__(self, context: RequestContext, endpoint: str, token: str | None) -> None:
        self._context = context
        _use(context.storage, context.storage.authorities())
        # False, and not None: else the library looks for a token of its own.
        self._api = HfApi(endpoint=endpoint, token=token or False, library_name="tfs-operator")

    @staticmethod
    def address(endpoint: str, repo: str, commit: str, path: str) -> str:
        return hf_hub_url(repo, path, revision=commit, endpoint=endpoint)

    def commit(self, repo: str, revision: str | None) -> str:
        """Returns the commit that a branch or tag stands for now."""
        with self._explained():
            sha = self._api.model_info(repo, revision=revision, expand=["sha"], timeout=_READ_SECONDS).sha
            if not isinstance(sha, str) or not _COMMIT.fullmatch(sha):
                raise ValueError("no commit")
            return sha

    def files(self, repo: str, commit: str, path: str) -> list[HubFile]:
        """Returns everything below a folder of the repository, page by page."""
        with self._explained():
            found: list[HubFile] = []
            budget = ListingBudget(self._context.uri, files=MAX_FILES, entries=MAX_FILES)
            for entry in self._api.list_repo_tree(repo, path or None, recursive=True, revision=commit):
                budget.look()
                if isinstance(entry, RepoFile):
                    file = _hub_file(entry.path, entry.size, entry.blob_id, entry.lfs.sha256 if entry.lfs else "")
                    budget.keep(file.path, file.blob, file.sha256)
                    found.append(file)
            return found

    @contextmanager
    def _explained(self) -> Iterator[None]:
        host = f"{self._context.uri}: {self._context.host}"
        try:
            with within(_CALL_SECONDS):
                yield
        except HfHubHTTPError as error:
            answer = error.response
            raise refusal(self._context, answer.status_code, answer.headers, answer.content) from None
        except OfflineModeIsEnabled:
            message = f"{self._context.uri}: HF_HUB_OFFLINE is set in the fetcher's environment"
            raise FetchError(Reason.STORE_UNREACHABLE, message, retry=False) from None
        except HFValidationError:
            raise invalid_uri(self._context.uri, "has a name that no repository on the hub can have") from None
        except TooLong as error:
            raise ListingRefused(f"{host} answers with {error}; is it a hub?") from None
        except Downgraded:
            raise FetchError(Reason.STORE_ERROR, f"{host} leads from https to http", retry=False) from None
        except (httpx2.HTTPError, OSError) as error:
            raise connection_error(self._context, error) from None
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            message = f"{host} answers with something else than the hub's API"
            raise FetchError(Reason.STORE_ERROR, message) from None


def _hub_file(path: object, size: object, blob: object, sha256: object) -> HubFile:
    """The library takes whatever the hub says. Raises ValueError."""
    if not (isinstance(path, str) and isinstance(size, int) and isinstance(blob, str) and isinstance(sha256, str)):
        raise ValueError("not a file")
    if not 0 <= size <= MAX_INT64:
        raise ValueError("not the size of a file")
    return HubFile(path, size, blob, sha256)


@lru_cache(maxsize=1)
def _use(storage: StoreAccess, authorities: bytes | None) -> None:
    """The library has one client for all models of the process. It is made anew when other authorities are trusted
    only, since a listing that is under way loses the former one."""
    context = tls_context(storage, authorities)
    bounds = hooks(tls=not (storage.endpoint or "").startswith("http://"))

    def client() -> httpx2.Client:
        timeout = httpx2.Timeout(_READ_SECONDS, connect=CONNECT_SECONDS)
        plain = {"Accept-Encoding": "identity"}
        return httpx2.Client(verify=context, timeout=timeout, follow_redirects=True, headers=plain, event_hooks=bounds)

    set_client_factory(client)
