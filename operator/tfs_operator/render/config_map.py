"""The ConfigMap: the files that a model server reads when it starts."""

from tfs_operator.api.manifest import Manifest
from tfs_operator.api.resource import TFModel
from tfs_operator.domain.committed import COMMITTED_ANNOTATION, to_annotation
from tfs_operator.domain.config_text import models_config, monitoring_config
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.render.fetch_plan import PLAN_FILE, as_text, fetch_plan
from tfs_operator.render.metadata import child, config_map_name
from tfs_operator.render.tuning import batching_file

MODELS_FILE = "models.config"
MONITORING_FILE = "monitoring.config"


def config_map(tfmodel: TFModel, committed: ModelServerConfig) -> Manifest:
    """`committed` is what a pod that starts now can come up with; its annotation is the operator's copy of it."""
    data = {
        MODELS_FILE: models_config(committed),
        MONITORING_FILE: monitoring_config(),
        **batching_file(tfmodel.spec.server),
        PLAN_FILE: as_text(fetch_plan(tfmodel, committed)),
    }
    metadata = {"annotations": {COMMITTED_ANNOTATION: to_annotation(committed)}}
    return child(
        tfmodel, "v1", "ConfigMap", config_map_name(tfmodel.metadata.name), {"metadata": metadata, "data": data}
    )
