"""What the administrator of the operator decides, as opposed to the user who writes a TFModel."""

from dataclasses import dataclass

from tfs_operator import __version__

DEFAULT_SERVER_IMAGE = "tensorflow/serving:2.21.0"
DEFAULT_GPU_SERVER_IMAGE = "tensorflow/serving:2.21.0-gpu"
DEFAULT_FETCHER_IMAGE = f"tfs-operator:{__version__}"


@dataclass(frozen=True)
class Settings:
    """Defaults and permissions that hold for every TFModel."""

    server_image: str = DEFAULT_SERVER_IMAGE
    gpu_server_image: str = DEFAULT_GPU_SERVER_IMAGE
    fetcher_image: str = DEFAULT_FETCHER_IMAGE
    """The operator's own image: the fetcher is a command of it."""

    allow_hostpath: bool = False
    cluster_domain: str = "cluster.local"
