"""A Kubernetes object as JSON."""

from typing import Any

Manifest = dict[str, Any]
"""A whole object, or a part of one, as it is sent to the API server and answered by it. A live one is shared: read it,
and never change it."""
