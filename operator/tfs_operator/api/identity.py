"""The names by which the API server knows a TFModel."""

from typing import Final

GROUP: Final = "tfs-operator.io"
VERSION: Final = "v1alpha1"
API_VERSION: Final = "tfs-operator.io/v1alpha1"
KIND: Final = "TFModel"
PLURAL = "tfmodels"
SINGULAR = "tfmodel"
SHORT_NAME = "tfm"
CRD_NAME = f"{PLURAL}.{GROUP}"
