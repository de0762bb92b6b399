"""Names of other objects."""

from typing import Annotated

from pydantic import Field

ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern="^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")]
"""Of an object in the TFModel's namespace."""

DataKey = Annotated[str, Field(min_length=1, max_length=253, pattern="^[A-Za-z0-9_.-]+$")]
"""Key of a Secret or a ConfigMap."""

ModelName = Annotated[str, Field(min_length=1, max_length=63, pattern="^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$")]
"""Name by which clients ask for a model."""
