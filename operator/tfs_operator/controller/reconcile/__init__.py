"""Drives one TFModel from its observed state to its spec."""
