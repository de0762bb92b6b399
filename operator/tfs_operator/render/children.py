"""Everything that one TFModel becomes."""

from collections.abc import Mapping

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.render.config_map import config_map
from tfs_operator.render.deployment import deployment
from tfs_operator.render.headless_service import headless_service
from tfs_operator.render.horizontal_pod_autoscaler import horizontal_pod_autoscaler
from tfs_operator.render.network_policy import network_policies
from tfs_operator.render.pod_disruption_budget import pod_disruption_budget
from tfs_operator.render.scaled_object import scaled_object
from tfs_operator.render.service import service
from tfs_operator.render.settings import Settings


def children(
    tfmodel: TFModel,
    committed: ModelServerConfig,
    settings: Settings,
    attempt: str | None = None,
    renewal: str | None = None,
    recycled: str | None = None,
    *,
    surge: bool = True,
    former: Mapping[str, ModelServerConfig] | None = None,
) -> list[Manifest]:
    """The manifests in the order in which they are applied: what a pod needs comes before the pods.

    `committed` has every model of the spec; it is what pods start with. A new `attempt`, `renewal` or `recycled`
    replaces the pods. Without `surge` a rolling update stops an old pod before it starts a new one. `former` has what
    was committed of other sets of models, by digest.
    """
    manifests = [
        config_map(tfmodel, committed, former),
        service(tfmodel),
        headless_service(tfmodel),
        *network_policies(tfmodel, settings),
        deployment(tfmodel, committed, settings, attempt, renewal, recycled, surge=surge),
    ]
    if tfmodel.spec.most_replicas > 1:
        manifests.append(pod_disruption_budget(tfmodel))
    return [*manifests, *_autoscaler(tfmodel)]


def _autoscaler(tfmodel: TFModel) -> list[Manifest]:
    autoscaling = tfmodel.spec.autoscaling
    if autoscaling is None:
        return []
    if autoscaling.keda is not None:
        return [scaled_object(tfmodel, autoscaling, autoscaling.keda)]
    return [horizontal_pod_autoscaler(tfmodel, autoscaling)]
