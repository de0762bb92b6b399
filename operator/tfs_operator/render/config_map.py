"""The ConfigMap: the files that a model server reads when it starts."""

from tfs_operator.api.resource import TFModel
from tfs_operator.domain.config_text import models_config, monitoring_config
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.render.metadata import Manifest, child, config_map_name

MODELS_FILE = "models.config"
MONITORING_FILE = "monitoring.config"


def config_map(tfmodel: TFModel, config: ModelServerConfig) -> Manifest:
    data = {MODELS_FILE: models_config(config), MONITORING_FILE: monitoring_config()}
    return child(tfmodel, "v1", "ConfigMap", config_map_name(tfmodel), {"data": data})
