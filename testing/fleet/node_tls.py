"""The init container of a pod that serves over TLS, as the tests' node runs it: the operator's own program."""

import base64
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from testing.api_client import Api, Manifest, Refused
from tfs_operator.domain.tls import CONTAINER_NAME
from tfs_operator.render.tls import TLS_PATH, TLS_SECRET_PATH

SECONDS = 30.0


def write_secret(api: Api, namespace: str, name: str, **files: bytes | None) -> None:
    """Creates a Secret, or changes it as by `kubectl apply`: `tls_crt` is its key tls.crt; None takes one away."""
    data = {key.replace("_", "."): text and base64.b64encode(text).decode() for key, text in files.items()}
    path = f"/api/v1/namespaces/{namespace}/secrets"
    try:
        api.request("PATCH", f"{path}/{name}", {"data": data}, "application/merge-patch+json")
    except Refused:
        api.request("POST", path, {"metadata": {"name": name}, "data": data})


class TlsContainer:
    """`run` it until `is_done`; a pod that has none is done from the beginning."""

    def __init__(self, api: Api, pod: Manifest, folder: Path) -> None:
        self._api = api
        self._pod = pod
        self._folder = folder
        found = [each for each in pod["spec"].get("initContainers", []) if each["name"] == CONTAINER_NAME]
        self._container: Manifest | None = next(iter(found), None)
        self._ended: list[Manifest] = []

    @property
    def is_done(self) -> bool:
        return self._container is None or bool(self._ended and self._ended[-1]["exitCode"] == 0)

    def run(self) -> None:
        """With what the Secret holds now."""
        assert self._container is not None
        self._mount()
        words = self._folder / "last-words"
        places = {TLS_SECRET_PATH: self._folder / "secret", TLS_PATH: self._folder}
        flags: list[str] = list(self._container["args"])
        for path, place in places.items():
            flags = [flag.replace(f"={path}", f"={place}") for flag in flags]
        program = [sys.executable, "-m", "tfs_operator.cli", *self._container["command"][1:]]
        done = subprocess.run(
            [*program, *flags, f"--last-words={words}", "--patience-seconds=0"],
            capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        reason = "Error" if done.returncode else "Completed"
        self._ended.append({"exitCode": done.returncode, "reason": reason, "message": words.read_text()})

    def statuses(self) -> list[dict[str, Any]]:
        """As in the pod's status."""
        if self._container is None or not self._ended:
            return []
        last = {"terminated": self._ended[-1]}
        waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off before the next start"}}
        status = {"name": CONTAINER_NAME, "image": self._container["image"], "imageID": ""}
        states = {"state": last} if self.is_done else {"state": waiting, "lastState": last}
        return [{**status, "ready": self.is_done, "restartCount": len(self._ended) - 1, **states}]

    def _mount(self) -> None:
        """The keys that the volume names, as far as the Secret has them."""
        folder = self._folder / "secret"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        [volume] = [each["secret"] for each in self._pod["spec"]["volumes"] if each["name"] == "tls-secret"]
        path = f"/api/v1/namespaces/{self._pod['metadata']['namespace']}/secrets/{volume['secretName']}"
        try:
            data = self._api.request("GET", path).get("data") or {}
        except Refused:
            return
        for item in volume["items"]:
            if item["key"] in data:
                (folder / item["path"]).write_bytes(base64.b64decode(data[item["key"]]))
