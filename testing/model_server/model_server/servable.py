"""A model version in memory, with the requests that are using it."""

import threading
from typing import Any

from model_server.session import Runnable
from model_server.states import VersionId


class Servable:
    """What inference needs of a version that is available."""

    def __init__(self, version: VersionId, session: Runnable) -> None:
        self.id = version
        self.session = session
        self._in_use = 0
        self._changed = threading.Condition()

    @property
    def signatures(self) -> Any:
        """The map of signature name to SignatureDef."""
        return self.session.meta_graph.signature_def

    def acquire(self) -> None:
        """Counts a request that uses the version; `release` ends it."""
        with self._changed:
            self._in_use += 1

    def release(self) -> None:
        with self._changed:
            self._in_use -= 1
            self._changed.notify_all()

    def unload(self) -> None:
        """Waits for the requests in flight, then frees the model. New ones must not find it any more."""
        with self._changed:
            self._changed.wait_for(lambda: not self._in_use)
        self.session.close()
