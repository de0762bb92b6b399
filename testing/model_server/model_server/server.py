"""Puts the server together: first the models, then the ports.

(model_servers/server.cc)
"""

import threading
import time

import grpc

from model_server import config, crash, grpc_threads, log
from model_server.core import ServerCore
from model_server.environment import Switches
from model_server.flags import Flags
from model_server.grpc_errors import ErrorsWithoutMessage
from model_server.grpc_services import ModelService, PredictionService
from model_server.health import add_health_service
from model_server.http_server import HttpServer
from model_server.inference import Inference, InferenceOptions
from model_server.loader import Loader
from model_server.protos import model_service_pb2_grpc, prediction_service_pb2_grpc
from model_server.rest import RestApi
from model_server.settings import SOURCE, read_settings
from model_server.status import StatusError, invalid_argument


class Server:
    """`start` returns once the ports are open; `wait` never does."""

    def __init__(self, flags: Flags, switches: Switches) -> None:
        self._flags = flags
        self._switches = switches
        self._inference = Inference(
            InferenceOptions(
                check_method_names=flags.enable_signature_method_name_check,
                as_tensor_content=flags.enable_serialization_as_tensor_content,
            )
        )
        self._core: ServerCore | None = None
        self._grpc: grpc.Server | None = None

    @property
    def is_listening(self) -> bool:
        return self._grpc is not None

    def start(self) -> None:
        """Loads the models, then opens the ports; raises StatusError."""
        flags, switches = self._flags, self._switches
        settings = read_settings(flags)
        loader = Loader(flags, settings, self._inference, switches.load_delay_seconds)
        core = self._core = ServerCore(flags, loader, switches.reserve_seconds, loader.prepare, switches.placed)
        core.reload(settings.models)
        if flags.model_config_file and flags.model_config_file_poll_wait_seconds > 0:
            threading.Thread(target=self._poll_config, args=(core,), name="config-poll", daemon=True).start()
        if flags.thread_pool_factory_config_file:
            config.read_thread_pool_factory(flags.thread_pool_factory_config_file)
        self._start_grpc(core)
        self._start_rest(core)

    def give_up(self) -> None:
        """Frees the models, where `start` has failed before a port was open."""
        if self._core is not None:
            self._core.unload_all()

    def wait(self) -> None:
        threading.Event().wait()

    def _poll_config(self, core: ServerCore) -> None:
        """Applies the config file again and again, changed or not; errors are only logged."""
        while True:
            try:
                models = config.read_model_server_config(self._flags.model_config_file)
            except StatusError as error:
                log.error(SOURCE, f"Failed to read ModelServerConfig file: {error.status.message}")
            else:
                _reload(core, models)
            time.sleep(self._flags.model_config_file_poll_wait_seconds)

    def _start_grpc(self, core: ServerCore) -> None:
        flags = self._flags
        credentials = _credentials(flags)
        threads = flags.grpc_max_threads
        grpc_threads.require_a_thread(threads)
        server = grpc.server(
            grpc_threads.thread_pool(threads),
            interceptors=[grpc_threads.CallLimit(threads), ErrorsWithoutMessage()],
            options=[("grpc.so_reuseport", 0), *_unlimited_messages(), *_channel_arguments(flags)],
        )
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(core), server)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            PredictionService(core, self._inference), server
        )
        if flags.enable_grpc_healthcheck_service:
            add_health_service(server)
        for address in self._grpc_addresses():
            _listen(server, address, credentials, has_health_service=flags.enable_grpc_healthcheck_service)
        server.start()
        self._grpc = server
        if flags.port:
            log.info(SOURCE, f"Running gRPC ModelServer at {self._grpc_addresses()[0]} ...")
        if flags.grpc_socket_path:
            log.info(SOURCE, f"Running gRPC ModelServer at UNIX socket {flags.grpc_socket_path} ...")

    def _grpc_addresses(self) -> list[str]:
        address = self._switches.bind_address or "0.0.0.0"
        tcp = [f"{address}:{self._flags.port}"] if self._flags.port else []
        return tcp + ([f"unix:{self._flags.grpc_socket_path}"] if self._flags.grpc_socket_path else [])

    def _start_rest(self, core: ServerCore) -> None:
        flags = self._flags
        if not flags.rest_api_port:
            return
        if flags.rest_api_port == flags.port:
            log.error(
                SOURCE,
                "server_options.http_port cannot be same as grpc_port. Please use a different port for "
                "HTTP/REST API. Skipped exporting HTTP/REST API.",
            )
            return
        if flags.rest_api_num_threads < 1:
            crash.abort(SOURCE, f"Check failed: num_threads >= 1 ({flags.rest_api_num_threads} vs. 1)")
        path = config.read_metrics_path(flags.monitoring_config_file) if flags.monitoring_config_file else None
        address = f"localhost:{flags.rest_api_port}"
        try:
            server = self._http_server(RestApi(core, self._inference, flags.rest_api_timeout_in_ms), path)
        except OSError:
            log.error(SOURCE, f"Failed to start HTTP Server at {address}")
            return
        threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
        log.info(SOURCE, f"Exporting HTTP/REST API at:{address} ...")

    def _http_server(self, api: RestApi, metrics_path: str | None) -> HttpServer:
        flags = self._flags

        def listen(address: str) -> HttpServer:
            return HttpServer(
                address,
                flags.rest_api_port % 2**16,
                api,
                threads=flags.rest_api_num_threads,
                metrics_path=metrics_path,
                cors=flags.rest_api_enable_cors_support,
            )

        if self._switches.bind_address:
            return listen(self._switches.bind_address)
        try:
            return listen("::")
        except OSError:
            return listen("0.0.0.0")


def _reload(core: ServerCore, models: object) -> None:
    try:
        core.reload(models)
    except StatusError as error:
        log.error(SOURCE, f"PollFilesystemAndReloadConfig failed to ReloadConfig: {error.status.message}")


def _unlimited_messages() -> list[tuple[str, int]]:
    return [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def _channel_arguments(flags: Flags) -> list[tuple[str, str | int]]:
    arguments: list[tuple[str, str | int]] = []
    for argument in flags.grpc_channel_arguments.split(",") if flags.grpc_channel_arguments else ():
        key, separator, value = argument.partition("=")
        if not separator:
            # The real server takes the second of one part.
            crash.segfault()
        arguments.append((key, int(value) if value.lstrip("-").isdecimal() else value))
    return arguments


def _credentials(flags: Flags) -> grpc.ServerCredentials | None:
    if not flags.ssl_config_file:
        log.info(SOURCE, "Using InsecureServerCredentials")
        return None
    try:
        tls = config.read_tls(flags.ssl_config_file)
    except StatusError as error:
        check = "ParseProtoTextFile<SSLConfig>(ssl_config_file, &ssl_config)"
        crash.abort(SOURCE, f"Check failed: {check} is OK ({error.status})")
    log.info(SOURCE, "Using SSL credentials")
    return grpc.ssl_server_credentials(
        [(tls.key, tls.certificate)],
        root_certificates=tls.custom_ca or None,
        require_client_auth=tls.client_verify,
    )


def _listen(
    server: grpc.Server, address: str, credentials: grpc.ServerCredentials | None, *, has_health_service: bool
) -> None:
    try:
        if credentials is not None and not address.startswith("unix:"):
            server.add_secure_port(address, credentials)
        else:
            server.add_insecure_port(address)
    except RuntimeError as error:
        if has_health_service:
            # The real server asks the one that it has not got for it.
            crash.segfault()
        raise invalid_argument("Failed to BuildAndStart gRPC server") from error
