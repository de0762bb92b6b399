"""Keeps one base path in line with its order: lists the store, decides, installs and removes versions."""
