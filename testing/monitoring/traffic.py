"""Clients of a model: good requests over REST and gRPC, and each kind of bad one."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

PAUSE_SECONDS = 0.05


@contextmanager
def asked(addresses: Sequence[str], model: str) -> Iterator[None]:
    """Some 20 requests a second to each server, until the end of the block."""
    stopping = threading.Event()
    threads = [
        threading.Thread(target=_ask, args=(address, model, stopping), name=f"client of {address}", daemon=True)
        for address in addresses
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join(10)


def _ask(address: str, model: str, stopping: threading.Event) -> None:
    """Of ten requests eight are good, one has the wrong type, and one is for a model that does not exist."""
    good = (model, {"instances": [1.0, 2.0]})
    turns = [good] * 8 + [(model, {"instances": ["x"]}), ("absent", {"instances": [1.0]})]
    while not stopping.is_set():
        for name, body in turns:
            _post(f"http://{address}:8501/v1/models/{name}:predict", body)
            if stopping.wait(PAUSE_SECONDS):
                return


def _post(url: str, body: object) -> None:
    request = urllib.request.Request(url, data=json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        return  # a server that has just been replaced
