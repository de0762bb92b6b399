"""The operator, installed from charts/tfs-operator with the images that hack/images.sh made."""

from dataclasses import dataclass
from pathlib import Path

from testing.local_cluster import locks
from testing.local_cluster.commands import ROOT, CommandError, run
from testing.local_cluster.kubectl import Kubectl

IMAGES = ROOT / "build" / "images.env"
CHART = Path("charts/tfs-operator")
RELEASE = "tfs-operator"
NAMESPACE = "tfs-operator-system"
INSTALL_SECONDS = 180
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@dataclass(frozen=True)
class Images:
    operator: str
    server: str

    @property
    def server_is_the_double(self) -> bool:
        return self.server.startswith("tfs-model-server:")


def images() -> Images:
    if not IMAGES.exists():
        raise CommandError(f"{IMAGES.relative_to(ROOT)} is missing: `make images` builds and loads the images")
    values = dict(line.split("=", 1) for line in IMAGES.read_text().splitlines() if "=" in line)
    return Images(values["OPERATOR_IMAGE"], values["SERVER_IMAGE"])


def helm(kubectl: Kubectl, *args: str, seconds: float = 60, program: str = "helm") -> str:
    """Runs one command of Helm. It refuses to change a release that another Helm is changing, so they take turns."""
    with locks.held("helm"):
        return run([program, "--kubeconfig", str(kubectl.kubeconfig), *args], seconds=seconds)


def image_id(image: str) -> str:
    return run(["docker", "image", "inspect", "--format", "{{.Id}}", image]).strip()


def install(kubectl: Kubectl, path: Path = CHART, operator: str | None = None) -> None:
    """Installs or upgrades, and waits until the operator's pod is ready. Changes nothing if all is so.

    `path` and `operator`, an image, are those of another release."""
    used = images()
    image = operator or used.operator
    repository, tag = image.rsplit(":", 1)
    kubectl.make_namespace(NAMESPACE, RESTRICTED)
    settings = {
        "image.repository": repository,
        "image.tag": tag,
        "serverImages.cpu": used.server,
        "serverImages.gpu": used.server,
        # The tag is the same for every build, so this is what replaces the pod when the image is another.
        r"podAnnotations.tfs-operator\.io/image-id": image_id(image),
    }
    arguments = ["upgrade", "--install", RELEASE, str(path), "--namespace", NAMESPACE]
    for name, value in settings.items():
        arguments += ["--set-string", f"{name}={value}"]
    waiting = ["--wait", "--timeout", f"{INSTALL_SECONDS}s"]
    helm(kubectl, *arguments, *waiting, seconds=INSTALL_SECONDS + 30)
