"""Everything that one TFModel becomes."""

from tfs_operator.api.resource import TFModel
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.render.config_map import config_map
from tfs_operator.render.deployment import deployment
from tfs_operator.render.headless_service import headless_service
from tfs_operator.render.metadata import Manifest
from tfs_operator.render.network_policy import network_policies
from tfs_operator.render.pod_disruption_budget import pod_disruption_budget
from tfs_operator.render.service import service
from tfs_operator.render.settings import Settings


def children(
    tfmodel: TFModel,
    committed: ModelServerConfig,
    settings: Settings,
    attempt: str | None = None,
    renewal: str | None = None,
) -> list[Manifest]:
    """The manifests in the order in which they are applied: what a pod needs comes before the pods.

    `committed` has every model of the spec; it is what pods start with. A new `attempt` or `renewal` replaces the pods.
    """
    manifests = [
        config_map(tfmodel, committed),
        service(tfmodel),
        headless_service(tfmodel),
        *network_policies(tfmodel, settings),
        deployment(tfmodel, committed, settings, attempt, renewal),
    ]
    if tfmodel.spec.replicas > 1:
        manifests.append(pod_disruption_budget(tfmodel))
    return manifests
