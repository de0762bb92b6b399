"""Applies the children of a TFModel, and remembers which of them the API server rejected."""
