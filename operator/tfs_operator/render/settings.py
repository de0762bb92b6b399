"""What the administrator of the operator decides, as opposed to the user who writes a TFModel."""

from dataclasses import dataclass

DEFAULT_SERVER_IMAGE = "tensorflow/serving:2.21.0"
DEFAULT_GPU_SERVER_IMAGE = "tensorflow/serving:2.21.0-gpu"


@dataclass(frozen=True)
class Settings:
    """Defaults and permissions that hold for every TFModel."""

    server_image: str = DEFAULT_SERVER_IMAGE
    gpu_server_image: str = DEFAULT_GPU_SERVER_IMAGE
    allow_hostpath: bool = False
    cluster_domain: str = "cluster.local"
