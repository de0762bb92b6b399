"""Tells whether a version is a whole SavedModel, and which versions a listing shows."""
