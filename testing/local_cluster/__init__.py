"""Drives the local kind cluster from Python, for the demo, the benchmarks and the end-to-end tests."""
