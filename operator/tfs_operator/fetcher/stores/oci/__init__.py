"""Artifacts and images in OCI registries."""
