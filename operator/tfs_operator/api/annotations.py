"""Annotations that users may give to pods and Services."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from tfs_operator.api.rules import Rule, ruled

StringMap = Annotated[dict[str, Annotated[str, Field(max_length=4096)]], Field(max_length=64)]

_OURS = "tfs-operator.io/"
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP = ("seccomp.security.alpha.kubernetes.io/pod", "container.seccomp.security.alpha.kubernetes.io/")
"""Of the pod, and of one container."""

_RUNTIME_DEFAULT = "runtime/default"
_LOCALHOST = "localhost/"


def _none_is_ours(annotations: Mapping[str, str]) -> bool:
    return not any(key.startswith(_OURS) for key in annotations)


def _has_apparmor(annotations: Mapping[str, str]) -> bool:
    profiles = [value for key, value in annotations.items() if key.startswith(_APPARMOR)]
    return all(profile == _RUNTIME_DEFAULT or profile.startswith(_LOCALHOST) for profile in profiles)


def _has_seccomp(annotations: Mapping[str, str]) -> bool:
    pod, container = _SECCOMP
    profiles = [value for key, value in annotations.items() if key == pod or key.startswith(container)]
    return all(profile == _RUNTIME_DEFAULT for profile in profiles)


_NOT_OURS = Rule(
    f"!self.exists(key, key.startsWith('{_OURS}'))",
    _none_is_ours,
    "annotations below tfs-operator.io/ are set by the operator",
)

APPARMOR_RULE = Rule(
    f"!self.exists(key, key.startsWith('{_APPARMOR}') && self[key] != '{_RUNTIME_DEFAULT}'"
    f" && !self[key].startsWith('{_LOCALHOST}'))",
    _has_apparmor,
    f"{_APPARMOR}CONTAINER must be runtime/default or localhost/PROFILE, for the pods keep an AppArmor profile: correct"
    " the annotation, or leave it out",
)

SECCOMP_RULE = Rule(
    f"!self.exists(key, (key == '{_SECCOMP[0]}' || key.startsWith('{_SECCOMP[1]}'))"
    f" && self[key] != '{_RUNTIME_DEFAULT}')",
    _has_seccomp,
    f"{_SECCOMP[0]} and {_SECCOMP[1]}CONTAINER must be runtime/default, for the pods keep that seccomp profile: leave"
    " the annotation out",
)

Annotations = Annotated[StringMap, *ruled(_NOT_OURS)]
"""Of a Service."""

PodAnnotations = Annotated[StringMap, *ruled(_NOT_OURS, APPARMOR_RULE, SECCOMP_RULE)]
"""Of pods. By these keys a pod could leave the Pod Security Standard `restricted`, which it meets otherwise.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""
