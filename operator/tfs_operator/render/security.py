"""The security context of every container, as Kubernetes' Pod Security Standard `restricted` asks for.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from tfs_operator.api.manifest import Manifest


def container_security_context() -> Manifest:
    """Returns a new `securityContext`; what holds for the whole pod is in `render.deployment`."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
