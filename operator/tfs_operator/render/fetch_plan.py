"""What the agent of a starting pod reads: `fetch.json` in the ConfigMap."""

from tfs_operator.api.resource import TFModel
from tfs_operator.domain.fetch_orders import order
from tfs_operator.domain.fetch_protocol import FetchPlan, LocalFolder, ModelSource
from tfs_operator.domain.location import local_places, remotes
from tfs_operator.domain.model_config import ModelServerConfig

PLAN_FILE = "fetch.json"


def fetch_plan(tfmodel: TFModel, committed: ModelServerConfig) -> FetchPlan:
    """Returns the plan. A starting pod fetches what it comes up with, and no more: a version that is still on trial
    must not hold it up."""
    name, spec = tfmodel.metadata.name, tfmodel.spec
    fetched, mounted = remotes(name, spec), local_places(name, spec)
    return FetchPlan(
        sources=tuple(
            ModelSource(name=model, uri=remote.uri, base_path=remote.base_path, store=remote.store or "")
            for model, remote in fetched.items()
        ),
        local=tuple(
            LocalFolder(name=model, uri=place.uri, base_path=place.base_path) for model, place in mounted.items()
        ),
        order=order([*fetched, *mounted], committed, committed, spec.storage.poll_interval_seconds),
    )


def as_text(plan: FetchPlan) -> str:
    """Returns the same text for the same plan, readable by `kubectl get configmap`."""
    return plan.model_dump_json(indent=1, exclude_defaults=True) + "\n"
