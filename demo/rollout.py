"""The second half of `make demo`: canary, promotion, a bad version, rollback; each by one `kubectl patch`, and timed.

Times count from the start of `kubectl patch`. Who answers is seen by asking, not read from the status.
"""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from testing.local_cluster import model
from testing.local_cluster.commands import run
from testing.local_cluster.kubectl import Kubectl
from testing.local_cluster.model_client import Answer, AskedModel
from testing.local_cluster.narrate import Step
from testing.local_cluster.tfmodel import TFModel

WAIT_SECONDS = 60
BLANK = json.dumps({"instances": [[[[0.0]] * 28] * 28]}).encode()
"""An image with nothing on it: of this every training thinks something else."""


def seconds(taken: float) -> str:
    return f"{taken:.1f} s"


@dataclass(frozen=True)
class Move:
    """A change of labels: when it was asked for and when it was settled (time.monotonic()), and who answered."""

    began: float
    settled: float
    answers: list[tuple[int | None, Answer]]
    """Each with the version that has given it."""

    @property
    def took(self) -> float:
        return self.settled - self.began

    def until(self, version: int) -> str:
        """How long it took until this version gave an answer."""
        found = [answer.at for by, answer in self.answers if by == version and answer.at > self.began]
        return seconds(found[0] - self.began) if found else "never"

    def history(self) -> str:
        """For example `12 answers by version 1, then 30 answers by version 2; 0 lost`."""
        runs = [(version, len(list(same))) for version, same in groupby(by for by, _ in self.answers if by)]
        answers = ", then ".join(f"{number} answers by version {version}" for version, number in runs)
        lost = [answer.error or "by no known version" for by, answer in self.answers if by is None]
        return f"{answers}; {len(lost)} lost" + (f", the first: {lost[0]}" if lost else "")


@dataclass(frozen=True)
class Play:
    """The TFModel on its stage: served, and asked at `url`."""

    tfmodel: TFModel
    url: str
    test_images: Path
    asked: AskedModel

    @classmethod
    def of(cls, tfmodel: TFModel, url: str, test_images: Path) -> "Play":
        return cls(tfmodel, url, test_images, AskedModel(url.removeprefix("http://"), tfmodel.name, BLANK))

    def canary(self, trained: model.Trained, step: Step) -> None:
        step.detail = "copying version 2 into the claim, and waiting until it is served"
        publish(self.tfmodel.kubectl, trained.folder, self.tfmodel.name, 2, step)
        self.mention_if_loaded(2, step)
        move = self.move({"canary": 2}, "canary", "Ready", step)
        step.say(f"patch → canary answers with version 2 in {move.until(2)} → Ready in {seconds(move.took)}")
        for label in ("stable", "canary"):
            step.say(f"20 images, label {label}: {self.score(label)}")

    def promote(self, step: Step) -> None:
        move = self.move({"stable": 2}, "stable", "Ready", step)
        step.say(f"patch → stable answers with version 2 in {move.until(2)} → Ready in {seconds(move.took)}")
        step.say(f"asked all along: {move.history()}")

    def refuse(self, trained: model.Trained, step: Step) -> None:
        step.detail = "waiting until version 3 is refused"
        step.say("version 3 is a copy of version 2 that examples/mnist/damage.py has damaged")
        publish(self.tfmodel.kubectl, model.damaged(trained), self.tfmodel.name, 3, step)
        before = processes(self.tfmodel)
        move = self.move({"stable": 3}, "stable", "Progressing=False", step)
        condition = self.tfmodel.condition("Progressing")
        step.say(f"patch → Progressing=False, {condition['reason']}, in {seconds(move.took)}:\n{condition['message']}")
        by_2 = sum(by == 2 for by, _ in move.answers)
        step.say(f"asked all along: {by_2} of {len(move.answers)} answers of stable by version 2")
        step.say("the pod was not restarted" if processes(self.tfmodel) == before else "the pod was RESTARTED")

    def roll_back(self, step: Step) -> None:
        self.mention_if_loaded(1, step)
        move = self.move({"stable": 1, "canary": None}, "stable", "Ready", step)
        step.say(f"patch → stable answers with version 1 in {move.until(1)} → Ready in {seconds(move.took)}")
        step.say(f"asked all along: {move.history()}")

    def mention_if_loaded(self, version: int, step: Step) -> None:
        """A version that no label names stays loaded for `bakeSeconds`."""
        there = version in self.asked.loaded()
        now = "still loaded (spec.rollout.bakeSeconds)" if there else "not loaded: that comes first"
        step.say(f"version {version} is {now}")

    def move(self, labels: Mapping[str, int | None], asked: str, until: str, step: Step) -> Move:
        """Patches the labels and waits for the condition, while one label is asked all along."""
        patch = json.dumps({"spec": {"versionLabels": labels}})
        step.say(f"$ kubectl patch tfmodel {self.tfmodel.name} --type merge -p '{patch}'")
        self.asked.learn()
        with self.asked.asking(asked) as answers:
            began = time.monotonic()
            patch_and_wait(self.tfmodel, patch, until)
            settled = time.monotonic()
        self.asked.learn()
        return Move(began, settled, [(self.asked.by(answer), answer) for answer in answers])

    def score(self, label: str) -> str:
        """How well the version with this label reads the 20 images: the client's last lines."""
        client = [sys.executable, str(model.EXAMPLE / "client.py"), "--rest", self.url, "--label", label]
        lines = run([*client, "--images", str(self.test_images)], seconds=60).splitlines()
        return ", ".join(" ".join(line.split()) for line in lines if line.startswith(("accuracy", "confidence")))


def patch_and_wait(tfmodel: TFModel, patch: str, until: str) -> None:
    tfmodel.kubectl("patch", "tfmodel", tfmodel.name, "--type", "merge", "--patch", patch)
    wait = ["wait", f"--for=condition={until}", f"tfmodel/{tfmodel.name}", f"--timeout={WAIT_SECONDS}s"]
    tfmodel.kubectl(*wait, seconds=WAIT_SECONDS + 10)


def publish(kubectl: Kubectl, folder: Path, base_path: str, version: int, step: Step) -> None:
    if model.published_digest(kubectl, base_path, version) == model.digest(folder):
        step.say(f"the claim has this very version {version} already")
        return
    model.publish(kubectl, folder, base_path, version)


def processes(tfmodel: TFModel) -> set[tuple[str, int]]:
    """Each pod's uid and how often its container was restarted."""
    return {(pod["metadata"]["uid"], pod["status"]["containerStatuses"][0]["restartCount"]) for pod in tfmodel.pods()}
