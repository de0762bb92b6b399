"""TFModels and their children that are created, edited and deleted at random, and what must have become of them."""

import random
from dataclasses import dataclass, field

from testing.api_client import Api, Manifest
from testing.fleet.fleet import tfmodel
from testing.waiting import eventually
from tfs_operator.api.resource import TFModel
from tfs_operator.cluster.cache import controller_of
from tfs_operator.commands.render import rendered
from tfs_operator.controller.kinds import CHILD_KINDS, OPTIONAL_KINDS
from tfs_operator.domain.drift import holds
from tfs_operator.render.settings import Settings

SETTINGS = Settings(server_image="example/server:1", gpu_server_image="example/server:1-gpu")
"""As the tests' operators are started."""

KINDS = [kind for kind in CHILD_KINDS if kind not in OPTIONAL_KINDS]
"""Those of other software are not installed here."""

_EDITS: dict[str, Manifest] = {
    "ConfigMap": {"data": {"models.config": "broken"}},
    "Service": {"spec": {"selector": {"app.kubernetes.io/instance": "other"}}},
    "Deployment": {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 99}}}},
    "PodDisruptionBudget": {"spec": {"maxUnavailable": 2}},
}


@dataclass
class Churn:
    """Of one namespace. Names are never used twice: nobody collects the children of a TFModel that is deleted here."""

    api: Api
    namespace: str
    moments: random.Random = field(default_factory=lambda: random.Random(6))
    count: int = 0

    def create(self, number: int = 1) -> None:
        for _ in range(number):
            self.count += 1
            self.api.create(tfmodel(self.namespace, f"m{self.count}", replicas=self.moments.randint(1, 3)))

    def step(self) -> None:
        """Something at random, to a TFModel or to a child, as a user or another program does it."""
        names = self.names()
        action = self.moments.choice((self._edit, self._edit, self._edit_child, self._delete_child, self._delete))
        if len(names) < 4:
            self.create()
        else:
            action(self.moments.choice(names))

    def names(self) -> list[str]:
        return [item["metadata"]["name"] for item in self.api.list("TFModel", self.namespace)]

    def _edit(self, name: str) -> None:
        spec = {
            "replicas": self.moments.randint(1, 3),
            "service": {"annotations": {"example.com/edit": str(self.moments.randint(0, 999))}},
        }
        self.api.patch("TFModel", self.namespace, name, {"spec": spec})

    def _delete(self, name: str) -> None:
        self.api.delete("TFModel", self.namespace, name)

    def _edit_child(self, name: str) -> None:
        for kind, body in self._child(name):
            self.api.patch(kind, self.namespace, body["metadata"]["name"], _EDITS[kind])

    def _delete_child(self, name: str) -> None:
        for kind, body in self._child(name):
            self.api.delete(kind, self.namespace, body["metadata"]["name"])

    def collect(self) -> None:
        """In the garbage collector's place, which does not run here: deletes the children of TFModels that are gone."""
        living = {item["metadata"]["uid"] for item in self.api.list("TFModel", self.namespace)}
        for kind in KINDS:
            for child in self.api.list(kind, self.namespace):
                if (controller_of(child) or {"uid": None})["uid"] not in living:
                    self.api.delete(kind, self.namespace, child["metadata"]["name"])

    def _child(self, name: str) -> list[tuple[str, Manifest]]:
        live = self.api.get("TFModel", self.namespace, name)
        owned = self._owned(str(live["metadata"]["uid"])) if live else []
        chosen = [(kind, child) for kind, child in owned if kind in _EDITS]
        return [self.moments.choice(chosen)] if chosen else []

    def delete_a_child_of_each_kind(self) -> None:
        """Of one TFModel: the last of their kind may be among them."""
        live = self.api.get("TFModel", self.namespace, self.names()[0])
        assert live is not None
        for kind, child in self._owned(live["metadata"]["uid"]):
            self.api.delete(kind, self.namespace, child["metadata"]["name"])

    def until_settled(self, seconds: float) -> None:
        """Until every TFModel has exactly the children that its spec renders."""
        eventually(lambda: not self.wrong(), seconds, self.wrong)

    def wrong(self) -> list[str]:
        """What differs from what the specs render."""
        return [
            problem for item in self.api.list("TFModel", self.namespace) for problem in self._wrong(_complete(item))
        ]

    def _wrong(self, item: Manifest) -> list[str]:
        desired = {(each["kind"], each["metadata"]["name"]): each for each in rendered(item, self.namespace, SETTINGS)}
        live = {(kind, each["metadata"]["name"]): each for kind, each in self._owned(item["metadata"]["uid"])}
        both = desired.keys() & live.keys()
        changed = {key for key in both if not holds(_typed(live[key], desired[key]), desired[key])}
        return [
            *(f"missing: {key}" for key in desired.keys() - live.keys()),
            *(f"one too many: {key}" for key in live.keys() - desired.keys()),
            *(f"not as rendered: {key}" for key in changed),
        ]

    def _owned(self, uid: str) -> list[tuple[str, Manifest]]:
        found = ((kind, child) for kind in KINDS for child in self.api.list(kind, self.namespace))
        return [(kind, child) for kind, child in found if (controller_of(child) or {}).get("uid") == uid]


def _complete(item: Manifest) -> Manifest:
    """The items of a list do not say what they are."""
    complete = {"apiVersion": "tfs-operator.io/v1alpha1", "kind": "TFModel", **item}
    TFModel.parse(complete)
    return complete


def _typed(live: Manifest, desired: Manifest) -> Manifest:
    return {**live, "kind": desired["kind"], "apiVersion": desired["apiVersion"]}
