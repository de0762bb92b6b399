"""The program of `helm test`, in the operator's image: deploys a model, sends it a request and removes it.

This pod itself serves the model to the operator's fetcher, so that nothing outside the cluster is needed. It needs
Python and a service account that may create, get and delete one TFModel.
"""

import argparse
import functools
import http.server
import json
import os
import signal
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

HERE = Path(__file__).parent
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
QUESTION = {"instances": [1.0, 2.0, 5.0]}
ANSWER = [2.5, 3.0, 4.5]
PAUSE_SECONDS = 1.0
NOT_YET = (404, 502, 503, 504)
"""Status codes with which a proxy, or a server at the address before it was this Service's, may answer at first."""

Json = dict[str, Any]


class Failure(Exception):
    """Ends the test; the message is for users."""


class Cluster:
    """Client of the API server for one TFModel, with this pod's service account."""

    def __init__(self, tfmodel: Json) -> None:
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
        namespace = tfmodel["metadata"]["namespace"]
        address = f"[{host}]" if ":" in host else host
        self._collection = f"https://{address}:{port}/apis/{tfmodel['apiVersion']}/namespaces/{namespace}/tfmodels"
        self._name = tfmodel["metadata"]["name"]
        self._tls = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))

    def create(self, tfmodel: Json) -> None:
        self._request("POST", self._collection, tfmodel)

    def get(self) -> Json | None:
        return self._request("GET", f"{self._collection}/{self._name}")

    def delete(self) -> None:
        self._request("DELETE", f"{self._collection}/{self._name}")

    def _request(self, method: str, url: str, body: Json | None = None) -> Json | None:
        """Returns None if the object does not exist. Raises Failure."""
        headers = {"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=15, context=self._tls) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                body_text = error.read().decode(errors="replace")
            if error.code == 404 and method != "POST":
                return None
            raise Failure(f"{method} {url}: {error.code}: {body_text}") from None


def offer_the_model() -> None:
    """Serves this folder on port 8000 until the process ends."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(HERE))
    server = http.server.ThreadingHTTPServer(("", 8000), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def until(deadline: float, what: str, probe: Callable[[], Json | None]) -> Json:
    """Polls `probe` until it returns a value, and returns that. Raises Failure after the deadline."""
    while (found := probe()) is None:
        if time.monotonic() > deadline:
            raise Failure(f"{what}: not in time")
        time.sleep(PAUSE_SECONDS)
    return found


def ready(cluster: Cluster) -> Callable[[], Json | None]:
    """Returns a probe for a TFModel that is Ready. The probe prints each condition when it changes."""
    printed: set[str] = set()

    def probe() -> Json | None:
        tfmodel = cluster.get()
        if tfmodel is None:
            raise Failure("the TFModel was deleted by another client")
        conditions = tfmodel.get("status", {}).get("conditions", [])
        for each in conditions:
            line = f"{each['type']}={each['status']} {each['reason']}: {each['message']}"
            if line not in printed:
                print(line, flush=True)
                printed.add(line)
        return tfmodel if any(each["type"] == "Ready" and each["status"] == "True" for each in conditions) else None

    return probe


def ask(tfmodel: Json) -> Json | None:
    """Returns the model's answer over REST, or None while the Service leads elsewhere still. Raises Failure."""
    url = f"{tfmodel['status']['endpoints']['rest']}/v1/models/{tfmodel['metadata']['name']}:predict"
    request = urllib.request.Request(url, json.dumps(QUESTION).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        with error:
            refusal = f"POST {url}: {error.code}: {error.read().decode(errors='replace')}"
        if error.code not in NOT_YET:
            raise Failure(refusal) from None
    except OSError as error:
        refusal = f"POST {url}: {error}"
    print(refusal, flush=True)
    return None


def test(cluster: Cluster, tfmodel: Json, deadline: float) -> None:
    """Deploys the TFModel, sends a request and compares the answer. Raises Failure."""
    cluster.delete()
    until(deadline, "the TFModel of an earlier test is deleted", lambda: {} if cluster.get() is None else None)
    cluster.create(tfmodel)
    served = until(deadline, "the TFModel becomes Ready", ready(cluster))
    answer = until(deadline, "the model answers", lambda: ask(served))
    if answer.get("predictions") != ANSWER:
        raise Failure(f"{QUESTION} is answered by {answer}, not by {ANSWER}")
    print(f"{QUESTION} is answered by {answer}", flush=True)


def stop(number: int, _: object) -> NoReturn:
    raise Failure(f"stopped by signal {number}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Deploys a model, sends it a request and removes it.")
    parser.add_argument("--timeout", type=float, required=True, metavar="SECONDS")
    deadline = time.monotonic() + parser.parse_args().timeout
    signal.signal(signal.SIGTERM, stop)
    tfmodel = json.loads((HERE / "tfmodel.json").read_text())
    cluster = Cluster(tfmodel)
    offer_the_model()
    try:
        test(cluster, tfmodel, deadline)
    except Failure as failure:
        raise SystemExit(f"failed: {failure}") from None
    finally:
        cluster.delete()


if __name__ == "__main__":
    main()
