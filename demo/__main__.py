"""`make demo`, once the cluster and the images are there: a trained model, served, on both protocols; and its versions.

Installs the operator, trains examples/mnist twice, copies version 1 into a claim, applies examples/mnist/tfmodel.yaml,
asks the model about 20 digits over REST and over gRPC, and goes on to version 2 and back (demo/rollout.py).
Run again, it re-uses whatever is there already, and ends in the same state.
"""

import json
import os
import sys
import time
import urllib.request
from pathlib import Path

from demo.rollout import Play
from testing.local_cluster import chart, diagnose, model
from testing.local_cluster.commands import CommandError, run
from testing.local_cluster.kubectl import Kubectl
from testing.local_cluster.narrate import Narrator, Step
from testing.local_cluster.tfmodel import TFModel
from testing.waiting import DeadlineError, eventually

NAMESPACE = "tfs-demo"
MODEL = "mnist"
READY_SECONDS = 180
SHOWN = 18

NEXT = f"""
What to try next, in this folder:

  source hack/env.sh && export KUBECONFIG=$TFS_KUBECONFIG
  kubectl --namespace {NAMESPACE} get tfmodel {MODEL} --output yaml    # all that the operator says about it
  kubectl --namespace {NAMESPACE} get all --selector app.kubernetes.io/instance={MODEL}
  kubectl --namespace {NAMESPACE} port-forward service/{MODEL} 8501 8500 &
  curl --retry 5 --retry-connrefused --data @examples/mnist/request.json http://127.0.0.1:8501/v1/models/{MODEL}:predict

examples/mnist/README.md has all of this as plain commands, to be tried with a model of one's own.
`make clean` removes the cluster.
"""

LOOK = f"""
To look closer:

  source hack/env.sh && export KUBECONFIG=$TFS_KUBECONFIG
  kubectl --namespace {NAMESPACE} describe tfmodel {MODEL}
  kubectl --namespace {NAMESPACE} get pods
  kubectl --namespace {chart.NAMESPACE} logs deployment/{chart.RELEASE}

`make demo` run again goes on from what is there; `make clean` removes all of it.
"""


def cluster() -> Kubectl:
    kubeconfig = os.environ.get("TFS_KUBECONFIG")
    if not kubeconfig or not Path(kubeconfig).exists():
        raise CommandError("there is no cluster: `make demo` makes one and then runs this program")
    kubectl = Kubectl(Path(kubeconfig), NAMESPACE)
    kubectl("get", "--raw", "/readyz", seconds=20)
    return kubectl


def install(kubectl: Kubectl, step: Step) -> None:
    step.detail = "waiting until the operator's pod is ready"
    chart.install(kubectl)
    kubectl.make_namespace(NAMESPACE, chart.RESTRICTED)
    if chart.images().server_is_the_double:
        step.say("tensorflow/serving cannot be pulled here: its test double serves (testing/model_server/README.md)")


def train(step: Step, version: int, seed: int, shift: int = 0) -> model.Trained:
    if model.is_trained(seed, shift=shift):
        step.say(f"version {version} is already trained, and train.py and its data have not changed since")
    step.detail = f"training version {version}; about 10 s on an idle machine"
    trained = model.trained(seed, shift=shift)
    said = trained.log.read_text().splitlines() if trained.log.exists() else ["trained"]
    step.say("\n".join(line for line in said if not line.startswith(("Downloading", "Saved"))))
    return trained


def publish(kubectl: Kubectl, trained: model.Trained, step: Step) -> None:
    step.detail = "waiting until the pod model-loader has mounted the claim"
    model.start_loader(kubectl)
    there = model.published_digest(kubectl, MODEL, 1)
    if there == model.digest(trained.folder):
        step.say("the claim has this very model already")
        return
    if there:
        step.say("the claim has another model as version 1: it is served no longer, and replaced")
        kubectl("delete", "tfmodel", MODEL, "--ignore-not-found", "--timeout=60s", seconds=70)
    model.publish(kubectl, trained.folder, MODEL, 1)


def wait_until_ready(tfmodel: TFModel, step: Step) -> None:
    def ready() -> bool:
        now = tfmodel.condition("Ready")
        step.detail = f"not Ready yet: {now['reason']}: {now['message']}" if now else "no status yet"
        return now.get("status") == "True"

    eventually(ready, READY_SECONDS, lambda: step.detail, what=f"TFModel {MODEL} to be Ready")


