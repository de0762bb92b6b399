"""Loads a version: the SavedModel, then its warmup requests.

(servables/tensorflow/saved_model_bundle_factory.cc)
"""

import time
from typing import Any

from model_server import metrics
from model_server.batching import Batcher
from model_server.flags import Flags
from model_server.inference import Inference
from model_server.protos import config_pb2
from model_server.servable import Servable
from model_server.session import Runnable, Session
from model_server.states import VersionId
from model_server.status import StatusError, invalid_argument
from model_server.warmup import replay


class Loader:
    """Called with a version and its folder; raises StatusError with TensorFlow's message."""

    def __init__(
        self, flags: Flags, inference: Inference, delay_seconds: float, batcher: Batcher | None = None
    ) -> None:
        self._tags = flags.saved_model_tags.split(",")
        self._config = _session_config(flags)
        self._warmup_iterations = max(flags.num_request_iterations_for_warmup, 1) if flags.enable_model_warmup else 0
        self._inference = inference
        self._delay_seconds = delay_seconds
        self._batcher = batcher

    def __call__(self, version: VersionId, folder: str) -> Servable:
        time.sleep(self._delay_seconds)
        started = time.monotonic()
        try:
            session = Session(folder, self._tags, self._config)
        except StatusError:
            metrics.LOAD_ATTEMPTS.add(folder, "fail")
            raise
        metrics.LOAD_ATTEMPTS.add(folder, "success")
        metrics.LOAD_LATENCY.add(folder, by=round((time.monotonic() - started) * 1e6))
        servable = Servable(version, self._batched(session, folder))
        try:
            replay(self._inference, servable, folder, self._warmup_iterations)
        except StatusError:
            servable.unload()
            raise
        return servable

    def _batched(self, session: Session, folder: str) -> Runnable:
        if self._batcher is None:
            return session
        try:
            return self._batcher.wrap(session, folder)
        except StatusError:
            session.close()
            raise


def _session_config(flags: Flags) -> Any:
    both, intra, inter = (
        flags.tensorflow_session_parallelism,
        flags.tensorflow_intra_op_parallelism,
        flags.tensorflow_inter_op_parallelism,
    )
    if both > 0 and intra > 0 and inter > 0:
        raise invalid_argument(
            "Either configure server_options.tensorflow_session_parallelism or "
            "(server_options.tensorflow_intra_op_parallelism, server_options.tensorflow_inter_op_parallelism) "
            "separately. You cannot configure all."
        )
    separate = intra > 0 or inter > 0
    return config_pb2.ConfigProto(
        intra_op_parallelism_threads=intra if separate else both,
        inter_op_parallelism_threads=inter if separate else both,
    )
