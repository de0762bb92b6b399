"""Plays the node: model servers as processes, the pods that stand for them, and TFModels that they serve."""
