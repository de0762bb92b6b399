"""The container that runs tensorflow_model_server.

Flags: tensorflow_serving/model_servers/main.cc.
"""

from typing import Any

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.pods import SERVER_CONTAINER
from tfs_operator.render.config_map import MODELS_FILE, MONITORING_FILE
from tfs_operator.render.connection_age import connection_age
from tfs_operator.render.ports import GRPC_PORT, REST_PORT
from tfs_operator.render.probes import lifecycle, probes
from tfs_operator.render.security import container_security_context
from tfs_operator.render.settings import Settings
from tfs_operator.render.tls import tls_flags
from tfs_operator.render.tuning import tuning_flags
from tfs_operator.render.volumes import CONFIG_PATH, mounts

CONTAINER_NAME = SERVER_CONTAINER
GPU_RESOURCE = "nvidia.com/gpu"
_LOAD_RETRIES = 2
_LOAD_RETRY_INTERVAL_MICROS = 2_000_000
_LOAD_THREADS = 4


def container(tfmodel: TFModel, first_model: str, settings: Settings) -> Manifest:
    spec = tfmodel.spec
    return {
        "name": CONTAINER_NAME,
        "image": image(tfmodel, settings),
        **_optional("imagePullPolicy", spec.server.image_pull_policy),
        "command": ["tensorflow_model_server"],
        "args": flags(tfmodel),
        "ports": [
            {"name": "grpc", "containerPort": GRPC_PORT, "protocol": "TCP"},
            {"name": "rest", "containerPort": REST_PORT, "protocol": "TCP"},
        ],
        **_optional("env", _environment(tfmodel)),
        **_optional("resources", _resources(tfmodel)),
        "volumeMounts": mounts(tfmodel),
        **probes(first_model, spec.rollout),
        **lifecycle(spec.rollout),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": container_security_context(),
    }


def _optional(key: str, value: Any) -> Manifest:
    """Leaves an unset field to Kubernetes, which would drop an empty one and make it look like drift."""
    return {key: value} if value else {}


def image(tfmodel: TFModel, settings: Settings) -> str:
    default = settings.gpu_server_image if tfmodel.spec.gpus else settings.server_image
    return tfmodel.spec.server.image or default


def flags(tfmodel: TFModel) -> list[str]:
    """Config-file polling is off, since it would overwrite what the operator pushes. Labels on versions that are
    not loaded yet are allowed at the start, where the server would else exit (tensorflow/serving#1230). Few and
    quick retries make a version that cannot load known within seconds. Without load threads, loads run on the
    manager's own thread, and a bad version that is being retried keeps every other one from being loaded or
    unloaded (core/basic_manager.cc)."""
    return [
        f"--port={GRPC_PORT}",
        f"--rest_api_port={REST_PORT}",
        f"--model_config_file={CONFIG_PATH}/{MODELS_FILE}",
        "--model_config_file_poll_wait_seconds=0",
        "--file_system_poll_wait_seconds=1",
        "--allow_version_labels_for_unavailable_models=true",
        f"--monitoring_config_file={CONFIG_PATH}/{MONITORING_FILE}",
        f"--max_num_load_retries={_LOAD_RETRIES}",
        f"--load_retry_interval_micros={_LOAD_RETRY_INTERVAL_MICROS}",
        f"--num_load_threads={_LOAD_THREADS}",
        *tls_flags(tfmodel),
        *connection_age(tfmodel),
        *tuning_flags(tfmodel.spec.server),
        *(tfmodel.spec.server.extra_args or []),
    ]


def _environment(tfmodel: TFModel) -> list[Manifest]:
    """The user's variables win. With GPUs, TensorFlow would else take all of their memory at once, or the fraction of
    it that it was given, which is then kept free from others that share them."""
    server = tfmodel.spec.server
    chosen = [variable.model_dump(by_alias=True, exclude_none=True) for variable in server.env or []]
    growth = {"name": "TF_FORCE_GPU_ALLOW_GROWTH", "value": "true"}
    grows = tfmodel.spec.gpus > 0 and server.gpu_memory_fraction is None
    if grows and all(variable["name"] != growth["name"] for variable in chosen):
        chosen.append(growth)
    return chosen


def _resources(tfmodel: TFModel) -> Manifest:
    requested = tfmodel.spec.server.resources
    resources: Manifest = requested.model_dump(by_alias=True, exclude_none=True) if requested else {}
    if tfmodel.spec.gpus:
        resources["limits"] = {**resources.get("limits", {}), GPU_RESOURCE: str(tfmodel.spec.gpus)}
    return {key: amounts for key, amounts in resources.items() if amounts}
