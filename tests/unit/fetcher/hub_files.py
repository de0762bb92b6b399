"""What the Hugging Face Hub answers for a repository, as files of a web server."""

import hashlib
import json

from testing.models.packing import Files

LARGE = 1000
"""Files of so many bytes are large: the hub has their SHA-256."""


def blob_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _entry(path: str, data: bytes) -> dict[str, object]:
    entry: dict[str, object] = {"type": "file", "path": path, "size": len(data), "oid": blob_id(data)}
    if len(data) >= LARGE:
        digest = hashlib.sha256(data).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(data)}\n"
        entry["oid"] = blob_id(pointer.encode())
        entry["lfs"] = {"oid": digest, "size": len(data), "pointerSize": len(pointer)}
    return entry


def hub_files(repo: str, commit: str, files: Files, *, revision: str = "main", path: str = "") -> dict[str, bytes]:
    """The repository as it is at `commit`, which `revision` stands for; listed below the folder `path`."""
    info = {"id": repo, "modelId": repo, "sha": commit}
    listed = [_entry(name, data) for name, data in files.items() if name.startswith(path)]
    tree = f"/api/models/{repo}/tree/{commit}" + (f"/{path}" if path else "")
    asked = f"/api/models/{repo}" + (f"/revision/{revision}" if revision != "main" else "")
    answers = {asked: json.dumps(info).encode(), tree: json.dumps(listed).encode()}
    return answers | {f"/{repo}/resolve/{commit}/{name}": data for name, data in files.items()}
