"""Names of other objects."""

from typing import Annotated

from pydantic import Field

ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern="^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")]
"""Of an object in the TFModel's namespace."""
