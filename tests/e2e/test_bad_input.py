"""What the schema lets through and a cluster cannot do: said in a condition with the child, the rule and what to do;
tried again less and less often; and a model beside it goes on.

All of it is wrong at once, and looked at afterwards.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from testing.clients import digits
from testing.local_cluster import chart, incarnation, model, operator_metrics
from testing.local_cluster.commands import CommandError
from testing.local_cluster.kubectl import Kubectl, Manifest
from testing.local_cluster.model import Trained
from testing.local_cluster.tfmodel import TFModel
from testing.waiting import eventually

MISSING_IMAGE = "registry.invalid/no-such-server:1"
RULE = "this team has no Services of its own"
FIRST_BACK_OFF = 0.2
QUOTA = "team-quota"
HALF_A_SECRET = "without-a-key"


@dataclass(frozen=True)
class Bad:
    """`place` is where the TFModel is; the message has each of `words`."""

    reason: str
    words: tuple[str, ...]
    spec: Manifest
    place: str = ""


BAD = {
    "no-image": Bad(
        "ImageNotPulled",
        ("pod no-image-", f"image {MISSING_IMAGE}", "correct server.image", "server.imagePullSecrets"),
        {"server": {"image": MISSING_IMAGE}},
    ),
    "gpus": Bad("Unschedulable", ("pod gpus-", "nvidia.com/gpu"), {"gpus": 7}),
    "taken": Bad("NameTaken", ("Service taken exists", "is left alone", "Delete it, or rename this TFModel"), {}),
    "denied": Bad(
        "ChildRefused",
        ("Service denied", "ValidatingAdmissionPolicy", RULE, "ask the administrator of the policy"),
        {},
    ),
    "denied-pods": Bad(
        "PodsNotCreated",
        ("Deployment denied-pods", "ValidatingAdmissionPolicy", RULE, "ask the administrator of the policy"),
        {},
    ),
    "no-key": Bad(
        "TlsNotUsable",
        ("pod no-key-", f"Secret {HALF_A_SECRET} has no key tls.key", "add it"),
        {"server": {"tls": {"secretName": HALF_A_SECRET}}},
    ),
    "no-pods": Bad(
        "PodsNotCreated", ("Deployment no-pods", QUOTA, "pods=1", f"raise ResourceQuota {QUOTA}"), {}, "pods"
    ),
    "no-services": Bad(
        "ChildRefused", ("Service no-services", "services=1", f"raise ResourceQuota {QUOTA}"), {}, "services"
    ),
}
HELD_UP_BY_A_CHILD = ("taken", "denied", "no-services")


def manifest(name: str, **spec: Any) -> Manifest:
    base = {"modelUri": "pvc://models/mnist", "versionLabels": {"stable": 1}, "rollout": {"drainSeconds": 1}}
    kind = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel"}
    return {**kind, "metadata": {"name": name}, "spec": {**base, **spec}}


@pytest.fixture(scope="module")
def good(claim: Kubectl, version_1: Trained) -> TFModel:
    model.publish(claim, version_1.folder, "mnist", 1)
    claim.apply(manifest("good"))
    tfmodel = TFModel(claim, "good")
    tfmodel.wait("Ready")
    return tfmodel


@pytest.fixture(scope="module")
def crowded(namespace: Kubectl, namespaces: list[str]) -> Iterator[dict[str, Kubectl]]:
    """Namespaces whose quota leaves nothing of what they are called by."""
    made = {}
    for resource in ("pods", "services"):
        name = f"{namespace.namespace}-{resource}"
        made[resource] = namespace.make_namespace(name, chart.RESTRICTED)
        namespaces.append(name)
        quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": QUOTA}}
        made[resource].apply({**quota, "spec": {"hard": {resource: "0"}}})
        made[resource]("wait", f"resourcequota/{QUOTA}", f"--for=jsonpath={{.status.used.{resource}}}=0")
    yield made
    for kubectl in made.values():
        kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


@pytest.fixture(scope="module")
def policy(namespace: Kubectl) -> Iterator[None]:
    """Nobody may make the Services of the TFModel `denied`, nor the pods of `denied-pods`."""
    name = namespace.namespace
    for each in (rule(name), binding(name)):
        namespace.apply(each)
    try:
        eventually(lambda: denies(namespace), 120, what="the policy to be in force")
        yield
    finally:
        lift(namespace)


def lift(namespace: Kubectl) -> None:
    name = namespace.namespace
    for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
        namespace("delete", kind, name, "--ignore-not-found")


def rule(name: str) -> Manifest:
    """A policy that denies.

    Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
    """
    instance = "object.metadata.?labels['app.kubernetes.io/instance'].orValue('')"
    denied = "request.resource.resource == 'services' ? 'denied' : 'denied-pods'"
    resources = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["services", "pods"]}
    spec = {
        "matchConstraints": {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}},
            "resourceRules": [resources],
        },
        "validations": [{"expression": f"{instance} != ({denied})", "message": RULE}],
    }
    return admission("ValidatingAdmissionPolicy", name, spec)


def binding(name: str) -> Manifest:
    return admission("ValidatingAdmissionPolicyBinding", name, {"policyName": name, "validationActions": ["Deny"]})


def admission(kind: str, name: str, spec: Manifest) -> Manifest:
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def denies(namespace: Kubectl) -> bool:
    try:
        namespace("apply", "--dry-run=server", "--filename", "-", stdin=service("x", "denied"))
    except CommandError as error:
        return RULE in str(error)
    return False


def service(name: str, instance: str) -> str:
    labels = f'"labels": {{"app.kubernetes.io/instance": "{instance}"}}'
    return f"""{{"apiVersion": "v1", "kind": "Service", "metadata": {{"name": "{name}", {labels}}},
      "spec": {{"ports": [{{"port": 80}}]}}}}"""


@dataclass(frozen=True)
class AllBad:
    """`since` is when the operator first saw them; `attempts` and `refusals` are its counters before that."""

    tfmodels: dict[str, TFModel]
    since: float
    retries: float
    refusals: float


@pytest.fixture(scope="module")
def all_bad(good: TFModel, crowded: dict[str, Kubectl], policy: None, operator: Kubectl) -> AllBad:
    """Every one of them, at the same time, beside `good`."""
    good.kubectl("apply", "--filename", "-", stdin=service("taken", "somebody-else"))
    good.kubectl("create", "secret", "generic", HALF_A_SECRET, "--from-literal=tls.crt=half of it")
    places = {"": good.kubectl, **crowded}
    before = (time.monotonic(), retries(operator), refusals(operator))
    for name, bad in BAD.items():
        places[bad.place].apply(manifest(name, **bad.spec))
    return AllBad({name: TFModel(places[bad.place], name) for name, bad in BAD.items()}, *before)


def retries(operator: Kubectl) -> float:
    return operator_metrics.total(operator, "workqueue_retries_total")


def refusals(operator: Kubectl) -> float:
    return operator_metrics.total(operator, "rest_client_requests_total", {"code": "4..", "method": "PATCH"})


@pytest.mark.parametrize("name", BAD)
def test_it_is_said_which_child_which_rule_and_what_to_do(all_bad: AllBad, name: str) -> None:
    bad, tfmodel = BAD[name], all_bad.tfmodels[name]
    for condition in ("Ready", "Progressing"):
        found = tfmodel.wait(condition, "False", reason=bad.reason)
        assert [words for words in bad.words if words not in found["message"]] == [], found["message"]


def test_the_model_beside_them_serves_and_is_acted_on(all_bad: AllBad, good: TFModel, version_1: Trained) -> None:
    before = incarnation.of(good)
    good.kubectl.apply(manifest("good", versionLabels={"stable": 1, "canary": 1}))
    good.wait("Ready")
    asked = digits.images(version_1)
    with good.forward() as (url, _):
        for label in ("stable", "canary"):
            assert digits.same(
                digits.client.ask_rest(url, "good", label, asked), digits.locally(version_1.folder, asked)
            )
    assert incarnation.of(good) == before


@pytest.mark.alone_in_cluster
def test_they_are_tried_again_less_and_less_often(all_bad: AllBad, operator: Kubectl) -> None:
    """Each that a child holds up, about once for every doubling of the pause; the others wait for the cluster."""
    for name in HELD_UP_BY_A_CHILD:
        all_bad.tfmodels[name].wait("Ready", "False", reason=BAD[name].reason)
    doublings = math.log2((time.monotonic() - all_bad.since) / FIRST_BACK_OFF + 1)
    most = len(HELD_UP_BY_A_CHILD) * (doublings + 2)
    assert 0 < retries(operator) - all_bad.retries <= most + len(BAD)
    assert 0 < refusals(operator) - all_bad.refusals <= most + 4 * len(BAD)


def test_the_log_says_each_of_them_once(all_bad: AllBad, operator: Kubectl) -> None:
    log = operator("logs", "--selector", "app.kubernetes.io/name=tfs-operator", "--tail=-1")
    for name, bad in BAD.items():
        place = all_bad.tfmodels[name].kubectl.namespace
        lines = [line for line in log.splitlines() if f"Ready=False {bad.reason}" in line and tells(line, place, name)]
        assert len(lines) == 1, "\n".join(lines)


def tells(line: str, namespace: str, name: str) -> bool:
    """Of this TFModel, as text or as JSON."""
    return f" {namespace}/{name}: " in line or f'"namespace": "{namespace}", "name": "{name}"' in line


def test_once_the_cause_is_gone_they_come_up_by_themselves(all_bad: AllBad, policy: None, good: TFModel) -> None:
    lift(good.kubectl)
    good.kubectl("delete", "service", "taken")
    for name in ("denied", "taken"):
        all_bad.tfmodels[name].wait("Ready", seconds=180)
