"""Runs TensorFlow Serving on Kubernetes: a TFModel in, a served model out."""

__version__ = "0.2.0"
