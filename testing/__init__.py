"""What tests and benchmarks share: the local cluster, the control plane, stores, clients, the test double."""
