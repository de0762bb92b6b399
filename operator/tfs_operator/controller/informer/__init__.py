"""Watches TFModels, their children and pods, fills the cache, and puts keys into the work queue."""
