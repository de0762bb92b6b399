"""TLS for gRPC: an init container puts together what `--ssl_config_file` names, from the Secret of the spec.

TensorFlow Serving wants one text file with both PEM texts in it, and Kubernetes mounts a Secret as it is.
"""

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.tls import CERTIFICATE_KEY, CONTAINER_NAME, PRIVATE_KEY_KEY
from tfs_operator.render.security import container_security_context
from tfs_operator.render.settings import Settings

TLS_PATH = "/etc/tfs-operator-tls"
TLS_SECRET_PATH = "/etc/tfs-operator-tls-secret"
SSL_CONFIG_FILE = f"{TLS_PATH}/ssl.config"
_VOLUME, _SECRET_VOLUME = "tls", "tls-secret"


def tls_flags(tfmodel: TFModel) -> list[str]:
    return [f"--ssl_config_file={SSL_CONFIG_FILE}"] if tfmodel.spec.server.tls else []


def tls_mounts(tfmodel: TFModel) -> list[Manifest]:
    """Returns the model server's mounts: it sees the file, not the Secret."""
    return [{"name": _VOLUME, "mountPath": TLS_PATH, "readOnly": True}] if tfmodel.spec.server.tls else []


def tls_volumes(tfmodel: TFModel) -> list[Manifest]:
    """The Secret is optional, so that the init container can say what is missing: the kubelet would keep the pod from
    starting. The private key never reaches a disk."""
    tls = tfmodel.spec.server.tls
    if tls is None:
        return []
    keys = [{"key": key, "path": key} for key in (CERTIFICATE_KEY, PRIVATE_KEY_KEY)]
    return [
        {"name": _VOLUME, "emptyDir": {"medium": "Memory", "sizeLimit": "4Mi"}},
        {"name": _SECRET_VOLUME, "secret": {"secretName": tls.secret_name, "optional": True, "items": keys}},
    ]


def tls_containers(tfmodel: TFModel, settings: Settings) -> list[Manifest]:
    """Returns the pod's init containers for TLS: one, or none."""
    tls = tfmodel.spec.server.tls
    if tls is None:
        return []
    return [
        {
            "name": CONTAINER_NAME,
            "image": settings.fetcher_image,
            "command": ["tfs-operator", "tls"],
            "args": [
                f"--secret={TLS_SECRET_PATH}",
                f"--secret-name={tls.secret_name}",
                f"--output={SSL_CONFIG_FILE}",
            ],
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
            "volumeMounts": [
                {"name": _VOLUME, "mountPath": TLS_PATH},
                {"name": _SECRET_VOLUME, "mountPath": TLS_SECRET_PATH, "readOnly": True},
            ],
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "securityContext": container_security_context(),
        }
    ]
