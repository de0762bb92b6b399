"""examples/mnist/README.md, run as a user would: every command, in order, in one shell."""

import re
from pathlib import Path

from testing.local_cluster.kubectl import Kubectl
from testing.local_cluster.model import EXAMPLE
from tests.e2e.support import page

SECONDS = 600


def test_every_command_of_the_readme_works(kubeconfig: Path, namespace: Kubectl) -> None:
    output = page.run(EXAMPLE / "README.md", kubeconfig, namespace, SECONDS)
    assert_says_what_the_readme_says(output)
    assert namespace.find("pods,deployments") == []


def assert_says_what_the_readme_says(output: str) -> None:
    """Version 1 over REST and over gRPC, as `stable`; version 2 as `canary`, and as `stable` beside a bad version 3."""
    scores = re.findall(r"^accuracy +(\d+) of 20\nconfidence (.*) for the true digit", output, re.MULTILINE)
    assert scores[:5] == [scores[0]] * 3 + [scores[3]] * 2
    assert len({scores[0], scores[3], scores[5]}) == 3, "version 3, the newest, has answered"
    assert scores[6:] == [scores[3]], "and then version 4, which is version 2 once more"
    assert min(int(right) for right, _ in scores) >= 17
    rows = re.findall(r"^mnist +(True|False) +(\w+) +[0-9,]+ +(\d+) +(\d*) +1 ", output, re.MULTILINE)
    promoted, refused, back = (
        ("True", "Serving", "2", "2"),
        ("False", "VersionFailed", "2", "2"),
        ("True", "Serving", "1", ""),
    )
    assert rows == [("True", "Serving", "1", ""), ("True", "Serving", "1", "2"), promoted, refused, back]
    assert re.search(r"^model mnist.* version 3.*saved_model\.pb", output, re.MULTILINE)
    pods = re.findall(r"^(mnist-\S+) +2/2 +Running +0 ", output, re.MULTILINE)
    assert (len(pods), len(set(pods))) == (2, 1), "the same one all along"
    followed = re.findall(r"^mnist +True +Serving +(?:\d,)*(\d) {19,}1 ", output, re.MULTILINE)
    assert followed == ["3", "4"], "the newest version, without an edit"
    assert re.search(r"LabelMoved +TFModel/mnist +stable 1 → 2 on 1/1 pods", output)
    assert re.search(r"VersionFailed +TFModel/mnist +version 3 ", output)