def first_answer(url: str) -> None:
    body = (model.EXAMPLE / "request.json").read_bytes()
    with urllib.request.urlopen(f"{url}/v1/models/{MODEL}:predict", data=body, timeout=30) as response:
        json.load(response)


def tidy(tfmodel: TFModel, step: Step) -> None:
    """`kubectl apply` leaves alone what the file does not name: labels of a run that was stopped halfway."""
    left = [label for label in tfmodel.live()["spec"]["versionLabels"] if label != "stable"]
    if left:
        step.say(f"labels of an earlier run are removed: {', '.join(left)}")
        patch = {"spec": {"versionLabels": dict.fromkeys(left)}}
        tfmodel.kubectl("patch", "tfmodel", MODEL, "--type", "merge", "--patch", json.dumps(patch))


def serve(tfmodel: TFModel, step: Step) -> None:
    began = time.monotonic()
    step.say(tfmodel.kubectl.apply(model.EXAMPLE / "tfmodel.yaml"))
    tidy(tfmodel, step)
    wait_until_ready(tfmodel, step)
    ready = time.monotonic() - began
    with tfmodel.forward() as (url, _):
        first_answer(url)
    step.say(f"apply → Ready {ready:.1f} s → first answer {time.monotonic() - began:.1f} s")


def ask(tfmodel: TFModel, trained: model.Trained, step: Step) -> None:
    step.detail = "asking; the gRPC client takes a moment to import tensorflow"
    client = [sys.executable, str(model.EXAMPLE / "client.py"), "--label", "stable"]
    client += ["--images", str(trained.test_images)]
    with tfmodel.forward() as (url, address):
        step.say("20 images over REST:\n" + run([*client, "--rest", url], seconds=60))
        step.say("20 images over gRPC:\n" + run([*client, "--grpc", address], seconds=90))


def play(narrator: Narrator, tfmodel: TFModel) -> None:
    kubectl = tfmodel.kubectl
    with narrator.step("Installing the operator: helm upgrade --install, from charts/tfs-operator") as step:
        install(kubectl, step)
    with narrator.step("Training examples/mnist, twice: version 2 sees its images moved about as well") as step:
        first, second = train(step, 1, seed=1), train(step, 2, seed=2, shift=2)
    with narrator.step("Copying the model into the claim `models`, as version 1") as step:
        publish(kubectl, first, step)
    with narrator.step("kubectl apply --filename examples/mnist/tfmodel.yaml") as step:
        serve(tfmodel, step)
    with narrator.step(f"Asking the model through Service {MODEL}") as step:
        ask(tfmodel, first, step)
    roll_out(narrator, tfmodel, first, second)


def roll_out(narrator: Narrator, tfmodel: TFModel, first: model.Trained, second: model.Trained) -> None:
    with tfmodel.forward() as (url, _):
        play = Play.of(tfmodel, url, first.test_images)
        with narrator.step("Canary: version 2 beside version 1") as step:
            play.canary(second, step)
        with narrator.step("Promotion: version 2 for all who ask for `stable`") as step:
            play.promote(step)
        with narrator.step("A bad version 3 is refused") as step:
            play.refuse(second, step)
        with narrator.step("Rollback: version 1 for all again") as step:
            play.roll_back(step)


def show(kubectl: Kubectl, *command: str) -> None:
    """The output, and of a long one the end: events of earlier runs are kept for an hour."""
    header, *lines = kubectl(*command).splitlines()
    older = [f"… {len(lines) - SHOWN} older ones"] if len(lines) > SHOWN else []
    print(f"\n$ kubectl --namespace {NAMESPACE} {' '.join(command)}", header, *older, *lines[-SHOWN:], sep="\n")


def explain(narrator: Narrator, kubectl: Kubectl | None, error: Exception) -> None:
    if kubectl:
        print(f"\nWhat the cluster shows:\n\n{diagnose.excerpt(kubectl)}", file=sys.stderr)
    print(f"\nmake demo failed in step {narrator.done} of {narrator.steps}: {error}\n{LOOK}", file=sys.stderr)


def main() -> int:
    narrator = Narrator(steps=9)
    kubectl: Kubectl | None = None
    try:
        kubectl = cluster()
        play(narrator, TFModel(kubectl, MODEL))
        show(kubectl, "events", "--for", f"tfmodel/{MODEL}")
        show(kubectl, "get", "tfmodel")
        print(NEXT)
    except (CommandError, DeadlineError, OSError) as error:
        explain(narrator, kubectl, error)
        return 1
    except KeyboardInterrupt:
        print("\nmake demo: stopped; run again, it goes on from what is there", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
