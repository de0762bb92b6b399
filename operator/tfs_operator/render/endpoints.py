"""Where clients inside the cluster find the model."""

from tfs_operator.api.resource import TFModel
from tfs_operator.api.status import Endpoints
from tfs_operator.render.settings import Settings


def endpoints(tfmodel: TFModel, settings: Settings) -> Endpoints:
    host = f"{tfmodel.metadata.name}.{tfmodel.metadata.namespace}.svc.{settings.cluster_domain}"
    service = tfmodel.spec.service
    return Endpoints(rest=f"http://{host}:{service.rest_port}", grpc=f"{host}:{service.grpc_port}")
