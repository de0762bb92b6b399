"""Brings models from where they are stored to the folder that a model server reads: whole, or not at all.

Runs in every pod of a TFModel whose models come from a store. Imports nothing of the controller or the cluster.
"""
