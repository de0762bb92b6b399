"""Writes models, archives and sources for tests of the fetcher."""
