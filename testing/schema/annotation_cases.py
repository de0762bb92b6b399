"""The rows of `schema_cases` about annotations of pods by which they would leave the Pod Security Standard."""

from testing.schema.values import Rows

_APPARMOR_KEY = "container.apparmor.security.beta.kubernetes.io"
_SECCOMP_KEY = "seccomp.security.alpha.kubernetes.io"

APPARMOR = (
    f"{_APPARMOR_KEY}/CONTAINER must be runtime/default or localhost/PROFILE, for the pods keep an AppArmor profile: "
    "correct the annotation, or leave it out"
)
SECCOMP = (
    f"{_SECCOMP_KEY}/pod and container.{_SECCOMP_KEY}/CONTAINER must be runtime/default, for the pods keep that "
    "seccomp profile: leave the annotation out"
)

ROWS: Rows = {
    "spec.podTemplate.annotations": {
        APPARMOR: [
            ({f"{_APPARMOR_KEY}/model-server": "runtime/default"}, {f"{_APPARMOR_KEY}/model-server": "unconfined"}),
            ({f"{_APPARMOR_KEY}/agent": "localhost/strict"}, {f"{_APPARMOR_KEY}/agent": "localhost"}),
            ({f"{_APPARMOR_KEY}/": "runtime/default"}, {f"{_APPARMOR_KEY}/": ""}),
            ({f"a.{_APPARMOR_KEY}/agent": "unconfined"}, {"a": "b", f"{_APPARMOR_KEY}/agent": "runtime/default "}),
            ({_APPARMOR_KEY: "unconfined"}, {f"{_APPARMOR_KEY}/agent": "Unconfined"}),
        ],
        SECCOMP: [
            ({f"{_SECCOMP_KEY}/pod": "runtime/default"}, {f"{_SECCOMP_KEY}/pod": "unconfined"}),
            ({f"{_SECCOMP_KEY}/pods": "unconfined"}, {f"{_SECCOMP_KEY}/pod": "localhost/mine"}),
            (
                {f"container.{_SECCOMP_KEY}/agent": "runtime/default"},
                {f"container.{_SECCOMP_KEY}/agent": "unconfined"},
            ),
            ({f"container.{_SECCOMP_KEY}": "unconfined"}, {"a": "b", f"container.{_SECCOMP_KEY}/": ""}),
        ],
    },
}
