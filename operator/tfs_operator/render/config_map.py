"""The ConfigMap: the files that a model server reads when it starts."""

from collections.abc import Mapping

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.committed import (
    COMMITTED_ANNOTATION,
    FORMER_ANNOTATION,
    former_to_annotation,
    to_annotation,
)
from tfs_operator.domain.config_text import models_config, monitoring_config
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.render.fetch_plan import PLAN_FILE, as_text, fetch_plan
from tfs_operator.render.metadata import child, config_map_name
from tfs_operator.render.tuning import batching_file

MODELS_FILE = "models.config"
MONITORING_FILE = "monitoring.config"


def config_map(
    tfmodel: TFModel, committed: ModelServerConfig, former: Mapping[str, ModelServerConfig] | None = None
) -> Manifest:
    """`committed` is what a pod that starts now can come up with; its annotation is the operator's copy of it. `former`
    has what was committed of other sets of models, by digest."""
    data = {
        MODELS_FILE: models_config(committed),
        MONITORING_FILE: monitoring_config(),
        **batching_file(tfmodel.spec.server),
        PLAN_FILE: as_text(fetch_plan(tfmodel, committed)),
    }
    annotations = {COMMITTED_ANNOTATION: to_annotation(committed)}
    if former:
        annotations[FORMER_ANNOTATION] = former_to_annotation(former)
    metadata = {"annotations": annotations}
    return child(
        tfmodel, "v1", "ConfigMap", config_map_name(tfmodel.metadata.name), {"metadata": metadata, "data": data}
    )
