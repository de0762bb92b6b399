"""The local cluster from Python: what hack/demo.py and tests/e2e share."""
