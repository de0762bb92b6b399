"""What the fetcher of a starting pod reads: `fetch.json` in the ConfigMap."""

from tfs_operator.api.resource import TFModel
from tfs_operator.domain.fetch_orders import order
from tfs_operator.domain.fetch_protocol import FetchPlan, ModelSource
from tfs_operator.domain.location import remotes
from tfs_operator.domain.model_config import ModelServerConfig

PLAN_FILE = "fetch.json"


def fetch_plan(tfmodel: TFModel, committed: ModelServerConfig) -> FetchPlan | None:
    """None where no model is fetched. A starting pod fetches what it comes up with, and no more: a version that is
    still on trial must not hold it up."""
    found = remotes(tfmodel.metadata.name, tfmodel.spec)
    if not found:
        return None
    sources = tuple(
        ModelSource(name=name, uri=remote.uri, base_path=remote.base_path) for name, remote in found.items()
    )
    return FetchPlan(
        sources=sources, order=order(found, committed, committed, tfmodel.spec.storage.poll_interval_seconds)
    )


def as_text(plan: FetchPlan) -> str:
    """Returns the same text for the same plan, readable by `kubectl get configmap`."""
    return plan.model_dump_json(indent=1, exclude_defaults=True) + "\n"
