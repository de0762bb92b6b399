"""The heart of the server: takes configs, and finds the model version that a request asks for.

(model_servers/server_core.cc)
"""

import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

from model_server import crash, log
from model_server.base_path import VersionSource
from model_server.flags import Flags
from model_server.harness import Load, Retries
from model_server.labels import VersionLabels
from model_server.manager import AspiredVersionsManager, ManagerOptions
from model_server.platforms import check_config_list, check_platforms_stay, platform
from model_server.protos import model_server_config_pb2
from model_server.servable import Servable
from model_server.states import State, StateMonitor, VersionId, VersionState
from model_server.status import Code, StatusError, failed_precondition, invalid_argument

SOURCE = "model_servers/server_core.cc"

_INITIAL_LOAD_THREADS = 16


class ServerCore:
    """Holds the config, the labels and the manager; `reload` is the only way to change what is served."""

    def __init__(
        self,
        flags: Flags,
        load: Load,
        reserve_seconds: float = 0.0,
        prepare: Callable[[], None] = lambda: None,
        placed: Callable[[str], str] = str,
    ) -> None:
        """`prepare` is called once, before anything is loaded; it may raise StatusError. `placed` returns where a base
        path lies on this machine."""
        self._placed = placed
        self.monitor = StateMonitor()
        self._subscribers = [self.monitor]
        self.labels = VersionLabels(self.monitor, allow_unavailable=flags.allow_version_labels_for_unavailable_models)
        self._poll_seconds = flags.file_system_poll_wait_seconds
        self._prepare = prepare
        self._manager = AspiredVersionsManager(_manager_options(flags, reserve_seconds), load, self._publish)
        self._manager.start()
        self._source: VersionSource | None = None
        self._config = model_server_config_pb2.ModelServerConfig()
        self._config_lock = threading.Lock()

    def servable(self, spec: Any) -> AbstractContextManager[Servable]:
        """Holds the version that a ModelSpec asks for; raises StatusError if there is none to hold."""
        if not spec.name:
            raise invalid_argument("ModelSpec has no name specified.")
        match spec.WhichOneof("version_choice"):
            case "version":
                version = spec.version.value
            case "version_label":
                version = self.labels.version(spec.name, spec.version_label)
            case _:
                version = None
        return self._manager.servable(spec.name, version)

    def reload(self, config: Any) -> None:
        """Replaces the whole config; raises StatusError when it is refused or a new model does not load.

        Labels are judged before any version is loaded. A config whose labels are refused is remembered as
        the current one all the same. Waits for new models, without limit, and never for new versions.
        """
        with self._config_lock:
            if not self._accepts(config):
                return
            self._config = config
            models = list(config.model_config_list.config)
            self.labels.assign(models)
            log.info(SOURCE, "Adding/updating models.")
            self._serve(models)
            log.info(SOURCE, "Finished adding/updating models")
            if any(model.HasField("logging_config") for model in models):
                raise invalid_argument("No request-logger-creator provided.")

    def unload_all(self) -> None:
        """Frees what is loaded, when the server will not come up."""
        self._manager.unload_all()

    def _accepts(self, config: Any) -> bool:
        """Whether there is something to do; raises StatusError for a config that cannot follow the current."""
        kind = config.WhichOneof("config")
        was = self._config.WhichOneof("config")
        if was is not None and config != self._config and (was, kind) != ("model_config_list",) * 2:
            message = (
                "Cannot transition to requested config. It is only legal to transition "
                "from one ModelConfigList to another."
            )
            log.error(SOURCE, message)
            raise failed_precondition(message)
        if kind is None:
            log.info(SOURCE, "Taking no action for empty config.")
            return False
        if kind != "model_config_list":
            crash.abort("model_servers/server.cc", "ModelServer does not yet support custom model config.")
        check_config_list(config.model_config_list.config)
        check_platforms_stay(self._config.model_config_list.config, config.model_config_list.config)
        return True

    def _serve(self, models: list[Any]) -> None:
        for model in models:
            log.info(SOURCE, f" (Re-)adding model: {model.name}")
        for model in models:
            if platform(model) != "tensorflow":
                raise invalid_argument(f"Model {model.name} requests unsupported platform {model.model_platform}")
        if self._source is None:
            self._serve_first(models)
        else:
            self._serve_next(self._source, models)

    def _serve_first(self, models: list[Any]) -> None:
        """Loads with many threads, then waits for all of their loads, retries included, before going on."""
        self._prepare()
        source = VersionSource(models, self._poll_seconds, self._manager.aspire, self._placed)
        self._manager.use_load_threads(_INITIAL_LOAD_THREADS)
        source.start()
        try:
            _await(self.monitor, source.model_names, "servable(s)")
        finally:
            self._manager.use_load_threads()
        self._source = source

    def _serve_next(self, source: VersionSource, models: list[Any]) -> None:
        """Waits for new models by what happens from now on: they may have been served, and ended, before."""
        from_now_on = StateMonitor()
        self._subscribers.append(from_now_on)
        try:
            new = {model.name for model in models} - source.model_names
            source.update(models)
            _await(from_now_on, new, "model(s)")
        finally:
            self._subscribers.remove(from_now_on)

    def _publish(self, version: VersionId, state: VersionState) -> None:
        for monitor in list(self._subscribers):
            monitor.publish(version, state)


def _await(monitor: StateMonitor, models: Iterable[str], what: str) -> None:
    reached = monitor.wait_for(models)
    failed = {version: known for version, known in reached.items() if known.state is not State.AVAILABLE}
    if failed:
        listed = "".join(f"{{{version}{_due_to(known)}}}, " for version, known in sorted(failed.items()))
        raise StatusError(Code.UNKNOWN, f"{len(failed)} {what} did not become available: {{{listed}}}")


def _due_to(known: VersionState) -> str:
    return "" if known.status.ok else f" due to error: {known.status}"


def _manager_options(flags: Flags, reserve_seconds: float) -> ManagerOptions:
    return ManagerOptions(
        load_threads=flags.num_load_threads,
        unload_threads=flags.num_unload_threads,
        retries=Retries(flags.max_num_load_retries, flags.load_retry_interval_micros / 1e6),
        reserve_seconds=reserve_seconds,
    )
