"""The operator's metrics: about itself and about every TFModel. docs/observability.md lists every metric."""

from tfs_operator.controller.metrics.registry import CONTROLLER, Metrics

__all__ = ["CONTROLLER", "Metrics"]
