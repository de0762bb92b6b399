"""What the operator tells Prometheus: of itself, and of every TFModel. docs/observability.md lists every metric."""

from tfs_operator.controller.metrics.registry import CONTROLLER, Metrics

__all__ = ["CONTROLLER", "Metrics"]
