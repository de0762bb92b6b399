"""The Deployment of the pod on which versions are tried: the same pod, which no Service selects."""

from testing.network_policy import Source, admits
from tests.unit.render.rendering import child, rendered, tfmodel
from tfs_operator.domain.drift import DIGEST_ANNOTATION
from tfs_operator.render.settings import NetworkPolicySettings, Settings
from tfs_operator.render.trial_deployment import trial_deployment

OUTSIDE = {"app.kubernetes.io/name": "tensorflow-serving-trial", "app.kubernetes.io/instance": "mnist"}


def test_its_pod_is_that_of_the_model_but_for_its_labels() -> None:
    own = child(rendered(tfmodel(replicas=3)), "Deployment")
    made = trial_deployment(own)
    assert (made["metadata"]["name"], made["spec"]["replicas"]) == ("mnist.trial", 1)
    assert made["spec"]["selector"]["matchLabels"] == OUTSIDE
    ours, theirs = made["spec"]["template"], own["spec"]["template"]
    assert ours["metadata"]["annotations"] == theirs["metadata"]["annotations"]
    spread = {"topologySpreadConstraints": theirs["spec"]["topologySpreadConstraints"]}
    assert {**ours["spec"], **spread} == theirs["spec"]
    assert made["metadata"]["annotations"].keys() == {DIGEST_ANNOTATION}


def test_no_service_budget_or_deployment_of_the_model_selects_it() -> None:
    made = rendered(tfmodel(replicas=3))
    labels = trial_deployment(child(made, "Deployment"))["spec"]["template"]["metadata"]["labels"]
    selectors = [each["spec"]["selector"] for each in made if "selector" in each.get("spec", {})]
    plain = [each.get("matchLabels", each) for each in selectors]
    assert len(plain) == 4
    assert not [each for each in plain if each.items() <= labels.items()]


def test_the_network_policy_covers_it() -> None:
    settings = Settings(network_policies=NetworkPolicySettings(operator_namespace="tfs"))
    policy = child(rendered(tfmodel(rollout={"extraPod": True}), settings), "NetworkPolicy")
    selected = policy["spec"]["podSelector"]
    ours = {"app.kubernetes.io/instance": "mnist", "app.kubernetes.io/managed-by": "tfs-operator"}
    assert selected["matchLabels"] == ours
    [either] = selected["matchExpressions"]
    assert {"tensorflow-serving", "tensorflow-serving-trial"} == set(either["values"])
    assert not admits(policy, Source("other", {"app": "debug"}), 8500)
