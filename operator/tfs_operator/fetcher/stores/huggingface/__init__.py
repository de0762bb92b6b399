"""Repositories of the Hugging Face Hub, or of a mirror of it."""
