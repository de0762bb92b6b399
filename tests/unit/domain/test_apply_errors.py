"""What is said of a child that the API server refuses, in its words as Kubernetes 1.35 has them."""

import pytest

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.apply_errors import names_a_silent_webhook, rejected

QUOTA = (
    'services "mnist" is forbidden: exceeded quota: team-a, requested: count/services=1, used: count/services=5, '
    "limited: count/services=5"
)
COMPUTE = 'deployments.apps "mnist" is forbidden: failed quota: compute: must specify limits.cpu for: model-server'
WEBHOOK = 'admission webhook "images.example.com" denied the request: image is not from our registry'
POLICY = (
    "services \"mnist\" is forbidden: ValidatingAdmissionPolicy 'no-services' with binding 'shop' denied request: "
    "ask the platform team"
)
SILENT = (
    'Internal error occurred: failed calling webhook "images.example.com": failed to call webhook: Post '
    '"https://images.example.svc:443/?timeout=10s": dial tcp 10.0.0.1:443: connect: connection refused'
)
NO_RIGHT = (
    'networkpolicies.networking.k8s.io "mnist" is forbidden: User "system:serviceaccount:tfs:tfs-operator" cannot '
    'patch resource "networkpolicies" in API group "networking.k8s.io" in the namespace "shop"'
)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (QUOTA, "raise ResourceQuota team-a, or delete what is not needed in this namespace"),
        (COMPUTE, "ResourceQuota compute counts them, so set them in server.resources"),
        (WEBHOOK, "keeps the rule, or ask the administrator of the webhook images.example.com"),
        (POLICY, "keeps the rule, or ask the administrator of the policy no-services"),
        (SILENT, "until the webhook images.example.com answers again, or is removed"),
        (NO_RIGHT, "grant the operator this permission; the Helm chart of its version does"),
    ],
)
def test_the_child_the_rule_and_what_to_do(words: str, advice: str) -> None:
    problem = rejected("Service", "mnist", words)
    assert problem.reason == Reason.CHILD_REFUSED
    assert problem.message.startswith(f"the API server refuses Service mnist: {words}: ")
    assert problem.message.endswith(advice)


def test_of_an_unknown_rule_the_servers_words_are_all() -> None:
    words = 'Service "mnist" is invalid: spec.ports: Required value'
    assert rejected("Service", "mnist", words).message == f"the API server refuses Service mnist: {words}"


@pytest.mark.parametrize(("words", "is_silent"), [(SILENT, True), (WEBHOOK, False), ("etcdserver: timed out", False)])
def test_only_a_webhook_that_cannot_be_asked_is_told_from_other_trouble_of_the_server(
    words: str, is_silent: bool
) -> None:
    assert names_a_silent_webhook(words) is is_silent
