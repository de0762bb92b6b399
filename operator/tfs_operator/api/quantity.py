"""Quantities of resources, as Kubernetes writes them.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from typing import Annotated, Any

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

QUANTITY_PATTERN = r"^([0-9]+([.][0-9]*)?|[.][0-9]+)(([KMGTPE]i)|[numkMGTPE]|([eE][+-]?[0-9]{1,3}))?$"


def _one_message(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Else each member of the union would complain, under a path of its own."""
    try:
        return validate(value)
    except ValidationError:
        raise PydanticCustomError(
            "quantity", 'is no quantity: a whole number, or a text such as "500m", "0.5" or "4Gi"'
        ) from None


Quantity = Annotated[
    Annotated[str, Field(max_length=64, pattern=QUANTITY_PATTERN)] | Annotated[int, Field(ge=0)],
    WrapValidator(_one_message),
]
