"""A Hugging Face hub: repositories of models, in memory, with the paths, headers and error codes that huggingface_hub
depends on. As on the real one, content of LFS files comes from another host, which takes no token."""

import hashlib
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from testing.stores.served import serving
from testing.stores.traffic import Passed, passed_by
from testing.stores.web import part

LFS_SIZE = 1024
"""Files of so many bytes and more are in LFS, with a sha256; smaller ones have their git blob's id only."""


@dataclass
class Repository:
    """Commits by their hash, each with its files by path; and what branches and tags name."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)

    def commit(self, revision: str) -> str | None:
        return revision if revision in self.commits else self.revisions.get(revision)


@dataclass
class HubServer:
    """A running one. May be used from any thread, while it serves."""

    url: str = ""
    token: str = ""
    """What a client must show, for every repository; empty: all are public."""

    page_size: int = 1000
    """Entries of a listing that come in one answer."""

    _repositories: dict[str, Repository] = field(default_factory=dict)
    _requests: list[Passed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def publish(self, repository: str, files: Mapping[str, bytes], revision: str = "main") -> str:
        """Commits exactly these files, and returns the commit's hash."""
        with self._lock:
            into = self._repositories.setdefault(repository, Repository())
            commit = hashlib.sha1(f"{repository} {len(into.commits)}".encode()).hexdigest()
            into.commits[commit] = dict(files)
            into.revisions[revision] = commit
            return commit

    def requests(self) -> list[Passed]:
        """What has come in so far, with the credentials it carried."""
        with self._lock:
            return list(self._requests)

    async def application(self) -> web.Application:
        app = web.Application(middlewares=[self._note])
        api = "/api/models/{organisation}/{name}"
        app.router.add_get(api, self._info)
        app.router.add_get(api + "/revision/{revision}", self._info)
        app.router.add_get(api + "/tree/{revision}", self._tree)
        app.router.add_get(api + "/tree/{revision}/{path:.*}", self._tree)
        app.router.add_get("/{organisation}/{name}/resolve/{revision}/{path:.*}", self._resolve)
        app.router.add_get("/-/lfs/{sha256}", self._content)
        return app

    @web.middleware
    async def _note(self, request: web.Request, handler: Any) -> web.StreamResponse:
        with self._lock:
            self._requests.append(passed_by(request))
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _info(self, request: web.Request) -> web.Response:
        found = self._find(request)
        siblings = [{"rfilename": path} for path in found.files]
        body = {"id": found.repository, "sha": found.commit, "private": bool(self.token), "siblings": siblings}
        return web.json_response({**body, "tags": [], "downloads": 0, "likes": 0})

    async def _tree(self, request: web.Request) -> web.Response:
        found = self._find(request)
        entries = tree(
            found.files, request.match_info.get("path", ""), request.query.get("recursive", "").lower() == "true"
        )
        if not entries:
            raise refusal(404, "EntryNotFound", f"{found.path} does not exist on this revision")
        start = int(request.query.get("cursor", 0))
        headers = {}
        if start + self.page_size < len(entries):
            following = request.url.update_query(cursor=str(start + self.page_size))
            headers["Link"] = f'<{following}>; rel="next"'
        return web.json_response(entries[start : start + self.page_size], headers=headers)

    async def _resolve(self, request: web.Request) -> web.Response:
        found = self._find(request)
        content = found.files.get(found.path)
        if content is None:
            raise refusal(404, "EntryNotFound", "Entry not found")
        headers = {"X-Repo-Commit": found.commit, "Accept-Ranges": "bytes"}
        if len(content) < LFS_SIZE:
            return part(request, content, {**headers, "ETag": f'"{blob_id(content)}"'})
        sha256 = hashlib.sha256(content).hexdigest()
        # The same server by another name: a client that knows hosts apart takes it for another.
        location = f"http://localhost:{request.url.port}/-/lfs/{sha256}"
        linked = {"X-Linked-Size": str(len(content)), "X-Linked-Etag": f'"{sha256}"', "Location": location}
        return web.Response(status=302, headers={**headers, **linked})

    async def _content(self, request: web.Request) -> web.Response:
        if "Authorization" in request.headers:
            raise web.HTTPBadRequest(text="Only one auth mechanism allowed")
        sha256 = request.match_info["sha256"]
        with self._lock:
            contents = [c for r in self._repositories.values() for files in r.commits.values() for c in files.values()]
        content = next(content for content in contents if hashlib.sha256(content).hexdigest() == sha256)
        return part(request, content, {"ETag": f'"{hashlib.md5(content).hexdigest()}"', "Accept-Ranges": "bytes"})

    def _find(self, request: web.Request) -> "_Found":
        self._authorise(request)
        match = request.match_info
        name = f"{match['organisation']}/{match['name']}"
        with self._lock:
            repository = self._repositories.get(name)
        if repository is None:
            # Whoever shows no token is not told what there is.
            shown = bool(self.token)
            raise refusal(404 if shown else 401, "RepoNotFound", "Repository not found")
        revision = urllib.parse.unquote(match.get("revision", "main"))
        commit = repository.commit(revision)
        if commit is None:
            raise refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return _Found(name, commit, repository.commits[commit], match.get("path", ""))

    def _authorise(self, request: web.Request) -> None:
        shown = request.headers.get("Authorization", "")
        if self.token and not shown:
            raise refusal(401, "RepoNotFound", "Invalid username or password.")
        if self.token and shown != f"Bearer {self.token}":
            raise refusal(401, "", "Invalid credentials in Authorization header")


@dataclass(frozen=True)
class _Found:
    repository: str
    commit: str
    files: dict[str, bytes]
    path: str


def refusal(status: int, code: str, message: str) -> web.HTTPException:
    """As the hub puts it: what went wrong is in two headers."""
    headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
    kinds = {401: web.HTTPUnauthorized, 404: web.HTTPNotFound}
    return kinds[status](headers=headers, text=f'{{"error": "{message}"}}', content_type="application/json")


def blob_id(content: bytes) -> str:
    """What git calls such a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def tree(files: Mapping[str, bytes], below: str, recursive: bool) -> list[dict[str, Any]]:
    """The hub's listing of one folder, or of all below it, in ascending order of paths."""
    prefix = f"{below}/" if below else ""
    entries: dict[str, dict[str, Any]] = {}
    for path, content in files.items():
        if not path.startswith(prefix):
            continue
        parts = path.removeprefix(prefix).split("/")
        for depth in range(1, len(parts)):
            folder = prefix + "/".join(parts[:depth])
            entries[folder] = {"type": "directory", "oid": blob_id(folder.encode()), "size": 0, "path": folder}
        entries[path] = _file(path, content)
    shown = sorted(entries.items())
    return [entry for path, entry in shown if recursive or "/" not in path.removeprefix(prefix)]


def _file(path: str, content: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "oid": blob_id(content), "size": len(content), "path": path}
    if len(content) >= LFS_SIZE:
        sha256 = hashlib.sha256(content).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(content)}\n".encode()
        entry |= {"oid": blob_id(pointer), "lfs": {"oid": sha256, "size": len(content), "pointerSize": len(pointer)}}
    return entry


@contextmanager
def running_hub() -> Iterator[HubServer]:
    server = HubServer()
    with serving(server.application) as server.url:
        yield server
