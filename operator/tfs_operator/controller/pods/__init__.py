"""Talks to the pods of a TFModel: model servers and fetchers."""
