"""Loads a version: the SavedModel, then its warmup requests.

(servables/tensorflow/saved_model_bundle_factory.cc)
"""

import time

from model_server import metrics
from model_server.batch_scheduler import BatchScheduler
from model_server.batching import Batcher
from model_server.batching_parameters import BatchingParameters
from model_server.flags import Flags
from model_server.inference import Inference
from model_server.saved_model import check_folder
from model_server.servable import Servable
from model_server.session import Runnable, Session
from model_server.settings import Settings
from model_server.states import VersionId
from model_server.status import StatusError
from model_server.warmup import replay


class Loader:
    """Called with a version and its folder; raises StatusError with TensorFlow's message."""

    def __init__(self, flags: Flags, settings: Settings, inference: Inference, delay_seconds: float) -> None:
        self._tags = flags.saved_model_tags.split(",") if flags.saved_model_tags else ["serve"]
        self._config = settings.session
        self._warmup_iterations = max(flags.num_request_iterations_for_warmup, 1) if flags.enable_model_warmup else 0
        self._inference = inference
        self._delay_seconds = delay_seconds
        self._batcher = _batcher(flags, settings.batching) if settings.batching else None

    def prepare(self) -> None:
        """Starts what all loads share, before the first of them. Raises StatusError for parameters that allow none."""
        if self._batcher is not None:
            self._batcher.scheduler.start()

    def __call__(self, version: VersionId, folder: str) -> Servable:
        time.sleep(self._delay_seconds)
        check_folder(folder)
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


def _batcher(flags: Flags, parameters: BatchingParameters) -> Batcher:
    scheduler = BatchScheduler(parameters.num_batch_threads)
    return Batcher(parameters, scheduler, per_model=flags.enable_per_model_batching_parameters)
