#!/usr/bin/env python3
"""`make demo`, once the cluster and the images are there: a trained model, served, on both protocols.

Installs the operator, trains examples/mnist, copies it into a claim, applies examples/mnist/tfmodel.yaml and
asks the model about 20 digits over REST and over gRPC. Run again, it re-uses whatever is there already.
"""

import json
import os
import sys
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from hack.playground import chart, diagnose, model
from hack.playground.commands import CommandError, DeadlineError, run, wait_for
from hack.playground.kubectl import Kubectl
from hack.playground.narrate import Narrator, Step
from hack.playground.tfmodel import TFModel

NAMESPACE = "tfs-demo"
MODEL = "mnist"
READY_SECONDS = 180

NEXT = f"""
What to try next, in this folder:

  source hack/env.sh && export KUBECONFIG=$TFS_KUBECONFIG
  kubectl --namespace {NAMESPACE} get tfmodel {MODEL} --output yaml    # all that the operator says about it
  kubectl --namespace {NAMESPACE} get all --selector app.kubernetes.io/instance={MODEL}
  kubectl --namespace {NAMESPACE} port-forward service/{MODEL} 8501 8500 &
  curl --retry 5 --retry-connrefused --data @examples/mnist/request.json http://127.0.0.1:8501/v1/models/{MODEL}:predict

examples/mnist/README.md goes on with a second version: canary, promotion and rollback by one label each.
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
        step.say("tensorflow/serving cannot be pulled here: its test double serves (tests/model_server/README.md)")


def train(step: Step) -> model.Trained:
    if model.is_trained():
        step.say("already trained, and train.py and its data have not changed since")
    step.detail = "training; about 20 s on an idle machine"
    trained = model.trained()
    step.say(trained.log.read_text().strip() if trained.log.exists() else "trained")
    return trained


def publish(kubectl: Kubectl, trained: model.Trained, step: Step) -> None:
    step.detail = "waiting until the pod model-loader has mounted the claim"
    for name in ("pvc.yaml", "loader.yaml"):
        kubectl.apply(model.EXAMPLE / name)
    kubectl("wait", "--for=condition=Ready", f"pod/{model.LOADER}", "--timeout=90s", seconds=100)
    there = model.published_digest(kubectl, MODEL, 1)
    if there == model.digest(trained.folder):
        step.say("the claim has this very model already")
        return
    if there:
        step.say("the claim has another model as version 1: it is served no longer, and replaced")
        kubectl("delete", "tfmodel", MODEL, "--ignore-not-found", "--timeout=60s", seconds=70)
    model.publish(kubectl, trained.folder, MODEL, 1)


def wait_until_ready(tfmodel: TFModel, step: Step) -> None:
    def ready() -> bool | None:
        now = tfmodel.condition("Ready")
        step.detail = f"not Ready yet: {now['reason']}: {now['message']}" if now else "no status yet"
        return True if now.get("status") == "True" else None

    wait_for(f"TFModel {MODEL} to be Ready", READY_SECONDS, ready, seen=lambda: step.detail)


def first_answer(url: str) -> None:
    body = (model.EXAMPLE / "request.json").read_bytes()
    with urllib.request.urlopen(f"{url}/v1/models/{MODEL}:predict", data=body, timeout=30) as response:
        json.load(response)


def serve(tfmodel: TFModel, step: Step) -> None:
    began = time.monotonic()
    step.say(tfmodel.kubectl.apply(model.EXAMPLE / "tfmodel.yaml"))
    wait_until_ready(tfmodel, step)
    ready = time.monotonic() - began
    with tfmodel.forward() as (url, _):
        first_answer(url)
    step.say(f"apply → Ready {ready:.1f} s → first answer {time.monotonic() - began:.1f} s")


def ask(tfmodel: TFModel, trained: model.Trained, step: Step) -> None:
    step.detail = "asking; the gRPC client takes a moment to import tensorflow"
    client = [sys.executable, str(model.EXAMPLE / "client.py"), "--images", str(trained.test_images)]
    with tfmodel.forward() as (url, address):
        step.say("20 images over REST:\n" + run([*client, "--rest", url], seconds=60))
        step.say("20 images over gRPC:\n" + run([*client, "--grpc", address], seconds=90))


def play(narrator: Narrator, kubectl: Kubectl) -> None:
    tfmodel = TFModel(kubectl, MODEL)
    with narrator.step("Installing the operator: helm upgrade --install, from charts/tfs-operator") as step:
        install(kubectl, step)
    with narrator.step("Training examples/mnist") as step:
        trained = train(step)
    with narrator.step("Copying the model into the claim `models`, as version 1") as step:
        publish(kubectl, trained, step)
    with narrator.step("kubectl apply --filename examples/mnist/tfmodel.yaml") as step:
        serve(tfmodel, step)
    with narrator.step(f"Asking the model through Service {MODEL}") as step:
        ask(tfmodel, trained, step)


def explain(narrator: Narrator, kubectl: Kubectl | None, error: Exception) -> None:
    if kubectl:
        print(f"\nWhat the cluster shows:\n\n{diagnose.excerpt(kubectl)}", file=sys.stderr)
    print(f"\nmake demo failed in step {narrator.done} of {narrator.steps}: {error}\n{LOOK}", file=sys.stderr)


def main() -> int:
    narrator = Narrator(steps=5)
    kubectl: Kubectl | None = None
    try:
        kubectl = cluster()
        play(narrator, kubectl)
        print(f"\n$ kubectl --namespace {NAMESPACE} get tfmodel\n{kubectl('get', 'tfmodel')}{NEXT}")
    except (CommandError, DeadlineError, OSError) as error:
        explain(narrator, kubectl, error)
        return 1
    except KeyboardInterrupt:
        print("\nmake demo: stopped; run again, it goes on from what is there", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
