"""TLS on the model server's gRPC port."""

from tfs_operator.api.base import ApiModel
from tfs_operator.api.references import ObjectName


class Tls(ApiModel):
    """gRPC over TLS. REST stays as it is, on its own port: TensorFlow Serving has TLS for gRPC only."""

    secret_name: ObjectName
    """Secret of type kubernetes.io/tls in the TFModel's namespace, with the keys `tls.crt` (the certificate, then those
    of intermediate authorities) and `tls.key`, in PEM, as cert-manager writes it. Clients check the certificate
    for the name by which they call: NAME.NAMESPACE.svc, or NAME-headless.NAMESPACE.svc for balancing. It is read
    when a pod starts; pods are replaced as it nears its end, or by `kubectl rollout restart deployment NAME`."""
