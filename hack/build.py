#!/usr/bin/env python3
"""Makes what a target needs, independent steps side by side, and reports one elapsed time with the steps still to come.

hack/build.py [--then TITLE] GOAL…    a goal is the name of a step below; what it needs is made first
hack/build.py --list                  the steps, and what each one needs

Each step is a script that does nothing when its result is there already, so a run that was stopped goes on from
there. A step that compiles Go takes every processor: one at a time, while others download or wait. Needs only Python.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ANNOUNCE_SECONDS = 2.0
"""A step that is over sooner is not worth a line."""
STATUS_SECONDS = 30.0
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Step:
    """A script, with the steps that it needs and those that go before it where they are wanted anyway.

    `mode` limits it to machines that pull images, or to those that build them.
    """

    name: str
    title: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    mode: str = ""
    compiles: bool = False


def step(
    name: str, title: str, command: str, needs: str = "", after: str = "", mode: str = "", compiles: bool = False
) -> Step:
    return Step(name, title, tuple(command.split()), tuple(needs.split()), tuple(after.split()), mode, compiles)


def program(name: str, title: str, modules: str) -> Step:
    return step(name, title, f"hack/binaries.sh {name}", after=modules, compiles=True)


CONTROL_PLANE = "kube-apiserver kube-controller-manager kube-scheduler etcd kubectl"
STORES = "versitygw fake-gcs-server registry"
# In the order in which they start where several could: first what most others wait for.
STEPS = (
    step("docker", "Docker", "hack/docker.sh up"),
    step("venv", "the Python environment .venv", "hack/venv.sh"),
    step(
        "node-programs",
        "Kubernetes, etcd and CoreDNS",
        "hack/binaries.sh node",
        needs="docker",
        mode="build",
        compiles=True,
    ),
    step("node-base", "the node's Debian base", "hack/offline/node-image.sh base", needs="docker", mode="build"),
    step("image-base", "the images' base", "hack/images.sh base", needs="docker"),
    step("modules", "Go modules of kind and Helm", "hack/binaries.sh --fetch kind helm"),
    step("node-image", "the node image", "hack/cluster.sh image", needs="docker node-programs node-base"),
    step("kind", "kind and kubectl", "hack/binaries.sh kind kubectl", after="docker", compiles=True),
    step("operator-image", "the operator's image", "hack/images.sh operator", needs="venv image-base"),
    step("server-image", "the model server's image", "hack/images.sh server", needs="venv image-base"),
    step("cluster", "the cluster", "hack/cluster.sh up", needs="node-image kind"),
    step("helm", "Helm", "hack/binaries.sh helm", after="modules kind", compiles=True),
    step("images", "the images, into the cluster", "hack/images.sh load", needs="cluster operator-image server-image"),
    step(
        "test-modules",
        "Go modules of the tests' programs",
        f"hack/binaries.sh --fetch {CONTROL_PLANE} helm4 helm3 {STORES} kubeconform",
        after="modules node-programs",
    ),
    step(
        "control-plane",
        "the control plane's programs",
        f"hack/binaries.sh {CONTROL_PLANE}",
        after="docker node-programs test-modules",
        compiles=True,
    ),
    program("helm4", "Helm 4", "helm test-modules"),
    program("helm3", "Helm 3", "test-modules"),
    program("versitygw", "the S3 server", "test-modules"),
    program("fake-gcs-server", "the GCS server", "test-modules"),
    program("registry", "the OCI registry", "test-modules"),
    program("kubeconform", "kubeconform", "test-modules"),
    step("azurite", "the Azure server", "hack/binaries.sh azurite"),
    step("keda", "KEDA's definitions", "hack/keda-crd.sh"),
    step("schemas", "JSON schemas", "hack/schemas.sh", needs="venv keda", after="test-modules"),
    step("prometheus", "Prometheus", "hack/prometheus.sh"),
    step("store-image", "the stores, into the cluster", "hack/store-image.sh", needs=f"cluster {STORES}"),
    step(
        "binaries",
        "every program that tests take",
        "true",
        needs=f"control-plane helm4 helm3 {STORES} kubeconform azurite keda schemas prometheus",
    ),
)


class Unknown(Exception):
    """A goal that no step is called."""


def plan(goals: Iterable[str], steps: Sequence[Step] = STEPS) -> list[Step]:
    """Returns the goals and all that they need, in the order of `steps`."""
    known = {each.name: each for each in steps}
    chosen: set[str] = set()
    left = list(goals)
    while left:
        name = left.pop()
        if name not in known:
            raise Unknown(f"no step is called {name}: hack/build.py --list has them")
        if name not in chosen:
            chosen.add(name)
            left += known[name].needs
    return [each for each in steps if each.name in chosen]


def span(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole}s" if whole < 60 else f"{whole // 60}m{whole % 60:02}s"


@dataclass
class Running:
    step: Step
    process: subprocess.Popen[bytes]
    began: float
    number: int
    announced: bool = False


@dataclass
class Build:
    """Runs the steps of a plan. `ask_mode` answers, once Docker runs, whether images are pulled or built."""

    waiting: list[Step]
    ask_mode: Callable[[], str]
    log: Path
    then: str = ""
    started: float = field(default_factory=lambda: float(os.environ.get("TFS_STARTED", time.time())))
    running: list[Running] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    failed: str = ""
    told: float = field(default_factory=time.monotonic)
    mode: str = ""

    def run(self) -> bool:
        """Returns whether every step succeeded; stops the others when one fails."""
        try:
            if all(each.name != "docker" for each in self.waiting):
                self.settle_mode()
            while (self.waiting or self.running) and not self.failed:
                self.start()
                time.sleep(POLL_SECONDS)
                self.reap()
                self.report()
        finally:
            self.stop()
        return not self.failed

    def start(self) -> None:
        for each in list(self.waiting):
            if self.may_start(each):
                self.waiting.remove(each)
                environment = os.environ | {"TFS_STARTED": f"{self.started:.0f}", "TFS_STEPS_ARE_TOLD": "yes"}
                process = subprocess.Popen(
                    each.command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    process_group=0,
                )  # fmt: skip
                number = len(self.done) + len(self.running) + 1
                self.running.append(Running(each, process, time.monotonic(), number))

    def may_start(self, step: Step) -> bool:
        if step.mode and not self.mode:
            return False
        unfinished = {each.name for each in self.waiting} | {each.step.name for each in self.running}
        if unfinished.intersection(step.needs + step.after):
            return False
        return not (step.compiles and any(each.step.compiles for each in self.running))

    def reap(self) -> None:
        for each in list(self.running):
            pid, status, usage = os.wait4(each.process.pid, os.WNOHANG)
            if pid:
                each.process.returncode = os.waitstatus_to_exitcode(status)
                self.running.remove(each)
                self.finish(each, usage.ru_utime + usage.ru_stime)

    def finish(self, ended: Running, processor_seconds: float) -> None:
        took = time.monotonic() - ended.began
        if ended.process.returncode:
            self.failed = ended.step.title
            self.say(f"{ended.step.title} failed after {span(took)}: the reason stands above")
            return
        self.done.append(ended.step.name)
        with self.log.open("a") as file:
            file.write(f"{ended.step.name}: {took:.0f} s, {processor_seconds:.0f} s of a processor\n")
        if ended.announced:
            self.say(f"{ended.step.title}: done in {span(took)}")
        if ended.step.name == "docker":
            self.settle_mode()

    def settle_mode(self) -> None:
        self.mode = self.ask_mode()
        self.waiting = [each for each in self.waiting if each.mode in ("", self.mode)]

    def report(self) -> None:
        now = time.monotonic()
        for each in self.running:
            if not each.announced and now - each.began >= ANNOUNCE_SECONDS:
                each.announced = True
                self.told = now
                self.say(f"{each.number} of {self.total()}: {each.step.title}{self.to_come()}")
        if now - self.told >= STATUS_SECONDS:
            self.told = now
            at_work = ", ".join(f"{each.step.title} {span(now - each.began)}" for each in self.running)
            self.say(f"{len(self.done)} of {self.total()} done; at work: {at_work}{self.to_come()}")

    def total(self) -> int:
        return len(self.done) + len(self.running) + len(self.waiting) + bool(self.then)

    def to_come(self) -> str:
        titles = [each.title for each in self.waiting] + [self.then] * bool(self.then)
        return f" (next: {', '.join(titles)})" if titles else ""

    def say(self, text: str) -> None:
        print(f"[{span(time.time() - self.started):>6}] {text}", file=sys.stderr, flush=True)

    def stop(self) -> None:
        for each in self.running:
            os.killpg(each.process.pid, signal.SIGTERM)
        for each in self.running:
            each.process.wait()


def ask_mode() -> str:
    return subprocess.run([ROOT / "hack/mode.sh"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def log_file() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("TFS_CACHE") or Path(cache) / "tfs-operator") / "log"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "build-times.log"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--then", default="", metavar="TITLE", help="what the caller does afterwards")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("goals", nargs="*", metavar="GOAL")
    options = parser.parse_args()
    if options.list:
        for each in STEPS:
            print(f"{each.name:<16} {each.title}; after {', '.join(each.needs + each.after) or 'nothing'}")
        return 0
    if not options.goals:
        parser.error("which goals? For example: hack/build.py images helm")
    try:
        build = Build(plan(options.goals), ask_mode, log_file(), options.then)
    except Unknown as error:
        parser.error(str(error))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        succeeded = build.run()
    except KeyboardInterrupt:
        build.say("stopped; the same command goes on from here")
        return 130
    if succeeded:
        build.say(f"{len(build.done)} of {build.total()} done" + build.to_come())
    return 0 if succeeded else 1


if __name__ == "__main__":
    sys.exit(main())
