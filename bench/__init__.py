"""Benchmarks, one module for each `make bench-…` target; their parts beside them."""
