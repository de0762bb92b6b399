"""Which child, which rule and what to do, when pods cannot be made: in answers of a real API server."""

import pytest

from tfs_operator.domain.replica_failure import pods_not_created

ANSWERS = {
    "quota": (
        'pods "mnist-7d9f-x2x4z" is forbidden: exceeded quota: a, requested: pods=1, used: pods=1, limited: pods=1',
        "raise ResourceQuota a, or delete what is not needed in this namespace",
    ),
    "quota on what is not said": (
        'pods "mnist-7d9f-x2x4z" is forbidden: failed quota: team-a: must specify limits.memory for: model-server',
        "ResourceQuota team-a counts them, so set them in server.resources",
    ),
    "Pod Security": (
        'pods "mnist-7d9f-x2x4z" is forbidden: violates PodSecurity "restricted:latest": restricted volume types',
        "the namespace's Pod Security label allows less than this spec needs",
    ),
    "webhook": (
        'admission webhook "images.example.com" denied the request: images come from example.com',
        "change the TFModel so that it keeps the rule, or ask the administrator of the webhook images.example.com",
    ),
    "policy": (
        "pods \"m\" is forbidden: ValidatingAdmissionPolicy 'owners' with binding 'all' denied request: no owner label",
        "change the TFModel so that it keeps the rule, or ask the administrator of the policy owners",
    ),
}


@pytest.mark.parametrize(("words", "advice"), ANSWERS.values(), ids=ANSWERS.keys())
def test_it_says_which_child_which_rule_and_what_to_do(words: str, advice: str) -> None:
    assert pods_not_created("mnist", words) == f"Deployment mnist cannot make its pods: {words}: {advice}"


@pytest.mark.parametrize("words", ["Internal error occurred: etcd is away", ""])
def test_of_what_is_not_known_the_words_are_all(words: str) -> None:
    assert pods_not_created("mnist", words) == ": ".join(filter(None, ["Deployment mnist cannot make its pods", words]))
